"""A feed's status in a worker as a report to the site, and back. What a status counts, a report carries by name."""

from dataclasses import fields
from typing import Any

from adapters.feeds.config import FeedKind, Transport
from adapters.feeds.status import FeedStatus
from dispatch.errors import Malformed
from protocols.codec.sightings import FeedReport

_WORDS = ("name", "address", "listening", "connected", "simulated", "last_heard_at_s", "rate_per_s")
_MORE_WORDS = ("source_clock", "clock_off_s", "last_error")
_ENUMS: dict[str, Any] = {"kind": FeedKind, "transport": Transport}
_BY_NAME = ("errors", "kinds")
_TOTALS = tuple(
    each.name for each in fields(FeedStatus) if each.name not in (*_WORDS, *_MORE_WORDS, *_ENUMS, *_BY_NAME)
)  # all the rest are counts


def report_of(status: FeedStatus) -> FeedReport:
    """For the site."""
    values: dict[str, Any] = {name: getattr(status, name) for name in (*_WORDS, *_MORE_WORDS)}
    values |= {name: str(getattr(status, name)) for name in _ENUMS}
    values |= {name: dict(getattr(status, name)) for name in _BY_NAME}
    return FeedReport(totals={name: int(getattr(status, name)) for name in _TOTALS}, **values)


def status_of(report: FeedReport, *, name: str, worker: str, offset_s: float) -> FeedStatus:
    """As the site shows it, under the site's own name for it. `offset_s`: the worker's clock less ours.

    Raises Malformed for a kind that this version does not know.
    """
    values: dict[str, Any] = {each: getattr(report, each) for each in (*_WORDS, *_MORE_WORDS)}
    for each, kind in _ENUMS.items():
        try:
            values[each] = kind(getattr(report, each))
        except ValueError:
            raise Malformed(f"feeds.{each}", f"{getattr(report, each)[:40]!r} is unknown") from None
    values |= {each: tuple(sorted(getattr(report, each).items())) for each in _BY_NAME}
    values |= {each: report.totals.get(each, 0) for each in _TOTALS}
    values |= {"name": name, "address": f"{worker}: {report.address}"}
    if report.last_heard_at_s is not None:
        values["last_heard_at_s"] = report.last_heard_at_s - offset_s
    return FeedStatus(**values)
