"""Tracks of the time in which a link was cut: asked for when it is back, and given to who asks (航迹补传).

One `PastLane` for each partner, both ways, over all its connections; the dialogue is protocols/link_past.py and
link_past_serve.py. Nothing here is done on the reactor that takes longer than a few milliseconds: the archive is read and
judged by a process of its own (past_reader.py), columns are opened and made in threads, rows are written by the
archive's own thread after everything of now (archive.put_past). What is in memory of one partner: a part read ahead for
it, and two of its own parts that are not on disk yet, 512 KiB each.

A gap begins where the partner was last heard, EDGE before it, and ends when the link is back. At both ends some rows
came live: those, and what a crash left between the rows and the list of gaps (past_gaps.py), are found in our own archive
and left out, so no row stands there twice.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import structlog
from shapely.geometry.base import BaseGeometry
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from adapters.archive.past_rows import SAME_WITHIN_US, chunk_of, unknown
from adapters.archive.writer import ArchiveState
from adapters.link import past_policy
from adapters.link.past_policy import micros
from adapters.link.past_site import Past, PastTold
from adapters.link.past_ways import PastWay
from adapters.store.database import StoreError
from dispatch.errors import GanyingError, Malformed, Refused
from protocols.codec import link
from protocols.codec.link_past import PastAsk, PastLeftOut, PastPart, PastWord, read_rows
from protocols.link_past import PastFetch
from protocols.link_past_serve import PastServe, Read

US = 1_000_000
SETTLE = timedelta(
    seconds=3
)  # after a link is back, and before what is asked: until then reports are in memory only
SETTLE_UNKNOWN = timedelta(seconds=8)  # while it is not known how far the two clocks are apart: some beats
LEFT_OUT_EVERY = timedelta(seconds=5)  # what is told sooner is not noted: the partner tells it all at once
BEYOND_EVERY = timedelta(minutes=5)  # what a site beyond a hub lets us have comes in pieces of so much time
SETTLE_BEYOND = timedelta(seconds=10)  # and not the newest of it: clocks of three sites
EDGE_US = 2 * US  # before the end of what came live: what was under way then may be lost
BEGIN_EDGE_US, END_EDGE_US = (
    5 * US,
    120 * US,
)  # where rows may have come live: the oldest of a first picture is so old
SLACK_US = 600 * US  # who asks for what is just not too old takes a while to get there
SAME_CLOCK_US = 500_000  # clocks that differ by less are one: times stay as their owner has them
MOST_EDGES = 2  # remembered: of the gap that is fetched
SAVE_EVERY = timedelta(seconds=10)
FEW = 256  # aircraft that are named to the archive, which then leaves out what holds none of them

log = structlog.get_logger()


class PastLane:
    """One partner's. Called on the reactor thread only."""

    def __init__(
        self,
        past: Past,
        *,
        site: str,
        way: PastWay,
        area: Callable[[], BaseGeometry | None],
        sent: Callable[[int], None],
    ) -> None:
        self._past, self._site, self._way = past, site, way
        self._area, self._sent = area, sent
        self._missing = past.gaps.of(site)
        self._fetch = PastFetch(self._missing.gaps)
        self._serve = PastServe()
        self._connection: int | None = None  # whose beginning has been seen
        self._heard_us = 0  # when the partner was last heard, by its clock
        self._back_at: datetime | None = None  # of this connection; its gap is made a little later
        self._saved_at: datetime | None = None
        self._sure = not self._missing.gaps  # no row of a gap can be here that is not known of
        self._edges: dict[tuple[int, int], Any] = {}
        self._to_write: list[PastPart] = []
        self._writing = self._reading = False
        self._told: past_policy.Told | None = None
        self._told_at: datetime | None = None  # when the partner last said what it left out

    def told(self, now: datetime) -> PastTold:
        """For people."""
        wanted = self._past.keeps and self._past.longest_us > 0
        return PastTold(wanted=wanted, fetched=self._fetch.told(now), served=self._serve.told())

    # What happens

    def tick(self, now: datetime) -> None:
        """A few times a second."""
        heard = self._way.heard()
        if heard is None:
            return
        number, heard_at = heard
        if number != self._connection:
            self._connection, self._back_at = number, now
        skew = self._way.skew_us()
        self._heard_us = micros(heard_at) + (skew or 0)
        settled = SETTLE if skew is not None else SETTLE_UNKNOWN
        if self._back_at is not None and now - self._back_at >= settled:
            self._came_back(micros(self._back_at) + (skew or 0))
        if self._back_at is None and not self._way.live:
            self._go_on(now)
        elif self._back_at is None:
            self._missing.live_us = max(self._missing.live_us, self._heard_us)
            if self._saved_at is None or now - self._saved_at >= SAVE_EVERY:
                self._saved_at = now
                self._later(self._past.save())
        left_out = self._way.left_out.due(now)
        if left_out is not None and self._way.say(left_out):
            self._way.left_out.told()
        self._ask(now)
        self._answer(now)

    def _came_back(self, back_us: int) -> None:
        self._back_at = None
        live_us = self._missing.live_us
        if live_us and self._past.keeps and self._past.longest_us:
            if self._fetch.missed(live_us - (EDGE_US if self._way.live else 0), back_us) and self._way.live:
                log.info(
                    "tracks of a partner were missed", partner=self._site, seconds=(back_us - live_us) // US
                )
            self._keep()
        self._missing.live_us = max(live_us, back_us)

    def _go_on(self, now: datetime) -> None:
        """Nothing of now comes over a hub: what flew since is asked for once enough of it is together."""
        through_us = micros(now - SETTLE_BEYOND)
        if not self._missing.gaps and through_us - self._missing.live_us >= BEYOND_EVERY // timedelta(
            microseconds=1
        ):
            self._came_back(through_us)

    def lost(self, now: datetime) -> None:
        """The link is away."""
        if self._back_at is not None:  # too short to ask; what came live meanwhile lies between two gaps
            self._came_back(micros(self._back_at) + (self._way.skew_us() or 0))
            if self._way.live:
                self._missing.live_us = max(self._missing.live_us, self._heard_us)
        self._connection = None
        self._fetch.lost(now)
        self._serve.lost()

    def heard(self, word: PastWord, now: datetime) -> None:
        """The partner asks, or answers."""
        match word:
            case PastAsk():
                self._way.counts["past_asked"] += 1
                self._serve.asked(word, now)
                self._answer(now)
            case PastLeftOut():
                self._left_out(word, now)
            case PastPart() if self._fetch.heard(word, now):
                self._way.counts["past_rows_received"] += word.rows
                self._to_write.append(word)
                self._write()
                self._ask(now)

    def _left_out(self, word: PastLeftOut, now: datetime) -> None:
        """The partner's line was full: of that time some of what flew did not come live, and some did."""
        soon = self._told_at is not None and timedelta(0) <= now - self._told_at < LEFT_OUT_EVERY
        if soon or not self._past.keeps:
            self._way.counts["past_left_out_ignored"] += 1
            return
        self._told_at = now
        self._way.counts["past_left_out_rows"] += word.rows
        now_us = micros(now) + (self._way.skew_us() or 0)
        from_us, to_us = max(word.from_us, now_us - self._past.longest_us), min(word.to_us, now_us)
        if self._fetch.missed(from_us, to_us):
            self._keep()

    def line_free(self, now: datetime) -> None:
        """The socket has room again, or rows that waited are out."""
        self._answer(now)
        self._ask(now)

    # Asking

    def _ask(self, now: datetime) -> None:
        if self._back_at is not None or self._connection is None or not self._past.keeps:
            return
        skew = self._way.skew_us() or 0
        self._fetch.bounded(micros(now) + skew - self._past.longest_us)
        ask = self._fetch.next(now) if self._way.free() else None
        if ask is not None and self._way.say(ask):
            self._fetch.asked(ask, now)

    def _write(self) -> None:
        if not self._writing and self._to_write:
            self._writing = True
            done = Deferred.fromCoroutine(self._written(self._to_write[0]))
            done.addErrback(self._not_written).addBoth(lambda _: self._wrote())

    def _wrote(self) -> None:
        self._writing = False
        self._write()
        self._ask(self._past.clock())

    async def _written(self, part: PastPart) -> None:
        """One part after the other, in order: what failed, and all that came after it, is asked for again."""
        rows = await deferToThread(read_rows, part)
        skew = self._way.skew_us() or 0
        shift_us = 0 if abs(skew) < SAME_CLOCK_US else -skew
        some = np.ones(len(rows), np.bool_)
        if len(rows):
            held = await self._held(part, rows.columns, shift_us)
            if held is not None:
                some = await deferToThread(unknown, rows, shift_us, held)
        kept = int(some.sum())
        if kept:
            chunk = await deferToThread(chunk_of, rows, some, self._site, shift_us)
            assert self._past.archive is not None  # noqa: S101  # without one nothing is asked
            await self._past.archive.put_past(chunk)
        self._way.counts["past_rows_written"] += kept
        self._way.counts["past_rows_known"] += len(rows) - kept
        if part.code:
            self._way.counts[f"past_none_{part.code}"] += 1
        self._to_write.pop(0)
        self._fetch.written(part, kept, self._past.clock())
        self._keep()

    async def _held(self, part: PastPart, columns: dict[str, Any], shift_us: int) -> Any:
        """Rows of this part that may be here already; None: none can be."""
        gap = next((each for each in self._fetch.gaps if each.from_us <= part.from_us < each.to_us), None)
        if gap is None:
            return None
        if not self._sure:
            used = np.unique(columns["address"])
            held = await self._ask_held(part.from_us + shift_us, part.through_us + shift_us, used)
            if not held.size:
                self._sure = True  # behind what the last run wrote
            return held
        if not self._way.live:
            return None  # its gaps join, and nothing of them came live
        found = []
        if part.from_us < gap.begun_us + BEGIN_EDGE_US:
            found.append(await self._edge(gap.begun_us, gap.begun_us + BEGIN_EDGE_US, shift_us))
        if part.through_us > gap.to_us - END_EDGE_US:
            found.append(await self._edge(max(gap.begun_us, gap.to_us - END_EDGE_US), gap.to_us, shift_us))
        return np.concatenate(found) if found else None

    async def _edge(self, from_us: int, to_us: int, shift_us: int) -> Any:
        """What is here of one end of a gap, asked once: what this run writes of it need not be looked for."""
        key = (from_us, to_us)
        if key not in self._edges:
            held = await self._ask_held(
                from_us - SAME_WITHIN_US + shift_us, to_us + SAME_WITHIN_US + shift_us, None
            )
            while len(self._edges) >= MOST_EDGES:
                self._edges.pop(next(iter(self._edges)))
            self._edges[key] = held
        return self._edges[key]

    async def _ask_held(self, from_us: int, to_us: int, addresses: Any) -> Any:
        assert self._past.asking is not None  # noqa: S101  # without an archive nothing is asked
        few = addresses.tolist() if addresses is not None and len(addresses) <= FEW else []
        return await self._past.asking.held(self._site, from_us, to_us, few)

    def _not_written(self, failure: Failure) -> None:
        error = failure.value
        self._to_write.clear()
        now = self._past.clock()
        if isinstance(error, Malformed):
            self._fetch.not_written("MALFORMED", now)
            self._way.end("MALFORMED", f"{error.field}: {error.detail}")
            return
        if not isinstance(error, OSError | StoreError | GanyingError):
            log.error(
                "defect in writing a partner's tracks", partner=self._site, traceback=failure.getTraceback()
            )
        state = None if self._past.archive is None else self._past.archive.status().state
        self._fetch.not_written("DISK_FULL" if state is ArchiveState.FULL else "NOT_STORED", now)
        log.warning("tracks of a partner were not written", partner=self._site, why=str(error))

    def _keep(self) -> None:
        self._missing.gaps = self._fetch.gaps
        self._later(self._past.save())

    # Answering

    def _answer(self, now: datetime) -> None:
        """Read what is wanted, and let out what was read."""
        wanted = self._serve.wanted()
        if wanted is not None and not self._reading and wanted[1] <= micros(now - SETTLE):
            self._reading = True
            done = Deferred.fromCoroutine(self._read(*wanted))
            done.addErrback(self._defect).addBoth(lambda _: self._has_read())
        part = self._serve.answer(now)
        if part is None or not self._way.free():
            return
        told, world = self._told, self._past.desk.world
        if part.rows and (told is None or not told.holds(world, self._site, now)):
            self._serve.forget()  # read under terms that hold no more
            return
        if not self._way.say(part):
            return
        self._serve.left(part)
        self._way.counts["past_rows_sent"] += part.rows
        if part.code:
            self._way.counts[f"past_refused_{part.code}"] += 1
        self._sent(part.rows)
        self._answer(now)

    def _has_read(self) -> None:
        self._reading = False
        self._answer(self._past.clock())

    async def _read(self, from_us: int, to_us: int, most_bytes: int) -> None:
        nothing = partial(Read, from_us=from_us)
        if not self._past.keeps or self._past.asking is None:
            self._serve.read(nothing(through_us=to_us, code="NO_ARCHIVE"))
            return
        earliest_us = micros(self._past.clock()) - self._past.longest_us - SLACK_US
        if from_us < earliest_us:
            self._serve.read(nothing(through_us=min(to_us, earliest_us), code="TOO_OLD"))
            return
        try:
            told = await self._policy(from_us, to_us)
            frame = await self._past.asking.part(told.key, told.body, from_us, to_us, most_bytes)
        except Refused as error:
            self._serve.read(nothing(through_us=to_us, code=error.code))
            return
        except GanyingError as error:
            log.warning("archive not read for a partner", partner=self._site, why=str(error))
            self._serve.read(nothing(through_us=from_us, code="ARCHIVE_AWAY"))
            return
        found = link.decode(frame)
        assert isinstance(found, PastPart)  # noqa: S101  # it is our own process
        self._serve.read(
            Read(
                from_us=from_us,
                through_us=found.through_us,
                code=found.code,
                rows=found.rows,
                packed=found.packed,
            )
        )

    async def _policy(self, from_us: int, to_us: int) -> past_policy.Told:
        world, now, told = self._past.desk.world, self._past.clock(), self._told
        if (
            told is None
            or not told.holds(world, self._site, now)
            or not told.serves(world, from_us, to_us, now)
        ):
            told = self._told = await deferToThread(
                past_policy.tell, world, self._site, (from_us, to_us), now=now, area=self._area()
            )
        return told

    def _defect(self, failure: Failure) -> None:
        log.error("defect in reading for a partner", partner=self._site, traceback=failure.getTraceback())
        wanted = self._serve.wanted()
        if wanted is not None:
            self._serve.read(Read(from_us=wanted[0], through_us=wanted[0], code="ARCHIVE_AWAY"))

    @staticmethod
    def _later(work: Any) -> None:
        maybeDeferred(Deferred.fromCoroutine, work).addErrback(
            lambda failure: log.error("defect in keeping gaps", traceback=failure.getTraceback())
        )
