"""ASTERIX, EUROCONTROL's format of surveillance data: bytes to blocks, blocks to records.

    block   CAT 1 octet, LEN 2 octets (the header counted), records
    record  field specification (FSPEC), then the items that it announces, see asterix_layout.py

Source: EUROCONTROL-SPEC-0149, Part 1, edition 3.0. A datagram holds whole blocks; over TCP blocks follow each other.
Some recorders put six octets before each block of a datagram (a length that counts itself, then four of their own:
ORADIS, as Croatia Control's recordings have it); those are passed over.

Sans-IO and reading by table: libasterix, the complete codec, is held against these tables in the tests, but takes
0.35 ms to unpack one record of a radar, needs 1.8 s and 80 MB to be imported, and recurses once a block, so that a
datagram of a thousand short blocks ends in a RecursionError (measured with 0.36.3). What records say of an aircraft is
asterix_cat021.py's, asterix_cat048.py's and asterix_cat062.py's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from protocols.asterix_layout import Cut, Profile, Said
from protocols.asterix_uap import CAT001_TRACK, OTHERS, PROFILES
from protocols.frames import BadFrame

HEADER = 3
# Beyond this, a length that a block of no assigned category claims is not waited for: it is damage.
GUESS_BYTES = 8192
GARBAGE_BYTES = 512
_ORADIS = 6
_ASSIGNED = OTHERS.union(PROFILES)
# A category that is read and a length of at least one record's octet
_HEADER = re.compile(
    b"[" + b"".join(re.escape(bytes((category,))) for category in sorted(PROFILES)) + b"]"
    rb"(?:\x00[\x04-\xff]|[\x01-\xff][\x00-\xff])",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One data block, its header included. `category` is one that somebody assigned."""

    category: int
    data: bytes


class Record:
    """One record: its items' octets by name. `profile` says how to read them."""

    __slots__ = ("category", "items", "octets", "profile")

    def __init__(self, category: int, profile: Profile, octets: bytes, items: dict[str, bytes]) -> None:
        self.category = category
        self.profile = profile
        self.octets = octets
        self.items = items

    @property
    def source(self) -> str:
        """SAC/SIC of who made it, in decimal; empty where it does not say."""
        octets = self.items.get("010")
        return "" if octets is None else f"{octets[0]:03}/{octets[1]:03}"

    def split(self, name: str) -> dict[str, bytes]:
        """The items within a compound one; none where it is not there."""
        octets, inner = self.items.get(name), self.profile.named[name].inner
        return {} if octets is None or inner is None else inner.split(octets)

    def said(self) -> dict[str, Said]:
        """Everything in it, in the units of the specification."""
        named = self.profile.named
        return {name: named[name].said(octets) for name, octets in self.items.items()}


class Deframer:
    """Cuts a stream, or datagrams with `close` after each, into blocks. No input raises.

    Items come one by one as they are asked for, so that the longest datagram costs its reader no long turn; all of
    them are to be taken before the next call. Keeps one unfinished block or datagram: 64 KiB at most, that is what
    LEN can say. What cannot begin a block is passed over to the next header that can, and reported as one run; a
    datagram with GARBAGE_BYTES of it is given up.
    """

    def __init__(self, *, datagrams: bool = False) -> None:
        self._datagrams = datagrams
        self._rest = b""
        self._garbage = 0

    def feed(self, data: bytes) -> Iterator[Block | BadFrame]:
        """All blocks of a stream that are complete once `data` has come; of a datagram, none before its end."""
        self._rest += data
        return iter(()) if self._datagrams else self._cut(whole=False)

    def close(self) -> Iterator[Block | BadFrame]:
        """What the end of the stream leaves, or all of a datagram."""
        yield from self._cut(whole=True)
        yield from self._end_garbage()

    def _cut(self, *, whole: bool) -> Iterator[Block | BadFrame]:
        buffer = self._rest
        at, end = 0, len(buffer)
        while end - at >= HEADER:
            category, size = buffer[at], buffer[at + 1] << 8 | buffer[at + 2]
            if not self._garbage and category in _ASSIGNED and HEADER < size <= end - at:
                # in step with the sender: its word counts
                yield Block(category=category, data=buffer[at : at + size])
                at += size
                continue
            if whole and self._is_oradis(buffer, at):
                at += _ORADIS
                continue
            after = self._hunt(buffer, at, whole=whole) if self._garbage else at
            if after > at:
                self._garbage += after - at
                at = after
                continue
            step = self._step(buffer, at, size, whole=whole)
            if step == 0:
                break
            if step > 1:
                yield from self._end_garbage()
                yield self._whole(buffer[at : at + size])
                at += size
                continue
            after = self._hunt(buffer, at + 1, whole=whole)
            self._garbage += after - at
            at = after
        self._rest = b"" if whole else buffer[at:]
        if whole and end > at:
            yield from self._left_over(buffer[at:])

    def _whole(self, data: bytes) -> Block | BadFrame:
        if data[0] in _ASSIGNED:
            return Block(category=data[0], data=data)
        return BadFrame(code="UNKNOWN_CATEGORY", detail=f"category {data[0]}", length=len(data), field="CAT")

    def _hunt(self, buffer: bytes, at: int, *, whole: bool) -> int:
        """Where the next header may be."""
        if self._datagrams and self._garbage > GARBAGE_BYTES:
            return len(buffer)
        found = _HEADER.search(buffer, at)
        if found is not None:
            return found.start()
        return len(buffer) if whole else max(at, len(buffer) - HEADER + 1)

    def _step(self, buffer: bytes, at: int, size: int, *, whole: bool) -> int:
        """How far the block at `at` reaches; 1: nothing begins here; 0: more must come."""
        left = len(buffer) - at
        if size <= HEADER:
            return 1
        assigned = buffer[at] in _ASSIGNED
        if assigned and not self._garbage:
            return 0  # the rest of it is to come, or is missing
        # out of step, or of no assigned category: only where another header, or the end, follows
        if size > (GUESS_BYTES if not whole else left):
            return 1
        after = buffer[at + size : at + size + HEADER]
        if len(after) < HEADER and not whole:
            return 0
        if not after:
            return size
        follows = len(after) == HEADER and after[0] in _ASSIGNED and int.from_bytes(after[1:]) > HEADER
        return size if follows or (whole and self._is_oradis(buffer, at + size)) else 1

    def _is_oradis(self, buffer: bytes, at: int) -> bool:
        left = len(buffer) - at
        if left < _ORADIS + HEADER or buffer[at + _ORADIS] not in _ASSIGNED:
            return False
        counted = int.from_bytes(buffer[at : at + 2])
        size = int.from_bytes(buffer[at + _ORADIS + 1 : at + _ORADIS + 3])
        return size > HEADER and counted == _ORADIS + size

    def _left_over(self, rest: bytes) -> Iterator[BadFrame]:
        if self._garbage or len(rest) < HEADER or rest[0] not in _ASSIGNED:
            self._garbage += len(rest)
            return
        size = int.from_bytes(rest[1:3])
        detail = f"a block of {size} octets ends after {len(rest)}"
        yield BadFrame(code="TRUNCATED", detail=detail, length=len(rest), field="LEN")

    def _end_garbage(self) -> Iterator[BadFrame]:
        if self._garbage:
            detail = "octets outside any block"
            yield BadFrame(code="GARBAGE", detail=detail, length=self._garbage)
            self._garbage = 0


def profile_of(category: int, data: bytes, at: int) -> Profile | None:
    """How the record at `at` is laid out. CAT001 has one for plots and one for tracks, as I001/020 says."""
    if category != 1:
        return PROFILES.get(category)
    after = at
    while after < len(data) and data[after] & 1:
        after += 1
    if at < len(data) and data[at] & 0x40:  # 020, after 010
        told = after + (3 if data[at] & 0x80 else 1)
        if told < len(data) and data[told] & 0x80:
            return CAT001_TRACK
    return PROFILES[1]


def records(block: Block, profile: Profile | None = None) -> Iterator[Record | BadFrame]:
    """The records of a block, by `profile` where its category has several editions.

    At the first that cannot be walked through the block is left: where the next would begin is not known.
    Nothing for categories that are not read.
    """
    data, end = block.data, len(block.data)
    at = HEADER
    while at < end:
        layout = profile or profile_of(block.category, data, at)
        if layout is None:
            return
        began, name = at, "FSPEC"
        items: dict[str, bytes] = {}
        try:
            announced, at = layout.pattern(data, at, end)
            for item in announced:
                name = item.name
                after = at + item.size if item.size else item.measure(data, at, end)
                if after > end:
                    raise Cut("TRUNCATED", f"{end - at} of {item.size} octets")
                items[name] = data[at:after]
                at = after
        except Cut as cut:
            field = f"{block.category:03}/{name}"
            yield BadFrame(code=cut.code, detail=cut.detail, length=end - began, field=field)
            return
        yield Record(block.category, layout, data[began:at], items)
