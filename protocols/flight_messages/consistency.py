"""What fields of one message say of each other. Doc 4444 (Amendment 1, 2012) Appendix 2 items 8, 9, 10, 13, 15, 16, 18."""

from collections.abc import Iterator, Mapping

from protocols.flight_messages import words
from protocols.flight_messages.errors import INCONSISTENT, MISSING, Fault
from protocols.flight_messages.message import SAYS_PLACES, Message
from protocols.flight_messages.part import Part

_FIRST_CHANGE = {"I": (), "V": (), "Y": ("VFR",), "Z": ("IFR",)}


def check(message: Message, parts: Mapping[int, Part]) -> Iterator[Fault]:
    """What contradicts or lacks; `parts` says where each field stands."""
    yield from _rules(message, parts)
    if message.kind in SAYS_PLACES and message.other is not None:
        for indicator, why in _demanded(message):
            if not message.other.get(indicator):
                yield parts[18].fault(MISSING, indicator, f"{indicator}/, {why}")


def _rules(message: Message, parts: Mapping[int, Part]) -> Iterator[Fault]:
    rules, route = message.rules, message.route
    if rules is None or route is None:
        return
    expected = _FIRST_CHANGE[rules.rules]
    if route.changes[:1] != expected:
        said = f"a change to {expected[0]} first" if expected else "no change of flight rules"
        yield parts[15].fault(INCONSISTENT, "c", f"{said}, as field 8 says {rules.rules}")
    if route.level_text == "VFR" and rules.rules in "IY":
        yield parts[15].fault(INCONSISTENT, "b", f"a level, as field 8 says {rules.rules}")


def _demanded(message: Message) -> Iterator[tuple[str, str]]:
    """Indicators of field 18 that other fields ask for, and why."""
    if message.departure is not None and message.departure.aerodrome in (words.ZZZZ, words.AFIL):
        yield "DEP", f"as field 13 says {message.departure.aerodrome}"
    if message.destination is not None and message.destination.aerodrome == words.ZZZZ:
        yield "DEST", "as field 16 says ZZZZ"
    if message.destination is not None and words.ZZZZ in message.destination.alternates:
        yield "ALTN", "as an alternate of field 16 is ZZZZ"
    if message.aircraft is not None and message.aircraft.type == words.ZZZZ:
        yield "TYP", "as field 9 says ZZZZ"
    if message.equipment is not None and "R" in message.equipment.radio:
        yield "PBN", "as field 10 says R"
    if message.equipment is not None and "Z" in message.equipment.radio:
        told = message.other is not None and any(message.other.get(each) for each in ("COM", "NAV", "DAT"))
        if not told:
            yield "NAV", "or COM/ or DAT/, as field 10 says Z"
