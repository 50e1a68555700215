"""Loads and signatures in a scene, for tests of what follows from them."""

from typing import Any

from dispatch.drop_commands import CorrectWater, NoteTrackEvents, RecordWater, SignHours, WaterTold
from dispatch.drop_records import TrackEvent, WaterLoad
from dispatch.drops import event_id
from dispatch.flight_phase import FlightEventKind
from dispatch.hours import PARTIES, hours_of
from dispatch.kinds import Role
from tests.dispatch.scene import FIRE, Scene


def drop(scene: Scene, tasking_id: str, role: Role = Role.OPERATOR, key: str = "", **more: Any) -> WaterLoad:
    """One load told by somebody; it is returned as it then stands."""
    before = {each.id for each in scene.world.taskings[tasking_id].water}
    scene.ask(role, RecordWater(tasking_id=tasking_id, loads=(WaterTold(**more),)), key=key)
    (made,) = (each for each in scene.world.taskings[tasking_id].water if each.id not in before)
    return made


def correct(
    scene: Scene, tasking_id: str, load: WaterLoad, role: Role = Role.OPERATOR, **more: Any
) -> WaterLoad:
    """A load corrected."""
    values = {"reason": "看错", "version_seen": load.version} | more
    scene.ask(role, CorrectWater(tasking_id=tasking_id, load_id=load.id, **values))  # type: ignore[arg-type]
    return next(each for each in scene.world.taskings[tasking_id].water if each.id == load.id)


def found(scene: Scene, tasking_id: str, kind: FlightEventKind = FlightEventKind.DROP) -> TrackEvent:
    """The track has shown something now."""
    tasking = scene.world.taskings[tasking_id]
    event = TrackEvent(
        id=event_id(tasking, kind, scene.now),
        sortie=tasking.sortie,
        kind=kind,
        at=scene.now,
        position=FIRE,
        confidence=0.8,
    )
    scene.site_asks(NoteTrackEvents(tasking_id=tasking_id, events=(event,)))
    return event


def sign(scene: Scene, tasking_id: str, *parties: Role) -> None:
    """Both sides sign what stands there, or the named ones."""
    for party in parties or PARTIES:
        tasking = scene.world.taskings[tasking_id]
        asked = SignHours(tasking_id=tasking_id, digest=hours_of(tasking).digest)
        scene.ask(party, asked, operator_id=tasking.operator_id)
