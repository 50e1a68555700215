"""Messages of workers into the picture, as if the site had heard it all itself: read, known, placed in our time.

A message is refused and counted when it cannot be read, when its names are not those of the subject or the pipe it
came by, and when it was taken before. What is left:

- names: a feed of a worker is the source that site.toml calls it, else `worker/feed`; receivers' clocks are told
  apart by the worker's run, for after a restart the same name is another clock;
- times: moved from the worker's clock to ours (workers.py);
- age: what is older than its kind of source may be, or was read back from a broker's memory after its source was
  heard again, is history and never the present.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from adapters.scale.heard import Heard
from adapters.scale.inbox import Arrival
from adapters.scale.late import file_batch
from adapters.scale.workers import Workers, WorkerSeen
from dispatch.errors import Malformed
from dispatch.freshness import LIMITS
from dispatch.kinds import SourceKind
from dispatch.picture import TrackPicture
from dispatch.sighting import AddressBatch, Sighting
from protocols.codec import sightings
from protocols.codec.sightings import SightingBatch, WorkerBeat

Sink = Callable[[Sighting | AddressBatch], None]


class Intake:
    """`sink` is where the site's own feeds put what they see; `clock` is UTC seconds."""

    def __init__(
        self,
        *,
        workers: Workers,
        heard: Heard,
        picture: TrackPicture,
        sink: Sink,
        clock: Callable[[], float],
    ) -> None:
        self._workers = workers
        self.heard = heard
        self._picture = picture
        self._sink = sink
        self._clock = clock

    def take(self, arrival: Arrival) -> None:
        """One message."""
        worker = self._sender(arrival)
        if worker is None:
            return
        try:
            message = sightings.decode(arrival.data)
            if isinstance(message, WorkerBeat):
                _check_sender(worker, message.worker, arrival)
                if not arrival.replayed:
                    worker.heard(message, arrival.at_us)
            elif isinstance(message, SightingBatch):
                _check_sender(worker, message.worker, arrival)
                self._batch(worker, message, arrival)
            else:
                raise Malformed("body", "is the site's, not a worker's")
        except Malformed as error:
            worker.errors[error.field.partition("[")[0]] += 1

    def _sender(self, arrival: Arrival) -> WorkerSeen | None:
        if arrival.child is not None:
            return self._workers.by_name[arrival.child.name]
        return None if arrival.origin is None else self._workers.remote(arrival.origin.worker)

    def _batch(self, worker: WorkerSeen, batch: SightingBatch, arrival: Arrival) -> None:
        if arrival.origin is not None and arrival.origin.feed != batch.feed:
            raise Malformed("batch.feed", "is not the subject's")
        if not batch.sequence:
            raise Malformed("batch.sequence", "is missing")
        if not arrival.replayed and batch.epoch != worker.epoch:
            worker.began(batch.epoch)
        if not self.heard.take(worker.name, batch.feed, batch.epoch, batch.sequence):
            worker.repeats += 1
            return
        came = self._came(worker, batch, arrival)
        worker.messages += 1
        worker.sightings += len(batch.content)
        if arrival.replayed:
            worker.replayed += 1
        else:
            worker.lag_s = max(0.0, came.now_s - came.ours_s(batch.made_at_s))
            worker.live_at_s[batch.feed] = came.ours_s(batch.made_at_s)
        if isinstance(batch.content, AddressBatch):
            self._columns(worker, batch.content, came)
            return
        for sighting in batch.content:
            self._single(worker, sighting, came)

    def _came(self, worker: WorkerSeen, batch: SightingBatch, arrival: Arrival) -> "_Came":
        offset_s = worker.offset_s
        if worker.child is None and worker.skew.offset_us is None and not arrival.replayed:
            offset_s = batch.made_at_s - arrival.at_us / 1e6  # no echo yet: what comes live was made just now
        return _Came(
            feed=batch.feed,
            made_at_s=batch.made_at_s,
            clock_prefix=f"{worker.name}.{batch.epoch:x}.",
            offset_s=offset_s,
            now_s=self._clock(),
            past_before_s=worker.live_at_s.get(batch.feed, -math.inf) if arrival.replayed else -math.inf,
        )

    def _columns(self, worker: WorkerSeen, rows: AddressBatch, came: "_Came") -> None:
        _check_kind(rows.source_kind)
        ours = replace(
            rows,
            source=worker.source_of(came.feed, rows.source),
            clock_id=came.clock_prefix + rows.clock_id,
            arrived_at_s=min(came.now_s, came.ours_s(rows.arrived_at_s)),
        )
        if came.is_past(ours.source_kind, ours.arrived_at_s):
            worker.filed += len(ours)
            file_batch(self._picture, ours)
        else:
            self._sink(ours)

    def _single(self, worker: WorkerSeen, sighting: Sighting, came: "_Came") -> None:
        _check_kind(sighting.source_kind)
        if sighting.observed_at_s is None:
            at_s = min(came.now_s, came.ours_s(came.made_at_s))
        else:
            at_s = came.ours_s(sighting.observed_at_s)
        past = came.is_past(sighting.source_kind, at_s)
        worker.filed += past
        self._sink(
            replace(
                sighting,
                source=worker.source_of(came.feed, sighting.source),
                clock_id=came.clock_prefix + sighting.clock_id,
                observed_at_s=at_s,
                backfill=sighting.backfill or past,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """How and when the sightings of one message came."""

    feed: str
    made_at_s: float  # by the worker's clock
    clock_prefix: str  # a receiver's clock under this run of this worker
    offset_s: float  # the worker's clock less ours
    now_s: float
    past_before_s: float  # what was made before is history: its feed has been heard since

    def ours_s(self, theirs_s: float) -> float:
        """A time of the worker's clock by ours."""
        return theirs_s - self.offset_s

    def is_past(self, kind: SourceKind, at_s: float) -> bool:
        """Whether what was made at `at_s`, by our clock, is history."""
        return at_s < self.past_before_s or self.now_s - at_s >= LIMITS[kind].lost_s


def _check_sender(worker: WorkerSeen, name: str, arrival: Arrival) -> None:
    if name != worker.name:
        raise Malformed("worker", "is not the subject's" if arrival.origin else "is not the child's")


def _check_kind(kind: SourceKind) -> None:
    """Partners speak by links, which say what may be shown of them."""
    if kind is SourceKind.PARTNER:
        raise Malformed("source_kind", "is a partner's; a worker has none")
