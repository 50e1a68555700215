"""The process that reads the archive for partners, so that an hour of the past never holds up the site.

    python -m adapters.archive.past_reader
    <- length (4 bytes, big end first), the archive's settings as JSON            once

and then questions as JSON (`adapters/answering.py`):

    {"kind": "policy", "key": …, …}                              -> nothing; what a partner may have, kept under the key
    {"kind": "part", "key": …, "from_us", "to_us", "most_bytes"} -> a PastPart as it goes over the link
    {"kind": "held", "source", "from_us", "to_us", "addresses"}  -> rows of HELD: what is here of a partner

A stretch of the archive is read once, part after part of it brought down to what may leave, and given out in pieces as
large as the line carries. Memory holds a stretch for each of KEPT partners, about MOST_ROWS, and one part of the archive.
"""

import json
import os
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import shapely

from adapters.answering import NICE, answer_all, receive
from adapters.archive.columns import shaped
from adapters.archive.past_rows import CONTEXT, HELD, Gathering, Kept, Piece, Policy, held_of
from adapters.archive.query import Part, Query, Source
from adapters.archive.settings import ArchiveSettings
from adapters.archive.source import Reading
from dispatch.errors import GanyingError
from protocols.codec import link
from protocols.codec.link_past import PastPart, packed

KEPT = 4  # partners that ask at the same time (past_asking.POLICIES)
MOST_ROWS = 2_000_000  # in the archive, of one stretch; about 60 bytes each are kept of what may leave
FIRST_US = 120_000_000
LONGEST_US = 3_600_000_000
FEW_ROWS = 200_000  # a stretch with fewer is followed by a longer one
FEW_ADDRESSES = 2_000  # named to the archive, which then leaves out what holds none of them
ROW_BYTES = 12.0  # as they travel, until it is known better
LEAST_ROWS, PART_ROWS = 200, 60_000
RETRIES = 5  # a file merged away while it was looked for


class BusyArchive(GanyingError):
    """It is being rewritten faster than it can be read."""


@dataclass(slots=True, kw_only=True, eq=False)
class Stretch:
    """What may leave of [from_us, to_us) of the archive."""

    from_us: int
    to_us: int
    kept: Kept


class Showing:
    """What one partner may have, and what was read for it last."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.gathering = policy, Gathering(policy)
        self.stretch: Stretch | None = None
        self._pieces: dict[object, Piece | None] = {}

    def piece(self, part: Part) -> Piece | None:
        """What is shown of a part of the archive. Raises FileNotFoundError."""
        if part.name is None:
            return self.gathering.piece(shaped(part.read()))
        if part.name not in self._pieces:
            self._pieces[part.name] = self.gathering.piece(shaped(part.read()))
        return self._pieces[part.name]

    def forget_but(self, parts: Sequence[Part]) -> None:
        """The next stretch begins where one of these ends: only they are kept."""
        named = {part.name for part in parts}
        for name in [each for each in self._pieces if each not in named]:
            del self._pieces[name]


class PastReader:
    """Answers from one archive. Raises OSError, StoreError, BusyArchive."""

    def __init__(self, settings: ArchiveSettings) -> None:
        self._reading = Reading(settings)
        self._showing: OrderedDict[str, Showing] = OrderedDict()
        self._span_us = FIRST_US
        self._row_bytes = ROW_BYTES

    def close(self) -> None:
        """The end."""
        self._reading.close()

    def answer(self, question: Mapping[str, Any]) -> bytes:
        """The answer to one question."""
        kind = question["kind"]
        if kind == "policy":
            self._keep_policy(question)
            return b""
        if kind == "held":
            return self._held(question).tobytes()
        part = self.part(question["key"], question["from_us"], question["to_us"], question["most_bytes"])
        return link.encode(part)

    def _keep_policy(self, told: Mapping[str, Any]) -> None:
        order = np.lexsort((np.array(told["from_us"], np.int64), np.array(told["address"], np.uint32)))
        policy = Policy(
            every_us=told["every_us"],
            coarse=told["coarse"],
            address=np.array(told["address"], np.uint32)[order],
            from_us=np.array(told["from_us"], np.int64)[order],
            to_us=np.array(told["to_us"], np.int64)[order],
            anywhere=np.array(told["anywhere"], np.bool_)[order],
            area=_prepared(told["area"]),
        )
        self._showing[told["key"]] = Showing(policy)
        while len(self._showing) > KEPT:
            self._showing.popitem(last=False)

    def part(self, key: str, from_us: int, to_us: int, most_bytes: int) -> PastPart:
        """The first piece of [from_us, to_us) that may leave under a policy, about as large as that."""
        shown = self._showing[key]
        policy = shown.policy
        oldest_us = self._reading.oldest_us()
        if oldest_us is None or oldest_us > from_us:
            through_us = to_us if oldest_us is None else min(to_us, oldest_us)
            return PastPart(number=0, from_us=from_us, through_us=through_us, code="ARCHIVE_BEGINS")
        shown_us = policy.next_shown_us(from_us, to_us)
        stretch = self._stretch(shown, shown_us, to_us) if shown_us < to_us else None
        if stretch is None:
            return PastPart(number=0, from_us=from_us, through_us=to_us)
        times = stretch.kept.times
        begin = int(np.searchsorted(times, from_us))
        wanted = min(max(int(most_bytes / self._row_bytes), LEAST_ROWS), PART_ROWS)
        through_us = min(to_us, stretch.to_us)
        if begin + wanted < len(times):
            through_us = min(through_us, max(int(times[begin + wanted]), int(times[begin]) + 1))
        rows = stretch.kept.between(from_us, through_us)
        made = packed(rows)
        part = PastPart(number=0, from_us=from_us, through_us=through_us, rows=len(rows), packed=made)
        if len(rows) >= LEAST_ROWS:
            self._row_bytes = max(1.0, part.size / len(rows))
        return part

    def _stretch(self, shown: "Showing", from_us: int, to_us: int) -> Stretch:
        kept = shown.stretch
        if kept is None or not kept.from_us <= from_us < kept.to_us:
            shown.stretch = None  # let go before the next is read
            kept = shown.stretch = self._read(shown, from_us, to_us)
        return kept

    def _read(self, shown: "Showing", from_us: int, to_us: int) -> Stretch:
        """Whole blocks, so that what leaves of them does not depend on where somebody began to ask."""
        block_us = shown.policy.block_us
        begin_us = from_us // block_us * block_us
        last_us = -(-to_us // block_us) * block_us
        for _ in range(RETRIES):
            try:
                with self._reading.source() as source:
                    end_us, parts = self._bounded(source, shown.policy, begin_us, last_us)
                    pieces = [piece for part in parts if (piece := shown.piece(part)) is not None]
            except FileNotFoundError:
                continue  # settled or merged meanwhile: the names say where it went
            shown.forget_but(parts)
            if sum(part.rows for part in parts) < FEW_ROWS:
                self._span_us = min(self._span_us * 2, LONGEST_US)
            kept = shown.gathering.kept(pieces, begin_us, end_us)
            # what may come to the last block after `to_us` is not to be given out from here
            return Stretch(from_us=begin_us, to_us=min(end_us, to_us), kept=kept)
        raise BusyArchive("ARCHIVE_AWAY", "the archive is being rewritten faster than it can be read")

    def _bounded(
        self, source: Source, policy: Policy, begin_us: int, last_us: int
    ) -> tuple[int, Sequence[Part]]:
        """Where a stretch of a bounded number of rows ends, and the parts of the archive that reach into it."""
        before_us = begin_us - CONTEXT * policy.block_us
        few = np.unique(policy.address)
        addresses = tuple(few.tolist()) if len(few) <= FEW_ADDRESSES else ()
        while True:
            blocks = max(1, self._span_us // policy.block_us)
            end_us = min(last_us, begin_us + blocks * policy.block_us)
            parts = source.parts(Query(from_us=before_us, to_us=end_us, addresses=addresses))
            if blocks == 1 or len(parts) <= 2 or sum(part.rows for part in parts) <= MOST_ROWS:
                return end_us, parts
            self._span_us = max(self._span_us // 2, policy.block_us)

    def _held(self, question: Mapping[str, Any]) -> "np.ndarray[Any, np.dtype[np.void]]":
        query = Query(
            from_us=question["from_us"], to_us=question["to_us"], addresses=tuple(question["addresses"])
        )
        for _ in range(RETRIES):
            try:
                with self._reading.source() as source:
                    found = [held_of(shaped(part.read()), question["source"]) for part in source.parts(query)]
            except FileNotFoundError:
                continue
            rows = np.concatenate(found) if found else np.empty(0, HELD)
            return rows[(rows["at_us"] >= query.from_us) & (rows["at_us"] < query.to_us)]
        raise BusyArchive("ARCHIVE_AWAY", "the archive is being rewritten faster than it can be read")


def _prepared(hexed: str) -> Any:
    if not hexed:
        return None
    shape = shapely.from_wkb(bytes.fromhex(hexed))
    shapely.prepare(shape)
    return shape


def serve(told: BinaryIO, said: BinaryIO) -> None:
    """Answer until the input ends."""
    first = receive(told)
    if first is None:
        return
    reader = PastReader(ArchiveSettings(**json.loads(first)))
    answer_all(told, said, lambda question: reader.answer(json.loads(question)))
    reader.close()


def main(argv: Sequence[str] = ()) -> int:  # noqa: ARG001 (everything comes by stdin)
    """Until the input ends."""
    os.nice(NICE)
    serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
