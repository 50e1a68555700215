"""Tracks of the time in which a link was cut, fetched afterwards from the partner's archive. Pure: no socket, no disk.

    -> PastAsk(1, from 10:00:00 to 10:31:07, 16 KiB)      one question open at a time
    <- PastPart(1, 10:00:00 to 10:00:31, rows)            everything that we may have of that; more was not to be said
    -> PastAsk(2, from 10:00:31 to 10:31:07, 32 KiB)      at once; the part before is being written
       ... a cut ...
    -> PastAsk(9, from 10:12:40 to 10:31:07, 16 KiB)      from where it stands in our archive
    <- PastPart(9, 10:12:40 to 10:31:07, NO_CONSENT)      or why there is nothing

Times are the partner's clock. What is missing is a list of gaps; a gap shrinks from its beginning, and only once the rows
are on disk here, so whoever starts anew from the list asks for nothing that stands in the archive, but for what was
written in the moment of a crash (adapters/link/past_write.py looks for that).

Nothing may wait for this: one part is under way at most, and the asker says how large. It grows while parts come within
QUICK of the quickest there was, and shrinks when the line takes longer than SLOW for one, so that an order waits behind
half a second at most, whatever the line carries. The sender lets a part out only when no row waits (link_session.py).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protocols.codec.link_past import MAX_PART_BYTES, PastAsk, PastPart

US = 1_000_000
MOST_GAPS = 64  # of one partner; the oldest is given up, counted
LEAST_BYTES = 8_192
FIRST_BYTES = 16_384
MOST_BYTES = (
    MAX_PART_BYTES // 2
)  # of columns: some 40,000 rows, a few milliseconds of the thread that all links share
QUICK = timedelta(milliseconds=150)
SLOW = timedelta(milliseconds=500)
MOST_UNWRITTEN = 2  # parts that came and are not on disk; no question while there are as many
ANSWER_WITHIN = timedelta(seconds=60)  # else it is asked again
REST = timedelta(seconds=30)  # before it is asked again of a site, or written to a disk, that could not
MOST_TOLD = 5  # gaps that are over, kept for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time of which we have no tracks of the partner: [from_us, to_us) by its clock.

    `begun_us` is where it began when it was new, `rows` what has come of it since.
    """

    from_us: int
    to_us: int
    begun_us: int
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A gap that is over, or a piece of one. `code`: why nothing came of it; empty: it came."""

    from_us: int
    to_us: int
    code: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchTold:
    """How the fetching does. `pace`: seconds of the past in one second, of this or the last run; 0: none yet."""

    state: str  # none, asking, waiting
    from_us: int = 0
    to_us: int = 0
    through_us: int = 0
    missing_us: int = 0  # of all gaps
    rows: int = 0
    bytes: int = 0
    pace: float = 0.0
    code: str = ""  # why it waits
    ended: tuple[Ended, ...] = ()  # the newest first


class PastFetch:
    """What is fetched from one partner, the newest gap first, over all its connections."""

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        self._gaps = list(gaps)  # the oldest first; the last is being fetched
        self.given_up = 0  # gaps that were too many
        self.rows = self.bytes = 0
        self._number = 0
        self._asked: tuple[PastAsk, datetime] | None = None
        self._unwritten: deque[PastPart] = deque()
        self._rest_until: datetime | None = None
        self._code = ""
        self._size = FIRST_BYTES
        self._quickest: timedelta | None = None
        self._ended: deque[Ended] = deque(maxlen=MOST_TOLD)
        self._run: tuple[datetime, int] | None = None  # when it began, what it has brought since
        self._last_pace = 0.0

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is missing still, the oldest first: to be kept over a restart."""
        return tuple(self._gaps)

    def missed(self, from_us: int, to_us: int) -> bool:
        """Tracks of this time did not come live. False: that is nothing, or stands among the gaps already."""
        place = sum(1 for gap in self._gaps if gap.begun_us <= from_us)
        if place:
            from_us = max(from_us, self._gaps[place - 1].to_us)
        if place < len(self._gaps):  # told late: a newer one is known already
            to_us = min(to_us, self._gaps[place].begun_us)
        if to_us <= from_us:
            return False
        if place == len(self._gaps):
            self._asked = None  # a newer gap comes first; what came of the one before goes on being written
        self._gaps.insert(place, Gap(from_us=from_us, to_us=to_us, begun_us=from_us))
        while len(self._gaps) > MOST_GAPS:
            self.given_up += 1
            self._end(self._gaps.pop(0), "TOO_MANY")
        return True

    def bounded(self, earliest_us: int) -> None:
        """Nothing from before is wanted any more."""
        asked = self._gaps[-1:] if self._asked is not None else []  # its answer joins where the gap begins
        for gap in [each for each in self._gaps if each.from_us < earliest_us and each not in asked]:
            if self._coming(gap):
                continue
            place = self._gaps.index(gap)
            if gap.to_us <= earliest_us:
                self._end(self._gaps.pop(place), "TOO_OLD")
            else:
                self._end(replace(gap, to_us=earliest_us), "TOO_OLD")
                self._gaps[place] = replace(gap, from_us=earliest_us)

    def _coming(self, gap: Gap) -> list[PastPart]:
        """What has come of a gap and is not on disk."""
        return [each for each in self._unwritten if gap.from_us <= each.from_us < gap.to_us]

    def next(self, now: datetime) -> PastAsk | None:
        """The question to put now, if one is due; call `asked` once it is out."""
        if not self._gaps or len(self._unwritten) >= MOST_UNWRITTEN:
            return None
        if self._asked is not None and timedelta(0) <= now - self._asked[1] < ANSWER_WITHIN:
            return None
        if self._rest_until is not None and now < self._rest_until <= now + REST:
            return None
        gap = self._gaps[-1]
        coming = self._coming(gap)
        from_us = coming[-1].through_us if coming else gap.from_us
        if from_us >= gap.to_us:
            return None  # the last of it is being written
        return PastAsk(number=self._number + 1, from_us=from_us, to_us=gap.to_us, most_bytes=self._size)

    def asked(self, ask: PastAsk, now: datetime) -> None:
        """The question is out."""
        self._number, self._asked, self._rest_until = ask.number, (ask, now), None
        if self._run is None:
            self._run = (now, 0)

    def heard(self, part: PastPart, now: datetime) -> bool:
        """Whether it answers what is asked; then its rows are to be written, and `written` called, in order."""
        if self._asked is None or part.number != self._asked[0].number:
            return False
        ask, at = self._asked
        if part.from_us != ask.from_us or part.through_us > ask.to_us:
            return False
        self._asked = None
        self._code = part.code
        if part.through_us == part.from_us:
            self._rest_until = now + REST
            self._end_run(now)
            return False
        self._fit(now - at - timedelta(milliseconds=part.held_ms), part)
        self._unwritten.append(part)
        return True

    def written(self, part: PastPart, kept: int, now: datetime) -> None:
        """The rows of the oldest part that was heard are on disk, `kept` of them; the others were there already."""
        if not self._unwritten or self._unwritten[0] is not part:
            return
        self._unwritten.popleft()
        self.rows += kept
        self.bytes += part.size
        if self._run is not None:
            self._run = (self._run[0], self._run[1] + part.through_us - part.from_us)
        place = next((place for place, gap in enumerate(self._gaps) if gap.from_us == part.from_us), None)
        if place is None:
            return  # given up meanwhile
        gap = self._gaps[place] = replace(
            self._gaps[place], from_us=part.through_us, rows=self._gaps[place].rows + kept
        )
        if part.code:
            self._end(replace(gap, from_us=part.from_us, to_us=part.through_us, rows=0), part.code)
        if gap.from_us < gap.to_us:
            return
        self._gaps.pop(place)
        if not part.code or gap.rows:
            self._end(replace(gap, from_us=gap.begun_us), "")
        if not self._gaps:
            self._end_run(now)

    def not_written(self, code: str, now: datetime) -> None:
        """The oldest part could not be written: it and what came after it is asked for again, after a rest."""
        self._unwritten.clear()
        self._asked = None
        self._code, self._rest_until = code, now + REST
        self._end_run(now)

    def lost(self, now: datetime) -> None:
        """The link is away; what came goes on being written."""
        self._asked = self._rest_until = self._quickest = None
        self._size = FIRST_BYTES
        self._end_run(now)

    def told(self, now: datetime) -> FetchTold:
        """For people."""
        missing = sum(each.to_us - each.from_us for each in self._gaps)
        told = FetchTold(
            state="none",
            missing_us=missing,
            rows=self.rows,
            bytes=self.bytes,
            pace=self._pace(now),
            code=self._code,
            ended=tuple(self._ended)[::-1],
        )
        if not self._gaps:
            return told
        gap = self._gaps[-1]
        busy = self._asked is not None or bool(self._unwritten)
        return replace(
            told,
            state="asking" if busy else "waiting",
            from_us=gap.begun_us,
            to_us=gap.to_us,
            through_us=gap.from_us,
        )

    def _pace(self, now: datetime) -> float:
        if self._run is None:
            return self._last_pace
        took = (now - self._run[0]).total_seconds()
        return self._run[1] / US / took if took > 0 else 0.0

    def _end_run(self, now: datetime) -> None:
        if self._run is not None and self._run[1]:
            self._last_pace = self._pace(now)
        self._run = None

    def _end(self, gap: Gap, code: str) -> None:
        ended = Ended(from_us=gap.from_us, to_us=gap.to_us, code=code, rows=gap.rows)
        last = self._ended[-1] if self._ended else None
        if last is not None and (last.code, last.to_us) == (code, gap.from_us):
            self._ended[-1] = replace(last, to_us=gap.to_us, rows=last.rows + gap.rows)  # bit by bit
        else:
            self._ended.append(ended)

    def _fit(self, took: timedelta, part: PastPart) -> None:
        """As large as the line carries without a wait: the round trip is what the quickest answer took."""
        self._quickest = took if self._quickest is None else min(self._quickest, took)
        over = took - self._quickest
        if over > SLOW:
            self._size = max(self._size // 2, LEAST_BYTES)
        elif over < QUICK and part.size * 2 > self._size:
            self._size = min(self._size * 2, MOST_BYTES)
