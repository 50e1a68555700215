"""Files of consultations fetched from one partner, piece by piece, over all its connections. Pure: no socket, no disk.

    -> FileAsk(room, sha256, offset 0)        one question open at a time, so an order waits behind one piece at most
    <- FilePart(sha256, 0, size, bytes)
    -> FileAsk(room, sha256, offset 16384)    after a cut: from where it had got to
    <- FilePart(sha256, 16384, size, bytes)   or refused: a code

What is whole is only given out where its SHA-256 is the one asked for. What it is, and whether it may be kept, is
looked at by adapters/rooms.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatch.errors import Busy
from protocols.codec.link_rooms import FileAsk, FilePart

MOST_WANTED = 8  # at once of one partner, 2 MiB each; full: whoever asks next is told to come again
ASK_AGAIN = timedelta(seconds=5)  # nothing came: the line was full or is away
NOT_WANTED_AFTER = timedelta(minutes=10)  # since somebody last asked for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file is whole. `room_id` is the room in which it was wanted."""

    room_id: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NotGiven:
    """It will not come; the partner's code, or ours (`SIZE`, `TAMPERED`)."""

    sha256: str
    code: str


@dataclass(slots=True, kw_only=True)
class _Wanted:
    room_id: str
    size: int
    at: datetime
    data: bytearray = field(default_factory=bytearray)


class FileFetch:
    """What is fetched from one partner, the first wanted first."""

    def __init__(self) -> None:
        self._wanted: dict[str, _Wanted] = {}
        self._asked_at: datetime | None = None

    def want(self, room_id: str, sha256: str, size: int, now: datetime) -> None:
        """Have it fetched; `size` as its entry says. Raises Busy."""
        there = self._wanted.get(sha256)
        if there is not None:
            there.at = now
            return
        self._drop_unwanted(now)
        if len(self._wanted) >= MOST_WANTED:
            raise Busy()
        self._wanted[sha256] = _Wanted(room_id=room_id, size=size, at=now)

    def got(self, sha256: str) -> int | None:
        """Bytes that are here; None: not wanted."""
        there = self._wanted.get(sha256)
        return None if there is None else len(there.data)

    def next(self, now: datetime) -> FileAsk | None:
        """The question to put now, if one is due."""
        if self._asked_at is not None and timedelta(0) <= now - self._asked_at < ASK_AGAIN:
            return None
        self._drop_unwanted(now)
        for sha256, one in self._wanted.items():
            self._asked_at = now
            return FileAsk(room_id=one.room_id, sha256=sha256, offset=len(one.data))
        self._asked_at = None
        return None

    def wants(self, now: datetime) -> bool:
        """Whether anything is still wanted."""
        self._drop_unwanted(now)
        return bool(self._wanted)

    def lost(self) -> None:
        """The link is away: what is open is asked again when it is back."""
        self._asked_at = None

    def heard(self, part: FilePart) -> Fetched | NotGiven | None:
        """A piece, or why there is none. What was not asked for is passed over."""
        current = next(iter(self._wanted), None)
        if part.sha256 != current or self._asked_at is None:
            return None
        one = self._wanted[current]
        if part.offset != len(one.data):
            return None
        self._asked_at = None
        if part.refused:
            return self._end(current, part.refused)
        if part.size != one.size or len(one.data) + len(part.data) > one.size:
            return self._end(current, "SIZE")
        one.data += part.data
        if len(one.data) < one.size:
            return None
        whole = bytes(one.data)
        if hashlib.sha256(whole).hexdigest() != current:
            return self._end(current, "TAMPERED")
        del self._wanted[current]
        return Fetched(room_id=one.room_id, sha256=current, data=whole)

    def _end(self, sha256: str, code: str) -> NotGiven:
        del self._wanted[sha256]
        return NotGiven(sha256=sha256, code=code)

    def _drop_unwanted(self, now: datetime) -> None:
        for sha256 in [each for each, one in self._wanted.items() if now - one.at > NOT_WANTED_AFTER]:
            del self._wanted[sha256]
