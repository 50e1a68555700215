"""Looks over the picture once a second (值守): lets go of what is lost, follows the registry, tells alerts.

The look itself takes a millisecond for 20,000 aircraft; conflicts take tens, so they are searched for on a thread, on
a copy, one search at a time. A search that takes longer than a second makes the next one later, never two at once.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool

from adapters.clock import Clock
from adapters.metrics import Metrics
from dispatch import conflicts, doubts
from dispatch.alerts import Alert, AlertBook
from dispatch.identity import registry
from dispatch.kinds import AlertKind
from dispatch.matching import REVIEW_EVERY_S, Matcher, MatchProposal
from dispatch.picture import TrackPicture
from dispatch.world import World

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
Told = Callable[[Alert], None]


def _no_clocks() -> Mapping[str, float]:
    return {}


class Watch:
    """One site's. `clocks_off_s` names the sources whose clock is off, with the seconds they are behind ours."""

    def __init__(
        self,
        picture: TrackPicture,
        clock: Clock,
        metrics: Metrics,
        clocks_off_s: Callable[[], Mapping[str, float]] = _no_clocks,
    ) -> None:
        self._picture, self._clock, self._clocks_off_s = picture, clock, clocks_off_s
        self._book = AlertBook(self._tell)
        self._matcher = Matcher()
        self._told: list[Told] = []
        self._known: World | None = None
        self._looking = LoopingCall(self.look)
        self._searching = False
        self._reactor: Any = None
        self._matched_s = 0.0
        self._alerts = metrics.counter("ganying_alerts", "Alerts that began or grew worse", ("kind",))
        self._left_out = metrics.gauge(
            "ganying_alerts_left_out", "Alerts going on beyond what a desk is told at once", ("kind",)
        )
        self._cut = metrics.counter(
            "ganying_conflict_searches_cut", "Conflict searches that were too crowded to look at every pair"
        )
        picture.on_emergency = self._in_distress

    def start(self, reactor: Any, world: World) -> None:
        """Begin to look."""
        self._reactor = reactor
        self.follow(world)
        self._looking.clock = reactor
        self._looking.start(LOOK_EVERY_S, now=False).addErrback(_log_defect)

    def stop(self) -> None:
        """Look no more."""
        if self._looking.running:
            self._looking.stop()

    def follow(self, world: World) -> None:
        """The world changed: the registry with it, where identities or the fleet did."""
        known, self._known = self._known, world
        if known is None or known.identities is not world.identities or known.aircraft is not world.aircraft:
            self._picture.use_registry(registry(world.identities, world.aircraft))

    def present(self) -> tuple[Alert, ...]:
        """Alerts going on now."""
        return self._book.present()

    def proposals(self) -> tuple[MatchProposal, ...]:
        """Which tracks may be one thing, as of the last look."""
        return self._matcher.proposals

    def subscribe(self, told: Told) -> Callable[[], None]:
        """Be told of each alert that begins, grows worse or ends, at once; returns how to stop."""
        self._told.append(told)
        return lambda: self._told.remove(told)

    def look(self) -> None:
        """One look over everything."""
        picture, now = self._picture, self._clock().timestamp()
        picture.expire(now)
        clocks_off_s = self._clocks_off_s()
        found = doubts.review(picture.roster, now, frozenset(clocks_off_s))
        for kind in AlertKind:  # as they stand before the look counts anew
            self._left_out.labels(kind.value).set(self._book.left_out[kind])
        self._book.review(picture, found, clocks_off_s, now)
        if now - self._matched_s >= REVIEW_EVERY_S:
            self._matched_s = now
            self._matcher.review(picture, now)
        self._search(now)

    def _search(self, now: float) -> None:
        if self._searching or self._reactor is None:
            return
        among = conflicts.movers(self._picture, now)
        self._searching = True
        pool = self._reactor.getThreadPool()
        deferToThreadPool(self._reactor, pool, conflicts.find, among).addCallbacks(
            self._found, self._not_found
        )

    def _found(self, found: conflicts.Found) -> None:
        self._searching = False
        if found.cut:
            self._cut.inc()
        self._book.conflicts(self._picture, found, self._clock().timestamp())

    def _not_found(self, failure: Any) -> None:
        self._searching = False
        _log_defect(failure)

    def _in_distress(self, slot: int, now: float) -> None:
        self._book.distress(self._picture, slot, now)

    def _tell(self, alert: Alert) -> None:
        if not alert.over:
            self._alerts.labels(alert.kind.value).inc()
        for told in tuple(self._told):
            told(alert)


def _log_defect(failure: Any) -> None:
    log.error("defect in the watch", traceback=failure.getTraceback())
