"""TAF: what is expected span by span. Pure; groups.py reads the groups."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from dispatch.errors import Malformed
from dispatch.weather import Station
from dispatch.weather_records import Forecast, ForecastPart, Sky
from protocols.weather.groups import FM, VALIDITY, at_change, changed_sky, head, over, pieces


def taf(text: str, stations: Mapping[str, Station], now: datetime, source: str) -> Forecast:
    """One TAF. Raises Malformed naming the group."""
    groups = text.split()
    while groups and groups[0] in ("TAF", "AMD", "COR"):
        groups.pop(0)
    station, issued, rest = head(groups, stations, now)
    if rest and rest[0] in ("NIL", "CNL"):
        raise Malformed("body", f"{rest[0]}: no forecast")
    if not rest or not VALIDITY.match(rest[0]):
        raise Malformed("validity", f"{(rest or [''])[0][:20]!r} is not DDHH/DDHH")
    begins, ends = _span(rest[0], issued, "validity")
    if "CNL" in rest:
        raise Malformed("body", "CNL: the forecast is cancelled")
    base, changes = at_change(rest[1:])
    parts = list(_parts(changes, changed_sky(base, issued), begins, ends, issued))
    return Forecast(
        station=station.id,
        name=station.name,
        position=station.position,
        issued_at=issued,
        begins_at=begins,
        ends_at=ends,
        parts=tuple(parts),
        source=source,
        raw=text[:1500],
    )


def _span(group: str, near: datetime, field: str) -> tuple[datetime, datetime]:
    found = VALIDITY.match(group)
    if found is None:
        raise Malformed(field, f"{group[:20]!r} is not DDHH/DDHH")
    day, hour, end_day, end_hour = map(int, found.groups())
    begins, ends = _near(day, hour, 0, near, field), _near(end_day, end_hour, 0, near, field)
    if not begins < ends <= begins + timedelta(hours=36):
        raise Malformed(field, f"{group} does not end after it begins, within 36 h")
    return begins, ends


def _near(day: int, hour: int, minute: int, near: datetime, field: str) -> datetime:
    """That day and hour within some days of `near`. Hour 24 ends a day. Raises Malformed."""
    if not (1 <= day <= 31 and hour <= 24 and minute <= 59):
        raise Malformed(field, f"{day:02d}{hour:02d} is no time")
    first = near.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in (0, 1, -1, 2):
        at = first + timedelta(days=ahead)
        if at.day == day:
            return at + timedelta(hours=hour, minutes=minute)
    raise Malformed(field, f"day {day:02d} is not near the {near:%d}th")


def _parts(
    changes: list[str], base: Sky, begins: datetime, ends: datetime, issued: datetime
) -> Iterator[ForecastPart]:
    """What prevails, span by span, and what passes. During BECMG both what was and what comes may hold."""
    present, since = base, begins
    passing: list[ForecastPart] = []
    for words, groups in pieces(changes):
        change = words[0]
        if FM.match(change):
            day, hour, minute = (int(change[n : n + 2]) for n in (2, 4, 6))
            at, until = _near(day, hour, minute, issued, "FM"), ends
        else:
            if not groups or not VALIDITY.match(groups[0]):
                raise Malformed(change, f"{(groups or [''])[0][:20]!r} is not DDHH/DDHH")
            at, until = _span(groups.pop(0), issued, change)
        sky = changed_sky(groups, issued)
        if change == "BECMG":
            if until > since:
                yield ForecastPart(begins_at=since, ends_at=until, sky=present)
            present, since = over(present, sky, groups), at
        elif change.startswith("FM"):
            if at > since:
                yield ForecastPart(begins_at=since, ends_at=at, sky=present)
            present, since = sky, at
        else:
            passing.append(ForecastPart(begins_at=at, ends_at=until, sky=sky, passing=True))
    if ends > since:
        yield ForecastPart(begins_at=since, ends_at=ends, sky=present)
    yield from passing
