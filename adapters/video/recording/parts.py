"""A part of a recording as a viewer asks for it: the pictures of some seconds, and where the camera looked, for the map.

Reads files and works footprints out over the terrain: on a thread, never on the reactor. Raw KLV is left out: what it says is in
the looks, a few times a second, as live viewers are told it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from adapters.video.looking import worked_out
from adapters.video.recording import places
from dispatch.terrain import Terrain
from protocols.codec import video as codec
from protocols.video_segment import KLV, PICTURE, US, KeyAt, SegmentIndex, records

MOST_BYTES = 4 << 20  # of one answer: 8 s at 4 Mbit/s; a single group may be longer
READ_BYTES = 2 << 20
LOOK_EVERY_US = US // 2
NEXT_WITHIN_US = 3_600 * US  # how far what comes after a hole is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """[from_us, to_us) of a stream. `begin`: from the key frame before it on. `keys`: key frames alone. `carriers`: nothing
    that was recorded on others; None: on any."""

    stream_id: str
    from_us: int
    to_us: int
    begin: bool = False
    keys: bool = False
    carriers: tuple[str, ...] | None = None

    def shows(self, index: SegmentIndex) -> bool:
        """Whether a segment is for whoever asks."""
        return self.carriers is None or index.info.carrier_id in self.carriers


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The answer's bytes, and for the journal what is in it."""

    body: bytes
    pictures: int
    from_us: int
    through_us: int


def read(root: Path, wanted: Wanted, terrain: Terrain) -> Part:
    """Raises OSError."""
    taken = _Taken(wanted, terrain)
    for path, index in places.reaching(root, wanted.stream_id, wanted.from_us, wanted.to_us):
        if wanted.shows(index) and not taken.read(path, index):
            break
    next_us = None
    if not taken.full and not taken.pictures:
        later = places.reaching(root, wanted.stream_id, wanted.to_us, wanted.to_us + NEXT_WITHIN_US)
        next_us = next((max(index.from_us, wanted.to_us) for _, index in later if wanted.shows(index)), None)
    through_us = taken.last_us + 1 if taken.full else wanted.to_us
    body = codec.recorded(taken.told, wanted.from_us, through_us, next_us)
    return Part(body=body, pictures=taken.pictures, from_us=wanted.from_us, through_us=through_us)


class _Taken:
    def __init__(self, wanted: Wanted, terrain: Terrain) -> None:
        self.told: list[bytes] = []
        self.pictures = 0
        self.last_us = 0
        self.full = False
        self._wanted, self._terrain = wanted, terrain
        self._bytes = 0
        self._looked_us = 0

    def read(self, path: Path, index: SegmentIndex) -> bool:
        """From one segment; whether there is room for more."""
        wanted = self._wanted
        if wanted.keys:
            return self._read_keys(path, index)
        key = index.key_before(wanted.from_us)
        if key is None:
            return True
        begin_us = key.at_us if wanted.begin and not self.pictures else wanted.from_us
        with path.open("rb") as file:
            file.seek(key.offset)
            held = b""
            while more := file.read(READ_BYTES):
                held, at = held + more, 0
                for each in records(held):
                    at = each.end
                    if each.at_us >= wanted.to_us:
                        return False
                    if each.at_us < begin_us:
                        continue
                    if each.kind == PICTURE and not self._take(each.at_us, each.body):
                        return False
                    if each.kind == KLV:
                        self._look(each.at_us, each.body)
                held = held[at:]
        return True

    def _read_keys(self, path: Path, index: SegmentIndex) -> bool:
        wanted, first = self._wanted, index.key_before(self._wanted.from_us)
        keys = [each for each in index.keys if wanted.from_us <= each.at_us < wanted.to_us]
        if wanted.begin and not self.pictures and first is not None and first not in keys:
            keys.insert(0, first)
        with path.open("rb") as file:
            return all(self._take(key.at_us, self._body(file.fileno(), key)) for key in keys)

    @staticmethod
    def _body(descriptor: int, key: KeyAt) -> bytes:
        size = READ_BYTES
        while True:
            found = next(records(os.pread(descriptor, size, key.offset)), None)
            if found is not None or size > 3 * READ_BYTES:
                return b"" if found is None else found.body
            size *= 2

    def _take(self, at_us: int, body: bytes) -> bool:
        if self._bytes and self._bytes + len(body) > MOST_BYTES:
            self.full = True
            return False
        if body:
            self.told.append(body)
            self.pictures += 1
        self._bytes += len(body)
        self.last_us = at_us
        return True

    def _look(self, at_us: int, body: bytes) -> None:
        if at_us - self._looked_us < LOOK_EVERY_US:
            return
        self._looked_us = at_us
        told = worked_out(body, self._terrain).told
        if told is not None:
            self.told.append(told)
