"""From wind, slope, fuel and size to the water a fire asks for, and how fast that grows.

Pure. The head runs as rothermel.py says; the fire is an ellipse that keeps its shape (Anderson 1983), so its perimeter
grows by so many metres a second whatever its size, and the area that burns at one moment in proportion to the root of
its area. Water follows both: to wet the line, and to take the heat of what burns. Each is linear in time, so the
planner's growth_lps is exact for this fire and no mean. Figures: docs/fire_growth.md.

    wind, slope, fuel ─► rate of spread ─► ellipse ─► perimeter and burning area ─► litres and litres per second

Whatever is not known is assumed and named in `assumed`, never taken silently.
"""

import math
from dataclasses import dataclass

from optimizer.fuels import MODELS, Fuel, Moisture
from optimizer.rothermel import FT_PER_M, spread

LIKELY_FUEL = Fuel.OPEN_LITTER  # Jiangxi's masson pine and broadleaf hills, proposed
LIKELY_SLOPE_DEG = 0.0  # proposed: no terrain is stored yet, and a slope nobody measured shall not frighten
LIKELY_WIND_MPS = 4.0  # a light wind, as reports are filled in without weather
MOST_WIND_MPS = 70.0  # above any typhoon's mean wind; the model's own limit lies lower
STEEPEST_DEG = 45.0  # slopes of the NWCG nomograms end at 100 %; cliffs burn otherwise

# 10 m to 20 ft (6.1 m) over open ground: 1.15 (Turner and Lawson 1978).
_10_M_OVER_20_FT = 1.15
# Wind at flame height over that at 20 ft, of fuel under patchy trees or on a slope that faces it: Rothermel (1983),
# INT-143, "partially sheltered". Dense stands have 0.1 to 0.2.
_SHELTERED = 0.3
_LONGEST = 8.0  # length to breadth, as BehavePlus and FARSITE (Finney 1998) bound Anderson's curve

# One Mi-171 bucket of 3 t makes a strip of 10 × 35 m (应急管理部消防, in DOMAIN §2.4 [33]): 86 litres to a metre of line.
_STRIP_L_PER_M = 3000 / 35
# Heat that a litre takes when it turns to steam, and the part of the water that meets the fire: Hansen (2012,
# doi 10.1071/WF11022), in Penney et al. (2019, Fire 2(1):3).
_STEAM_KJ_PER_L = 2640.0
_MEETS_FIRE = 0.7
# Of the perimeter, what is left to aircraft; ground teams, roads and streams hold the rest. Proposed.
_FROM_THE_AIR = 0.5

# Above it attack on the head fails, whatever is dropped: 1000 Btu/ft/s, Andrews and Rothermel (1982), INT-131.
NO_HEAD_ATTACK_KW_M = 3461.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where it burns. None is not known; so is what is not finite. A slope's sign does not matter: wind blows up it."""

    fuel: Fuel | None = None
    wind_mps: float | None = None  # at 10 m, in the open
    slope_deg: float | None = None
    moisture: Moisture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """How the fire grows: an ellipse that keeps its shape. Everything ≥ 0 and finite.

    The rear backs at the rate of level ground in still air, as Rothermel (1983) has it. Were the fire lit at a focus of
    its ellipse (Alexander 1985), the least breath of wind would nearly stop the rear, and a little wind ask for less.
    """

    head_mps: float
    back_mps: float
    length_to_breadth: float
    intensity_kw_m: float  # of the head
    heat_kj_m2: float
    residence_s: float
    fuel: Fuel
    wind_mps: float
    slope_deg: float
    assumed: frozenset[str]  # of "fuel", "wind", "slope", "moisture": not known, so taken as likely

    @property
    def half_length_mps(self) -> float:
        """How fast half the length grows."""
        return (self.head_mps + self.back_mps) / 2

    @property
    def perimeter_mps(self) -> float:
        """Metres of new line a second."""
        return _ellipse_m(self.half_length_mps, self.half_length_mps / self.length_to_breadth)

    @property
    def root_area_mps(self) -> float:
        """How fast the root of the area grows; constant, since length and breadth do."""
        return self.half_length_mps * math.sqrt(math.pi / self.length_to_breadth)


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """What a fire asks of aircraft."""

    demand_l: float
    growth_lps: float


def advance(ground: Ground) -> Advance:
    """How a fire grows on this ground."""
    known = {
        "fuel": ground.fuel is not None,
        "wind": _is_known(ground.wind_mps),
        "slope": _is_known(ground.slope_deg),
        "moisture": ground.moisture is not None,
    }
    fuel = LIKELY_FUEL if ground.fuel is None else ground.fuel
    wind_mps = _bounded(ground.wind_mps, LIKELY_WIND_MPS, MOST_WIND_MPS)
    slope_deg = _bounded(ground.slope_deg, LIKELY_SLOPE_DEG, STEEPEST_DEG)
    head = spread(
        MODELS[fuel],
        ground.moisture or Moisture(),
        wind_mps * midflame_share(fuel),
        math.tan(math.radians(slope_deg)),
    )
    shape = length_to_breadth(head.wind_mps)
    if head.calm_mps > 0:  # no flank is slower than a fire in still air
        shape = min(shape, (head.rate_mps + head.calm_mps) / 2 / head.calm_mps)
    return Advance(
        head_mps=head.rate_mps,
        back_mps=head.calm_mps,
        length_to_breadth=shape,
        intensity_kw_m=head.intensity_kw_m,
        heat_kj_m2=head.heat_kj_m2,
        residence_s=head.residence_s,
        fuel=fuel,
        wind_mps=wind_mps,
        slope_deg=slope_deg,
        assumed=frozenset(name for name, is_known in known.items() if not is_known),
    )


def _is_known(stated: float | None) -> bool:
    return stated is not None and math.isfinite(stated)


def _bounded(stated: float | None, likely: float, most: float) -> float:
    return likely if stated is None or not math.isfinite(stated) else min(abs(stated), most)


def midflame_share(fuel: Fuel) -> float:
    """Wind at flame height over wind at 10 m. In the open: Albini and Baughman (1979), INT-221, unsheltered."""
    model = MODELS[fuel]
    if model.sheltered:
        return _SHELTERED / _10_M_OVER_20_FT
    depth_ft = model.depth_ft
    return 1.83 / math.log((20 + 0.36 * depth_ft) / (0.13 * depth_ft)) / _10_M_OVER_20_FT


def length_to_breadth(midflame_mps: float) -> float:
    """Of the ellipse under this effective wind; 1 in a calm. Anderson (1983), INT-305, in m/s as Finney (1998)."""
    if midflame_mps > 100 / FT_PER_M:  # 30 m/s: far beyond the bound, and exp must not overflow
        return _LONGEST
    curve = 0.936 * math.exp(0.2566 * midflame_mps) + 0.461 * math.exp(-0.1548 * midflame_mps) - 0.397
    return min(max(curve, 1.0), _LONGEST)


def water(how: Advance, area_m2: float) -> Water:
    """What a fire of this area asks for now, and how that grows.

    The heat of what burns at one moment is heat per area × residence × growth of the area: the integral of Byram's
    intensity round the whole perimeter, so flanks and rear count with their own.
    """
    area_m2 = max(area_m2, 0.0)
    root_m = math.sqrt(area_m2)
    half_breadth_m = math.sqrt(area_m2 / (math.pi * how.length_to_breadth))
    perimeter_m = _ellipse_m(half_breadth_m * how.length_to_breadth, half_breadth_m)
    litres_per_m2ps = how.heat_kj_m2 * how.residence_s / (_STEAM_KJ_PER_L * _MEETS_FIRE)
    burning_m2ps = 2 * root_m * how.root_area_mps
    burning_m2ps2 = 2 * how.root_area_mps**2
    return Water(
        demand_l=_FROM_THE_AIR * (_STRIP_L_PER_M * perimeter_m + litres_per_m2ps * burning_m2ps),
        growth_lps=_FROM_THE_AIR * (_STRIP_L_PER_M * how.perimeter_mps + litres_per_m2ps * burning_m2ps2),
    )


def area_after_m2(how: Advance, area_m2: float, elapsed_s: float) -> float:
    """The fire's area when nobody has fought it for so long."""
    return (math.sqrt(max(area_m2, 0.0)) + how.root_area_mps * max(elapsed_s, 0.0)) ** 2


def _ellipse_m(a: float, b: float) -> float:
    """Perimeter of an ellipse with these half axes: Ramanujan (1914), better than 1 % up to eight to one."""
    return math.pi * (3 * (a + b) - math.sqrt((3 * a + b) * (a + 3 * b)))
