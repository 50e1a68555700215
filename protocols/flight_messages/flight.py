"""The flight of a tasking as its messages need it: what the records say, and where it goes from and to.

Pure, on one world. What no record says is not made up: it is a `Gap`, which a person at the gateway closes.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dispatch.airspace_state import in_force
from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.kinds import PlaceKind, TaskingAction
from dispatch.records import Aircraft, Airspace, Incident, Tasking
from dispatch.staff_records import Operator
from dispatch.world import DOWN, UP, World
from protocols.flight_messages import words

_A = TaskingAction
# ICAO Doc 7910: first letters of the flight information regions of China. A base is known by it if it has one.
_INDICATOR = re.compile(r"Z[BGHJLPSUWY][A-Z]{2}")


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What a person completes or confirms before a message goes out. `code` is stable."""

    field: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a flight begins or ends. `indicator` ZZZZ: none known, then `position` says it in field 18."""

    indicator: str
    position: Position | None
    name: str = ""

    @property
    def told(self) -> str:
        """Where it is, in field 18: degrees and minutes."""
        return "" if self.position is None else coordinate(self.position)


NOWHERE = Place(indicator=words.ZZZZ, position=None)


def coordinate(position: Position) -> str:
    """A position as a significant point."""
    return words.coordinate(position.lon_deg, position.lat_deg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The flight that is under way, or was the last. Times are those told; None: not yet."""

    resumed: bool = False  # it began where a technical stop was
    took_off_at: datetime | None = None
    landed_at: datetime | None = None
    landed_by: str = ""  # land, technical_stop, emergency_land


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A tasking with the records around it."""

    world: World
    tasking: Tasking
    aircraft: Aircraft
    incident: Incident | None
    operator: Operator | None
    block: Airspace | None  # what ATC is asked for, of the terms in force
    leg: Leg
    crew: int  # in the aircraft's crew now

    def base(self, base_id: str) -> Place:
        """A base as a place."""
        found = self.world.bases.get(base_id)
        if found is None:
            return NOWHERE
        known = _INDICATOR.fullmatch(found.id)
        return Place(indicator=found.id if known else words.ZZZZ, position=found.position, name=found.name)

    @property
    def asked_at(self) -> datetime:
        """When this sortie was ordered, or asked for as a further one."""
        begins = (_A.ORDER, _A.NEXT_SORTIE)
        return max((step.at for step in self.tasking.history if step.action in begins), default=_NEVER)

    @property
    def begins_at(self) -> datetime:
        """Planned off-block time of the sortie; of a further one, when it was asked for, unless amended since."""
        further = any(step.action == _A.NEXT_SORTIE for step in self.tasking.history)
        return max(self.tasking.take_off_at, self.asked_at) if further else self.tasking.take_off_at


def flight_of(world: World, tasking: Tasking) -> Flight:
    """The flight. Raises Refused where its aircraft is not among the records."""
    aircraft = world.aircraft.get(tasking.aircraft_id)
    if aircraft is None:
        raise Refused("NO_AIRCRAFT", f"no record of {tasking.aircraft_id}", field="aircraft_id")
    request = in_force(world, tasking)
    return Flight(
        world=world,
        tasking=tasking,
        aircraft=aircraft,
        incident=world.incidents.get(tasking.incident_id),
        operator=world.operators.get(tasking.operator_id),
        block=None if request is None else request.airspace,
        leg=_leg(tasking),
        crew=sum(each.aircraft_id == aircraft.id for each in world.crew.values()),
    )


def _leg(tasking: Tasking) -> Leg:
    leg = Leg()
    for step in tasking.history:
        if step.action in UP:
            leg = Leg(resumed=step.action == _A.RESUME, took_off_at=step.at)
        elif step.action in DOWN and leg.took_off_at is not None and leg.landed_at is None:
            leg = Leg(
                resumed=leg.resumed,
                took_off_at=leg.took_off_at,
                landed_at=step.at,
                landed_by=str(step.action),
            )
        elif step.action == _A.NEXT_SORTIE:
            leg = Leg()
    return leg


def departure(flight: Flight) -> tuple[Place, tuple[Gap, ...]]:
    """Where the flight begins. In the air the record of its stand is gone: then the base of the order, to be confirmed
    where the aircraft is at home elsewhere."""
    tasking, aircraft = flight.tasking, flight.aircraft
    if flight.leg.resumed:
        return NOWHERE, (Gap(field="13", code="DEPARTURE_PLACE"),)
    if flight.leg.took_off_at is None and aircraft.at_base_id:
        place = flight.base(aircraft.at_base_id)
    else:
        ordered = tasking.amendments[0].before.base_id if tasking.amendments else tasking.base_id
        place = flight.base(ordered)
        if aircraft.home_base_id != ordered:
            return place, (Gap(field="13", code="DEPARTURE_PLACE"),)
    return place, () if place.position is not None else (Gap(field="13", code="DEPARTURE_PLACE"),)


def landing(flight: Flight) -> Place:
    """Where it has come down, or goes after a diversion."""
    there = flight.tasking.elsewhere
    if there is None:
        return flight.base(flight.tasking.base_id)
    if there.kind is PlaceKind.BASE:
        return flight.base(there.place_id)
    return Place(indicator=words.ZZZZ, position=there.position, name=there.name)


def hhmm(at: datetime) -> str:
    """A time of day, to the minute begun."""
    return f"{at:%H%M}"


def elapsed(span: timedelta) -> str:
    """Hours and minutes, to the nearest minute; nothing below zero, at most 99 h 59."""
    minutes = max(0, min(round(span.total_seconds() / 60), 99 * 60 + 59))
    return f"{minutes // 60:02d}{minutes % 60:02d}"


def latin(text: str) -> str:
    """What of a text can stand in plain language of a message: capitals, figures, single spaces; may be empty."""
    kept = re.sub(r"[^A-Z0-9 ]", "", re.sub(r"[\s_/]+", " ", text.upper()))
    return " ".join(kept.split())
