"""OpenAir 1 and 2: text, one command a line, one airspace from `AC` to the next.

Arcs (`DA`, `DB`) become corners; `DC` is a circle, `V W=` with `DY` a corridor. The direction is clockwise again at each
`AC`. A height without unit is feet, without datum above mean sea level, as both texts say: marked. A command that would
change the shape and is not known spoils its airspace; others (pens, labels, terrain) are counted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dispatch.geo import Position, distance_m
from dispatch.kinds import HorizontalDatum
from dispatch.volume import MAX_NOTE
from dispatch.volume_kinds import AirspaceClass, VolumeFormat, VolumeKind, VolumeRemark
from dispatch.volume_records import ActiveTime, Footprint, VolumeSource, VolumeTerms
from dispatch.volume_shape import MOST_CORNERS, arc, bearing_and_reach
from protocols.volumes.heights import Read, read_height
from protocols.volumes.openair_words import CLASSES, KINDS, UNCLASSIFIED, read_interval, read_place
from protocols.volumes.reading import Collected, Fault, VolumesRead, text_of

NAUTICAL_MILE_M = 1852.0
JOIN_M = 20.0
UNEVEN = 0.5  # an arc's two ends may be this share of its radius nearer to or farther from its centre
_NUMBER = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,10})?\Z")
_ANGLE = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,10})?\Z")
_VARIABLE = re.compile(r"([DXWZ])\s*=\s*(.*)\Z", re.IGNORECASE)
_SAID_BESIDE = {"AF": "AF", "AR": "AF", "AG": "AG", "AX": "AX", "TP": "AX"}


@dataclass(slots=True, kw_only=True)
class _Block:
    """One airspace while its lines come."""

    line: int
    collected: Collected
    clazz: str = ""
    type: str = ""
    name: str = ""
    own_id: str = ""
    heights: dict[str, Read] = field(default_factory=dict)
    points: list[Position] = field(default_factory=list)
    airway: list[Position] = field(default_factory=list)
    centre: Position | None = None
    clockwise: bool = True
    width_m: float = 0.0
    circle: tuple[Position, float] | None = None
    arcs: bool = False
    times: list[ActiveTime] = field(default_factory=list)
    unknown_times: bool = False
    beside: list[str] = field(default_factory=list)
    fault: Fault | None = None
    fault_line: int = 0


def read(body: bytes, file: str, datum: HorizontalDatum = HorizontalDatum.WGS84) -> VolumesRead:
    """All airspaces of a file. Raises Malformed, TooMuch."""
    collected = Collected(file=file, format=VolumeFormat.OPENAIR, datum=datum)
    block: _Block | None = None
    for number, raw in enumerate(text_of(body).splitlines(), 1):
        line = raw.partition("*")[0].strip()
        if not line:
            continue
        command, _, rest = line.partition(" ")
        command, rest = command.upper(), rest.strip()
        if "\t" in command:
            command, _, rest = line.partition("\t")
            command, rest = command.upper(), rest.strip()
        if command == "AC":
            _close(block)
            block = _Block(line=number, collected=collected, clazz=rest.upper())
        elif block is None:
            collected.passed[command[:8]] += 1
        else:
            _line(block, command, rest, number)
    _close(block)
    return collected.done()


def _line(block: _Block, command: str, rest: str, number: int) -> None:
    if block.fault is not None:
        return  # the first fault of an airspace is enough, and a million more corners are not kept
    try:
        act = _COMMANDS.get(command)
        if act is not None:
            act(block, rest)
        elif command in _SAID_BESIDE:
            block.beside.append(f"{_SAID_BESIDE[command]} {rest}")
        elif command[:1] in ("D", "V"):
            raise Fault(
                "UNKNOWN_COMMAND",
                f"{command[:12]!r} is not known and may be part of the shape",
                field=command[:12],
            )
        else:
            block.collected.passed[command[:8]] += 1
        if len(block.points) + len(block.airway) > MOST_CORNERS:
            raise Fault("TOO_MANY_CORNERS", f"more than {MOST_CORNERS} corners", field="footprint")
    except Fault as fault:
        block.fault, block.fault_line = fault, number
        block.points.clear()


def _type(block: _Block, rest: str) -> None:
    block.type = rest.upper()


def _name(block: _Block, rest: str) -> None:
    block.name = rest


def _own_id(block: _Block, rest: str) -> None:
    block.own_id = rest


def _height(which: str) -> Callable[[_Block, str], None]:
    def take(block: _Block, rest: str) -> None:
        if which in block.heights:
            raise Fault("HEIGHT", "is given twice", field=which)
        block.heights[which] = read_height(rest, which, strict=False)

    return take


def _time(block: _Block, rest: str) -> None:
    time = read_interval(rest)
    if time is None:
        block.unknown_times = True
    else:
        block.times.append(time)


def _place(block: _Block, text: str, field: str) -> Position:
    return block.collected.position(*read_place(text, field))


def _variable(block: _Block, rest: str) -> None:
    match = _VARIABLE.match(rest)
    if match is None:
        raise Fault("UNKNOWN_COMMAND", f"{rest[:30]!r} is no variable of the format", field="V")
    which, value = match[1].upper(), match[2].strip()
    match which:
        case "X":
            block.centre = _place(block, value, "V")
        case "D":
            if value not in ("+", "-"):
                raise Fault("DIRECTION", f"{value[:10]!r} is not + or -", field="V")
            block.clockwise = value == "+"
        case "W":
            block.width_m = _number(value, "V") * NAUTICAL_MILE_M
        case _:
            block.collected.passed["V Z"] += 1  # a zoom level


def _number(text: str, field: str) -> float:
    if not _NUMBER.match(text.strip()):
        raise Fault("NUMBER", f"{text.strip()[:20]!r} is not a number", field=field)
    return float(text)


def _corner(block: _Block, rest: str) -> None:
    block.points.append(_place(block, rest, "DP"))


def _centre(block: _Block, field: str) -> Position:
    if block.centre is None:
        raise Fault("NO_CENTRE", "no V X= before it", field=field)
    return block.centre


def _circle(block: _Block, rest: str) -> None:
    if block.circle is not None or block.points:
        raise Fault("NO_SHAPE", "a circle beside another shape", field="DC")
    block.circle = (_centre(block, "DC"), _number(rest, "DC") * NAUTICAL_MILE_M)


def _arc_by_angles(block: _Block, rest: str) -> None:
    parts = [part.strip() for part in rest.split(",")]
    if len(parts) != 3 or not all(_ANGLE.match(part) for part in parts[1:]):
        raise Fault("ARC", f"{rest[:40]!r} is not radius, from, to", field="DA")
    radius_m = _number(parts[0], "DA") * NAUTICAL_MILE_M
    begin, end = float(parts[1]), float(parts[2])
    block.points += arc(_centre(block, "DA"), radius_m, begin, end, clockwise=block.clockwise)
    block.arcs = True


def _arc_by_points(block: _Block, rest: str) -> None:
    parts = rest.split(",")
    if len(parts) == 4:  # a comma inside each coordinate too, as the text's own example has it
        parts = [f"{parts[0]} {parts[1]}", f"{parts[2]} {parts[3]}"]
    if len(parts) != 2:
        raise Fault("ARC", f"{rest[:60]!r} is not two points", field="DB")
    centre = _centre(block, "DB")
    first, last = _place(block, parts[0], "DB"), _place(block, parts[1], "DB")
    (begin, near), (end, far) = bearing_and_reach(centre, first), bearing_and_reach(centre, last)
    if abs(near - far) > UNEVEN * max(near, far):
        raise Fault("ARC", f"its ends are {near:.0f} and {far:.0f} m from its centre", field="DB")
    round_ = arc(centre, (near + far) / 2.0, begin, end, clockwise=block.clockwise)
    block.points += [first, *_between(centre, round_[1:-1], near, far), last]
    block.arcs = True


def _between(centre: Position, inner: list[Position], near: float, far: float) -> list[Position]:
    """The inner corners on a spiral from one end's radius to the other's."""
    if abs(near - far) < 1.0:
        return inner
    made = []
    for n, corner in enumerate(inner, 1):
        bearing, _ = bearing_and_reach(centre, corner)
        radius_m = near + (far - near) * n / (len(inner) + 1)
        made.append(arc(centre, radius_m, bearing, bearing + 1.0, clockwise=True)[0])
    return made


def _airway(block: _Block, rest: str) -> None:
    block.airway.append(_place(block, rest, "DY"))


_COMMANDS: dict[str, Callable[[_Block, str], None]] = {
    "AY": _type,
    "AN": _name,
    "AI": _own_id,
    "AH": _height("ceiling"),
    "AL": _height("floor"),
    "AA": _time,
    "V": _variable,
    "DP": _corner,
    "DC": _circle,
    "DA": _arc_by_angles,
    "DB": _arc_by_points,
    "DY": _airway,
}


def _close(block: _Block | None) -> None:
    if block is not None:
        block.collected.take(block.own_id or block.name, block.line, lambda source: [_terms(block, source)])


def _terms(block: _Block, source: VolumeSource) -> VolumeTerms:
    if block.fault is not None:
        block.fault.line = block.fault_line  # type: ignore[attr-defined]  # read by Collected.fault
        raise block.fault
    for which, command in (("floor", "AL"), ("ceiling", "AH")):
        if which not in block.heights:
            raise Fault("HEIGHT_MISSING", f"no {command}", field=which)
    kind, clazz = _kind(block)
    (floor, floor_remarks), (ceiling, ceiling_remarks) = block.heights["floor"], block.heights["ceiling"]
    arcs = (VolumeRemark.ARC_AS_CORNERS,) if block.arcs else ()
    if block.clazz == "W":
        block.beside.append("AC W: wave window")
    return VolumeTerms(
        name=block.name,
        own_id=block.own_id,
        kind=kind,
        airspace_class=clazz,
        footprint=_footprint(block),
        floor=floor,
        ceiling=ceiling,
        permanent=not block.times and not block.unknown_times,
        times=() if block.unknown_times else tuple(block.times),
        source=source,
        note=" · ".join(block.beside)[:MAX_NOTE],
        remarks=tuple(dict.fromkeys((*floor_remarks, *ceiling_remarks, *arcs))),
    )


def _kind(block: _Block) -> tuple[VolumeKind, AirspaceClass | None]:
    clazz = CLASSES.get(block.clazz)
    if block.type:
        kind = KINDS.get(block.type)
        if block.type in UNCLASSIFIED:
            kind = VolumeKind.AIRSPACE
        if kind is None:
            raise Fault("UNKNOWN_CLASS", f"{block.type[:20]!r} is no type of the format", field="AY")
        if clazz is None and block.clazz not in UNCLASSIFIED and block.clazz not in KINDS:
            raise Fault("UNKNOWN_CLASS", f"{block.clazz[:20]!r} is no class of the format", field="AC")
        return kind, clazz
    if clazz is not None:
        return VolumeKind.AIRSPACE, clazz
    if block.clazz in UNCLASSIFIED:
        return VolumeKind.OTHER, None
    if block.clazz not in KINDS:
        raise Fault("UNKNOWN_CLASS", f"{block.clazz[:20]!r} is no class of the format", field="AC")
    return KINDS[block.clazz], None


def _footprint(block: _Block) -> Footprint:
    if block.circle is not None:
        if block.points or block.airway:
            raise Fault("NO_SHAPE", "a circle beside another shape", field="footprint")
        return Footprint(centre=block.circle[0], radius_m=block.circle[1])
    if block.airway:
        if block.points:
            raise Fault("NO_SHAPE", "an airway beside another shape", field="footprint")
        if not block.width_m:
            raise Fault("WIDTH", "an airway without V W=", field="footprint")
        return Footprint(line=tuple(block.airway), half_width_m=block.width_m / 2.0)
    return Footprint(ring=_joined(block.points) if block.arcs else tuple(block.points))


def _joined(points: list[Position]) -> tuple[Position, ...]:
    """Without corners that stand almost on the one before: an arc's computed end and the point that was meant."""
    kept: list[Position] = []
    for corner in points:
        if not kept or distance_m(corner, kept[-1]) > JOIN_M:
            kept.append(corner)
    while len(kept) > 3 and distance_m(kept[0], kept[-1]) <= JOIN_M:
        kept.pop()
    return tuple(kept)
