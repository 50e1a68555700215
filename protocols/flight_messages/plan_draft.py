"""The flight plan (FPL) of a tasking, field by field. Doc 4444 Appendix 2 items 7 to 19.

    7   registration without hyphen           13, 16  location indicator of a base that has one, else ZZZZ
    8   V, G                                  15      cruise in km/h, VFR, DCT over water, scene and turns
    9   ZZZZ: no record has a designator      18      STS of the task, places, DOF, REG, EET to the scene, TYP, CODE,
    10  N: no record has equipment                    OPR, and in RMK the task's number, its work and its block

Rules, wake category, equipment and type are not in the records: they are stated as unknown and listed as gaps.
"""

import re
from dataclasses import dataclass

from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.kinds import FIRES, AircraftKind, IncidentKind, TaskKind
from protocols.flight_messages import field19, words
from protocols.flight_messages.field03 import Title
from protocols.flight_messages.field07 import Identity
from protocols.flight_messages.field08 import Rules
from protocols.flight_messages.field09 import AircraftType
from protocols.flight_messages.field10 import NONE, Equipment
from protocols.flight_messages.field13 import Departure
from protocols.flight_messages.field15 import Route
from protocols.flight_messages.field16 import Destination
from protocols.flight_messages.field18 import Other
from protocols.flight_messages.field19 import Supplementary
from protocols.flight_messages.flight import (
    Flight,
    Gap,
    Place,
    coordinate,
    departure,
    elapsed,
    hhmm,
    latin,
)
from protocols.flight_messages.message import Message
from protocols.flight_messages.route_element import DIRECT, POINT, Element

_T = TaskKind
_STATUS = {
    _T.WATER: "FFR",
    _T.RETARDANT: "FFR",
    _T.SEARCH: "SAR",
    _T.MEDEVAC: "MEDEVAC",
    _T.AIRLIFT: "HUM",
    _T.FLOOD_EVACUATION: "HUM",
}
_IDENTITY = re.compile(r"[A-Z0-9]{1,7}")
_MOST_KMH = 9999
_DIRECT = Element(kind=DIRECT, name="DCT")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """A plan and what a person completes in it."""

    message: Message
    gaps: tuple[Gap, ...]


def plan(flight: Flight) -> PlanDraft:
    """The plan of the terms that the flight's tasking has in force. Raises Refused without a usable registration."""
    begin, gaps = departure(flight)
    end = flight.base(flight.tasking.base_id)
    speed, known = _speed(flight)
    said, more = _other(flight, begin, end)
    message = Message(
        title=Title(kind="FPL"),
        identity=identity(flight),
        rules=Rules(rules="V", flight="G"),
        aircraft=AircraftType(type=words.ZZZZ, wake="L"),
        equipment=Equipment(radio=(NONE,), surveillance=(NONE,)),
        departure=Departure(aerodrome=begin.indicator, time=hhmm(flight.begins_at)),
        route=Route(speed_text=speed, level_text="VFR", elements=_route(flight)),
        destination=Destination(
            aerodrome=end.indicator, elapsed=elapsed(flight.tasking.land_at - flight.tasking.take_off_at)
        ),
        other=said,
    )
    assumed = (
        Gap(field="8", code="FLIGHT_RULES"),
        Gap(field="9", code="TYPE_DESIGNATOR"),
        Gap(field="9", code="WAKE_CATEGORY"),
        Gap(field="10", code="EQUIPMENT"),
    )
    return PlanDraft(message=message, gaps=(*assumed, *gaps, *_later(flight), *known, *more))


def identity(flight: Flight) -> Identity:
    """The registration without hyphens. Raises Refused where it cannot stand in field 7."""
    callsign = latin(flight.aircraft.id).replace(" ", "")
    if not _IDENTITY.fullmatch(callsign):
        raise Refused(
            "NO_IDENTITY",
            f"{flight.aircraft.id} has not 1 to 7 letters and figures for field 7",
            field="aircraft_id",
        )
    return Identity(callsign=callsign)


def _later(flight: Flight) -> tuple[Gap, ...]:
    """Nobody plans a time for a further sortie."""
    return (Gap(field="13", code="OFF_BLOCK_TIME"),) if flight.begins_at > flight.tasking.take_off_at else ()


def _speed(flight: Flight) -> tuple[str, tuple[Gap, ...]]:
    kmh = round(flight.aircraft.cruise_mps * 3.6)
    if not 1 <= kmh <= _MOST_KMH:
        return "K0001", (Gap(field="15", code="SPEED"),)
    return f"K{kmh:04d}", ()


def _route(flight: Flight) -> tuple[Element, ...]:
    """DCT to the first point and from the last; between places DCT may be left out (Appendix 2 item 15 c)."""
    tasking, world = flight.tasking, flight.world
    water = world.water_points.get(tasking.water_point_id)
    pad = world.landing_sites.get(tasking.landing_site_id)
    hospital = world.hospitals.get(tasking.hospital_id)
    visited: list[Position] = [*tasking.out_turns]
    visited += [water.position] if water is not None else []
    visited.append(tasking.incident_position)
    visited += [each.position for each in (pad, hospital) if each is not None]
    visited += tasking.back_turns
    names: list[str] = []
    for each in visited:
        if coordinate(each) not in names[-1:]:
            names.append(coordinate(each))
    return (_DIRECT, *(Element(kind=POINT, name=name) for name in names), _DIRECT)


def _other(flight: Flight, begin: Place, end: Place) -> tuple[Other, tuple[Gap, ...]]:
    tasking, aircraft = flight.tasking, flight.aircraft
    gaps: list[Gap] = []
    model = latin(aircraft.model).replace(" ", "")
    if not model:
        model = "HELICOPTER" if aircraft.kind is AircraftKind.HELICOPTER else "AEROPLANE"
    name = latin(flight.operator.name) if flight.operator is not None else ""
    if not re.search("[A-Z]", name):
        name = latin(tasking.operator_id)
        gaps.append(Gap(field="18", code="OPERATOR_NAME"))
    scene = coordinate(tasking.incident_position)
    values = {
        "STS": status(flight),
        **places(begin, end),
        "DOF": f"{flight.begins_at:%y%m%d}",
        "REG": identity(flight).callsign,
        "EET": scene + elapsed(tasking.on_scene_at - tasking.take_off_at),
        "TYP": model,
        "CODE": aircraft.icao24.upper(),
        "OPR": name,
        "RMK": _remark(flight, scene),
    }
    return Other(values={key: value for key, value in values.items() if value}), tuple(gaps)


def places(begin: Place, end: Place) -> dict[str, str]:
    """DEP/ and DEST/ for what has no location indicator."""
    made = {}
    if begin.indicator == words.ZZZZ:
        made["DEP"] = begin.told or "UNKNOWN"
    if end.indicator == words.ZZZZ:
        made["DEST"] = end.told or "UNKNOWN"
    return made


def status(flight: Flight) -> str:
    """STS: why the flight asks for special handling; empty: for nothing that the list has."""
    task, incident = flight.tasking.task, flight.incident
    if task in _STATUS:
        return _STATUS[task]
    if incident is not None and incident.kind in FIRES:
        return "FFR"
    return "SAR" if incident is not None and incident.kind is IncidentKind.MISSING_PERSON else ""


def _remark(flight: Flight, scene: str) -> str:
    tasking, block = flight.tasking, flight.block
    said = ["EXERCISE ONLY"] if tasking.simulated else []
    said.append(f"TASK {latin(tasking.number)}")
    work = latin(str(tasking.task)) if tasking.task is not None else "AERIAL WORK"
    said.append(f"{work} AT {scene}")
    if block is not None:
        said.append(
            f"WITHIN {block.radius_m / 1000:.0f} KM OF IT {block.floor_m:.0f} TO {block.ceiling_m:.0f} M"
            f" {latin(str(block.datum))}"
        )
    return " ".join(said)


def supplementary(flight: Flight) -> str:
    """Field 19 as far as it is recorded: endurance of the fuel on board, persons of the crew. Not part of FPL."""
    values = {}
    if flight.aircraft.burn_kgps > 0 and flight.aircraft.fuel_kg > 0:
        minutes = int(flight.aircraft.fuel_kg / flight.aircraft.burn_kgps / 60)
        values["E"] = f"{min(minutes // 60, 99):02d}{minutes % 60:02d}"
    values["P"] = str(flight.crew) if flight.crew else "TBN"
    return field19.write(Supplementary(values=values))
