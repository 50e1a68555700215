"""The way to the site whose past tracks are asked for: over its own link, or over a hub's.

Over its own link the tracks of now come as well, and only those of cuts are missing. A site beyond a hub sends none of
now: what it lets us have is fetched as history, all of it, some minutes late.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import structlog

from protocols.codec.link import PastWord
from protocols.link_left_out import LeftOut
from protocols.link_outputs import Output
from protocols.link_session import LinkSession

log = structlog.get_logger()


class PastWay(Protocol):
    """What a PastLane says its words over."""

    live: bool  # whether tracks of now come over it
    left_out: LeftOut  # which of ours found no room on it
    counts: Counter[str]  # what happened, by name

    def heard(self) -> tuple[int, datetime] | None:
        """Which connection, and when the site was last heard on it; None: it is not reached."""

    def skew_us(self) -> int | None:
        """How far the site's clock is ahead of ours; None: not known."""

    def free(self) -> bool:
        """Whether nothing waits that is more urgent."""

    def say(self, word: PastWord) -> bool:
        """Whether it went out."""

    def end(self, code: str, detail: str) -> None:
        """What came cannot be read."""


class OverLink:
    """To a partner."""

    live = True

    def __init__(
        self,
        session: LinkSession,
        *,
        congested: Callable[[], bool],
        carry_out: Callable[[list[Output]], None],
        end: Callable[[str, str], None],
    ) -> None:
        self.counts, self.left_out = session.counts, session.left_out
        self.end = end
        self._session, self._congested, self._carry_out = session, congested, carry_out

    def heard(self) -> tuple[int, datetime] | None:
        """As the session has it."""
        return self._session.heard

    def skew_us(self) -> int | None:
        """As the beats tell."""
        return self._session.skew.offset_us

    def free(self) -> bool:
        """No row waits, the socket has room."""
        return self._session.past_may_leave(congested=self._congested())

    def say(self, word: PastWord) -> bool:
        """Put it on the socket."""
        outputs = self._session.past(word, congested=self._congested())
        self._carry_out(outputs)
        return bool(outputs)


class BeyondHub:
    """To a site beyond a hub. Clocks of three sites are not compared: its times are taken as they are."""

    live = False

    def __init__(
        self,
        site: str,
        *,
        heard: Callable[[], tuple[int, datetime] | None],
        free: Callable[[], bool],
        say: Callable[[PastWord], bool],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.left_out = LeftOut()  # nothing of now goes this way
        self.heard, self.free, self.say = heard, free, say
        self._site = site

    def skew_us(self) -> int | None:
        """Not known."""
        return None

    def end(self, code: str, detail: str) -> None:
        """The hub's link is not to blame: it is asked again later."""
        self.counts[f"past_{code}"] += 1
        log.warning("tracks of a site beyond a hub do not read", site=self._site, code=code, why=detail)
