"""How fast a surface fire runs: Rothermel's model (1972, INT-115) as amended by Albini (1976, INT-30).

Pure. The equations and their names follow Andrews (2018), RMRS-GTR-371, which collects them; the fitted figures belong
to feet, pounds, Btu and minutes, so the inside of this file keeps those and its arguments and answers are SI.

It says what the head of a fire does in one even fuel bed, with the wind blowing straight up the slope: no crown fire, no
spotting, no change with the hour. Written here because the libraries do not fit: pyretechnics has a licence of its own
that forbids commercial use, pins numpy below 2 and scipy, and brings GDAL (400 MB installed from source alone);
pyrothermel (MIT, the C++ of BehavePlus) needs a compiler wherever it is installed, so it is the tests' oracle.
"""

import math
from dataclasses import dataclass

from optimizer.fuels import FuelModel, Moisture

FT_PER_M = 1 / 0.3048
_KW_M_PER_BTU_FT_S = 3.4614  # 1055.06 J/Btu over 0.3048 m/ft
_KJ_M2_PER_BTU_FT2 = 11.3566  # 1055.06 J/Btu over 0.0929 m²/ft²
_PARTICLE_DENSITY = 32.0  # lb/ft³, every standard model (Albini 1976)
_HEAT_CONTENT = 8000.0  # Btu/lb, the same
_MINERALS = 0.0555  # total, fraction; the same
_MINERAL_DAMPING = 0.174 * 0.010**-0.19  # effective (silica-free) minerals 1 %
_SIGMA_10H, _SIGMA_100H = 109.0, 30.0  # ft²/ft³, the same
_SIGMA_LIVE = 1500.0  # as BehavePlus; Albini's table has 1550 for model 7, which makes 1 % of its rate
_SIZE_CLASSES = (
    1200.0,
    192.0,
    96.0,
    48.0,
    16.0,
)  # lower bounds of σ, by which net loads are weighted (Albini 1976)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What the head of the fire does."""

    rate_mps: float
    calm_mps: float  # the same fire on the level in still air
    heat_kj_m2: float  # heat per unit area, released while the flame passes
    residence_s: float  # how long it passes
    wind_mps: float  # the midflame wind that alone would drive it so: wind and slope together

    @property
    def intensity_kw_m(self) -> float:
        """Byram's fireline intensity of the head."""
        return self.heat_kj_m2 * self.rate_mps


def spread(model: FuelModel, moisture: Moisture, midflame_mps: float, slope: float) -> Spread:
    """The head fire with this wind at flame height, up this slope.

    midflame_mps: ≥ 0. slope: rise over run, ≥ 0. Both finite. The two together count at most as the wind at which the
    fitted data end, 0.9 × reaction intensity (Rothermel 1972, eq. 86), so a hurricane gives the fire of a storm.
    """
    bed = _Bed(model, moisture)
    wind_ftmin = midflame_mps * FT_PER_M * 60
    driven = bed.wind_factor(wind_ftmin) + 5.275 * bed.packing**-0.3 * slope * slope
    most = bed.wind_factor(0.9 * bed.reaction)
    factor = min(driven, most)
    calm_ftmin = bed.reaction * bed.flux_ratio / bed.sink
    residence_min = 384 / bed.sigma  # Anderson (1969)
    return Spread(
        rate_mps=calm_ftmin * (1 + factor) / FT_PER_M / 60,
        calm_mps=calm_ftmin / FT_PER_M / 60,
        heat_kj_m2=bed.reaction * residence_min * _KJ_M2_PER_BTU_FT2,
        residence_s=residence_min * 60,
        wind_mps=bed.wind_of(factor) / FT_PER_M / 60,
    )


class _Bed:
    """A fuel bed at a moisture: everything about it that neither wind nor slope changes."""

    def __init__(self, model: FuelModel, moisture: Moisture) -> None:
        dead = (
            (model.dead_1h, model.sigma_1h, moisture.dead_1h),
            (model.dead_10h, _SIGMA_10H, moisture.dead_10h),
            (model.dead_100h, _SIGMA_100H, moisture.dead_100h),
        )
        live = ((model.live, _SIGMA_LIVE, moisture.live),)
        areas = [sum(load * sigma for load, sigma, _ in part) for part in (dead, live)]
        shares = [area / sum(areas) for area in areas]
        extinctions = (model.extinction, _live_extinction(dead, live, model.extinction))
        self.sigma = sum(s * _mean_sigma(part) for s, part in zip(shares, (dead, live), strict=True))
        bulk = sum(load for load, _, _ in (*dead, *live)) / model.depth_ft
        self.packing = bulk / _PARTICLE_DENSITY
        self.relative_packing = self.packing / (3.348 * self.sigma**-0.8189)
        self.reaction = self._velocity() * sum(
            _net_load(part) * _HEAT_CONTENT * _moisture_damping(part, limit) * _MINERAL_DAMPING
            for part, limit in zip((dead, live), extinctions, strict=True)
        )  # Btu/ft²/min
        self.flux_ratio = math.exp((0.792 + 0.681 * self.sigma**0.5) * (self.packing + 0.1)) / (
            192 + 0.2595 * self.sigma
        )
        self.sink = bulk * sum(s * _preheating(part) for s, part in zip(shares, (dead, live), strict=True))
        self._c = 7.47 * math.exp(-0.133 * self.sigma**0.55)
        self._b = 0.02526 * self.sigma**0.54
        self._e = 0.715 * math.exp(-3.59e-4 * self.sigma)

    def _velocity(self) -> float:
        """Optimum reaction velocity, 1/min; the exponent is Albini's."""
        most = self.sigma**1.5 / (495 + 0.0594 * self.sigma**1.5)
        power = 133 * self.sigma**-0.7913
        return float(most * self.relative_packing**power) * math.exp(power * (1 - self.relative_packing))

    def wind_factor(self, wind_ftmin: float) -> float:
        return float(self._c * wind_ftmin**self._b * self.relative_packing**-self._e)

    def wind_of(self, factor: float) -> float:
        """The wind, ft/min, that has this factor."""
        return float((factor * self.relative_packing**self._e / self._c) ** (1 / self._b))


_Part = tuple[tuple[float, float, float], ...]  # load, σ and moisture of each size


def _mean_sigma(part: _Part) -> float:
    area = sum(load * sigma for load, sigma, _ in part)
    return sum(load * sigma * sigma for load, sigma, _ in part) / area if area else 0.0


def _net_load(part: _Part) -> float:
    """Load without its minerals, each size weighted by the surface of all sizes of its class."""
    area = sum(load * sigma for load, sigma, _ in part)
    net = 0.0
    for load, sigma, _ in part:
        alike = sum(w * s for w, s, _ in part if _size_class(s) == _size_class(sigma))
        net += alike / area * load * (1 - _MINERALS) if area else 0.0
    return net


def _size_class(sigma: float) -> int:
    return sum(sigma < bound for bound in _SIZE_CLASSES)


def _moisture_damping(part: _Part, extinction: float) -> float:
    area = sum(load * sigma for load, sigma, _ in part)
    if not area or not extinction:
        return 0.0
    wet = sum(load * sigma * moisture for load, sigma, moisture in part) / area
    r = wet / extinction
    return max(1 - 2.59 * r + 5.11 * r * r - 3.52 * r**3, 0.0) if r < 1 else 0.0


def _preheating(part: _Part) -> float:
    """Btu/lb to bring the fuel to ignition: effective heating number × heat of preignition, by surface."""
    area = sum(load * sigma for load, sigma, _ in part)
    if not area:
        return 0.0
    return (
        sum(load * sigma * math.exp(-138 / sigma) * (250 + 1116 * moisture) for load, sigma, moisture in part)
        / area
    )


def _live_extinction(dead: _Part, live: _Part, dead_extinction: float) -> float:
    """Moisture at which live fuel stops burning: the more fine dead fuel, and the drier, the wetter (Albini 1976)."""
    fine_live = sum(load * math.exp(-500 / sigma) for load, sigma, _ in live)
    if not fine_live:
        return dead_extinction
    fine = [load * math.exp(-138 / sigma) for load, sigma, _ in dead]
    wet = sum(w * m for w, (_, _, m) in zip(fine, dead, strict=True)) / sum(fine)
    return max(2.9 * sum(fine) / fine_live * (1 - wet / dead_extinction) - 0.226, dead_extinction)
