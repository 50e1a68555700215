"""A hub's part in tracks of the past: questions and answers of others wait here for a line that is free for them.

    42 -- WordPassed(42 to 43, PastAsk) --> 36 -- the same, path (36) --> 43
    42 <-- WordPassed(43 to 42, PastPart) -- 36 <-- the same, path () -- 43

As between neighbours nothing may wait for it: a word leaves when no row waits and the socket has room. Of each two
sites and way one waits, the newest; who asks has one question open, and puts it anew after a minute. A question that
cannot go on is answered here, with a code and no time, so that the asker rests and shows why.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from adapters.clock import Clock
from adapters.link.peer import Peer
from protocols.codec.link import PastAsk, PastPart, WordPassed
from protocols.link_greeting import PAST_RELAY

MOST_WAITING = 16  # words, a part of 1 MiB at most; full: the oldest is dropped, and asked for again
WAITS_AT_MOST = timedelta(seconds=45)  # less than its asker waits


class PastHub:
    """One site's."""

    def __init__(
        self,
        *,
        over: Callable[[str], str],
        peers: Mapping[str, Peer],
        agreed: Callable[[str], bool],
        say: Callable[[str, WordPassed], bool],
        clock: Clock,
    ) -> None:
        self._over, self._peers, self._agreed, self._say, self._clock = over, peers, agreed, say, clock
        self._waiting: dict[tuple[str, str, type], tuple[WordPassed, datetime]] = {}

    def pass_on(self, passed: WordPassed) -> None:
        """It was judged when it came; it is judged again when it leaves."""
        key = (passed.origin, passed.to, type(passed.word))
        self._waiting.pop(key, None)
        while len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[key] = (passed, self._clock())
        self.flush()

    def flush(self) -> None:
        """Let out what the lines are free for."""
        now = self._clock()
        for key, (passed, at) in tuple(self._waiting.items()):
            over = self._over(passed.to)
            peer = self._peers.get(over)
            if not timedelta(0) <= now - at < WAITS_AT_MOST:
                del self._waiting[key]
            elif not self._agreed(over) or not self._agreed(self._over(passed.origin)):
                del self._waiting[key]
                self.refuse(passed, "NOT_RELAYED")
            elif peer is None or not peer.reached(PAST_RELAY):
                del self._waiting[key]
                self.refuse(passed, "NOT_REACHED")
            elif peer.past_free(PAST_RELAY):
                del self._waiting[key]
                self._say(over, passed)

    def refuse(self, passed: WordPassed, code: str) -> None:
        """Say to who asks why nothing comes; an answer is dropped, and asked for again."""
        ask, back = passed.word, self._over(passed.origin)
        peer = self._peers.get(back)
        if isinstance(ask, PastAsk) and peer is not None and peer.past_free(PAST_RELAY):
            none = PastPart(number=ask.number, from_us=ask.from_us, through_us=ask.from_us, code=code)
            self._say(back, WordPassed(origin=passed.to, to=passed.origin, path=(), word=none))
