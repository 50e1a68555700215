"""Words of consultations beside the rows: to a partner over its own link, to a site beyond it over the hub.

    43 -- RoomPassed(43 to 42, path ()) --> 36 -- RoomPassed(43 to 42, path (36)) --> 42

A hub passes on what the agreements with both neighbours let pass, at most PASSED_A_SECOND of one of them, never to
where it has been, and keeps nothing for later: a full line drops it, a piece of a file is asked for again. Whether the
site at the far end may have what it asks for is judged there, as for a neighbour.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.link import classes
from adapters.link.peer import Peer
from dispatch.errors import Refused
from protocols.codec.link import FileAsk, FilePart, RoomHands, RoomPassed, RoomWord
from protocols.link_greeting import ROOM_RELAY, ROOMS
from protocols.link_relay import Routes
from protocols.link_state import LinkState

PASSED_A_SECOND = 200  # words from one neighbour; 16 KiB pieces of files would fill 25 Mbit/s

SiteWord = RoomHands | FileAsk | FilePart
log = structlog.get_logger()


class Words:
    """One site's. On the reactor thread only."""

    def __init__(
        self,
        *,
        routes: Routes,
        peers: Mapping[str, Peer],
        desk: Desk,
        clock: Clock,
        metrics: Any,
        heard: Callable[[str, SiteWord], None],
        passing: Callable[[RoomPassed], bool],
    ) -> None:
        self._routes, self._peers, self._desk, self._clock = routes, peers, desk, clock
        self._heard, self._passing = heard, passing
        self._second: datetime | None = None
        self._passed: Counter[str] = Counter()  # this second's, by neighbour
        self._refused: set[tuple[str, str]] = set()  # logged once a neighbour and code
        self._counted = metrics.counter(
            "ganying_room_words_passed", "Words of consultations for other sites", ("partner", "what")
        )

    def reached(self, site: str) -> bool:
        """Whether a word to a site would find its way from here: over its own link, or over one that relays."""
        over = self._over(site)
        if over == site:
            return self._can(site, ROOMS)
        agreed = classes.relaying_agreed(self._desk.world, over, self._clock())
        return agreed and over in self._routes.relaying and self._can(over, ROOM_RELAY)

    def say(self, site: str, word: SiteWord) -> bool:
        """Whether it went out."""
        over = self._over(site)
        if over == site:
            peer = self._peers.get(site)
            return peer is not None and peer.say(word)
        if not self.reached(site):
            return False
        return self._peers[over].say(RoomPassed(origin=self._routes.site, to=site, path=(), word=word))

    def heard(self, partner: str, word: RoomWord) -> None:
        """A neighbour says something, or passes it on."""
        if not isinstance(word, RoomPassed):
            self._heard(partner, word)
            return
        try:
            onward = self._routes.judge(word, partner)
            if onward == self._routes.site:
                if self._over(word.origin) != partner:
                    raise Refused(
                        "UNKNOWN_SITE", f"site {word.origin} is not reached over it", field="origin"
                    )
                self._heard(word.origin, word.word)
                return
            for each in (partner, onward):
                if not classes.relaying_agreed(self._desk.world, each, self._clock()):
                    raise Refused("RELAY", f"the consent with site {each} does not allow it", field="to")
        except Refused as error:
            self._not_passed(partner, error)
            return
        if self._too_many(partner):
            self._counted.labels(partner, "too_often").inc()
        elif not self._passing(word):
            self.forward(word)

    def forward(self, passed: RoomPassed) -> bool:
        """On towards the site it is for; whether it went out."""
        return self._on(passed.to, replace(passed, path=(*passed.path, self._routes.site)))

    def answer(self, asked: RoomPassed, word: SiteWord) -> bool:
        """Back to who asked, in place of the site that was asked."""
        back = RoomPassed(origin=asked.to, to=asked.origin, path=(self._routes.site,), word=word)
        return self._on(asked.origin, back)

    def _on(self, site: str, passed: RoomPassed) -> bool:
        over = self._over(site)
        gone = self._can(over, ROOM_RELAY) and self._peers[over].say(passed)
        self._counted.labels(over, "passed" if gone else "dropped").inc()
        return gone

    def _over(self, site: str) -> str:
        return self._routes.next_to.get(site, site)  # who joined by an invitation is linked directly

    def _can(self, partner: str, capability: str) -> bool:
        peer = self._peers.get(partner)
        if peer is None or peer.session.state not in (LinkState.CATCHING_UP, LinkState.LIVE):
            return False
        return peer.session.peering.can(capability, peer.session.identity)

    def _too_many(self, partner: str) -> bool:
        now = self._clock()
        if self._second is None or not timedelta(0) <= now - self._second < timedelta(seconds=1):
            self._second = now
            self._passed.clear()
        self._passed[partner] += 1
        return self._passed[partner] > PASSED_A_SECOND

    def _not_passed(self, partner: str, error: Refused) -> None:
        self._counted.labels(partner, error.code).inc()
        if (partner, error.code) not in self._refused:
            self._refused.add((partner, error.code))
            log.warning("a word of a consultation not passed on", partner=partner, why=str(error))
