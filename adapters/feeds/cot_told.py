"""What one field client has been told, and what it is told next.

The newest state only, never a queue: a client with room gets what has changed since it was last told, rescue's own
first, then what it has waited for longest, as much as its line takes; the rest is looked at anew in the next round. A
client without room is left out of the round; one that has had none for FULL_S is dropped, and may dial again.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.feeds.readers.cot import CotReader
from protocols import cot_stream
from protocols.cot_event import CotEvent
from protocols.cot_picture import ALARM_SUFFIX, STANDING_S, Standing, renewed

CHUNK_BYTES = 16 * 1024  # written at once; then the line is asked for room again
FULL_S = 30.0  # a phone in a tunnel is back within this
AGAIN_S = STANDING_S / 3  # what stands is said again, so that one lost message does not let it go stale
PING_EVERY_S = 30.0  # a server that we dialled


class Message:
    """One event and its bytes in either form, encoded once for all clients."""

    __slots__ = ("_proto", "_xml", "event", "keys", "ours")

    def __init__(self, event: CotEvent, keys: frozenset[str] = frozenset(), *, ours: bool = True) -> None:
        self.event = event
        self.keys = keys  # of the thing it is about: whoever reported one of them is not told
        self.ours = ours  # rescue's own
        self._xml = self._proto = b""

    def encoded(self, *, proto: bool) -> bytes:
        """As this client reads it."""
        if proto:
            self._proto = self._proto or cot_stream.stream_frame(self.event)
            return self._proto
        self._xml = self._xml or cot_stream.xml_frame(self.event)
        return self._xml


class Stands(NamedTuple):
    """Something standing, for all clients: its event, what takes it back, and what tells whether it has changed."""

    message: Message
    over: CotEvent
    version: tuple[object, ...]

    @classmethod
    def of(cls, standing: Standing, keys: frozenset[str] = frozenset()) -> "Stands":
        """Ready to encode."""
        return cls(Message(standing.event, keys), standing.over, standing.version)


@dataclass(slots=True, kw_only=True)
class Round:
    """What there is to tell now. `calm`: uids of alarms that are over."""

    tracks: list[Message] = field(default_factory=list)
    standing: dict[str, Stands] = field(default_factory=dict)
    calm: set[str] = field(default_factory=set)


class _Said(NamedTuple):
    at_s: float
    message: Message


class _Standing(NamedTuple):
    at_s: float
    stands: Stands


class Told:
    """One client's memory. Bounded by what a round holds: what is not in it any more is forgotten."""

    def __init__(self, reader: CotReader) -> None:
        self._reader = reader
        self._said: dict[str, _Said] = {}
        self._standing: dict[str, _Standing] = {}
        self._full_since_s: float | None = None
        self._pinged_s = 0.0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0

    def tell(self, told: Round, now: float) -> int:
        """Send what this client should hear; how many events. Drops it where it has not read for too long."""
        line, session = self._reader.line, self._reader.session
        if session is None or line.send is None:
            return 0
        if not line.room():
            self._wait(now)
            return 0
        self._full_since_s = None
        if line.config.listen is None and now - self._pinged_s >= PING_EVERY_S:
            self._pinged_s = now
            line.send(session.ping(now))
        sent = self._tell_standing(told, now)
        if sent is not None:
            sent += self._tell_tracks(told, now)
        self._flush()
        self._forget(told, now)
        return sent or 0

    def _wait(self, now: float) -> None:
        self._full_since_s = now if self._full_since_s is None else self._full_since_s
        drop = self._reader.line.drop
        if now - self._full_since_s >= FULL_S and drop is not None:
            self._reader.counts.peers_dropped += 1
            drop("it does not read what it is sent")

    def _tell_standing(self, told: Round, now: float) -> int | None:
        """What is over, then what is new, changed, or due again; None once there is no room."""
        sent = 0
        for uid, (_, stands) in tuple(self._standing.items()):
            if uid not in told.standing and (uid in told.calm or not uid.endswith(ALARM_SUFFIX)):
                if not self._write(Message(renewed(stands.over, now))):
                    return None
                del self._standing[uid]
                sent += 1
        for uid, stands in told.standing.items():
            before = self._standing.get(uid)
            due = before is None or before.stands.version != stands.version or now - before.at_s >= AGAIN_S
            if due and not self._is_self(stands.message):
                if not self._write(stands.message):
                    return None
                self._standing[uid] = _Standing(now, stands)
                sent += 1
        return sent

    def _tell_tracks(self, told: Round, now: float) -> int:
        """What has changed: rescue's own first, then what was told longest ago."""
        due = [message for message in told.tracks if self._is_news(message) and not self._is_self(message)]
        due.sort(key=lambda message: (not message.ours, self._last_told_s(message.event.uid)))
        for sent, message in enumerate(due):
            if not self._write(message):
                return sent
            self._said[message.event.uid] = _Said(now, message)
        return len(due)

    def _is_self(self, message: Message) -> bool:
        """Whether this line itself reported the thing."""
        heard = self._reader.heard
        return any(key in heard for key in message.keys)

    def _is_news(self, message: Message) -> bool:
        before = self._said.get(message.event.uid)
        return before is None or (before.message is not message and before.message.event != message.event)

    def _last_told_s(self, uid: str) -> float:
        before = self._said.get(uid)
        return 0.0 if before is None else before.at_s

    def _write(self, message: Message) -> bool:
        """Whether it went; not once the line has no room."""
        session = self._reader.session
        if session is None or not self._reader.up:
            return False
        if self._waiting_bytes >= CHUNK_BYTES:
            self._flush()
            if not self._reader.line.room():
                return False
        data = message.encoded(proto=session.proto)
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        return True

    def _flush(self) -> None:
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        if data and self._reader.up and self._reader.line.send is not None:
            self._reader.line.send(data)

    def _forget(self, told: Round, now: float) -> None:
        """What is gone from the round; of what stood, what is stale at the client."""
        present = {message.event.uid for message in told.tracks}
        for uid in [uid for uid in self._said if uid not in present]:
            del self._said[uid]
        for uid, (at_s, _) in tuple(self._standing.items()):
            if uid not in told.standing and now - at_s > STANDING_S:
                del self._standing[uid]
