"""One partner: its session, its present socket, and the desk and picture that both speak for.

The session says what to do (protocols/link_session.py); here it is done, in order. Two things take time and may
outlive a connection: reading the journal, whose late answer the session ignores by its number, and committing a
batch (intake.py). What leaves is told by leaving.py, what comes in is sorted by received.py. A new connection greets only after a commit under way is done, so that `have` is the truth and no row is asked
for twice. A slow partner holds up its own cursor and nothing else: batches wait in the journal, tracks are dropped.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.link import classes, leaving, received
from adapters.link.ahead import Read, ReadAhead
from adapters.link.flows import Flows
from adapters.link.intake import Intake
from adapters.link.live_tracks import LiveTracks
from adapters.link.past import PastLane
from adapters.link.past_site import Past
from adapters.link.past_ways import OverLink
from adapters.link.received import Sorted
from adapters.link.sharing import Sharing
from adapters.link.socket import LinkSocket
from adapters.metrics import Metrics
from adapters.store.database import StoreError
from adapters.store.receiving import Received
from adapters.store.transit import Held
from dispatch.consent_records import SentRow
from dispatch.errors import GanyingError, NotStored
from dispatch.picture import TrackPicture
from protocols.codec.link import Word, WordPassed
from protocols.link_greeting import LANES, RELAY
from protocols.link_lanes import OWN, RELAYED, Have, Lane
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
from protocols.link_session import Identity, LinkSession
from protocols.link_state import LinkState

EARLY_FRAMES = 8  # heard while a commit of the last connection is under way; more: closed, it will dial again

log = structlog.get_logger()


class Peer:
    """One partner site over all its connections. Called on the reactor thread only."""

    def __init__(
        self,
        *,
        desk: Desk,
        picture: TrackPicture,
        identity: Identity,
        site: str,
        house: received.House,
        held: Callable[[], None],
        metrics: Metrics,
        clock: Clock,
        call_later: Callable[..., Any],
        sharing: Sharing,
        heard: Callable[[str, Word], None],
        past: Past,
    ) -> None:
        self.site = site
        self.refused: Counter[str] = Counter()  # rows and messages, by reason
        self._house, self._held = house, held
        self.session = LinkSession(identity=identity, partner=site)
        self.socket: LinkSocket | None = None
        self._desk, self._clock, self._call_later = desk, clock, call_later
        self._sharing, self._heard_word = sharing, heard
        self.flows = Flows()
        # by (site, row) what has left and is not yet committed at the partner; bounded by the windows
        self._unnoted: dict[tuple[str, int], SentRow] = {}
        self._certified = ""
        self._greeted = False  # our Greet is out on the present socket
        self._early: list[bytes] = []
        self._ahead = ReadAhead(desk, call_later)
        self._intake = Intake(
            desk=desk,
            house=house,
            site=site,
            clock=clock,
            call_later=call_later,
            taken=self._taken,
            failed=self._not_taken,
            held_up=lambda: self._count("commit_retried"),
        )
        self.past = PastLane(
            past,
            site=site,
            way=OverLink(self.session, congested=self._congested, carry_out=self._carry_out, end=self.part),
            area=partial(sharing.area, site),
            sent=partial(sharing.tracks_sent, site),
        )
        self._tracks = LiveTracks(
            self.session,
            desk=desk,
            picture=picture,
            sharing=sharing,
            clock=clock,
            congested=self._congested,
            carry_out=self._carry_out,
            rest=self._pause,
            seen_ourselves=lambda many: self._events.labels(site, "track_seen_ourselves").inc(many),
        )
        self._told: dict[str, int] = {}
        self._row_reasons: set[str] = set()
        self._said = ""  # last reason logged: a partner that keeps failing the same way is named once
        self._events = metrics.counter(
            "ganying_link_events", "What happened on links, by partner and event", ("partner", "event")
        )
        for lane in Lane:  # what waited before a restart waits still
            self.session.heads.acked[lane] = desk.cursor(site, lane).acked
        self.journal_grew()

    # The connection

    def opened(self, socket: LinkSocket, certified_site: str) -> None:
        """A socket to this partner is open; it takes the place of an older one."""
        if self.socket is not None:
            self._carry_out(self.session.part("REPLACED", "a newer connection took its place"))
            self.closed(self.socket)
        self.socket, self._certified = socket, certified_site
        self._begin()

    def received(self, socket: LinkSocket, data: bytes) -> None:
        """One frame; of an older socket: ignored."""
        if socket is not self.socket:
            return
        if self._greeted:
            self._carry_out(self.session.receive(data, self._clock()))
            if self.session.state in (LinkState.CATCHING_UP, LinkState.LIVE):
                self._desk.note_spoken(self.site, self.session.peering.version)
        elif len(self._early) < EARLY_FRAMES:
            self._early.append(data)
        else:
            socket.close()

    def closed(self, socket: LinkSocket, *, too_large: bool = False) -> None:
        """The socket is gone; `too_large`: because the head of a frame said more than is read."""
        if socket is not self.socket:
            return
        if too_large:
            self.session.oversize()
        self.socket, self._greeted = None, False
        self._early.clear()
        self._intake.clear()  # unacknowledged: they come again
        self.session.lost(self._clock())
        self.past.lost(self._clock())

    def part(self, code: str, detail: str) -> None:
        """End the connection, saying why."""
        self._carry_out(self.session.part(code, detail))

    def linked(self) -> bool:
        """Whether a socket is open."""
        return self.socket is not None and self.socket.is_usable()

    def _begin(self) -> None:
        """Greet, once nothing of the last connection is being committed."""
        if self._intake.busy or self.socket is None or self._greeted:
            return
        self._greeted = True
        self._tracks.begin()
        self._ahead.clear()
        self._row_reasons.clear()
        lanes = Lane if RELAY in self.session.identity.capabilities else OWN
        cursors = {lane: self._desk.cursor(self.site, lane) for lane in lanes}
        self.session.identity = replace(self.session.identity, spoken=self._desk.spoken(self.site))
        self._carry_out(
            self.session.connected(
                have={lane: Have(cursor.epoch, cursor.have) for lane, cursor in cursors.items()},
                head=self._desk.through,
                relayed_heads=self._relayed_heads(),
                certified_site=self._certified,
                now=self._clock(),
            )
        )
        self._carry_out(self.session.line_full(self.socket is not None and self.socket.congested))
        early, self._early = self._early, []
        for data in early:
            self._carry_out(self.session.receive(data, self._clock()))

    def _carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Send():
                    self._send(output.data)
                case Want():
                    self._read(output)
                case Deliver():
                    self._intake.add(output)
                case Acked():
                    self._desk.acked(self.site, output.through, output.lane)
                    self.past.line_free(self._clock())
                case PartnerTracks():
                    self._tracks.see(output)
                case PartnerColumns():
                    self._tracks.see_columns(output)
                case PartnerSays():
                    self._heard_word(self.site, output.word)
                case PartnerPast():
                    self.past.heard(output.word, self._clock())
                case Pause():
                    self._pause(output.seconds)
                case Close():
                    self._close(output)

    def _send(self, data: bytes) -> None:
        if self.socket is not None:
            self.socket.send(data)

    def _pause(self, seconds: float) -> None:
        socket = self.socket
        if socket is not None:
            socket.leave_unread()
            self._call_later(seconds, socket.read_again)

    def _close(self, close: Close) -> None:
        if self._said != close.code:
            self._said = close.code
            log.warning("link ended", partner=self.site, code=close.code, detail=close.detail)
        if self.socket is not None:
            self.socket.close()

    # Our journal to the partner

    def journal_grew(self) -> None:
        """Something was committed here."""
        self._carry_out(self.session.journal_at(self._desk.through, self._clock(), self._relayed_heads()))

    def line_changed(self, socket: LinkSocket) -> None:
        """The socket is full, or has room again."""
        if socket is self.socket and self._greeted:
            self._carry_out(self.session.line_full(socket.congested))
            if not socket.congested:
                self.past.line_free(self._clock())

    def _relayed_heads(self) -> dict[Lane, int]:
        return {lane: self._desk.held_end(self.site, lane) for lane in RELAYED}

    def _read(self, want: Want) -> None:
        if want.lane in RELAYED:
            reading = self._desk.held_for(self.site, want.lane, want.after, want.limit).addCallback(
                self._found_held, want, self._desk.held_end(self.site, want.lane)
            )
        else:
            single = not self.session.peering.can(LANES, self.session.identity)
            kinds = [kind for lane in (OWN if single else (want.lane,)) for kind in classes.kinds_of(lane)]
            reading = self._ahead.rows(want.lane, kinds, want.after, want.limit).addCallback(
                self._found, want
            )
        reading.addErrback(self._unread, want).addErrback(self._defect)

    def _found(self, read: Read, want: Want) -> None:
        # Rows committed a moment ago may be read before the desk has them in its world, and what the world does
        # not know would be taken for withheld: so never look beyond the world.
        through = min(read.through, self._desk.through)
        now, world = self._clock(), self._desk.world
        can = self.session.peering.can(RELAY, self.session.identity)
        sites = (self.site, *(self._house.routes.beyond(self.site) if can else ()))
        relays = classes.relaying_agreed(world, self.site, now)
        going, through = leaving.own(world, read.rows, through, sites, self._seals(now), relays=relays)
        for site, sent in leaving.noted(going, read.rows, self.site):
            self._unnoted[site, sent.seq] = sent
        self._carry_out(self.session.rows_available(want, going, through, now))

    def _seals(self, now: datetime) -> leaving.Now:
        return leaving.Now(at=now, seals=self._house.seals)

    def _found_held(self, held: list[Held], want: Want, end: int) -> None:
        # `end` as it was when the reading began: what was held since is not among the rows, and would be passed over
        through = held[-1].id if len(held) == want.limit else end
        rows = [received.opened(each.id, each.envelope) for each in held if each.id <= through]
        if not classes.relaying_agreed(self._desk.world, self.site, self._clock()):
            # agreed when it came, not any more: it stays here, and is asked for again with each tick
            staying = next((row.seq for row in rows if not classes.is_agreement(row.kind)), through + 1)
            rows, through = [row for row in rows if row.seq < staying], min(through, staying - 1)
        self._carry_out(self.session.rows_available(want, rows, max(through, want.after), self._clock()))

    def _unread(self, failure: Failure, want: Want) -> None:
        if not isinstance(failure.value, NotStored | StoreError):
            self._defect(failure)
        log.warning("journal not read for a link", partner=self.site, why=failure.getErrorMessage())
        self._carry_out(self.session.rows_available(want, (), want.after, self._clock()))

    # The partner's journal to our desk

    def _taken(self, batch: Deliver, job: Received, found: Sorted) -> None:
        for seq, error in found.turned_away:
            self._row_refused(error.code, seq, str(error))
        for _ in range(found.kept_unread):
            self._count("row_kept_unread")
        self.flows.received(batch.rows)
        for seq in job.diverged:
            self._row_refused("JOURNAL_DIVERGED", seq, "held under this number with another text")
        # ack after commit: a crash between would lose it
        self._carry_out(self.session.committed(batch.conversation, batch.lane, batch.through, self._clock()))
        if job.passing:
            self._held()
        self._begin()

    def _row_refused(self, code: str, seq: int, why: str) -> None:
        self._count("row_refused")
        self.refused[code] += 1
        if code not in self._row_reasons:  # once per connection and code; the rest is counted
            self._row_reasons.add(code)
            log.warning("row of a partner refused", partner=self.site, seq=seq, why=why)

    def _not_taken(self, batch: Deliver, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, GanyingError):
            self.part(error.code, f"your rows after {batch.after}: {error.detail}")
        else:
            self._defect(failure)
        self._begin()

    # Consultations and video beside the rows

    def say(self, word: Word) -> bool:
        """Whether it went out."""
        outputs = self.session.say(word, congested=self._congested())
        self._carry_out(outputs)
        return bool(outputs)

    def say_past(self, word: WordPassed) -> bool:
        """Whether a word of the past, from or for a site beyond, went out."""
        outputs = self.session.past(word, congested=self._congested())
        self._carry_out(outputs)
        return bool(outputs)

    def past_free(self, capability: str) -> bool:
        """Whether it would go out now."""
        return self.session.past_may_leave(capability, congested=self._congested())

    def reached(self, capability: str) -> bool:
        """Whether the link is up and both can this."""
        up = self.session.state in (LinkState.CATCHING_UP, LinkState.LIVE)
        return up and self.session.peering.can(capability, self.session.identity)

    def _congested(self) -> bool:
        return self.socket is None or self.socket.congested

    # The clock

    def tick(self) -> None:
        """A few times a second: beats, tracks, counts."""
        self._carry_out(self.session.tick(self._clock()))
        if self.socket is not None:
            self._tracks.show()
        self.past.tick(self._clock())
        self._note_sent()
        for event, count in self.session.counts.items():
            new = count - self._told.get(event, 0)
            self._events.labels(self.site, event).inc(new)
            if event == "tracks_sent" and new:
                self._sharing.tracks_sent(self.site, new)
            self._told[event] = count
        if self.session.state is LinkState.LIVE and self._said:
            self._said = ""
            log.info("link live again", partner=self.site)

    def _note_sent(self) -> None:
        """For the audit: what the partner has committed, once."""
        through = self.session.acked
        by_site: dict[str, list[SentRow]] = {}
        for site, seq in sorted(key for key in self._unnoted if key[1] <= through):
            by_site.setdefault(site, []).append(self._unnoted.pop((site, seq)))
        for site, sent in by_site.items():
            self.flows.sent(sent)
            self._sharing.sent(site, sent)

    def _count(self, event: str) -> None:
        self._events.labels(self.site, event).inc()

    def _defect(self, failure: Failure) -> None:
        """A bug of ours: told with its traceback, the link is made anew."""
        log.error("defect on a link", partner=self.site, traceback=failure.getTraceback())
        self.part("DEFECT", "the other end has a defect; see its log")
