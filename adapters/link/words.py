"""Words beside the rows: to a partner over its own link, to a site beyond it over the hub.

    43 -- WordPassed(43 to 42, path ()) --> 36 -- WordPassed(43 to 42, path (36)) --> 42

A hub passes on what the agreements with both neighbours let pass, at most PASSED_A_SECOND of one of them, never to
where it has been, and keeps nothing for later: a full line drops it, a piece of a file is asked for again. Whether the
site at the far end may have what it asks for is judged there, as for a neighbour. The hub and the far end check that the
origin sealed it (word_seals.py). Words of the past wait at the hub for a free line: past_hub.py.
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
from adapters.link.past_hub import PastHub
from adapters.link.peer import Peer
from adapters.link.seals import Seals
from adapters.link.word_seals import WordSeals
from dispatch.errors import Refused
from protocols.codec.link import FarPastWord, PastAsk, PastPart, RoomWord, SiteWord, WordPassed
from protocols.link_greeting import PAST_RELAY, ROOMS, WORD_RELAY
from protocols.link_relay import Routes

PASSED_A_SECOND = 200  # words from one neighbour; 16 KiB pieces of files would fill 25 Mbit/s

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
        seals: Seals | None,
        heard: Callable[[str, SiteWord], None],
        heard_past: Callable[[str, FarPastWord], None],
        passing: Callable[[WordPassed], bool],
    ) -> None:
        self._routes, self._peers, self._desk, self._clock = routes, peers, desk, clock
        self._heard, self._heard_past, self._passing = heard, heard_past, passing
        self._seals = WordSeals(seals, clock)
        self.hub = PastHub(over=self._over, peers=peers, agreed=self._agreed, say=self._say_past, clock=clock)
        self._second: datetime | None = None
        self._passed: Counter[str] = Counter()  # this second's, by neighbour
        self._refused: set[tuple[str, str]] = set()  # logged once a neighbour and code
        self._counted = metrics.counter(
            "ganying_room_words_passed", "Words of consultations for other sites", ("partner", "what")
        )

    def reached(self, site: str) -> bool:
        """Whether a word to a site would find its way from here: over its own link, or over one that relays."""
        over = self._over(site)
        return self._can(site, ROOMS) if over == site else self._beyond(over, WORD_RELAY)

    def past_reached(self, site: str) -> bool:
        """The same of a word about the past, to a site beyond."""
        return self._beyond(self._over(site), PAST_RELAY)

    def _beyond(self, over: str, capability: str) -> bool:
        return self._agreed(over) and over in self._routes.relaying and self._can(over, capability)

    def _agreed(self, partner: str) -> bool:
        return classes.relaying_agreed(self._desk.world, partner, self._clock())

    def say(self, site: str, word: SiteWord) -> bool:
        """Whether it went out."""
        over = self._over(site)
        if over == site:
            peer = self._peers.get(site)
            return peer is not None and peer.say(word)
        if not self.reached(site):
            return False
        return self._peers[over].say(self._sealed(site, word))

    def say_past(self, site: str, word: FarPastWord) -> bool:
        """To a site beyond, if the line is free for it; whether it went out."""
        return self.past_free(site) and self._peers[self._over(site)].say_past(self._sealed(site, word))

    def past_free(self, site: str) -> bool:
        """Whether such a word could leave now."""
        return self.past_reached(site) and self._peers[self._over(site)].past_free(PAST_RELAY)

    def _sealed(self, site: str, word: SiteWord | FarPastWord) -> WordPassed:
        return self._seals.seal(WordPassed(origin=self._routes.site, to=site, path=(), word=word))

    def _say_past(self, over: str, passed: WordPassed) -> bool:
        return self._peers[over].say_past(replace(passed, path=(*passed.path, self._routes.site)))

    def heard(self, partner: str, word: RoomWord) -> None:
        """A neighbour says something, or passes it on."""
        if not isinstance(word, WordPassed):
            self._heard(partner, word)
            return
        if self._too_many(partner):
            self._counted.labels(partner, "too_often").inc()
            return
        try:
            onward = self._routes.judge(word, partner)
            if onward == self._routes.site and self._over(word.origin) != partner:
                raise Refused("UNKNOWN_SITE", f"site {word.origin} is not reached over it", field="origin")
            self._seals.check(word)
            if onward == self._routes.site:
                self._for_us(word)
                return
            for each in (partner, onward):
                if not self._agreed(each):
                    raise Refused("RELAY", f"the consent with site {each} does not allow it", field="to")
        except Refused as error:
            self._not_passed(partner, error)
            if isinstance(word.word, PastAsk) and error.code in ("RELAY", "NO_ROUTE"):
                self.hub.refuse(word, "NOT_RELAYED")
            return
        if isinstance(word.word, PastAsk | PastPart):
            self.hub.pass_on(word)
        elif not self._passing(word):
            self.forward(word)

    def _for_us(self, passed: WordPassed) -> None:
        if isinstance(passed.word, PastAsk | PastPart):
            self._heard_past(passed.origin, passed.word)
        else:
            self._heard(passed.origin, passed.word)

    def forward(self, passed: WordPassed) -> bool:
        """On towards the site it is for; whether it went out."""
        return self._on(passed.to, replace(passed, path=(*passed.path, self._routes.site)))

    def answer(self, asked: WordPassed, word: SiteWord) -> bool:
        """Back to who asked, in place of the site that was asked."""
        back = WordPassed(origin=asked.to, to=asked.origin, path=(self._routes.site,), word=word)
        return self._on(asked.origin, back)

    def _on(self, site: str, passed: WordPassed) -> bool:
        over = self._over(site)
        gone = self._can(over, WORD_RELAY) and self._peers[over].say(passed)
        self._counted.labels(over, "passed" if gone else "dropped").inc()
        return gone

    def _over(self, site: str) -> str:
        return self._routes.next_to.get(site, site)  # who joined by an invitation is linked directly

    def _can(self, partner: str, capability: str) -> bool:
        peer = self._peers.get(partner)
        return peer is not None and peer.reached(capability)

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
            log.warning("a word not passed on", partner=partner, why=str(error))
