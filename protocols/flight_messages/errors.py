"""What a flight message is refused with: which field and element, where, what stood there and what was expected."""

from dataclasses import dataclass

from dispatch.errors import GanyingError

BAD_CHARACTER = "BAD_CHARACTER"  # outside the message alphabet
BAD_FORM = "BAD_FORM"  # not written as the element is
BAD_VALUE = "BAD_VALUE"  # written well, but no such time, code or number
MISSING = "MISSING"
UNEXPECTED = "UNEXPECTED"  # has no place here
DUPLICATE = "DUPLICATE"
MISPLACED = "MISPLACED"  # allowed, not at this place
INCONSISTENT = "INCONSISTENT"  # two fields contradict each other
UNKNOWN_TYPE = "UNKNOWN_TYPE"
UNKNOWN_EQUIPMENT = "UNKNOWN_EQUIPMENT"  # a warning
NOT_CLOSED = "NOT_CLOSED"
OUTSIDE_MESSAGE = "OUTSIDE_MESSAGE"
TOO_LONG = "TOO_LONG"

_SHOWN = 40  # characters of what was found


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, or with a warning doubtful, in a message.

    `field` is a number of Doc 4444 Appendix 3 or empty for the message as a whole, `element` its letter or, in field
    15 and 18, the element's own words; `position` counts characters of the message from 0 at its parenthesis.
    """

    code: str
    field: str
    element: str = ""
    position: int
    found: str
    expected: str

    @property
    def detail(self) -> str:
        """The sentence for people."""
        found = repr(self.found[:_SHOWN]) + ("…" if len(self.found) > _SHOWN else "")
        where = f"{self.element}: " if self.element else ""
        return f"{where}expected {self.expected}, found {found if self.found else 'nothing'}"


class BadField(GanyingError):
    """A field that cannot be read. What it is refused with is `fault`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code, fault.detail, field=fault.field)
        self.fault = fault


class Unwritable(GanyingError):
    """A message whose text its own reader would refuse: the caller put something in that has no place in it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("UNWRITABLE", fault.detail, field=fault.field)
        self.fault = fault
