"""Typed errors to HTTP statuses and problem+json (RFC 9457). The one table from code to status."""

from http import HTTPStatus

from dispatch.errors import (
    Busy,
    Forbidden,
    GanyingError,
    KeyReused,
    Malformed,
    NotStored,
    Refused,
    Unknown,
)
from dispatch.kinds import Role
from protocols.alarm_errors import TooMuch
from protocols.json_answers import ImportedRow, Problem
from protocols.json_doors import Unreadable

RETRY_AFTER_S = 1  # the desk's queue empties in far less

_STATUS: dict[type[GanyingError], int] = {
    Unreadable: 400,
    TooMuch: 413,
    Malformed: 422,
    Refused: 409,
    Forbidden: 403,
    Unknown: 404,
    KeyReused: 422,
    Busy: 503,
    NotStored: 503,
}


class HttpError(GanyingError):
    """An error of HTTP itself or of signing in: no rule of the domain."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str = "",
        headers: dict[str, str] | None = None,
        roles: tuple[Role, ...] = (),
        faults: tuple[ImportedRow, ...] = (),
    ) -> None:
        super().__init__(code, detail, field=field)
        self.status = status
        self.headers = headers or {}
        self.roles = roles
        self.faults = faults


def status_of(error: GanyingError) -> int:
    """The HTTP status of a typed error."""
    if isinstance(error, HttpError):
        return error.status
    return next((status for cls, status in _STATUS.items() if isinstance(error, cls)), 500)


def headers_of(error: GanyingError) -> dict[str, str]:
    """Headers that go with it."""
    if isinstance(error, HttpError):
        return error.headers
    return {"Retry-After": str(RETRY_AFTER_S)} if status_of(error) == 503 else {}


def problem_of(error: GanyingError) -> Problem:
    """The problem+json body."""
    status = status_of(error)
    more = error if isinstance(error, HttpError) else None
    return Problem(
        type=f"urn:ganying:problem:{error.code.lower()}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=error.code,
        detail=error.detail,
        field=error.field,
        version=error.version if isinstance(error, Refused) else None,
        roles=list(more.roles) or None if more else None,
        faults=list(more.faults) or None if more else None,
    )


def defect() -> HttpError:
    """What a caller is told of a defect: nothing of its inside."""
    return HttpError(500, "DEFECT", "a defect of the server; it is in its log")
