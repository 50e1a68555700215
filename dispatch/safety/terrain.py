"""低高度: less than 50 m above ground or an obstacle on the straight way of the next 30 s, for our aircraft in the air.

Left out are places where low flight is the work or the landing: round bases, pads and hospitals, water points and the
scenes of fires, each with its own radius. Round the latter two obstacles still count, by rows of their own: so near
beside the way and so little above the top that no work is done there. Only fit terrain counts. Where there is none under an aircraft of ours that
is said (`no_terrain`, 无地形数据), never passed over in silence. A pressure height may be off by some hundred metres:
what it makes is told and flagged.
"""

from collections.abc import Iterator

import numpy as np

from dispatch.alerts import AMBER, INFO, RED, Alert
from dispatch.gate import Indices
from dispatch.kinds import AlertKind, AltitudeDatum, IncidentState
from dispatch.motion import DEGREE_M
from dispatch.records import Incident
from dispatch.safety.hysteresis import Hysteresis
from dispatch.safety.sky import Sky
from dispatch.sighting import DATUMS, Bools, Floats

STEP_S = 2.0
_AGL, _PRESSURE = DATUMS.index(AltitudeDatum.AGL), DATUMS.index(AltitudeDatum.PRESSURE)
_ONGOING = frozenset({IncidentState.CONFIRMED, IncidentState.RESPONDING, IncidentState.CONTAINED})


class TerrainNet:
    """Our aircraft against the ground and obstacles ahead."""

    name = "terrain"
    kinds = (AlertKind.TERRAIN,)

    def __init__(self) -> None:
        self.hysteresis = Hysteresis()
        self._blind: Alert | None = None  # as of when somebody last flew where no terrain is known

    def look(self, sky: Sky) -> list[Alert]:
        """Who comes too low."""
        there, values = sky.flying, sky.values
        watched = there.airborne & there.own & np.isfinite(there.altitude_m)
        places = np.flatnonzero(watched).astype(np.int32)
        found: list[Alert] = []
        if len(places):
            landing, working = _in_zone(sky, places, _pads(sky)), _in_zone(sky, places, _work(sky))
            low, at_work = places[~landing & ~working], places[working & ~landing]
            found += _ground(sky, low) if len(low) else []
            found += _obstacles(sky, low, "obstacle_width_m", "least_m") if len(low) else []
            found += _obstacles(sky, at_work, "zone_obstacle_width_m", "zone_least_m") if len(at_work) else []
            self._blind = _unknown(sky, places) or self._blind
        if self._blind is not None and sky.now_s - self._blind.began_at_s <= values.of(
            "terrain", "unknown_kept_s"
        ):
            found.append(self._blind)  # a state of the site, not of a moment
        return self.hysteresis.step(
            found,
            begin_looks=values.whole("terrain", "begin_looks"),
            end_looks=values.whole("terrain", "end_looks"),
            unheard=sky.unheard,
        )

    def timers(self, sky: Sky) -> Iterator[float]:
        """When it will be forgotten that somebody flew where no terrain is known."""
        if self._blind is not None:
            yield self._blind.began_at_s + sky.values.of("terrain", "unknown_kept_s")


def _pads(sky: Sky) -> Iterator[tuple[float, float, float]]:
    """lon, lat, radius of where aircraft land."""
    world, values = sky.world, sky.values
    pad_m = values.of("terrain", "pad_zone_m")
    for place in (*world.bases.values(), *world.landing_sites.values(), *world.hospitals.values()):
        yield place.position.lon_deg, place.position.lat_deg, pad_m


def _work(sky: Sky) -> Iterator[tuple[float, float, float]]:
    """The same of where they dip and drop."""
    world, values = sky.world, sky.values
    for water in world.water_points.values():
        yield water.position.lon_deg, water.position.lat_deg, values.of("terrain", "dip_zone_m")
    for incident in world.incidents.values():
        if _worked_on(incident):
            at = incident.position
            yield at.lon_deg, at.lat_deg, values.of("terrain", "drop_zone_m")


def _worked_on(incident: Incident) -> bool:
    return incident.state in _ONGOING


def _in_zone(sky: Sky, places: Indices, zones: Iterator[tuple[float, float, float]]) -> Bools:
    inside = np.zeros(len(places), bool)
    lon, lat = sky.flying.lon_deg[places], sky.flying.lat_deg[places]
    squeeze = np.cos(np.radians(lat))
    for zone_lon, zone_lat, radius_m in zones:
        inside |= DEGREE_M * np.hypot((lon - zone_lon) * squeeze, lat - zone_lat) <= radius_m
    return inside


def _ahead(sky: Sky, places: Indices) -> tuple[Floats, Floats, Floats, Floats]:
    """Times[step], lon and lat[place, step], lowest possible height[place, step]."""
    there = sky.flying
    times = np.arange(0.0, sky.values.of("terrain", "look_ahead_s") + STEP_S / 2, STEP_S)
    squeeze = np.cos(np.radians(there.lat_deg[places]))[:, None]
    lon = there.lon_deg[places][:, None] + there.east_mps[places][:, None] * times / (DEGREE_M * squeeze)
    lat = there.lat_deg[places][:, None] + there.north_mps[places][:, None] * times / DEGREE_M
    altitude_m = there.altitude_m[places]
    if sky.other_m is not None:
        altitude_m = np.fmin(altitude_m, sky.other_m[places])
    to_sea_m = np.where(there.datum[places] == _PRESSURE, np.nan_to_num(sky.to_sea_m[places]), 0.0)
    altitude_m = altitude_m + to_sea_m
    return times, lon, lat, altitude_m[:, None] + there.climb_mps[places][:, None] * times


def _ground(sky: Sky, places: Indices) -> list[Alert]:
    if not sky.terrain.has_fit:
        return []
    there = sky.flying
    times, lon, lat, height_m = _ahead(sky, places)
    ground_m = sky.terrain.highest_m(lon.ravel(), lat.ravel()).reshape(lon.shape)
    agl = there.datum[places] == _AGL
    # measured above the ground here: what the ground does ahead counts from the ground here
    height_m = np.where(agl[:, None], height_m + ground_m[:, :1], height_m)
    margin_m = height_m - ground_m
    least_m = sky.values.of("terrain", "least_m")
    alerts = []
    for n in np.flatnonzero((margin_m < least_m).any(axis=1)).tolist():
        at = int(np.argmax(margin_m[n] < least_m))
        worst = int(np.nanargmin(margin_m[n]))
        alerts.append(
            _alert(
                sky,
                int(places[n]),
                "ground",
                {
                    "in_s": float(times[at]),
                    "least_m": float(margin_m[n, worst]),
                    "ground_m": float(ground_m[n, worst]),
                },
            )
        )
    return alerts


def _obstacles(sky: Sky, places: Indices, width: str, least: str) -> list[Alert]:
    """`width`, `least`: the names of the parameters that hold here."""
    field = sky.obstacles()
    if not field.obstacles:
        return []
    there, values = sky.flying, sky.values
    times, lon, lat, height_m = _ahead(sky, places)
    alerts = []
    width_m, least_m = values.of("terrain", width), values.of("terrain", least)
    for n, place in enumerate(places.tolist()):
        if there.datum[place] == _AGL:
            height_m[n] += float(sky.ground_m[place])
        speed = float(np.hypot(there.east_mps[place], there.north_mps[place]))
        near, _ = field.near(lon[n], lat[n], speed * times, width_m)
        low = [one for one in near if not float(np.nanmin(height_m[n])) - one.top_m >= least_m]
        for one in low:
            in_s = min(float(times[-1]), one.along_m / speed) if speed > 1.0 else 0.0
            height_there_m = float(np.interp(in_s, times, height_m[n]))
            if height_there_m - one.top_m < least_m:
                figures = {"in_s": in_s, "least_m": height_there_m - one.top_m, "top_m": one.top_m}
                alerts.append(_alert(sky, place, "obstacle", figures, one.name or one.id))
    return alerts


def _unknown(sky: Sky, places: Indices) -> Alert | None:
    """One for the site: how many of ours fly where no fit terrain is known."""
    blind = places[np.isnan(sky.ground_m[places])]
    if not len(blind):
        return None
    return Alert(
        id="terrain:no_terrain",
        kind=AlertKind.TERRAIN,
        severity=INFO,
        code="no_terrain",
        began_at_s=sky.now_s,
        figures={"count": float(len(blind))},
        flags=("no_terrain",),
        **sky.flying.about(*blind[:10].tolist()),
    )


def _alert(sky: Sky, place: int, code: str, figures: dict[str, float], about: str = "") -> Alert:
    in_s = figures["in_s"]
    flags: tuple[str, ...] = ()
    if sky.by_pressure(place):
        flags += ("height_unsure",)
    if sky.jumped(place):
        flags += ("height_jump",)
    flight = sky.by_place.get(place)
    return Alert(
        id=f"terrain:{sky.flying.id_of(place)}|{code}",
        kind=AlertKind.TERRAIN,
        severity=RED if in_s <= sky.values.of("terrain", "red_within_s") else AMBER,
        code=code,
        about=about,
        began_at_s=sky.now_s,
        figures=figures,
        lead_s=in_s,
        flags=flags,
        tasking_id="" if flight is None else flight.tasking.id,
        **sky.flying.about(place),
    )
