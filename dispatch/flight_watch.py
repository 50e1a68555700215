"""What the tracks say of flights under a tasking, and which step of it that would be (据航迹提出的建议).

    look(world, picture, now) once a second; findings(tasking) whenever somebody looks at the card

Nothing is advanced here: a person confirms the proposed step, at its time or at a corrected one. What was found is
noted in the journal as small facts (`to_note`), asked for once a second (adapters/timers.py). So a restart takes nothing
back that people were asked; reading it anew from archived positions would need minutes of them and find other moments,
for the archive thins what the watch saw whole.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dispatch.drop_commands import NoteTrackEvents
from dispatch.drop_records import EventFigure, TrackEvent
from dispatch.drops import event_id
from dispatch.flight_phase import FlightEvent, FlightEventKind, FlightPhases, KnownPlace
from dispatch.flight_samples import TrackSample
from dispatch.geo import Position
from dispatch.identity import REGISTRATION, word
from dispatch.kinds import AircraftKind, TaskingAction, TaskingState
from dispatch.picture import TrackPicture
from dispatch.records import Tasking
from dispatch.terrain import Terrain
from dispatch.tracks import Track
from dispatch.world import World

_S, _K = TaskingState, FlightEventKind
WATCHED = frozenset({_S.RELEASED, _S.AIRBORNE, _S.WORKING, _S.RETURNING})
KEPT = WATCHED | {_S.LANDED}  # the drops are still asked for when the papers are written
MOST_EVENTS = 500  # of one sortie; more than any can have, the oldest goes
STEPS = {
    _S.RELEASED: (_K.TAKE_OFF, TaskingAction.TAKE_OFF),
    _S.AIRBORNE: (_K.ON_SCENE, TaskingAction.ARRIVE),
    _S.WORKING: (_K.OFF_SCENE, TaskingAction.LEAVE),
    _S.RETURNING: (_K.LANDING, TaskingAction.LAND),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Of one tasking's present sortie. `action` and `proposed`: the step that waits for a person; None: none does."""

    events: tuple[FlightEvent, ...] = ()
    action: TaskingAction | None = None
    proposed: FlightEvent | None = None

    def count(self, kind: FlightEventKind) -> int:
        """How many of a kind."""
        return sum(event.kind is kind for event in self.events)


@dataclass(slots=True)
class _Flight:
    phases: FlightPhases
    sortie: int
    heard_at_s: float = float("-inf")
    events: list[FlightEvent] = field(default_factory=list)
    noted: int = 0  # so many were found in the journal, the last time that anybody looked

    def add(self, events: Iterable[FlightEvent]) -> None:
        before = len(self.events)
        self.events.extend(events)
        self.noted = self.noted if len(self.events) == before else -1
        del self.events[:-MOST_EVENTS]


class FlightWatch:
    """One site's."""

    def __init__(self, terrain: Callable[[], Terrain] = Terrain) -> None:
        self._terrain = terrain  # the present one: it may come after the flights
        self._flights: dict[str, _Flight] = {}
        self._under_way: tuple[Tasking, ...] = ()
        self._seen: object = None  # the taskings that `_under_way` was picked from

    def look(self, world: World, picture: TrackPicture, now_s: float) -> None:
        """Take in the newest report of each aircraft whose flight is under way. A fraction of a millisecond each."""
        if self._seen is not world.taskings:
            own = (each for each in world.taskings.values() if each.site == world.site)
            self._under_way = tuple(each for each in own if each.state in KEPT)
            self._seen = world.taskings
        kept = {}
        for tasking in self._under_way:
            flight = self._flights.get(tasking.id)
            if flight is None or flight.sortie != tasking.sortie:
                flight = _begun(world, tasking, self._ground_m)
            kept[tasking.id] = flight
            if tasking.state in WATCHED:
                _hear(flight, _track(world, picture, tasking), now_s)
        self._flights = kept

    def _ground_m(self, lon_deg: float, lat_deg: float) -> float | None:
        found = float(self._terrain().elevation_m(lon_deg, lat_deg, fit=True)[0])
        return None if math.isnan(found) else found

    def to_note(self, world: World) -> tuple[NoteTrackEvents, ...]:
        """What was found and the journal does not hold yet, by tasking."""
        notes = []
        for tasking in self._under_way:
            flight = self._flights.get(tasking.id)
            if flight is None or flight.noted == len(flight.events):
                continue
            known = {each.id for each in world.track_events.get(tasking.id, ())}
            made = tuple(kept(tasking, event) for event in flight.events)
            new = tuple(each for each in made if each.id not in known)
            if new:
                notes.append(NoteTrackEvents(tasking_id=tasking.id, events=new))
            else:
                flight.noted = len(flight.events)
        return tuple(notes)

    def findings(self, tasking: Tasking) -> Findings:
        """What was found of its present sortie."""
        flight = self._flights.get(tasking.id)
        if flight is None or flight.sortie != tasking.sortie:
            return Findings()
        kind, action = STEPS.get(tasking.state, (None, None))
        proposed = next((each for each in reversed(flight.events) if each.kind is kind), None)
        if proposed is not None and not _still(flight.phases, proposed.kind):
            proposed = None
        return Findings(
            events=tuple(flight.events), action=action if proposed is not None else None, proposed=proposed
        )


def kept(tasking: Tasking, event: FlightEvent) -> TrackEvent:
    """A finding as the journal keeps it."""
    at = datetime.fromtimestamp(event.at_s, UTC)
    return TrackEvent(
        id=event_id(tasking, event.kind, at),
        sortie=tasking.sortie,
        kind=event.kind,
        at=at,
        position=Position(lon_deg=event.lon_deg, lat_deg=event.lat_deg),
        confidence=event.confidence,
        why=tuple(EventFigure(name=name, value=value) for name, value in event.why),
    )


def told_again(event: TrackEvent) -> FlightEvent:
    """A kept finding as the watch has it."""
    return FlightEvent(
        kind=event.kind,
        at_s=event.at.timestamp(),
        lon_deg=event.position.lon_deg,
        lat_deg=event.position.lat_deg,
        confidence=event.confidence,
        why=tuple((each.name, each.value) for each in event.why),
    )


def _begun(world: World, tasking: Tasking, ground_m: Callable[[float, float], float | None]) -> _Flight:
    """A flight as the watch first sees it: with what was found before a restart."""
    flight = _Flight(phases=_phases(world, tasking, ground_m), sortie=tasking.sortie)
    before = [each for each in world.track_events.get(tasking.id, ()) if each.sortie == tasking.sortie]
    flight.events = [told_again(each) for each in before]
    flight.phases.resume(each.kind for each in before)
    return flight


def _still(phases: FlightPhases, kind: FlightEventKind) -> bool:
    """Whether what was found holds: it has not come back, and was not merely unheard."""
    match kind:
        case _K.OFF_SCENE:
            return not phases.on_scene
        case _K.LANDING:
            return not phases.airborne
        case _:
            return True


def _hear(flight: _Flight, track: Track | None, now_s: float) -> None:
    if track is None or track.position_at_s is None or track.position_at_s <= flight.heard_at_s:
        silent = flight.phases.quiet(now_s)
        flight.add([silent] if silent is not None else [])
        return
    flight.heard_at_s = track.position_at_s
    flight.add(flight.phases.feed(_sample(track)))


def _sample(track: Track) -> TrackSample:
    return TrackSample(
        at_s=track.position_at_s or 0.0,
        lon_deg=track.lon_deg or 0.0,
        lat_deg=track.lat_deg or 0.0,
        altitude_m=track.altitude_m,
        altitude_datum=track.altitude_datum,
        ground_speed_mps=track.ground_speed_mps,
        vertical_rate_mps=track.vertical_rate_mps,
        on_ground=track.on_ground,
        source=track.source,
    )


def _track(world: World, picture: TrackPicture, tasking: Tasking) -> Track | None:
    """By the identity that people have given the aircraft, else by its address."""
    for identity in world.identities.values():
        if identity.aircraft_id == tasking.aircraft_id and not identity.retired:
            found = picture.get(identity.id)
            if found is not None:
                return found
    named = picture.get(f"{REGISTRATION}:{word(tasking.aircraft_id)}")
    if named is not None or not tasking.aircraft_icao24:
        return named
    return picture.of_icao24(tasking.aircraft_icao24)


def _phases(world: World, tasking: Tasking, ground_m: Callable[[float, float], float | None]) -> FlightPhases:
    aircraft = world.aircraft.get(tasking.aircraft_id)
    base = world.bases.get(tasking.base_id)
    incident = world.incidents.get(tasking.incident_id)
    water = world.water_points.get(tasking.water_point_id)
    return FlightPhases(
        ground_m=ground_m,
        fixed_wing=aircraft is not None and aircraft.kind is AircraftKind.FIXED_WING,
        base=None if base is None else _place(base.position, base.elevation_m),
        scene=_place(tasking.incident_position, None if incident is None else incident.elevation_m),
        water=() if water is None else (_place(water.position, water.elevation_m),),
    )


def _place(position: Position, elevation_m: float | None) -> KnownPlace:
    return KnownPlace(lon_deg=position.lon_deg, lat_deg=position.lat_deg, elevation_m=elevation_m)
