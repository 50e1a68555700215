"""Bucket flights of the exercise's own flight model, sampled as a source would, and what truly happened in them."""

from typing import NamedTuple

from adapters.exercise.flight import Mission, Order, Performance, Phase, Place, advance, parked
from dispatch.flight_phase import FlightEvent, FlightEventKind, FlightPhases, KnownPlace
from dispatch.flight_samples import TrackSample, apart_m
from dispatch.geo import Position
from dispatch.kinds import AltitudeDatum

STANDS_S = 60.0
STARTS_AT_S = 1_700_000_000.0


class Site(NamedTuple):
    """Where the flight leads."""

    base: KnownPlace
    scene: KnownPlace
    water: KnownPlace


SITE = Site(
    base=KnownPlace(lon_deg=115.90, lat_deg=28.60, elevation_m=40.0),
    scene=KnownPlace(lon_deg=116.10, lat_deg=28.70, elevation_m=320.0),
    water=KnownPlace(lon_deg=116.14, lat_deg=28.68, elevation_m=180.0),
)
# water within the reach of a drop: filling there is none
CLOSE = SITE._replace(water=KnownPlace(lon_deg=116.112, lat_deg=28.69, elevation_m=180.0))
ABLE = Performance(cruise_mps=60.0, loaded_mps=45.0, hovers=True, fill_s=45.0, drop_s=6.0)
Truth = list[tuple[FlightEventKind, float]]


def _place(known: KnownPlace) -> Place:
    return Place(
        position=Position(lon_deg=known.lon_deg, lat_deg=known.lat_deg), elevation_m=known.elevation_m or 0.0
    )


def bucket_flight(
    *, drops: int, every_s: float, holds_s: float = 120.0, site: Site = SITE
) -> tuple[list[TrackSample], Truth]:
    """Samples each `every_s`, and kind and time of what happened, in order."""
    mission = Mission(base=_place(site.base), scene=_place(site.scene), water=_place(site.water), drops=drops)
    flight, at_s = parked(mission.base), 0.0
    samples: list[TrackSample] = []
    truth: Truth = []
    held_s = landed_s = 0.0
    reached = False
    while landed_s < STANDS_S and at_s < 20_000:
        going = Order.START if at_s < STANDS_S else Order.HOME if held_s > holds_s else Order.GO
        if landed_s > 0:
            going = Order.STAND
        before, flight = flight, advance(flight, ABLE, mission, going, 1.0)
        at_s += 1.0
        held_s += flight.phase is Phase.HOLDING
        now = STARTS_AT_S + at_s
        if before.on_ground and not flight.on_ground:
            truth.append((FlightEventKind.TAKE_OFF, now))
        if flight.phase is Phase.FILLING and before.phase is not Phase.FILLING:
            truth.append((FlightEventKind.WATER_PICK_UP, now))
        off_m = apart_m(
            flight.position.lon_deg, flight.position.lat_deg, site.scene.lon_deg, site.scene.lat_deg
        )
        if not reached and off_m <= 3_000.0 and not flight.on_ground:
            reached = True
            truth.append((FlightEventKind.ON_SCENE, now))
        if flight.phase is Phase.DROPPING and before.phase is not Phase.DROPPING:
            truth.append((FlightEventKind.DROP, now))
        if (
            flight.phase is Phase.TO_BASE
            and FlightEventKind.OFF_SCENE not in dict(truth)
            and off_m >= 6_000.0
        ):
            truth.append((FlightEventKind.OFF_SCENE, now))
        if flight.on_ground and not before.on_ground:
            truth.append((FlightEventKind.LANDING, now))
        landed_s += flight.on_ground and FlightEventKind.LANDING in dict(truth)
        if at_s % every_s == 0.0:
            samples.append(
                TrackSample(
                    at_s=now,
                    lon_deg=flight.position.lon_deg,
                    lat_deg=flight.position.lat_deg,
                    altitude_m=round(flight.altitude_m / 7.62) * 7.62,  # a transponder's 25 ft
                    altitude_datum=AltitudeDatum.MSL,
                    ground_speed_mps=round(flight.ground_speed_mps / 0.514444) * 0.514444,  # and whole knots
                    source="simulator",
                )
            )
    return samples, truth


def found_in(samples: list[TrackSample], site: Site = SITE) -> list[FlightEvent]:
    """What the watch finds with the places known."""
    watch = FlightPhases(base=site.base, scene=site.scene, water=(site.water,))
    return [event for sample in samples for event in watch.feed(sample)]
