"""How much is listened to from where, so that a flood costs its sender's words and nobody else's. Time is an argument."""

from collections import OrderedDict

MOST_HOSTS = 4_096  # remembered; full: the one that was silent longest is forgotten
STRANGER_S, STRANGER_BURST = 20.0, 60.0  # messages a second of one address that is not registered
KNOWN_S, KNOWN_BURST = 200.0, 600.0  # of one that is: a catalogue of five hundred comes in a burst
STRANGERS_S, STRANGERS_BURST = (
    200.0,
    400.0,
)  # of all that are not, whatever addresses they write on their words


class _Bucket:
    """Fills with time up to a burst."""

    __slots__ = ("_at_s", "_left")

    def __init__(self, burst: float, now_s: float) -> None:
        self._left, self._at_s = burst, now_s

    def take(self, rate_s: float, burst: float, now_s: float) -> bool:
        """One out of it, if there is one."""
        self._left = min(burst, self._left + (now_s - self._at_s) * rate_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Guard:
    """Of one door."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, _Bucket] = OrderedDict()
        self._strangers = _Bucket(STRANGERS_BURST, 0.0)

    def allows(self, host: str, now_s: float, *, known: bool) -> bool:
        """Whether one more word of this address is read."""
        rate_s, burst = (KNOWN_S, KNOWN_BURST) if known else (STRANGER_S, STRANGER_BURST)
        bucket = self._hosts.get(host)
        if bucket is None:
            bucket = self._hosts[host] = _Bucket(burst, now_s)
            if len(self._hosts) > MOST_HOSTS:
                self._hosts.popitem(last=False)
        self._hosts.move_to_end(host)
        if not bucket.take(rate_s, burst, now_s):
            return False
        return known or self._strangers.take(STRANGERS_S, STRANGERS_BURST, now_s)
