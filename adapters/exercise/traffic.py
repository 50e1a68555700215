"""Simulated through traffic over Jiangxi and its neighbours: where every airliner is at a time, and nothing else.

Routes run between real navigation aids and airports (OurAirports, public domain) but are not the published airways;
flights are invented, named SIM… and use addresses from 78f100 on, inside the block kept for simulation
(adapters/data/jiangxi/ORIGIN.md). Where an aircraft is follows from the time alone, so there is no state to keep: a
flight that leaves its route at the end is gone, the next one enters at the beginning under another address.
"""

import itertools
import math
from dataclasses import dataclass

from dispatch.geo import Position, bearing_deg, distance_m

FIRST_ADDRESS = 0x78F100
ADDRESSES_PER_ROUTE = 32  # more than fly a route at once, so no address returns while it is remembered
CRUISE_MPS = 230.0
TERMINAL_MPS = 125.0
TERMINAL_M = 60_000.0  # within this of an airport at the end of a route, terminal speed
CLIMB_TAN = math.tan(math.radians(3.5))  # some 1500 ft/min at terminal speed, 2700 ft/min later
TERMINAL_TAN = math.tan(math.radians(3.0))  # the usual glide path

# OurAirports, navaids and airports: longitude, latitude
_POINTS = {
    "WHA": (114.2050, 30.7850),
    "LKO": (113.6970, 29.9167),
    "CSX": (113.2170, 28.2033),
    "LIG": (113.5270, 27.6267),
    "NNX": (114.2720, 25.1000),
    "WYN": (114.1120, 24.3467),
    "TOL": (119.6580, 29.7633),
    "SHR": (117.9670, 28.4167),
    "KOW": (114.9150, 25.8217),
    "LMN": (114.3270, 23.6490),
    "NSE": (118.8630, 31.7450),
    "HFE": (117.3020, 31.7800),
    "XMN": (118.1220, 24.5417),
    "FOC": (119.6620, 25.9400),
    "XSH": (115.2700, 30.4383),
    "KHN": (115.9230, 28.4300),
    "ZSCN": (115.9027, 28.8648),
    "ZSJD": (117.1760, 29.3386),
    "ZSTX": (118.2560, 29.7330),
    "ZSWY": (118.0010, 27.7020),
    "ZSYC": (114.3062, 27.8025),
    "ZSGZ": (114.7789, 25.8533),
    "ZSNF": (116.5200, 27.2200),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A line of points, a cruising level, how many fly it at once; `from_field`, `to_field`: it starts or ends at an airport."""

    points: tuple[str, ...]
    level_m: float
    flights: int
    from_field: bool = False
    to_field: bool = False


# Levels: metric RVSM of China, eastbound 8900 m and every 600 m, westbound 9200 m and every 600 m (CAAC 2007)
ROUTES = (
    Route(points=("WHA", "LKO", "CSX", "LIG", "NNX", "WYN"), level_m=9800, flights=5),
    Route(points=("WYN", "NNX", "LIG", "CSX", "LKO", "WHA"), level_m=10_100, flights=5),
    Route(points=("TOL", "SHR", "KOW", "LMN"), level_m=10_400, flights=5),
    Route(points=("LMN", "KOW", "SHR", "TOL"), level_m=10_700, flights=5),
    Route(points=("NSE", "ZSJD", "KHN", "KOW", "LMN"), level_m=11_600, flights=6),
    Route(points=("LMN", "KOW", "KHN", "ZSJD", "NSE"), level_m=11_300, flights=6),
    Route(points=("CSX", "ZSYC", "ZSWY", "FOC"), level_m=8900, flights=4),
    Route(points=("FOC", "ZSWY", "ZSYC", "CSX"), level_m=9200, flights=4),
    Route(points=("HFE", "ZSTX", "ZSWY", "XMN"), level_m=9500, flights=4),
    Route(points=("XMN", "ZSWY", "ZSTX", "HFE"), level_m=11_000, flights=4),
    Route(points=("XSH", "KHN", "ZSNF", "XMN"), level_m=12_500, flights=3),
    Route(points=("TOL", "SHR", "ZSCN"), level_m=9200, flights=3, to_field=True),
    Route(points=("ZSCN", "KHN", "KOW", "LMN"), level_m=9800, flights=3, from_field=True),
    Route(points=("ZSGZ", "KHN", "XSH"), level_m=8900, flights=2, from_field=True),
    Route(points=("WHA", "XSH", "ZSCN"), level_m=7800, flights=2, to_field=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Airliner:
    """One airliner at one moment; altitude is pressure altitude."""

    address: int
    callsign: str
    position: Position
    altitude_m: float
    ground_speed_mps: float
    track_deg: float
    climb_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """A route measured: points, distances between them, and the time to fly it."""

    points: tuple[Position, ...]
    legs_m: tuple[float, ...]
    route: Route

    @property
    def length_m(self) -> float:
        return sum(self.legs_m)

    @property
    def terminal_m(self) -> tuple[float, float]:
        """How much of the beginning and the end is flown at terminal speed."""
        return TERMINAL_M * self.route.from_field, TERMINAL_M * self.route.to_field

    @property
    def duration_s(self) -> float:
        slow_m = sum(self.terminal_m)
        return slow_m / TERMINAL_MPS + (self.length_m - slow_m) / CRUISE_MPS


def _measure(route: Route) -> _Path:
    points = tuple(Position(lon_deg=_POINTS[n][0], lat_deg=_POINTS[n][1]) for n in route.points)
    legs = tuple(distance_m(a, b) for a, b in itertools.pairwise(points))
    return _Path(points=points, legs_m=legs, route=route)


_PATHS = tuple(_measure(route) for route in ROUTES)


def airliners_at(seconds: float) -> tuple[Airliner, ...]:
    """Everyone in the air `seconds` after an arbitrary beginning that is the same for every call."""
    return tuple(
        _on_path(index, path, flight, seconds)
        for index, path in enumerate(_PATHS)
        for flight in range(path.route.flights)
    )


def _on_path(index: int, path: _Path, flight: int, seconds: float) -> Airliner:
    headway_s = path.duration_s / path.route.flights
    # the phase differs from route to route, so that not all of them begin at once
    turn, since_s = divmod(seconds + flight * headway_s + index * 137.0, path.duration_s)
    number = int(turn * path.route.flights - flight) % ADDRESSES_PER_ROUTE
    flown_m, speed_mps = _flown(path, since_s)
    position, track_deg = _place(path, flown_m)
    altitude_m, climb_mps = _height(path, flown_m, speed_mps)
    return Airliner(
        address=FIRST_ADDRESS + index * ADDRESSES_PER_ROUTE + number,
        callsign=f"SIM{index:02d}{number:02d}",
        position=position,
        altitude_m=altitude_m,
        ground_speed_mps=speed_mps,
        track_deg=track_deg,
        climb_mps=climb_mps,
    )


def _flown(path: _Path, since_s: float) -> tuple[float, float]:
    """Metres along the path and the speed, after so many seconds on it."""
    first_m, last_m = path.terminal_m
    first_s = first_m / TERMINAL_MPS
    if since_s < first_s:
        return since_s * TERMINAL_MPS, TERMINAL_MPS
    middle_m = path.length_m - first_m - last_m
    cruise_s = middle_m / CRUISE_MPS
    if since_s < first_s + cruise_s:
        return first_m + (since_s - first_s) * CRUISE_MPS, CRUISE_MPS
    return first_m + middle_m + (since_s - first_s - cruise_s) * TERMINAL_MPS, TERMINAL_MPS


def _place(path: _Path, flown_m: float) -> tuple[Position, float]:
    """Position and track; between two points a straight line in degrees, good to a few hundred metres here."""
    for a, b, leg_m in zip(path.points, path.points[1:], path.legs_m, strict=False):
        if flown_m <= leg_m:
            part = flown_m / leg_m
            here = Position(
                lon_deg=a.lon_deg + (b.lon_deg - a.lon_deg) * part,
                lat_deg=a.lat_deg + (b.lat_deg - a.lat_deg) * part,
            )
            return here, bearing_deg(here, b) if part < 1.0 else bearing_deg(a, b)
        flown_m -= leg_m
    return path.points[-1], bearing_deg(path.points[-2], path.points[-1])


def _height(path: _Path, flown_m: float, speed_mps: float) -> tuple[float, float]:
    """Height and climb: up from an airport at the beginning, down to one at the end, level between."""
    up_m = flown_m * CLIMB_TAN + 50.0 if path.route.from_field else math.inf
    down_m = (path.length_m - flown_m) * TERMINAL_TAN + 50.0 if path.route.to_field else math.inf
    if up_m < min(path.route.level_m, down_m):
        return up_m, speed_mps * CLIMB_TAN
    if down_m < path.route.level_m:
        return down_m, -speed_mps * TERMINAL_TAN
    return path.route.level_m, 0.0
