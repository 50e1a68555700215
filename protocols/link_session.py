"""One link to one partner site, without a socket: messages in, what to do out.

Sites of the same program are joined by links. Each site decides about its own incidents and tells the partner what
happened to those it shares; nothing is decided over a link. Both directions run at once and alike:

    -> Greet(site, lanes: orders have 40 of epoch E, head 57; messages ...)    both, as soon as the socket is open
    <- Greet(site, lanes: orders have 12 of epoch F, head 90; messages ...)
    -> Batch(orders, after 12, through 31, rows 14 20 31)   what is missing in between was withheld
    <- Batch(orders, after 40, through 90, rows 88 90)
    -> Ack(orders, 90)                              only after the commit: a crash before it brings the batch again
    <- Ack(orders, 31)
    -> LinkTracks, Beat                             any time; tracks are dropped when the line is full, facts wait
    -> PastAsk <- PastPart                          tracks of a time that was missed, where nothing else waits (link_past.py)
    -> Part(code)                                   the end, and why

Resuming needs nothing remembered here: the partner says what it has. A row comes twice only if an Ack was lost, and
the partner's journal knows it by (origin, origin_seq). Rows that are all withheld travel as an empty batch, so that
the cursor moves past them: at once while catching up, with the next beat when live. More in docs/federation.md.

The session is told what happens (`connected`, `receive`, `journal_at`, `rows_available`, `committed`, `line_full`,
`tick`, `lost`) and answers with outputs in order. Time is an argument, the site's wall clock: should it be stepped by
more than DEAD_AFTER, the link is made anew, nothing else. Lanes are in link_lanes.py, the greeting in
link_greeting.py, tracks in link_tracks.py; sockets, certificates, the desk and reconnecting are left to adapters/link,
what may be shown to whom to dispatch/partner.py.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dispatch.errors import Malformed
from protocols import link_greeting
from protocols.clock_skew import ClockSkew
from protocols.codec import link
from protocols.codec.link import (
    Ack,
    Batch,
    Beat,
    CertificateAsk,
    CertificateGiven,
    FileAsk,
    FilePart,
    Greet,
    LinkColumns,
    LinkRow,
    LinkTrack,
    LinkTracks,
    Part,
    PastAsk,
    PastLeftOut,
    PastPart,
    PastWord,
    RoomHands,
    Unknown,
    VideoOver,
    VideoPiece,
    VideoPull,
    VideoTook,
    Word,
    WordPassed,
)
from protocols.codec.link_columns import ColumnLabel
from protocols.codec.track_states import States
from protocols.link_beats import Beats
from protocols.link_conversation import Conversation
from protocols.link_gate import PAUSE_S, carries_columns, carries_tracks
from protocols.link_greeting import PAST, VIDEO_PULL, Identity, Peering
from protocols.link_lanes import FIRST, OWN, RELAYED, Have, Heads, Lane, Way, open_ways, way_of
from protocols.link_left_out import LeftOut
from protocols.link_outbox import READ_ROWS, ROW_BYTES
from protocols.link_outputs import (
    Acked,
    Close,
    Deliver,
    Output,
    PartnerColumns,
    PartnerPast,
    PartnerSays,
    PartnerTracks,
    Pause,
    Send,
    Want,
)
from protocols.link_state import LIFECYCLE, MISMATCHES, LinkAction, LinkState
from protocols.link_tracks import TrackLane
from protocols.link_traffic import traffic_of
from protocols.link_words import needs

__all__ = ["Identity", "LinkSession"]

BEAT_EVERY = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=6)  # three beats missed

_S, _A = LinkState, LinkAction


class LinkSession:
    """The link to one partner over all its connections. Wrong calls in a state are ignored, stale ones by number."""

    def __init__(self, *, identity: Identity, partner: str) -> None:
        self.identity = identity
        self.partner = partner
        self.state = LIFECYCLE.initial
        self.reason = ""  # code of the last Part or Close, for people
        self.detail = ""  # and its words
        self._beats = Beats()
        self.counts: Counter[str] = Counter()
        self.bytes_out: Counter[str] = Counter()  # by class of traffic
        self.bytes_in: Counter[str] = Counter()
        self.peering = Peering()  # the last that was agreed
        self.fruitless = 0  # connections in a row that never agreed, for the back-off
        self.heads = Heads()
        self._tracks = TrackLane(self.counts)
        self._behind_since: datetime | None = None
        self._number = 0
        self._talk: Conversation | None = None

    @property
    def head(self) -> int:
        """Last row of our journal."""
        return self.heads.head[Lane.ORDERS]

    @property
    def acked(self) -> int:
        """Last of them that the partner has committed of every lane, as far as we know."""
        return min(self.heads.acked[lane] for lane in self._own_lanes())

    @property
    def number(self) -> int:
        """Of the present or last connection."""
        return self._number

    @property
    def skew(self) -> ClockSkew:
        """How far the partner's clock is from ours."""
        return self._beats.skew

    @property
    def left_out(self) -> LeftOut:
        """What of our tracks of now found no room on the line."""
        return self._tracks.left_out

    @property
    def heard(self) -> tuple[int, datetime] | None:
        """The number of this connection and when something of it was last heard; None: it has not agreed."""
        talk = self._talk
        return None if talk is None or not talk.ways else (talk.number, talk.heard_at)

    # What happens to the connection

    def connected(
        self,
        *,
        have: Mapping[Lane, Have],
        head: int,
        certified_site: str,
        now: datetime,
        relayed_heads: Mapping[Lane, int] | None = None,
    ) -> list[Output]:
        """A socket is open, its certificate verified. `have`: what of the partner's is committed here, by lane."""
        if self.state is _S.REFUSED:
            self._advance(_A.RETRY)
        if self.state is not _S.DOWN:
            self.lost(now)
        self._advance(_A.CONNECTED)
        self._number += 1
        self.fruitless += 1
        self.heads.grown(head, relayed_heads)
        self._talk = Conversation(number=self._number, heard_at=now, beat_at=now, have=have)
        self._tracks.begin()
        self._beats.begin()
        if certified_site != self.partner:
            return self._refuse(
                "SITE_MISMATCH", f"the certificate is site {certified_site}'s, not {self.partner}'s"
            )
        return [self._send(link_greeting.greet(self.identity, have, self.heads.head, now))]

    def lost(self, now: datetime) -> None:
        """The socket is gone. What was neither acknowledged nor committed will come again."""
        self._talk = None
        if self.state not in (_S.DOWN, _S.REFUSED):
            self._advance(_A.LOST)
        self._note_lag(now)

    def oversize(self) -> None:
        """The socket was cut because a frame's head said more bytes than are read; `lost` follows."""
        self.counts["oversize"] += 1
        self.reason, self.detail = "FRAME_TOO_LARGE", f"more than {link.MAX_MESSAGE_BYTES} bytes in one frame"

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
        if now - talk.beat_at < BEAT_EVERY or not talk.ways:
            return self._pump()
        talk.beat_at = now
        for way in talk.ways.values():
            if way.outbox.idle():
                way.outbox.mention_withheld()
        return [self._send(self._beats.next(now)), *self._pump()]

    def line_full(self, full: bool) -> list[Output]:
        """The socket holds more than it likes, or has room again: until then only orders go out."""
        if self._talk is None:
            return []
        self._talk.full = full
        return [] if full else self._pump()

    # Our rows to the partner

    def journal_at(
        self, head: int, now: datetime, relayed_heads: Mapping[Lane, int] | None = None
    ) -> list[Output]:
        """Our journal has grown to row `head`, what we hold for this partner to `relayed_heads`."""
        self.heads.grown(head, relayed_heads)
        self._note_lag(now)
        return self._pump()

    def rows_available(
        self, want: Want, rows: Sequence[LinkRow], through: int, now: datetime
    ) -> list[Output]:
        """The answer to a Want: what the partner may have of the lane's rows up to `through`.

        With `through` where the Want began (the journal could not be read) it is asked again at the next tick.
        """
        way = self._way(want.conversation, want.lane)
        if way is None or not way.outbox.reading:
            return []
        for row in rows:
            if len(row.body) > ROW_BYTES:
                return self._refuse("ROW_TOO_LARGE", f"row {row.seq} has {len(row.body)} bytes")
        moved = through > way.outbox.scanned
        way.outbox.take(rows, through)
        if self.state is _S.CATCHING_UP and way.outbox.scanned >= self.heads.head[way.lane]:
            way.outbox.mention_withheld()
        outputs = self._pump() if moved else []
        self._note_lag(now)
        return outputs

    def _pump(self) -> list[Output]:
        """Send what each lane's credit allows, the urgent first; ask for more when nothing is left to send."""
        talk = self._talk
        if talk is None or talk.closing:
            return []
        outputs: list[Output] = []
        for lane, way in talk.ways.items():
            first = talk.ways.get(FIRST[lane]) if lane in FIRST else None
            if first is not None and talk.full:
                continue
            for batch in way.outbox.next_batches(None if first is None else first.outbox.out):
                self.counts["rows_sent"] += len(batch.rows)
                outputs.append(self._send(batch))
            if way.outbox.wants_rows(self.heads.head[lane]):
                way.outbox.reading = True
                after = way.outbox.scanned
                outputs.append(Want(conversation=talk.number, lane=lane, after=after, limit=READ_ROWS))
        return outputs

    # The partner's rows to us

    def committed(self, conversation: int, lane: Lane, through: int, now: datetime) -> list[Output]:
        """A delivered batch is in our journal."""
        way = self._way(conversation, lane)
        if way is None:
            return []
        way.taken(through)
        self._note_level()
        self._note_lag(now)
        return [self._send(Ack(through=through, lane=int(lane)))]

    # Tracks: newest wins, droppable

    def tracks_available(
        self, tracks: Sequence[LinkTrack], now: datetime, *, congested: bool
    ) -> list[Output]:
        """Our aircraft on incidents shared with the partner. Dropped when too often, not agreed or congested."""
        if self.state not in (_S.CATCHING_UP, _S.LIVE):
            return []
        message = self._tracks.to_send(tracks, now, congested=congested)
        return [] if message is None else [self._send(message)]

    def columns_available(
        self, states: States, labels: Sequence[ColumnLabel], now: datetime, *, congested: bool
    ) -> list[Output]:
        """The same in columns, to a partner that reads them; as often as the caller likes, thinned by it."""
        if self.state not in (_S.CATCHING_UP, _S.LIVE) or not (len(states) or labels):
            return []
        return [self._send(each) for each in self._tracks.columns(states, labels, now, congested=congested)]

    # Consultations and video beside the rows: newest wins, or asked for again

    def say(self, word: Word, *, congested: bool) -> list[Output]:
        """Hands that point, a piece of a file or the question for one; nothing where the line is full or they cannot."""
        if self.state not in (_S.CATCHING_UP, _S.LIVE) or not self.peering.can(needs(word), self.identity):
            return []
        if congested:
            dropped = "video" if needs(word) == VIDEO_PULL else "room"
            self.counts[f"{dropped}_words_dropped"] += 1
            return []
        return [self._send(word)]

    # Tracks of a time that was missed: below everything else

    def past(self, word: PastWord | WordPassed, *, congested: bool) -> list[Output]:
        """A question for them, or an answer; nothing where something more urgent waits, or they cannot."""
        if not self.past_may_leave(needs(word), congested=congested):
            return []
        return [self._send(word)]

    def past_may_leave(self, capability: str = PAST, *, congested: bool) -> bool:
        """Whether the line is free for it: no row of any lane waits to be sent."""
        talk = self._talk
        if talk is None or self.state not in (_S.CATCHING_UP, _S.LIVE) or congested or talk.full:
            return False
        return self.peering.can(capability, self.identity) and not any(
            way.outbox.waits(self.heads.head[lane]) for lane, way in talk.ways.items()
        )

    # What comes in

    def receive(self, data: bytes, now: datetime) -> list[Output]:
        """One frame from the partner."""
        talk = self._talk
        if talk is None or talk.closing:
            return []
        talk.heard_at = now
        held = [Pause(seconds=PAUSE_S)] if talk.gate.too_many(now) else []
        if held:
            self.counts["paused"] += 1
        return [*held, *self._read(talk, data, now)]

    def _read(self, talk: Conversation, data: bytes, now: datetime) -> list[Output]:
        if (carries_tracks(data) and self._tracks.too_soon(now)) or (
            carries_columns(data) and self._tracks.columns_too_many(len(data), now)
        ):
            self.bytes_in["tracks"] += len(data)
            return []
        try:
            message = link.decode(data)
            self.bytes_in[traffic_of(message)] += len(data)
            return self._heard(talk, message, now)
        except Malformed as error:
            self.counts["malformed"] += 1
            return self._end("MALFORMED", f"{error.field}: {error.detail}")

    def _heard(self, talk: Conversation, message: link.Message, now: datetime) -> list[Output]:
        match message, bool(talk.ways):
            case Part(), _:
                return self._parted(message)
            case Unknown(), _:
                self.counts["unknown_message"] += 1
                return []
            case Greet(), False:
                return self._greeted(talk, message, now)
            case Batch(), True:
                return self._batched(talk, message)
            case Ack(), True:
                return self._acknowledged(talk, message, now)
            case LinkTracks(), True:
                tracks = self._tracks.heard(message, now, self.skew.offset_us)
                return [PartnerTracks(tracks=tracks)] if tracks else []
            case LinkColumns(), True:
                underway = self._tracks.columns_heard(message, now, self.skew.offset_us)
                return [PartnerColumns(columns=message, underway=underway)]
            case (
                (
                    RoomHands()
                    | FileAsk()
                    | FilePart()
                    | WordPassed()
                    | CertificateAsk()
                    | CertificateGiven()
                    | VideoPull()
                    | VideoPiece()
                    | VideoTook()
                    | VideoOver()
                ),
                True,
            ):
                return [PartnerSays(word=message)]
            case PastAsk() | PastPart() | PastLeftOut(), True:
                return [PartnerPast(word=message)]
            case Beat(), True:
                self._beats.heard(message, now)
                return []
        raise Malformed("message", f"a {type(message).__name__} while {self.state}")

    def _greeted(self, talk: Conversation, greet: Greet, now: datetime) -> list[Output]:
        wrong = link_greeting.mismatch(greet, self.identity, self.partner)
        if wrong is not None:
            return self._refuse(*wrong)
        ways, ahead = open_ways(
            link_greeting.lanes_of(greet, self.identity),
            greet.epoch,
            ours=talk.have,
            heads=self.heads.head,
            mine=self.identity.epoch,
        )
        if ahead:
            return self._refuse("HAVE_AHEAD", ahead)
        if Lane.ORDERS not in ways:
            raise Malformed("greet.lanes", "the lane of orders is missing")
        talk.ways = ways
        for lane, way in ways.items():
            self.heads.acked[lane] = way.outbox.acked
        self.peering = Peering(
            version=(greet.version, greet.minor), capabilities=frozenset(greet.capabilities)
        )
        self.fruitless = 0
        self.reason = self.detail = ""
        self._advance(_A.AGREED)
        self._note_level()
        self._note_lag(now)
        talk.beat_at = now
        return [self._send(self._beats.next(now)), *self._pump()]

    def _batched(self, talk: Conversation, batch: Batch) -> list[Output]:
        way = way_of(talk.ways, batch.lane, "batch.lane")
        way.expect(batch)
        self.counts["rows_received"] += len(batch.rows)
        return [
            Deliver(
                conversation=talk.number,
                lane=way.lane,
                epoch=way.epoch,
                after=batch.after,
                through=batch.through,
                rows=batch.rows,
            )
        ]

    def _acknowledged(self, talk: Conversation, ack: Ack, now: datetime) -> list[Output]:
        way = way_of(talk.ways, ack.lane, "ack.lane")
        way.outbox.acknowledged(ack.through)
        self.heads.acked[way.lane] = way.outbox.acked
        self._note_level()
        outputs = [Acked(lane=way.lane, through=ack.through), *self._pump()]
        self._note_lag(now)
        return outputs

    def _parted(self, part: Part) -> list[Output]:
        self.reason, self.detail = part.code, part.detail
        if part.code in MISMATCHES:
            self._advance(_A.MISMATCH)
        return self._closed(part.code, f"the partner: {part.detail}")

    # For people

    @property
    def queue(self) -> int:
        """Rows of our journal that the partner has not acknowledged, and those we hold for it of third sites.

        What is not for it among them is not known yet.
        """
        if self._is_level():
            return 0
        return max(0, self.head - self.acked) + max(map(self.heads.waiting, RELAYED))

    def lag(self, now: datetime) -> timedelta:
        """How long something has been waiting for the partner's acknowledgement."""
        return timedelta(0) if self._behind_since is None else max(timedelta(0), now - self._behind_since)

    def _own_lanes(self) -> tuple[Lane, ...]:
        if self._talk is None or not self._talk.ways:
            return OWN if self.peering.version >= (link.VERSION, 1) else OWN[:1]
        return tuple(lane for lane in OWN if lane in self._talk.ways)

    def _is_level(self) -> bool:
        return self.heads.level({} if self._talk is None else self._talk.ways, self._own_lanes())

    def _note_lag(self, now: datetime) -> None:
        if self._is_level():
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now

    def _note_level(self) -> None:
        ways = {} if self._talk is None else self._talk.ways
        reached = all(way.reached(self.heads.acked[way.lane]) for way in ways.values())
        if reached and self.state is _S.CATCHING_UP:
            self._advance(_A.LEVEL)

    # Small things

    def _way(self, conversation: int, lane: Lane) -> Way | None:
        talk = self._talk
        alive = talk is not None and talk.number == conversation and not talk.closing
        return talk.ways.get(lane) if talk is not None and alive else None

    def _advance(self, action: LinkAction) -> None:
        self.state = LIFECYCLE.advance(self.state, action)

    def _send(self, message: link.Message) -> Send:
        data = link.encode(message)
        self.bytes_out[traffic_of(message)] += len(data)
        return Send(data=data)

    def _refuse(self, code: str, detail: str) -> list[Output]:
        self._advance(_A.MISMATCH)
        return self._end(code, detail)

    def _end(self, code: str, detail: str) -> list[Output]:
        self.reason, self.detail = code, detail
        return [self._send(Part(code=code, detail=detail)), *self._closed(code, detail)]

    def _closed(self, code: str, detail: str) -> list[Output]:
        if self._talk is not None:
            self._talk.closing = True
        self.counts[f"parted_{code}"] += 1
        return [Close(code=code, detail=detail)]
