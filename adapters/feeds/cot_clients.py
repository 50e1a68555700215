"""Our picture to the field clients of the cot feeds: a round every `send_every_s`, made once and told to all.

    picture, world -> what a field client may know (dispatch/field_view.py)
                   -> events (protocols/cot_picture.py), kept while nothing about their track changes
                   -> each client's own difference (cot_told.py)

A round is worked in slices of SLICE tracks and one client each, with a turn of the reactor between, and is never begun
before the last one is through: more clients than two seconds can serve make rounds rarer, not the site slower.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import CooperativeTask, Cooperator, LoopingCall, TaskStopped
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.feeds.config import FeedKind
from adapters.feeds.cot_told import Message, Round, Stands, Told
from adapters.feeds.feed import Feed
from adapters.feeds.field_uplinks import FieldUplinks
from adapters.feeds.readers.cot import CotReader
from adapters.metrics import Metrics
from dispatch import field_view
from dispatch.picture import TrackPicture
from dispatch.records import Tasking
from dispatch.world import World
from protocols import cot_picture

SLICE = 25  # tracks of one turn: about 3 ms where all have changed and are encoded in both forms
CACHE_LIMIT = 8192  # tracks remembered with their event, over all feeds; full: begun anew

log = structlog.get_logger()


class FieldClients:
    """Tells the field clients of one site."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        *,
        world: Callable[[], World],
        picture: TrackPicture,
        clock: Clock,
        metrics: Metrics,
        uplinks: FieldUplinks | None = None,
    ) -> None:
        self._uplinks = uplinks
        self._feeds = [feed for feed in feeds if feed.config.kind is FeedKind.COT and feed.config.send]
        self._world, self._picture, self._clock = world, picture, clock
        self._salt = secrets.token_bytes(16)  # of this run: uids of private keys cannot be guessed
        self._told: WeakKeyDictionary[CotReader, Told] = WeakKeyDictionary()
        self._cache: dict[int, tuple[tuple[object, ...], Message]] = {}  # by track number
        self._loops: list[LoopingCall] = []
        self._working: dict[str, CooperativeTask[Any]] = {}
        self._sent = metrics.counter("ganying_field_events", "Events sent to field clients", ("feed",))
        self._late = metrics.counter(
            "ganying_field_rounds_late", "Rounds left out because the last was not through", ("feed",)
        )
        self._cooperator: Any = None

    def start(self, reactor: Any) -> None:
        """Begin the rounds."""
        self._cooperator = Cooperator(
            terminationPredicateFactory=lambda: lambda: True,  # one slice, then the reactor's turn
            scheduler=lambda turn: reactor.callLater(0, turn),
        )
        for feed in self._feeds:
            loop = LoopingCall(self._begin, feed)
            loop.clock = reactor
            loop.start(feed.config.send_every_s, now=False).addErrback(_log_defect)
            self._loops.append(loop)

    def stop(self) -> None:
        """No more rounds."""
        for loop in self._loops:
            if loop.running:
                loop.stop()
        for task in tuple(self._working.values()):
            task.stop()
        self._working.clear()

    def _begin(self, feed: Feed) -> None:
        name = feed.config.name
        if name in self._working:
            self._late.labels(name).inc()
            return
        if not any(True for _ in _clients(feed)):
            return
        task = self._cooperator.cooperate(self._round(feed))
        self._working[name] = task
        over: Deferred[Any] = task.whenDone()
        over.addErrback(_log_defect)
        over.addBoth(lambda _: self._working.pop(name, None))

    def _round(self, feed: Feed) -> Iterator[None]:
        """One round, a slice at a time."""
        told = Round()
        yield from self._standing(told)
        yield from self._tracks(feed, told)
        sent = {} if self._uplinks is None else self._uplinks.due()
        for reader in tuple(_clients(feed)):
            if self._uplinks is not None and sent:
                self._uplinks.tell(reader, sent)
            memory = self._told.get(reader)
            if memory is None:
                memory = self._told[reader] = Told(reader)
            self._sent.labels(feed.config.name).inc(memory.tell(told, self._now()))
            yield

    def _standing(self, told: Round) -> Iterator[None]:
        world, now = self._world(), self._now()
        for place, incident in enumerate(field_view.open_incidents(world)):
            standing = cot_picture.incident_of(incident, site=world.site, now=now)
            told.standing[standing.event.uid] = Stands.of(standing)
            if place % SLICE == SLICE - 1:
                yield

    def _tracks(self, feed: Feed, told: Round) -> Iterator[None]:
        config = feed.config
        chosen = field_view.select(
            self._picture, area=config.send_area, traffic=config.send_traffic, limit=config.send_limit
        )
        taskings = field_view.taskings_by_thing(self._world(), self._picture.roster.registry)
        numbers = self._picture.things.number
        slots = [(slot, True) for slot in chosen.ours] + [(slot, False) for slot in chosen.others]
        known = [(int(numbers[slot]), ours) for slot, ours in slots]
        forms = {reader.session.proto for reader in _clients(feed) if reader.session is not None}
        crying = {int(numbers[slot]) for slot in self._picture.in_distress()}
        yield
        for place, (number, ours) in enumerate(known):
            message = self._message(number, taskings, ours=ours)
            if message is not None:
                for proto in forms:  # here, in slices, and not all at once for the first client
                    message.encoded(proto=proto)
                told.tracks.append(message)
                if ours:
                    self._alarm(number, message, told, crying=number in crying)
            if place % SLICE == SLICE - 1:
                yield

    def _message(self, number: int, taskings: Mapping[str, Tasking], *, ours: bool) -> Message | None:
        """One track's event, where it still is and is still good. The same object while nothing about it changes."""
        slot = self._picture.roster.slot_of_number(number)
        if slot is None:
            return None
        now = self._now()
        tasking = taskings.get(self._picture.roster.ids[slot])
        task = None if tasking is None else (tasking.id, tasking.version)
        version = (int(self._picture.things.tick[slot]), ours, task)
        kept = self._cache.get(number)
        if kept is None or kept[0] != version:
            track = self._picture.track_at(slot)
            uid = cot_picture.uid_of_track(track.id, site=self._world().site, salt=self._salt)
            event = cot_picture.track_event(track, uid=uid, ours=ours, tasking=tasking, now=now)
            if event is None:
                return None
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            kept = self._cache[number] = (version, Message(event, frozenset(track.keys), ours=ours))
        return kept[1] if kept[1].event.stale_s > now else None

    def _alarm(self, number: int, message: Message, told: Round, *, crying: bool) -> None:
        track = self._picture.of_number(number) if crying else None
        standing = None if track is None else cot_picture.alarm_of(track, message.event, self._now())
        if standing is None:
            told.calm.add(message.event.uid + cot_picture.ALARM_SUFFIX)
        else:
            told.standing[standing.event.uid] = Stands.of(standing, message.keys)

    def _now(self) -> float:
        return self._clock().timestamp()


def _clients(feed: Feed) -> Iterator[CotReader]:
    return (reader for reader in feed.readers() if isinstance(reader, CotReader) and reader.up)


def _log_defect(failure: Failure) -> None:
    if isinstance(failure.value, TaskStopped):  # the site stops
        return
    log.error("defect in telling field clients", traceback=failure.getTraceback())
