"""Key figures of alarms (DOMAIN §6, ISA-18.2, EEMUA 191): how many, of what, in floods, standing, chattering, shelved.

Made of hourly tallies (alert_tally.py): hours in which the site did not run, or that a crash cut short, are no part of
them. What the page works out itself is not counted; whether an alarm was false, nobody records.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from dispatch.alert_records import AlertTally
from dispatch.kpis import NO_SUBJECTS, Kpi, Part, Sample, rank

NOT_COUNTED = "alerts_not_counted"  # no whole hour of the period


def of_alerts(
    tallies: Iterable[AlertTally], begin: datetime, end: datetime, *, simulated: bool
) -> Sequence[Kpi]:
    """The figures of the hours that lie within begin <= t <= end."""
    within = [
        each for each in tallies if each.simulated == simulated and begin <= each.begin and each.end <= end
    ]
    hours = sum((each.end - each.begin).total_seconds() for each in within) / 3600
    begun, chattering, shelved = Counter[str](), Counter[str](), Counter[str]()
    for tally in within:
        for count in tally.counts:
            begun[count.kind] += count.begun
            chattering[count.kind] += count.chattering
            shelved[count.kind] += count.shelved
    tens = sum(each.tens for each in within)
    standing = sorted(float(each.standing) for each in within)
    seen = int(sum(standing))
    reason = "" if within else NOT_COUNTED
    return (
        Kpi(
            key="alerts_per_hour",
            unit="1/h",
            value=begun.total() / hours if hours else None,
            n=begun.total(),
            reason=reason,
            parts=_parts(begun),
        ),
        Kpi(
            key="alert_floods",
            unit="share",
            value=sum(each.floods for each in within) / tens if tens else None,
            n=tens,
            worst=float(max((each.most_in_ten for each in within), default=0)) if within else None,
            reason="" if tens else NOT_COUNTED,
        ),
        Kpi(
            key="standing_alerts",
            unit="count",
            value=rank(standing, 0.5) if standing else None,
            n=len(standing),
            p90=rank(standing, 0.9) if standing else None,
            worst=standing[-1] if standing else None,
            reason=reason,
            samples=tuple(
                Sample(at=each.end, value=float(each.standing), subject="") for each in within[-2000:]
            ),
        ),
        Kpi(
            key="chattering_alerts",
            unit="count",
            value=float(chattering.total()) if within else None,
            n=begun.total(),
            reason=reason,
            parts=_parts(chattering),
        ),
        Kpi(
            key="alerts_shelved",
            unit="share",
            value=sum(each.shelved for each in within) / seen if seen else None,
            n=seen,
            reason="" if seen else (NO_SUBJECTS if within else NOT_COUNTED),
            parts=_parts(shelved),
        ),
    )


def _parts(counts: Counter[str]) -> tuple[Part, ...]:
    return tuple(Part(code=str(code), count=count) for code, count in counts.most_common() if count)
