"""What has been flown, by the steps of taskings: of one tasking, of an aircraft, of somebody in its crew."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatch.records import Tasking
from dispatch.staff_records import CrewMember
from dispatch.world import DOWN, IN_THE_AIR, UP, World

BEIJING = timedelta(hours=8)  # China has one zone and no summer time


def flights(tasking: Tasking, now: datetime) -> list[tuple[datetime, datetime]]:
    """Take-off and landing of each flight; the one in the air lasts until now, a technical stop is between two."""
    flown: list[tuple[datetime, datetime]] = []
    up: datetime | None = None
    for step in sorted(tasking.history, key=lambda step: step.at):
        if step.action in UP:
            up = step.at
        elif step.action in DOWN and up is not None:
            flown.append((up, step.at))
            up = None
    if up is not None and tasking.state in IN_THE_AIR:
        flown.append((min(up, now), now))
    return flown


def midnight(now: datetime) -> datetime:
    """Begin of the present day in Beijing."""
    return (now + BEIJING).replace(hour=0, minute=0, second=0, microsecond=0) - BEIJING


def within_s(spans: Iterable[tuple[datetime, datetime]], since: datetime) -> float:
    """Seconds of spans that lie after a moment."""
    return sum((end - max(start, since)).total_seconds() for start, end in spans if end > since)


def flown_by(world: World, member: CrewMember, days: int, now: datetime) -> float:
    """Seconds in the air of the last `days` days (1: since midnight), from taskings and from the log book.

    A day of the log book counts whole as long as any of it lies within the span.
    """
    since = midnight(now) - timedelta(days=days - 1) if days == 1 else now - timedelta(days=days)
    own = (
        flight
        for tasking in world.taskings.values()
        if member.id in tasking.crew_ids
        for flight in flights(tasking, now)
    )
    first_day = f"{since + BEIJING:%Y-%m-%d}"
    return within_s(own, since) + sum(each.flown_s for each in member.flown if each.day >= first_day)
