"""What scale-out counts, for /metrics: once a second, as growth of totals."""

import time
from typing import TYPE_CHECKING

from adapters.metrics import Metrics
from adapters.scale.workers import WorkerSeen

if TYPE_CHECKING:
    from adapters.scale.scale import Scale


class Counters:
    """Of one site."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._published: dict[tuple[str, str], int] = {}

    def publish(self, scale: "Scale") -> None:
        """The present values."""
        gauge = self._metrics.gauge
        if scale.broker is not None:
            gauge("ganying_broker_up", "1: the line to the broker is up").set(scale.broker.state.up)
            self._not_taken("dropped", scale.inbox.dropped + scale.broker.overruns)
            self._not_taken("lost", scale.refill.lost if scale.refill else 0)
            self._not_taken("unknown", scale.workers.strange_messages)
        gauge("ganying_worker_messages_waiting", "Workers' messages not yet taken").set(len(scale.inbox))
        now_s = time.time()
        for worker in scale.workers.by_name.values():
            up = worker.state(now_s).state != "down"
            gauge("ganying_worker_up", "1: the worker was heard of late", ("worker",)).labels(
                worker.name
            ).set(up)
            lag = gauge("ganying_worker_lag_seconds", "From decoded there to taken here", ("worker",))
            lag.labels(worker.name).set(worker.lag_s)
            self._worker(worker)

    def _not_taken(self, why: str, total: int) -> None:
        text = "Workers' messages by the broker that were not taken"
        counted = self._metrics.counter("ganying_broker_messages_not_taken", text, ("why",))
        counted.labels(why).inc(self._new(("broker", why), total))

    def _worker(self, worker: WorkerSeen) -> None:
        for name, total in (
            ("messages", worker.messages),
            ("sightings", worker.sightings),
            ("repeats", worker.repeats),
            ("replayed", worker.replayed),
            ("late_sightings", worker.filed),
            ("unreadable", worker.errors.total()),
            ("dropped_sightings", worker.beat.dropped if worker.beat else 0),
            ("deaths", worker.child.deaths if worker.child else 0),
        ):
            text = f"Worker: {name.replace('_', ' ')}"
            counted = self._metrics.counter(f"ganying_worker_{name}", text, ("worker",))
            counted.labels(worker.name).inc(self._new((worker.name, name), total))

    def _new(self, key: tuple[str, str], total: int) -> int:
        """How much a total has grown; one that fell (another run of a worker) begins anew."""
        before = self._published.get(key, 0)
        self._published[key] = total
        return total - before if total >= before else total
