"""What the desk and the picture count, read at the moment somebody scrapes /metrics."""

from collections.abc import Iterator
from dataclasses import fields

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.desk import Desk
from dispatch.picture import TrackPicture


class SiteCollector(Collector):
    """Asks by outcome, the queue, the journal, tracks and sightings by verdict."""

    def __init__(self, desk: Desk, picture: TrackPicture) -> None:
        self._desk = desk
        self._picture = picture

    def collect(self) -> Iterator[Metric]:
        """The present values."""
        asks = CounterMetricFamily("ganying_desk_asks", "What became of asks", labels=("outcome",))
        for field in fields(self._desk.tally):
            asks.add_metric([field.name], getattr(self._desk.tally, field.name))
        yield asks
        yield GaugeMetricFamily("ganying_desk_waiting", "Asks in the queue", value=self._desk.waiting)
        yield GaugeMetricFamily(
            "ganying_journal_up", "1: the journal takes facts", value=self._desk.state == "ok"
        )
        yield GaugeMetricFamily("ganying_journal_seq", "Last row", value=self._desk.through)
        yield CounterMetricFamily(
            "ganying_journal_undecodable", "Partner rows kept unread", value=self._desk.undecodable
        )
        yield GaugeMetricFamily("ganying_tracks", "Aircraft followed", value=len(self._picture))
        sightings = CounterMetricFamily("ganying_sightings", "Sightings by verdict", labels=("verdict",))
        for verdict, count in self._picture.counts.items():
            sightings.add_metric([str(verdict)], count)
        yield sightings
