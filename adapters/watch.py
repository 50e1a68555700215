"""Looks over the picture once a second (值守): lets go of what is lost, follows the registry, tells alerts.

The look itself takes a millisecond for 20,000 aircraft; the safety nets take tens, so they look on a thread, over a
copy, one look at a time. One that takes longer than a second makes the next one later, never two at once.
"""

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any

import structlog
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool

from adapters.alarm_board import AlarmBoard
from adapters.clock import Clock
from adapters.metrics import Metrics
from dispatch import doubts
from dispatch.alert_commands import CountAlerts, NoteAlerts
from dispatch.alert_stream import AlertStream
from dispatch.alerts import Alert, AlertBook
from dispatch.drop_commands import NoteTrackEvents
from dispatch.flight_watch import Findings, FlightWatch
from dispatch.geo import Position
from dispatch.identity import registry
from dispatch.kinds import AlertKind
from dispatch.matching import REVIEW_EVERY_S, Matcher, MatchProposal
from dispatch.obstacle import ObstacleField
from dispatch.obstacle_records import Obstacle
from dispatch.picture import TrackPicture
from dispatch.records import Tasking
from dispatch.safety.nets import Looked, Nets
from dispatch.safety.sky import Skies
from dispatch.terrain import Terrain
from dispatch.weather import Weather
from dispatch.world import World
from protocols.codec.client_alerts import called

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
Told = Callable[[Alert], None]


def _no_terrain() -> Terrain:
    return Terrain()


def _no_obstacles(_: Mapping[str, Obstacle]) -> ObstacleField:
    return ObstacleField()


def _no_clocks() -> Mapping[str, float]:
    return {}


class Watch:
    """One site's. `clocks_off_s` names the sources whose clock is off, with the seconds they are behind ours."""

    def __init__(
        self,
        picture: TrackPicture,
        clock: Clock,
        metrics: Metrics,
        *,
        clocks_off_s: Callable[[], Mapping[str, float]] = _no_clocks,
        terrain: Callable[[], Terrain] = _no_terrain,
        obstacles: Callable[[Mapping[str, Obstacle]], ObstacleField] = _no_obstacles,
        weather: Callable[[], Weather] = Weather,
        nets: Nets | None = None,
        skies: Skies | None = None,
        simulated: bool = False,
    ) -> None:
        self._picture, self._clock, self._clocks_off_s = picture, clock, clocks_off_s
        self._stream = AlertStream(self._tell, self._place_of, self._name_of, simulated=simulated)
        self._book = AlertBook(lambda alert: self._stream.take(alert, self._clock().timestamp()))
        self._matcher = Matcher()
        self._flights = FlightWatch(terrain)
        self._terrain, self._obstacles, self._weather = terrain, obstacles, weather
        self._nets = nets or Nets(clock=perf_counter)
        self._skies = skies or Skies()
        self._failing: frozenset[str] = frozenset()  # nets that failed at the last look
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
        self._board = AlarmBoard(metrics)
        self._cut = metrics.counter(
            "ganying_conflict_searches_cut", "Conflict searches that were too crowded to look at every pair"
        )
        self._net_failures = metrics.counter(
            "ganying_safety_net_failures", "Looks at which a safety net failed", ("net",)
        )
        self._net_s = metrics.gauge(
            "ganying_safety_net_seconds", "What a safety net took at its last look", ("net",)
        )
        for name in self._nets.names:
            self._net_failures.labels(name)
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
        """The world changed: the registry with it, where identities or the fleet did; what people did about alarms."""
        known, self._known = self._known, world
        self._stream.follow(world, self._clock().timestamp())
        if known is None or known.identities is not world.identities or known.aircraft is not world.aircraft:
            self._picture.use_registry(registry(world.identities, world.aircraft))

    def present(self) -> tuple[Alert, ...]:
        """Alerts going on now, those that wait to be acknowledged, and those that are held on."""
        return self._stream.present()

    def alert(self, alert_id: str) -> Alert | None:
        """One of those."""
        return self._stream.get(alert_id)

    def alerts_to_note(self) -> Iterable[NoteAlerts | CountAlerts]:
        """What of alarms the journal does not hold yet."""
        return self._stream.to_note(self._clock().timestamp())

    def proposals(self) -> tuple[MatchProposal, ...]:
        """Which tracks may be one thing, as of the last look."""
        return self._matcher.proposals

    def findings(self, tasking: Tasking) -> Findings:
        """What the track says of a tasking's flight; people confirm it, nothing follows by itself."""
        return self._flights.findings(tasking)

    def to_note(self) -> tuple[NoteTrackEvents, ...]:
        """What tracks have shown that the journal does not hold yet."""
        return () if self._known is None else self._flights.to_note(self._known)

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
        if self._known is not None:
            self._flights.look(self._known, picture, now)
        self._stream.tick(now)
        self._board.count(self._stream.present(), self._known, self._clock())
        self._search(now)

    def _search(self, now: float) -> None:
        if self._searching or self._reactor is None or self._known is None:
            return
        world = self._known
        sky = self._skies.make(
            self._picture,
            world,
            now,
            terrain=self._terrain(),
            obstacles=lambda: self._obstacles(world.obstacles),
            weather=self._weather(),
        )
        self._searching = True
        pool = self._reactor.getThreadPool()
        deferToThreadPool(self._reactor, pool, self._nets.look, sky).addCallbacks(
            self._found, self._not_found
        )

    def _found(self, looked: Looked) -> None:
        self._searching = False
        if looked.cut:
            self._cut.inc()
        for name, spent_s in looked.spent_s.items():
            self._net_s.labels(name).set(spent_s)
        for name, why in looked.failed.items():
            self._net_failures.labels(name).inc()
            if name not in self._failing:  # once, until it has worked again
                log.error("defect in a safety net", net=name, traceback=why)
        self._failing = frozenset(looked.failed)
        self._book.take(looked.found)

    def _not_found(self, failure: Any) -> None:
        self._searching = False
        _log_defect(failure)

    def _in_distress(self, slot: int, now: float) -> None:
        self._book.distress(self._picture, slot, now)

    def _place_of(self, track_id: str) -> Position | None:
        track = self._picture.get(track_id)
        if track is None or track.lon_deg is None or track.lat_deg is None:
            return None
        return Position(lon_deg=track.lon_deg, lat_deg=track.lat_deg)

    def _name_of(self, track_id: str) -> str:
        track = self._picture.get(track_id)
        return track_id if track is None else called(track)

    def _tell(self, alert: Alert) -> None:
        if not alert.over:
            self._alerts.labels(alert.kind.value).inc()
        for told in tuple(self._told):
            told(alert)


def _log_defect(failure: Any) -> None:
    log.error("defect in the watch", traceback=failure.getTraceback())
