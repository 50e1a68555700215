"""JT/T 808 terminals (BeiDou and others): the platform's side, with answers. The rules are protocols/jt808_session.py's.

A fix's time is the satellites' and is believed, up to a quarter of an hour old: a terminal behind a satellite link is
slow, not wrong. What is further off is a terminal in another time zone, or a recording, and is aged from arrival. An
ordinary report that is older than its kind's limit was kept by the terminal and is history, as a late batch is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from adapters.feeds.config import FeedConfig
from adapters.feeds.readers import Line, Reader
from adapters.feeds.readers.jt808_files import RosterFile, own_secret
from dispatch.errors import Malformed
from dispatch.freshness import LIMITS
from dispatch.kinds import HorizontalDatum, SourceKind
from dispatch.sighting import Sighting
from protocols.frames import BadFrame
from protocols.jt808_frames import Deframer, Item
from protocols.jt808_session import Outcome, Seen, Session, Terminals
from protocols.source_clock import SourceClock, SourceClocks, Tolerance

SECRET_FILE = "terminals.key"  # in the site's data folder  # noqa: S105  # a file's name
TAKEN_OVER = "taken over"
_ZONE_STEP_S = 900.0  # time zones differ by quarters of an hour at least
_LATE_S = LIMITS[SourceKind.TERMINAL].lost_s


class Jt808Readers:
    """Makes the readers of one feed and holds what they share. Raises Malformed for a list or secret not readable."""

    def __init__(self, config: FeedConfig) -> None:
        if config.secrets is None:
            raise Malformed("feed.secrets", "where this site keeps its secrets is not said")
        self._roster = None if config.terminals is None else RosterFile(config.terminals)
        self.terminals = Terminals(
            source=config.name,
            listed={} if self._roster is None else self._roster.listed,
            secret=own_secret(config.secrets / SECRET_FILE),
            accept_unknown=config.accept_unknown,
            datum=config.datum or HorizontalDatum.WGS84,
            simulated=config.simulated,
        )
        self.clocks = SourceClocks(Tolerance(behind_s=_ZONE_STEP_S))
        self._readers: dict[Session, Jt808Reader] = {}  # one for each connection of the feed

    def __call__(self, line: Line) -> "Jt808Reader":
        """The reader of a new line."""
        return Jt808Reader(line, self)

    def joined(self, session: Session, reader: "Jt808Reader") -> None:
        """A connection is up."""
        self._readers[session] = reader

    def left(self, session: Session) -> None:
        """A connection is over."""
        self._readers.pop(session, None)

    def look(self, now: float) -> None:
        """Read the list again where it changed."""
        if self._roster is not None:
            self._roster.look(now, self.terminals.relist)

    def hang_up(self, session: Session) -> None:
        """Close the connection whose terminal is on a newer one."""
        reader = self._readers.get(session)
        if reader is not None:
            reader.hang_up("its terminal is on a newer connection")


class Jt808Reader(Reader):
    """One terminal's connection."""

    piece_bytes = 2048  # cut in 2 ms where every byte is escaped

    def __init__(self, line: Line, shared: Jt808Readers) -> None:
        super().__init__(line)
        self._shared = shared
        self._deframer = Deframer()
        self._session = Session(shared.terminals)
        self._clock: SourceClock | None = None  # of the terminal, once it has said a time
        shared.joined(self._session, self)

    @property
    def clock(self) -> str:
        """By what its reports are timed; empty before its first one."""
        if self._clock is None or self._clock.offset_s is None:
            return ""
        return "utc" if self._clock.right else "off"

    @property
    def clock_off_s(self) -> float | None:
        """How far the terminal's clock is off."""
        return None if self._clock is None else self._clock.off_s

    def closed(self) -> None:
        """Its terminal is off the line, unless a newer connection has it."""
        self._session.close()
        self._shared.left(self._session)

    def cut(self, data: bytes) -> Sequence[Item]:
        """Whole packets."""
        return self._deframer.feed(data)

    def finish(self) -> Sequence[Item]:
        """A packet cut short."""
        return self._deframer.close()

    def read(self, item: Item, now: float) -> Iterator[Sighting | None] | None:
        """Answer a packet, and give on what it says of where the terminal is."""
        if isinstance(item, BadFrame):
            self.bad(item)
            return None
        self._shared.look(now)
        outcome = self._session.take(item, now)
        self._count(outcome)
        if self.line.send is not None:
            for answer in outcome.answers:
                self.line.send(answer)
        if outcome.replaced is not None:
            self.counts.kind(TAKEN_OVER)
            self._shared.hang_up(outcome.replaced)
        if outcome.close:
            self.hang_up(outcome.close)
        return self._timed(outcome.seen, now)

    def hang_up(self, why: str) -> None:
        """Close the connection."""
        if self.line.drop is not None:
            self.line.drop(why)

    def _count(self, outcome: Outcome) -> None:
        counts = self.counts
        counts.frames += 1
        counts.valid += outcome.good
        counts.repeats += outcome.repeat
        self._name(outcome.kinds, outcome.errors)

    def _name(self, kinds: Iterable[str], errors: Iterable[tuple[str, str]]) -> None:
        for kind in kinds:
            self.counts.kind(kind)
        for code, detail in errors:
            self.counts.error(code, detail)

    def _timed(self, seen: Iterable[Seen], now: float) -> Iterator[Sighting | None]:
        for one in seen:
            self._name(one.kinds, one.errors)
            if one.sighting is None:
                yield None
                continue
            sighting = self._aged(one.sighting, now, late=one.late)
            self.counts.sightings += 1
            self.counts.positions += sighting.lon_deg is not None
            yield sighting

    def _aged(self, sighting: Sighting, now: float, *, late: bool) -> Sighting:
        """The sighting with its time by our clock."""
        stated_s = sighting.observed_at_s
        if stated_s is None:
            return sighting
        clock = self._clock = self._shared.clocks.of(sighting.own_key)
        if late and clock.offset_s is None:
            return sighting  # nothing is known of its clock yet, and a late report says nothing of it
        at_s = clock.utc_s(stated_s, now, live=not late)
        late = late or now - at_s >= _LATE_S
        return replace(sighting, observed_at_s=at_s, backfill=late, calm=sighting.calm and not late)
