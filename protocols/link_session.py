"""One link to one partner site, without a socket: messages in, what to do out.

Sites of the same program are joined by links. Each site decides about its own incidents and tells the partner what
happened to those it shares; nothing is decided over a link. Both directions run at once and alike:

    -> Greet(site, have 40 of epoch E, head 57)     both at once, as soon as the socket is open
    <- Greet(site, have 12 of epoch F, head 90)
    -> Batch(after 12, through 31, rows 14 20 31)   what is missing in between was withheld
    <- Batch(after 40, through 90, rows 88 90)
    -> Ack(90)                                      only after the commit: a crash before it brings the batch again
    <- Ack(31)
    -> LinkTracks, Beat                             any time; tracks are dropped when the line is full, facts wait
    -> Part(code)                                   the end, and why

Catching up after two days is the same loop as following live: rows after the cursor, at most WINDOW batches
unacknowledged, the cursor moves with the partner's Ack. Resuming needs nothing remembered here: the partner says
what it has. A row comes twice only if an Ack was lost, and the partner's journal knows it by (origin, origin_seq).
Rows that are all withheld travel as an empty batch, so that the cursor moves past them: at once while catching up,
with the next beat when live.

`have` belongs to a journal, named by its epoch. A partner that has another epoch of ours gets everything from row 0.
One that has more of this epoch than we hold tells that our journal lost its tail: that is refused and shown to
people, since the two histories can no longer be told apart by their numbers.

The session is told what happens (`connected`, `receive`, `journal_at`, `rows_available`, `committed`, `tick`, `lost`)
and answers with outputs in order. Time is an argument, the site's wall clock: should it be stepped by more than
DEAD_AFTER, the link is made anew, nothing else. Sockets, certificates, the desk and reconnecting are left to
adapters/link; what may be shown to whom to dispatch/partner.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.errors import Malformed
from protocols.clock_skew import ClockSkew
from protocols.codec import link
from protocols.codec.common import to_us
from protocols.codec.link import Ack, Batch, Beat, Greet, LinkTrack, LinkTracks, Part
from protocols.link_outbox import READ_ROWS, ROW_BYTES, WINDOW, Outbox
from protocols.link_outputs import Acked, Close, Deliver, Output, PartnerTracks, Send, Want
from protocols.link_state import LIFECYCLE, MISMATCHES, LinkAction, LinkState
from protocols.rows import Row

BEAT_EVERY = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=6)  # three beats missed
TRACKS_EVERY = timedelta(seconds=1)
TRACKS_RECEIVED_EVERY = timedelta(milliseconds=200)  # what comes faster is dropped and counted

_S, _A = LinkState, LinkAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are on a link, and under which agreement with this partner."""

    site: str
    name: str
    agreement: str
    epoch: str


@dataclass(slots=True, kw_only=True)
class _Conversation:
    """What holds from one connection to its end."""

    number: int
    epoch: str  # of the partner's journal, to which `have` belongs; its Greet may name another
    heard_at: datetime
    beat_at: datetime
    expected: int  # the partner's next batch follows this row
    committed: int
    goal_in: int = 0
    goal_out: int = 0
    undelivered: int = 0  # batches given out, not yet committed
    outbox: Outbox | None = None  # from the partner's Greet on
    last_beat: Beat | None = None
    last_beat_at: datetime | None = None
    tracks_in_at: datetime | None = None
    closing: bool = False


class LinkSession:
    """The link to one partner over all its connections. Wrong calls in a state are ignored, stale ones by number."""

    def __init__(self, *, identity: Identity, partner: str) -> None:
        self.identity = identity
        self.partner = partner
        self.state = LIFECYCLE.initial
        self.reason = ""  # code of the last Part or Close, for people
        self.skew = ClockSkew()
        self.counts: Counter[str] = Counter()
        self.fruitless = 0  # connections in a row that never agreed, for the back-off
        self.head = 0  # last row of our journal
        self.acked = 0  # last of them that the partner has committed, as far as we know
        self._behind_since: datetime | None = None
        self._tracks_at: datetime | None = None
        self._number = 0
        self._talk: _Conversation | None = None

    # What happens to the connection

    def connected(
        self, *, have: int, have_epoch: str, head: int, certified_site: str, now: datetime
    ) -> list[Output]:
        """A socket is open, its certificate verified. `have` of `have_epoch`: the partner's rows committed here."""
        if self.state is _S.REFUSED:
            self._advance(_A.RETRY)
        if self.state is not _S.DOWN:
            self.lost(now)
        self._advance(_A.CONNECTED)
        self._number += 1
        self.fruitless += 1
        self.head = max(self.head, head)
        self._talk = _Conversation(
            number=self._number,
            epoch=have_epoch,
            heard_at=now,
            beat_at=now,
            expected=have,
            committed=have,
            goal_out=self.head,
        )
        if certified_site != self.partner:
            return self._refuse(
                "SITE_MISMATCH", f"the certificate is site {certified_site}'s, not {self.partner}'s"
            )
        greet = Greet(
            site=self.identity.site,
            name=self.identity.name,
            version=link.VERSION,
            agreement=self.identity.agreement,
            have=have,
            have_epoch=have_epoch,
            epoch=self.identity.epoch,
            head=self.head,
            at=now,
        )
        return [self._send(greet)]

    def lost(self, now: datetime) -> None:
        """The socket is gone. What was neither acknowledged nor committed will come again."""
        self._talk = None
        if self.state not in (_S.DOWN, _S.REFUSED):
            self._advance(_A.LOST)
        self._note_lag(now)

    def part(self, code: str, detail: str) -> list[Output]:
        """End the connection, telling the partner why; one of MISMATCHES is shown until people have seen to it."""
        if self._talk is None or self._talk.closing:
            return []
        return self._refuse(code, detail) if code in MISMATCHES else self._end(code, detail)

    def tick(self, now: datetime) -> list[Output]:
        """Call a few times a second: beats, and the end of a silent partner."""
        talk = self._talk
        if talk is None or talk.closing:
            return []
        if now - talk.heard_at > DEAD_AFTER:
            return self._end("SILENT", f"nothing heard for {DEAD_AFTER.total_seconds():.0f} s")
        if now - talk.beat_at < BEAT_EVERY or talk.outbox is None:
            return self._pump()
        talk.beat_at = now
        if talk.outbox.idle():
            talk.outbox.mention_withheld()
        return [self._send(self._beat(talk, now)), *self._pump()]

    # Our rows to the partner

    def journal_at(self, head: int, now: datetime) -> list[Output]:
        """Our journal has grown to row `head`."""
        self.head = max(self.head, head)
        self._note_lag(now)
        return self._pump()

    def rows_available(
        self, conversation: int, rows: Sequence[Row], through: int, now: datetime
    ) -> list[Output]:
        """The answer to a Want: what the partner may have of the rows up to `through`.

        With `through` where the Want began (the journal could not be read) it is asked again at the next tick.
        """
        talk = self._current(conversation)
        if talk is None or talk.outbox is None or not talk.outbox.reading:
            return []
        for row in rows:
            if len(row.body) > ROW_BYTES:
                return self._refuse("ROW_TOO_LARGE", f"row {row.seq} has {len(row.body)} bytes")
        moved = through > talk.outbox.scanned
        talk.outbox.take(rows, through)
        if self.state is _S.CATCHING_UP and talk.outbox.scanned >= self.head:
            talk.outbox.mention_withheld()
        outputs = self._pump() if moved else []
        self._note_lag(now)
        return outputs

    def _pump(self) -> list[Output]:
        """Send what the window allows; ask for more when nothing is left to send."""
        talk = self._talk
        if talk is None or talk.closing or talk.outbox is None:
            return []
        outputs: list[Output] = []
        for batch in talk.outbox.next_batches():
            self.counts["rows_sent"] += len(batch.rows)
            outputs.append(self._send(batch))
        if talk.outbox.wants_rows(self.head):
            talk.outbox.reading = True
            outputs.append(Want(conversation=talk.number, after=talk.outbox.scanned, limit=READ_ROWS))
        return outputs

    # The partner's rows to us

    def committed(self, conversation: int, through: int, now: datetime) -> list[Output]:
        """A delivered batch is in our journal."""
        talk = self._current(conversation)
        if talk is None:
            return []
        talk.undelivered -= 1
        talk.committed = max(talk.committed, through)
        self._note_level(talk)
        self._note_lag(now)
        return [self._send(Ack(through=through))]

    # Tracks: newest wins, droppable

    def tracks_available(
        self, tracks: Sequence[LinkTrack], now: datetime, *, congested: bool
    ) -> list[Output]:
        """Our aircraft on incidents shared with the partner. Dropped when too often, not agreed or congested."""
        if self.state not in (_S.CATCHING_UP, _S.LIVE) or not tracks:
            return []
        if self._tracks_at is not None and timedelta(0) <= now - self._tracks_at < TRACKS_EVERY:
            return []
        if congested:
            self.counts["tracks_dropped"] += len(tracks)
            return []
        self._tracks_at = now
        kept = tuple(tracks[: link.MAX_TRACKS])
        self.counts["tracks_dropped"] += len(tracks) - len(kept)
        self.counts["tracks_sent"] += len(kept)
        return [self._send(LinkTracks(at=now, tracks=kept))]

    # What comes in

    def receive(self, data: bytes, now: datetime) -> list[Output]:
        """One frame from the partner."""
        talk = self._talk
        if talk is None or talk.closing:
            return []
        talk.heard_at = now
        try:
            return self._heard(talk, link.decode(data), now)
        except Malformed as error:
            self.counts["malformed"] += 1
            return self._end("MALFORMED", f"{error.field}: {error.detail}")

    def _heard(self, talk: _Conversation, message: link.Message, now: datetime) -> list[Output]:
        match message, talk.outbox:
            case Part(), _:
                return self._parted(message)
            case Greet(), None:
                return self._greeted(talk, message, now)
            case Batch(), Outbox():
                return self._batched(talk, message)
            case Ack(), Outbox() as outbox:
                return self._acknowledged(talk, outbox, message, now)
            case LinkTracks(), Outbox():
                return self._tracked(talk, message, now)
            case Beat(), Outbox():
                return self._beaten(talk, message, now)
        raise Malformed("message", f"a {type(message).__name__} while {self.state}")

    def _greeted(self, talk: _Conversation, greet: Greet, now: datetime) -> list[Output]:
        wrong = self._mismatch(greet)
        if wrong is not None:
            return self._refuse(*wrong)
        known = greet.have_epoch == self.identity.epoch
        start = greet.have if known else 0
        self.acked = start
        talk.outbox = Outbox(start)
        if greet.epoch != talk.epoch:  # another journal than the one our cursor belongs to
            talk.epoch = greet.epoch
            talk.expected = talk.committed = 0
        elif greet.head < talk.expected:
            return self._refuse("HAVE_AHEAD", f"we have {talk.expected} of your {greet.head} rows")
        talk.goal_in = greet.head
        talk.goal_out = self.head
        self.fruitless = 0
        self.reason = ""
        self._advance(_A.AGREED)
        self._note_level(talk)
        self._note_lag(now)
        talk.beat_at = now
        return [self._send(self._beat(talk, now)), *self._pump()]

    def _mismatch(self, greet: Greet) -> tuple[str, str] | None:
        if greet.version != link.VERSION:
            return "VERSION", f"you speak version {greet.version}, we {link.VERSION}"
        if greet.site != self.partner:
            return "SITE_MISMATCH", f"you say {greet.site}, your certificate {self.partner}"
        if greet.agreement != self.identity.agreement:
            return "AGREEMENT", f"you name {greet.agreement!r}, we {self.identity.agreement!r}"
        if greet.have_epoch == self.identity.epoch and greet.have > self.head:
            return "HAVE_AHEAD", f"you have {greet.have} of our {self.head} rows"
        if not greet.epoch:
            return "VERSION", "your journal has no epoch"
        return None

    def _batched(self, talk: _Conversation, batch: Batch) -> list[Output]:
        if batch.after != talk.expected:
            raise Malformed("batch.after", f"{batch.after}, expected {talk.expected}")
        if talk.undelivered >= WINDOW:
            raise Malformed("batch", f"more than {WINDOW} batches unacknowledged")
        talk.expected = batch.through
        talk.undelivered += 1
        self.counts["rows_received"] += len(batch.rows)
        return [
            Deliver(
                conversation=talk.number,
                epoch=talk.epoch,
                after=batch.after,
                through=batch.through,
                rows=batch.rows,
            )
        ]

    def _acknowledged(self, talk: _Conversation, outbox: Outbox, ack: Ack, now: datetime) -> list[Output]:
        outbox.acknowledged(ack.through)
        self.acked = outbox.acked
        self._note_level(talk)
        outputs = [Acked(through=ack.through), *self._pump()]
        self._note_lag(now)
        return outputs

    def _tracked(self, talk: _Conversation, message: LinkTracks, now: datetime) -> list[Output]:
        if talk.tracks_in_at is not None and timedelta(0) <= now - talk.tracks_in_at < TRACKS_RECEIVED_EVERY:
            self.counts["tracks_refused"] += len(message.tracks)
            return []
        talk.tracks_in_at = now
        self.counts["tracks_received"] += len(message.tracks)
        underway = timedelta(0)
        if self.skew.offset_us is not None:
            underway = now - message.at + timedelta(microseconds=self.skew.offset_us)
        underway = min(max(underway, timedelta(0)), DEAD_AFTER)
        aged = tuple((each, underway + timedelta(milliseconds=each.age_ms)) for each in message.tracks)
        return [PartnerTracks(tracks=aged)]

    def _beaten(self, talk: _Conversation, beat: Beat, now: datetime) -> list[Output]:
        talk.last_beat, talk.last_beat_at = beat, now
        if beat.echo_us and beat.echo_age_us >= 0:
            self.skew.add(
                t1_us=beat.echo_us,
                t2_us=beat.at_us - beat.echo_age_us,
                t3_us=beat.at_us,
                t4_us=to_us(now),
            )
        return []

    def _parted(self, part: Part) -> list[Output]:
        self.reason = part.code
        if part.code in MISMATCHES:
            self._advance(_A.MISMATCH)
        return self._closed(part.code, f"the partner: {part.detail}")

    # For people

    @property
    def queue(self) -> int:
        """Rows of our journal that the partner has not acknowledged; those among them not for it are not known yet."""
        return 0 if self._is_level() else max(0, self.head - self.acked)

    def lag(self, now: datetime) -> timedelta:
        """How long something has been waiting for the partner's acknowledgement."""
        return timedelta(0) if self._behind_since is None else max(timedelta(0), now - self._behind_since)

    def _is_level(self) -> bool:
        outbox = None if self._talk is None else self._talk.outbox
        if outbox is None:
            return self.head <= self.acked
        return outbox.idle() and outbox.scanned >= self.head

    def _note_lag(self, now: datetime) -> None:
        if self._is_level():
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now

    def _note_level(self, talk: _Conversation) -> None:
        reached = self.acked >= talk.goal_out and talk.committed >= talk.goal_in
        if reached and self.state is _S.CATCHING_UP:
            self._advance(_A.LEVEL)

    # Small things

    def _current(self, conversation: int) -> _Conversation | None:
        talk = self._talk
        return talk if talk is not None and talk.number == conversation and not talk.closing else None

    def _advance(self, action: LinkAction) -> None:
        self.state = LIFECYCLE.advance(self.state, action)

    def _beat(self, talk: _Conversation, now: datetime) -> Beat:
        if talk.last_beat is None or talk.last_beat_at is None:
            return Beat(at_us=to_us(now), echo_us=0, echo_age_us=0)
        age_us = to_us(now) - to_us(talk.last_beat_at)
        return Beat(at_us=to_us(now), echo_us=talk.last_beat.at_us, echo_age_us=max(0, age_us))

    def _send(self, message: link.Message) -> Send:
        return Send(data=link.encode(message))

    def _refuse(self, code: str, detail: str) -> list[Output]:
        self._advance(_A.MISMATCH)
        return self._end(code, detail)

    def _end(self, code: str, detail: str) -> list[Output]:
        self.reason = code
        return [self._send(Part(code=code, detail=detail)), *self._closed(code, detail)]

    def _closed(self, code: str, detail: str) -> list[Output]:
        if self._talk is not None:
            self._talk.closing = True
        self.counts[f"parted_{code}"] += 1
        return [Close(code=code, detail=detail)]
