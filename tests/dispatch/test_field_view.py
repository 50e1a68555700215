"""What the site tells field clients."""

from typing import Any

import numpy as np

from dispatch.columns import DOUBT_BIT
from dispatch.field_view import open_incidents, select, taskings_by_thing
from dispatch.identity import registry
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import Doubt, Emergency, IncidentAction, Role, SourceKind, TaskingAction
from dispatch.picture import TrackPicture
from dispatch.sighting import Sighting
from dispatch.tasking_commands import ActOnTasking, AdoptPlan
from tests.dispatch.scene import Scene

NOW = 1_790_000_000.0
AREA = (114.0, 28.0, 116.0, 30.0)


def hear(picture: TrackPicture, kind: SourceKind = SourceKind.ADSB, at_s: float = NOW, **said: Any) -> None:
    values: dict[str, Any] = {"lon_deg": 115.0, "lat_deg": 29.0, "observed_at_s": at_s}
    picture.accept(Sighting(source=str(kind), source_kind=kind, **(values | said)), NOW)


def told(picture: TrackPicture, **said: Any) -> tuple[list[str], list[str]]:
    values: dict[str, Any] = {"area": None, "traffic": False, "limit": 100}
    chosen = select(picture, **(values | said))
    ids = picture.roster.ids
    return [ids[slot] for slot in chosen.ours], [ids[slot] for slot in chosen.others]


def test_rescue_s_own_are_told_wherever_they_are() -> None:
    """Aircraft of the fleet by their address, and what comes by sources that only rescue has."""
    scene = Scene()
    picture = TrackPicture()
    picture.use_registry(registry(scene.world.identities, scene.world.aircraft))
    hear(picture, icao24="78f001", lon_deg=90.0)
    hear(picture, icao24="780abc")
    hear(picture, SourceKind.COT, own_key="cot:A")
    hear(picture, SourceKind.TERMINAL, at_s=NOW - 1, own_key="jt808:1")
    hear(picture, SourceKind.RADAR, own_key="radar:1")
    ours, others = told(picture)
    assert ours == ["icao24:78f001", "cot:A", "jt808:1"]  # people's own first, then the newest
    assert others == []


def test_traffic_is_told_inside_the_area_nearest_first() -> None:
    """Only where the site says so."""
    picture = TrackPicture()
    hear(picture, icao24="780001", lon_deg=115.9)
    hear(picture, icao24="780002", lon_deg=115.1)
    hear(picture, icao24="780003", lon_deg=116.1)
    hear(picture, icao24="780004", lat_deg=27.9)
    assert told(picture, area=AREA) == ([], [])
    assert told(picture, area=AREA, traffic=True) == ([], ["icao24:780002", "icao24:780001"])


def test_distress_is_told_wherever_it_is_and_first() -> None:
    """Traffic that cries for help is rescue's business."""
    picture = TrackPicture()
    hear(picture, icao24="780001", lon_deg=115.0)
    hear(picture, icao24="780002", lon_deg=80.0, squawk="7700")
    assert told(picture) == ([], ["icao24:780002"])
    assert told(picture, area=AREA, traffic=True)[1] == ["icao24:780002", "icao24:780001"]


def test_what_is_told_is_bounded_rescue_s_own_first() -> None:
    """The limit is of both together."""
    picture = TrackPicture()
    for number in range(5):
        hear(picture, icao24=f"78000{number}", lon_deg=115.0 + number / 10)
        hear(picture, SourceKind.COT, at_s=NOW - number, own_key=f"cot:{number}")
    ours, others = told(picture, area=AREA, traffic=True, limit=7)
    assert ours == [f"cot:{number}" for number in range(5)]
    assert others == ["icao24:780000", "icao24:780001"]
    assert told(picture, limit=2) == (["cot:0", "cot:1"], [])


def test_ghosts_and_what_has_no_place_are_not_told() -> None:
    """A crowd that looks made up would bury what is real."""
    picture = TrackPicture()
    hear(picture, SourceKind.COT, own_key="cot:ghost")
    hear(picture, SourceKind.COT, own_key="cot:nowhere", lon_deg=None, lat_deg=None)
    hear(picture, SourceKind.COT, own_key="cot:real", emergency=Emergency.SOS)
    slot = picture.roster.slot_of("cot:ghost")
    assert slot is not None
    picture.things.doubts[slot] |= np.uint8(DOUBT_BIT[Doubt.GHOST])
    assert told(picture) == (["cot:real"], [])


def test_an_empty_picture_is_told() -> None:
    """As nothing."""
    assert told(TrackPicture(), area=AREA, traffic=True) == ([], [])


def confirmed(scene: Scene, level: int = 3) -> str:
    made = scene.report(level)
    scene.ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=made, action=IncidentAction.CONFIRM, version_seen=1),
    )
    return made


def test_open_incidents_are_told_the_gravest_first() -> None:
    """Until they are over."""
    scene = Scene()
    minor = scene.report(4)
    grave = scene.report(1)
    assert [incident.id for incident in open_incidents(scene.world)] == [grave, minor]
    scene.ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=minor, action=IncidentAction.DISMISS, version_seen=1, reason="误报"),
    )
    assert [incident.id for incident in open_incidents(scene.world)] == [grave]


def test_taskings_are_told_from_the_order_on() -> None:
    """A draft that waits for the duty chief is not yet an order."""
    scene = Scene()
    plan = scene.propose(confirmed(scene), 1)
    scene.ask(Role.DISPATCHER, AdoptPlan(plan_id=plan, version_seen=1))
    known = registry(scene.world.identities, scene.world.aircraft)
    assert dict(taskings_by_thing(scene.world, known)) == {}
    tasking = next(iter(scene.world.taskings.values()))
    scene.ask(
        Role.DUTY_CHIEF,
        ActOnTasking(tasking_id=tasking.id, action=TaskingAction.ORDER, version_seen=tasking.version),
    )
    assert list(taskings_by_thing(scene.world, known)) == ["icao24:78f001"]
