"""Limits that count back from a flight, as the rules say them: `60min`, `2h`, `2d`, `1d 15:00`, `7wd`, `1wd 18:00`.

Days are those of Beijing. `wd` are working days, Monday to Friday: public holidays are not known here, so such a limit
is the latest that it can be.
"""

import re
from datetime import datetime, time, timedelta, timezone

from dispatch.errors import Malformed

BEIJING = timezone(timedelta(hours=8))
_SPAN = re.compile(r"([0-9]{1,5})(min|h)\Z")
_DAYS = re.compile(r"([0-9]{1,3})(d|wd)(?: ([01][0-9]|2[0-3]):([0-5][0-9]))?\Z")
PATTERN = r"([0-9]{1,5}(min|h)|[0-9]{1,3}(d|wd)( ([01][0-9]|2[0-3]):[0-5][0-9])?)?"  # of both, or nothing


def check(text: str, field: str) -> str:
    """The same. Raises Malformed where it is no limit."""
    if text and not _SPAN.match(text) and not _DAYS.match(text):
        raise Malformed(field, f"{text[:40]!r} is not a limit such as 60min, 2h, 2d, 1d 15:00 or 7wd")
    return text


def before(text: str, flight_at: datetime) -> datetime | None:
    """When the limit passes for a flight at `flight_at`, aware UTC; None for an empty one. Raises Malformed."""
    check(text, "limit")
    if not text:
        return None
    found = _DAYS.match(text)
    if found is None:
        count, unit = re.split(r"(?<=\d)(?=\D)", text)
        return flight_at - timedelta(minutes=int(count) * (60 if unit == "h" else 1))
    local = flight_at.astimezone(BEIJING)
    day = _back(local, int(found[1]), working=found[2] == "wd")
    at = local.timetz() if found[3] is None else time(int(found[3]), int(found[4]), tzinfo=BEIJING)
    return datetime.combine(day.date(), at).astimezone(flight_at.tzinfo)


def _back(local: datetime, days: int, *, working: bool) -> datetime:
    if not working:
        return local - timedelta(days=days)
    while days:
        local -= timedelta(days=1)
        days -= local.weekday() < 5
    return local
