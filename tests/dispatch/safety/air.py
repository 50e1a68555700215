"""Aircraft that a test flies before the nets, a look at a time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dispatch.alerts import Alert
from dispatch.identity import registry
from dispatch.kinds import AlertKind, AltitudeDatum, SourceKind
from dispatch.motion import DEGREE_M
from dispatch.obstacle import obstacle_field
from dispatch.obstacle_records import Obstacle
from dispatch.picture import TrackPicture
from dispatch.safety.nets import Looked, Net, Nets
from dispatch.safety.parameter_rows import SHIPPED
from dispatch.safety.parameters import Parameters, Row
from dispatch.safety.sky import Skies
from dispatch.sighting import Sighting
from dispatch.terrain import HeightDatum, Terrain, Tile
from dispatch.weather import Weather
from dispatch.world import World
from tests.dispatch.scene import NOW

NOW_S = NOW.timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """Flies straight on from where it is at second 0. `height_m` at second 0; None: none is said."""

    icao24: str = "780abc"
    lon_deg: float = 115.0
    lat_deg: float = 28.0
    height_m: float | None = 500.0
    datum: AltitudeDatum = AltitudeDatum.MSL
    speed_mps: float = 60.0
    course_deg: float = 90.0
    climb_mps: float = 0.0
    said: tuple[tuple[str, Any], ...] = ()

    def at(self, t: float) -> Sighting:
        """What is seen of it at second t."""
        course = math.radians(self.course_deg)
        east, north = self.speed_mps * math.sin(course) * t, self.speed_mps * math.cos(course) * t
        seen = Sighting(
            source="hill",
            source_kind=SourceKind.ADSB,
            icao24=self.icao24,
            lon_deg=self.lon_deg + east / (DEGREE_M * math.cos(math.radians(self.lat_deg))),
            lat_deg=self.lat_deg + north / DEGREE_M,
            altitude_m=None if self.height_m is None else self.height_m + self.climb_mps * t,
            altitude_datum=None if self.height_m is None else self.datum,
            ground_speed_mps=self.speed_mps,
            track_deg=self.course_deg,
            vertical_rate_mps=self.climb_mps,
        )
        return replace(seen, **dict(self.said))


class Air:
    """A picture, a world and nets. `ours`: every aircraft is looked after as one of ours."""

    def __init__(
        self,
        *nets: Net,
        world: World | None = None,
        ours: bool = False,
        rows: Sequence[Row] = (),
        terrain: Terrain | None = None,
        obstacles: Sequence[Obstacle] = (),
        weather: Weather | None = None,
    ) -> None:
        self.picture = TrackPicture()
        self.world = World.empty("36") if world is None else world
        self.picture.use_registry(registry(self.world.identities, self.world.aircraft))
        self.nets = Nets(nets or None)
        self.skies = Skies(Parameters(SHIPPED, rows), all_ours=ours)
        self.terrain = terrain or Terrain()
        self.obstacles = obstacle_field(obstacles, self.terrain)
        self.weather = weather
        self.looked: Looked | None = None

    def look(self, t: float, *seen: Craft | Sighting) -> list[Alert]:
        """One look at second t, after these were seen; everything that goes on."""
        now = NOW_S + t
        for one in seen:
            self.picture.accept(one.at(t) if isinstance(one, Craft) else one, now)
        self.picture.expire(now)
        sky = self.skies.make(
            self.picture,
            self.world,
            now,
            terrain=self.terrain,
            obstacles=lambda: self.obstacles,
            weather=self.weather,
        )
        self.looked = self.nets.look(sky)
        assert not self.looked.failed, self.looked.failed
        return [each for alerts in self.looked.found.values() for each in alerts]

    def fly(self, seconds: int, *seen: Craft, begin: int = 0) -> list[list[Alert]]:
        """A look each second."""
        return [self.look(t, *seen) for t in range(begin, begin + seconds)]


def of(alerts: list[Alert], kind: AlertKind, code: str | None = None) -> list[Alert]:
    """Those of a kind."""
    return [each for each in alerts if each.kind is kind and code in (None, each.code)]


def hills(height: Any, west: float = 115.0, south: float = 27.6, span: int = 1) -> Terrain:
    """Fit terrain, 3″, whose height is a function of lon and lat."""
    side = span * 1200 + 1
    lon, lat = np.meshgrid(np.linspace(west, west + span, side), np.linspace(south + span, south, side))
    tile = Tile(
        name="t",
        source="hgt",
        west_deg=float(west),
        north_deg=float(south + span),
        step_lon_deg=1 / 1200,
        step_lat_deg=1 / 1200,
        heights=np.broadcast_to(height(lon, lat), lon.shape).astype(np.float32),
        void=-32768.0,
        datum=HeightDatum.EGM96,
    )
    return Terrain(tiles=(tile,))
