"""CoT type codes: which of them are things that move, which are calls for help, and what else there is.

A type is a path of tokens, `a-f-A-M-H`: atoms (a) have an affiliation and then, after MIL-STD-2525, where they move
(A air, G ground, S and U water) and what they are. Bits (b) are things said: alarms, map points, chat. Tasking (t)
is protocol. The codes are those of the public CoTtypes.xml; `b-a-o-*` are the alarms of ATAK's emergency tool.
"""

from enum import StrEnum

from dispatch.kinds import ThingKind


class Sort(StrEnum):
    """What an event is about."""

    THING = "thing"
    SOS = "sos"
    SOS_OVER = "sos_over"
    CONTROL = "control"
    OTHER = "other"


PING = "t-x-c-t"
PONG = "t-x-c-t-r"
OFFER = "t-x-takp-v"  # server: versions of the TAK protocol that it can speak
ASK = "t-x-takp-q"  # client: one of them, please
ANSWER = "t-x-takp-r"
DELETE = "t-x-d-d"
MARKER = "b-m-p-s-m"  # a spot on the map

_ALARM = ["b", "a", "o"]
_OVER = "can"
# How a summary calls what is passed over; a closed list, because it is counted by name. The longest fitting one.
_NAMES = {
    "b-m-p": "marker",
    "b-m-r": "route",
    "b-t-f": "chat",
    "b-f-t": "file_transfer",
    "b-a": "alert",
    "u-d": "drawing",
    "u-rb": "range_line",
    "t": "control",
    "a": "other_atom",
    "b": "other_bit",
    "u": "drawing",
}


def sort_of(code: str) -> Sort:
    """What events of this type are about."""
    tokens = code.split("-")
    if tokens[:3] == _ALARM and len(tokens) > 3:
        return Sort.SOS_OVER if tokens[3] == _OVER else Sort.SOS
    if tokens[0] == "t":
        return Sort.CONTROL
    return Sort.OTHER if thing_of(code) is None else Sort.THING


def name_of(code: str) -> str:
    """A word for what is passed over, one of a few."""
    tokens = code.split("-")
    for count in (3, 2, 1):
        name = _NAMES.get("-".join(tokens[:count]))
        if name is not None:
            return name
    return "unknown_type"


def thing_of(code: str) -> ThingKind | None:
    """What kind of thing an atom is; None for what does not move and for other types."""
    tokens = code.split("-")
    if len(tokens) < 3 or tokens[0] != "a":
        return None
    what = tokens[3:]
    match tokens[2]:
        case "A":
            return _aircraft(what)
        case "G":
            return _on_ground(what)
        case "S" | "U":
            return ThingKind.VESSEL
        case _:
            return None


def is_air(kind: ThingKind | None) -> bool:
    """Whether it flies, so that its name is a call sign."""
    return kind in _AIR_TYPES


def _aircraft(what: list[str]) -> ThingKind | None:
    """After a-.-A: M military or C civil, then F fixed wing, H rotor, L lighter than air; Q among the rest: unmanned."""
    if what[:1] == ["W"]:  # weapons
        return None
    if "Q" in what or "q" in what:
        return ThingKind.UAV
    match what[1:2]:
        case ["F"]:
            return ThingKind.AIRPLANE
        case ["H"]:
            return ThingKind.HELICOPTER
        case _:
            return ThingKind.OTHER_AIRCRAFT


def _on_ground(what: list[str]) -> ThingKind | None:
    """After a-.-G: U unit, E equipment (E-V vehicle), I installation."""
    if what[:1] == ["I"]:
        return None
    return ThingKind.VEHICLE if what[:2] == ["E", "V"] else ThingKind.TEAM


# ours -> theirs: friendly, civil where the code has it
_AIR_TYPES: dict[ThingKind | None, str] = {
    ThingKind.AIRPLANE: "a-f-A-C-F",
    ThingKind.HELICOPTER: "a-f-A-C-H",
    ThingKind.UAV: "a-f-A-M-H-Q",
    ThingKind.OTHER_AIRCRAFT: "a-f-A-C",
}
_TYPES: dict[ThingKind | None, str] = {
    **_AIR_TYPES,
    ThingKind.VEHICLE: "a-f-G-E-V-C",
    ThingKind.TEAM: "a-f-G-U-C",
    ThingKind.VESSEL: "a-f-S",
}


def type_of(kind: ThingKind | None, *, ours: bool) -> str:
    """The code we send for a kind of thing: friendly if `ours`, else neutral (traffic that is in nobody's way)."""
    code = _TYPES.get(kind, "a-f-G")
    return code if ours else code.replace("a-f-", "a-n-", 1)
