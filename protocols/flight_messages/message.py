"""A message as a whole: its fields by name, and which of them each kind has.

Source: Doc 4444 (Amendment 1, 2012) Appendix 3 §1.3 (composition of standard messages) and its examples; MH/T 4007 §6.2.
Field 18 may be missing where telegrams of before 2012 have none. ARR has field 16 when it landed elsewhere.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.flight_messages.field03 import Title
from protocols.flight_messages.field05 import Emergency
from protocols.flight_messages.field07 import Identity
from protocols.flight_messages.field08 import Rules
from protocols.flight_messages.field09 import AircraftType
from protocols.flight_messages.field10 import Equipment
from protocols.flight_messages.field13 import Departure
from protocols.flight_messages.field14 import Estimate
from protocols.flight_messages.field15 import Route
from protocols.flight_messages.field16 import Destination
from protocols.flight_messages.field17 import Arrival
from protocols.flight_messages.field18 import Other
from protocols.flight_messages.field19 import Supplementary
from protocols.flight_messages.field21 import RadioFailure
from protocols.flight_messages.field22 import Amendment


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """None or empty: its kind has no such field, or it was left out."""

    title: Title  # 3
    emergency: Emergency | None = None  # 5
    identity: Identity  # 7
    rules: Rules | None = None  # 8
    aircraft: AircraftType | None = None  # 9
    equipment: Equipment | None = None  # 10
    departure: Departure | None = None  # 13
    estimate: Estimate | None = None  # 14
    route: Route | None = None  # 15
    destination: Destination | None = None  # 16
    arrival: Arrival | None = None  # 17
    other: Other | None = None  # 18
    supplementary: Supplementary | None = None  # 19
    search: str | None = None  # 20
    failure: RadioFailure | None = None  # 21
    amendments: tuple[Amendment, ...] = ()  # 22

    @property
    def kind(self) -> str:
        """FPL, CHG …"""
        return self.title.kind


NAMES: Mapping[int, str] = {
    5: "emergency",
    7: "identity",
    8: "rules",
    9: "aircraft",
    10: "equipment",
    13: "departure",
    14: "estimate",
    15: "route",
    16: "destination",
    17: "arrival",
    18: "other",
    19: "supplementary",
    20: "search",
    21: "failure",
    22: "amendments",
}  # of the fields of a Message, by number


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A field of a kind. `there`, of one that may be missing: whether the text, with what follows it, is that field."""

    number: int
    there: Callable[[str, tuple[str, ...]], bool] | None = None


_OTHER = re.compile(r"0|[A-Z]+/.*", re.DOTALL)
_SUPPLEMENTARY = re.compile(r"[A-Z]/.*", re.DOTALL)


def _is_other(text: str, _after: tuple[str, ...]) -> bool:
    return bool(_OTHER.fullmatch(text))


def _is_destination(_text: str, after: tuple[str, ...]) -> bool:
    return bool(after) and not _OTHER.fullmatch(after[0])


def _is_supplementary(text: str, _after: tuple[str, ...]) -> bool:
    return bool(_SUPPLEMENTARY.fullmatch(text))


def _slots(*numbers: int) -> tuple[Slot, ...]:
    return tuple(Slot(number=number) for number in numbers)


_MAY_HAVE_18 = Slot(number=18, there=_is_other)

KINDS: Mapping[str, tuple[Slot, ...]] = {
    "ALR": _slots(5, 7, 8, 9, 10, 13, 15, 16, 18, 19, 20),
    "RCF": _slots(7, 21),
    # field 19 belongs to SPL; a plan that carries it is read with a warning
    "FPL": (*_slots(7, 8, 9, 10, 13, 15, 16, 18), Slot(number=19, there=_is_supplementary)),
    "CHG": (*_slots(7, 13, 16), _MAY_HAVE_18, *_slots(22)),
    "CNL": (*_slots(7, 13, 16), _MAY_HAVE_18),
    "DLA": (*_slots(7, 13, 16), _MAY_HAVE_18),
    "DEP": (*_slots(7, 13, 16), _MAY_HAVE_18),
    "ARR": (*_slots(7, 13), Slot(number=16, there=_is_destination), *_slots(17), _MAY_HAVE_18),
    "CPL": _slots(7, 8, 9, 10, 13, 14, 15, 16, 18),
    "EST": _slots(7, 13, 14, 16),
    "SPL": _slots(7, 13, 16, 18, 19),
}
WHOLE_PLAN = frozenset({"FPL", "ALR", "SPL"})  # field 16 with elapsed time and alternates
SAYS_PLACES = frozenset({"FPL", "ALR", "SPL", "CPL"})  # field 18 explains a ZZZZ of the others
