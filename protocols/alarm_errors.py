"""What a body of alarms held: alarms, and rows that are none; and the error of a body that holds too much."""

from dataclasses import dataclass

from dispatch.errors import GanyingError
from dispatch.records import AlarmSource


class TooMuch(GanyingError):
    """More than one body may hold: which bound, at which field."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__("TOO_LARGE", detail, field=field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One row or message that makes no alarm: why, which field, and in a table which line (the header is line 1)."""

    code: str
    field: str
    detail: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a body held."""

    alarms: tuple[AlarmSource, ...] = ()
    rejected: tuple[Rejected, ...] = ()
