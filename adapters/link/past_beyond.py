"""Tracks of the past of sites beyond a hub: a PastLane for each, over the hub's link (past_ways.BeyondHub)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from adapters.clock import Clock
from adapters.link.past import PastLane
from adapters.link.past_site import Past, PastTold
from adapters.link.past_ways import BeyondHub
from adapters.link.peer import Peer
from adapters.link.sharing import Sharing
from adapters.link.words import Words
from adapters.metrics import Metrics
from protocols.codec.link import PastWord


class PastBeyond:
    """Of one site. On the reactor thread only."""

    def __init__(
        self,
        sites: Iterable[tuple[str, str]],
        *,
        past: Past,
        peers: Mapping[str, Peer],
        words: Words,
        sharing: Sharing,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """`sites`: each with the partner over whose link it is reached."""
        self._peers, self._words, self._clock = peers, words, clock
        self._ways: dict[str, BeyondHub] = {}
        self._lanes: dict[str, PastLane] = {}
        self._up: set[str] = set()
        self._told: dict[tuple[str, str], int] = {}
        self._events = metrics.counter(
            "ganying_link_events", "What happened on links, by partner and event", ("partner", "event")
        )
        for site, hub in sites:
            way = self._ways[site] = BeyondHub(
                site,
                heard=partial(self._heard, site, hub),
                free=partial(words.past_free, site),
                say=partial(words.say_past, site),
            )
            self._lanes[site] = PastLane(
                past,
                site=site,
                way=way,
                area=partial(sharing.area, site),
                sent=partial(sharing.tracks_sent, site),
            )

    def heard(self, site: str, word: PastWord) -> None:
        """A site beyond asks, or answers."""
        lane = self._lanes.get(site)
        if lane is not None:
            lane.heard(word, self._clock())

    def told(self, site: str, now: datetime) -> PastTold | None:
        """For people; None: it is no site beyond."""
        lane = self._lanes.get(site)
        return None if lane is None else lane.told(now)

    def tick(self) -> None:
        """A few times a second."""
        now = self._clock()
        for site, lane in self._lanes.items():
            way = self._ways[site]
            if way.heard() is not None:
                self._up.add(site)
                lane.tick(now)
            elif site in self._up:
                self._up.remove(site)
                lane.lost(now)
            for event, count in way.counts.items():
                self._events.labels(site, event).inc(count - self._told.get((site, event), 0))
                self._told[site, event] = count

    def _heard(self, site: str, hub: str) -> tuple[int, datetime] | None:
        peer = self._peers.get(hub)
        return peer.session.heard if peer is not None and self._words.past_reached(site) else None
