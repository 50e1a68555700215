"""One partner: its session, its present socket, and the desk and picture that both speak for.

The session says what to do (protocols/link_session.py); here it is done, in order. Two things take time and may
outlive a connection: reading the journal, whose late answer the session ignores by its number, and committing a
batch. A new connection greets only after a commit under way is done, so that `have` is the truth and no row is asked
for twice. A slow partner holds up its own cursor and nothing else: batches wait in the journal, tracks are dropped.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import structlog
from twisted.python.failure import Failure

from adapters.clock import Clock
from adapters.desk import Desk
from adapters.link import carried
from adapters.link.socket import LinkSocket
from adapters.metrics import Metrics
from dispatch import partner
from dispatch.errors import Busy, GanyingError, NotStored
from dispatch.picture import TrackPicture
from protocols.link_outputs import Acked, Close, Deliver, Output, PartnerTracks, Send, Want
from protocols.link_session import Identity, LinkSession
from protocols.link_state import LinkState
from protocols.rows import Row

RETRY_S = 0.5  # pause before a batch is offered again to a desk that is busy or cannot store
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
        metrics: Metrics,
        clock: Clock,
        call_later: Callable[..., Any],
    ) -> None:
        self.site = site
        self.session = LinkSession(identity=identity, partner=site)
        self.socket: LinkSocket | None = None
        self._desk, self._picture, self._clock, self._call_later = desk, picture, clock, call_later
        self._certified = ""
        self._greeted = False  # our Greet is out on the present socket
        self._early: list[bytes] = []
        self._batches: deque[Deliver] = deque()  # bounded by the session's window
        self._committing = False
        self._sent_positions: dict[str, float] = {}
        self._told: dict[str, int] = {}
        self._row_reasons: set[str] = set()
        self._said = ""  # last reason logged: a partner that keeps failing the same way is named once
        self._events = metrics.counter(
            "ganying_link_events", "What happened on links, by partner and event", ("partner", "event")
        )

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
        elif len(self._early) < EARLY_FRAMES:
            self._early.append(data)
        else:
            socket.close()

    def closed(self, socket: LinkSocket) -> None:
        """The socket is gone."""
        if socket is not self.socket:
            return
        self.socket, self._greeted = None, False
        self._early.clear()
        self._batches.clear()  # unacknowledged: they come again
        self.session.lost(self._clock())

    def part(self, code: str, detail: str) -> None:
        """End the connection, saying why."""
        self._carry_out(self.session.part(code, detail))

    def linked(self) -> bool:
        """Whether a socket is open."""
        return self.socket is not None and self.socket.is_usable()

    def _begin(self) -> None:
        """Greet, once nothing of the last connection is being committed."""
        if self._committing or self.socket is None or self._greeted:
            return
        self._greeted = True
        self._sent_positions.clear()
        self._row_reasons.clear()
        cursor = self._desk.cursor(self.site)
        self._carry_out(
            self.session.connected(
                have=cursor.have,
                have_epoch=cursor.epoch,
                head=self._desk.through,
                certified_site=self._certified,
                now=self._clock(),
            )
        )
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
                    self._batches.append(output)
                    self._commit_next()
                case Acked():
                    self._desk.acked(self.site, output.through)
                case PartnerTracks():
                    self._see(output)
                case Close():
                    self._close(output)

    def _send(self, data: bytes) -> None:
        if self.socket is not None:
            self.socket.send(data)

    def _close(self, close: Close) -> None:
        if self._said != close.code:
            self._said = close.code
            log.warning("link ended", partner=self.site, code=close.code, detail=close.detail)
        if self.socket is not None:
            self.socket.close()

    # Our journal to the partner

    def journal_grew(self) -> None:
        """Something was committed here."""
        self._carry_out(self.session.journal_at(self._desk.through, self._clock()))

    def _read(self, want: Want) -> None:
        head = self._desk.through

        def found(rows: list[Row]) -> None:
            # Rows committed a moment ago may be read before the desk has them in its world, and what the world does
            # not know would be taken for withheld: so never look beyond the world.
            known = self._desk.through
            last = rows[-1].seq if rows else want.after
            through = min(max(last, min(want.after + want.limit, head)), known)
            leaving, through = carried.outgoing(self._desk.world, rows, self.site, through)
            self._carry_out(self.session.rows_available(want.conversation, leaving, through, self._clock()))

        def unread(failure: Failure) -> None:
            log.warning("journal not read for a link", partner=self.site, why=failure.getErrorMessage())
            self._carry_out(self.session.rows_available(want.conversation, (), want.after, self._clock()))

        self._desk.rows_after(want.after, want.limit).addCallbacks(found, unread).addErrback(self._defect)

    # The partner's journal to our desk

    def _commit_next(self) -> None:
        if self._committing or not self._batches:
            return
        self._committing = True
        batch = self._batches.popleft()
        rows, turned_away = carried.incoming(self._desk.world, batch.rows, self.site)
        for seq, error in turned_away:
            self._count("row_refused")
            if error.code not in self._row_reasons:  # once per connection and code; the rest is counted
                self._row_reasons.add(error.code)
                log.warning("row of a partner refused", partner=self.site, seq=seq, why=str(error))
        self._commit(batch, rows)

    def _commit(self, batch: Deliver, rows: list[Row]) -> None:
        received = self._desk.receive(self.site, batch.epoch, batch.after, batch.through, rows)
        received.addCallbacks(
            lambda _: self._committed(batch), self._not_committed, errbackArgs=(batch, rows)
        ).addErrback(self._defect)

    def _committed(self, batch: Deliver) -> None:
        self._committing = False
        # ack after commit: a crash between would lose it
        self._carry_out(self.session.committed(batch.conversation, batch.through, self._clock()))
        self._begin()
        self._commit_next()

    def _not_committed(self, failure: Failure, batch: Deliver, rows: list[Row]) -> None:
        if isinstance(failure.value, Busy | NotStored) and self._greeted:
            self._count("commit_retried")
            self._call_later(RETRY_S, self._commit, batch, rows)
            return
        self._committing = False
        error = failure.value
        if isinstance(error, GanyingError):
            self.part(error.code, f"your rows after {batch.after}: {error.detail}")
        else:
            self._defect(failure)
        self._begin()

    # Tracks

    def _see(self, seen: PartnerTracks) -> None:
        now = self._clock()
        for track, age in seen.tracks:
            if carried.seen_ourselves(self._picture, track.icao24, now):
                self._count("track_seen_ourselves")
            else:
                self._picture.accept(carried.sighting(track, age, self.site, now), now.timestamp())

    def _show_tracks(self) -> None:
        if self.session.state not in (LinkState.CATCHING_UP, LinkState.LIVE) or self.socket is None:
            return
        now = self._clock()
        addresses = partner.shown_aircraft(self._desk.world, self.site)
        moved = list(carried.moved_tracks(self._picture, addresses, self._sent_positions, now))
        shown = [track for _, track in moved]
        outputs = self.session.tracks_available(shown, now, congested=self.socket.congested)
        if outputs:  # what was thinned out or dropped is still to be shown
            still = {each: at_s for each, at_s in self._sent_positions.items() if each in addresses}
            self._sent_positions = still | {track.icao24: at_s for at_s, track in moved}
        self._carry_out(outputs)

    # The clock

    def tick(self) -> None:
        """A few times a second: beats, tracks, counts."""
        self._carry_out(self.session.tick(self._clock()))
        self._show_tracks()
        for event, count in self.session.counts.items():
            self._events.labels(self.site, event).inc(count - self._told.get(event, 0))
            self._told[event] = count
        if self.session.state is LinkState.LIVE and self._said:
            self._said = ""
            log.info("link live again", partner=self.site)

    def _count(self, event: str) -> None:
        self._events.labels(self.site, event).inc()

    def _defect(self, failure: Failure) -> None:
        """A bug of ours: told with its traceback, the link is made anew."""
        self._committing = False
        log.error("defect on a link", partner=self.site, traceback=failure.getTraceback())
        self.part("DEFECT", "the other end has a defect; see its log")
