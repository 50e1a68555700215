"""What the two JSON formats of alarms share: one object, or an array of up to MAX_ALARMS of them.

One object that is wrong is Malformed as a whole. Of an array the wrong ones are rejected with their place
(`[3].position.lat_deg`) and the others stand.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from dispatch.errors import Malformed
from dispatch.records import AlarmSource
from protocols.alarm_errors import Read, Rejected, TooMuch
from protocols.json_doors import Unreadable
from protocols.json_doors import read as read_body

T = TypeVar("T")

MAX_BYTES = 262_144
MAX_ALARMS = 500


def in_utc(at: datetime | None, field: str) -> datetime | None:
    """The same instant in UTC. Raises Malformed where that is outside the calendar."""
    try:
        return None if at is None else at.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Malformed(field, "is outside the calendar") from None


def read_alarms(body: bytes, cls: type[T], alarm: Callable[[T], AlarmSource]) -> Read:
    """The alarms of a body. Raises Unreadable, Malformed, TooMuch."""
    if len(body) > MAX_BYTES:
        raise TooMuch("body", f"{len(body)} bytes, at most {MAX_BYTES}")
    if not body.lstrip().startswith(b"["):
        return Read(alarms=(alarm(read_body(body, cls)),))
    try:
        pieces = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:300]) from None
    if len(pieces) > MAX_ALARMS:
        raise TooMuch("body", f"{len(pieces)} alarms, at most {MAX_ALARMS}")
    if not pieces:
        raise Malformed("body", "no alarms in it")
    alarms: list[AlarmSource] = []
    rejected: list[Rejected] = []
    for i, piece in enumerate(pieces):
        try:
            alarms.append(alarm(read_body(bytes(piece), cls)))
        except (Unreadable, Malformed) as error:
            field = f"[{i}]" + (f".{error.field}" if error.field else "")
            rejected.append(Rejected(code=error.code, field=field, detail=error.detail))
    return Read(alarms=tuple(alarms), rejected=tuple(rejected))
