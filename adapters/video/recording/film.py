"""Recorded pictures for whoever is sent them at the pace at which they came: a piece of a recording at a time.

Unlike a part (parts.py) no message is made of them and no footprint worked out. Reads files: on a thread, never on the reactor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.video.recording import places
from protocols.video_segment import PICTURE, Record, SegmentIndex, records

PIECE_BYTES = 1 << 20  # 2 s at 4 Mbit/s; what came in one instant is never cut in two
READ_BYTES = 1 << 20
MOST_BEFORE_BYTES = (
    8 << 20
)  # from a key frame to the moment; more: it begins at the key frame whatever follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Filmed:
    """[from_us, to_us) of a stream, recorded on this carrier. `begin`: from the key frame before it on."""

    stream_id: str
    carrier_id: str
    from_us: int
    to_us: int
    begin: bool = False


@dataclass(frozen=True, slots=True)
class FilmPicture:
    """One access unit, as the message that viewers of that moment were sent."""

    at_us: int
    key: bool
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A piece. `next_us`: whence to ask on; None: there is no more."""

    pictures: tuple[FilmPicture, ...]
    next_us: int | None


def read(root: Path, wanted: Filmed) -> Film:
    """Raises OSError."""
    taken: list[FilmPicture] = []
    size = 0
    for each in _pictures(root, wanted):
        if size >= PIECE_BYTES and each.at_us > taken[-1].at_us:
            return Film(pictures=tuple(taken), next_us=each.at_us)
        taken.append(each)
        size += len(each.body)
    return Film(pictures=tuple(taken), next_us=None)


def _pictures(root: Path, wanted: Filmed) -> Iterator[FilmPicture]:
    begin = wanted.begin
    for path, index in places.reaching(root, wanted.stream_id, wanted.from_us, wanted.to_us):
        if index.info.carrier_id != wanted.carrier_id:
            continue
        for each in _of_segment(path, index, wanted, begin=begin):
            begin = False  # of those that follow, all
            yield each


def _of_segment(path: Path, index: SegmentIndex, wanted: Filmed, *, begin: bool) -> Iterator[FilmPicture]:
    key = index.key_before(wanted.from_us)
    if key is None:
        return
    before: list[FilmPicture] = []  # since the key frame: of use only where something follows
    size = 0
    for each in _records(path, key.offset):
        if each.at_us >= wanted.to_us:
            return
        if each.kind != PICTURE:
            continue
        picture = FilmPicture(each.at_us, each.key, each.body)
        if each.at_us < wanted.from_us and size <= MOST_BEFORE_BYTES:
            if begin:
                before.append(picture)
                size += len(each.body)
            continue
        yield from before
        before = []
        if begin or each.at_us >= wanted.from_us:
            yield picture


def _records(path: Path, offset: int) -> Iterator[Record]:
    with path.open("rb") as file:
        file.seek(offset)
        held = b""
        while more := file.read(READ_BYTES):
            held, at = held + more, 0
            for each in records(held):
                at = each.end
                yield each
            held = held[at:]
