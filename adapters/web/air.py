"""What consoles are told of the air: tracks in turns, each console once a second, and alerts at once.

Ten times a second the picture's changes are encoded, once for everybody, and a tenth of the consoles has its turn: what
changed in its viewport since its last one, and the status line with it, in one write. A console whose socket is full
misses its turn; the next one tells it everything since what it has.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from twisted.internet.task import LoopingCall

from adapters.web import status_line
from adapters.web.console import Console
from adapters.web.sessions import still_holds
from adapters.web.site import Site
from dispatch.alerts import Alert
from dispatch.sighting import ICAO24
from dispatch.views import NO_OPERATIONS
from dispatch.world import World
from protocols.client_cells import Window
from protocols.client_session import Phase
from protocols.client_tracks import SLOTS, WirePicture
from protocols.codec.client_alerts import alerts_message
from protocols.websocket_frame import binary_frame, frame_of

log = structlog.get_logger(__name__)

# Registered things that every console is told of wherever it looks: aircraft first. Beyond it: only in the viewport.
PINNED = 1_000
AT_ONCE = 64  # consoles told before the reactor looks at anything else: 4 ms where each looks somewhere else
Frames = dict[tuple[int, int, Window | None], bytes]  # by ticks and window


class Air:
    """The air side of one site's consoles."""

    def __init__(self, site: Site, reactor: Any) -> None:
        self.site, self._reactor = site, reactor
        self._wire = WirePicture()
        self._seats: list[set[Console]] = [set() for _ in range(SLOTS)]
        self._told: list[int] = [0] * SLOTS  # the tick up to which each slot had its turn
        self._turn = 0
        self._shown: set[Console] = set()  # the whole of their viewport, since the last refresh
        self._waiting: set[Console] = set()  # looked elsewhere again since then
        self._wholes: dict[Window | None, bytes] = {}  # of this tick
        self._pinned_of: World | None = None
        self._cried: dict[str, Alert] = {}  # since the last turn of the reactor, the newest of each
        self._unsubscribe: Callable[[], None] = lambda: None
        self._turns = LoopingCall(self.take_turn)
        self._left_out = site.metrics.counter(
            "ganying_console_tracks_left_out", "Track messages a slow console did not get"
        )

    def start(self) -> None:
        """Begin to tell."""
        self.pin(self.site.desk.world)
        self._unsubscribe = self.site.watch.subscribe(self._alerted)
        self._turns.clock = self._reactor
        self._turns.start(1.0 / SLOTS, now=False).addErrback(_log_defect)

    def stop(self) -> None:
        """Tell nobody any more."""
        self._unsubscribe()
        self._unsubscribe = lambda: None
        if self._turns.running:
            self._turns.stop()

    def seat(self, console: Console) -> None:
        """Give a console its turn, where the fewest are."""
        console.slot = min(range(SLOTS), key=lambda slot: len(self._seats[slot]))
        self._seats[console.slot].add(console)

    def leave(self, console: Console) -> None:
        """It is gone."""
        if console.slot >= 0:
            self._seats[console.slot].discard(console)

    def pin(self, world: World) -> None:
        """Tell everybody of the fleet and of what people registered, where those changed, and of what alerts are about."""
        known = self._pinned_of
        if known is None or known.aircraft is not world.aircraft or known.identities is not world.identities:
            self._pinned_of = world
            self._registered = _registered(world)
        numbers = {number for alert in self.site.watch.present() for number in alert.numbers}
        self._wire.pin(self._registered, numbers)

    # Alerts

    def greet(self, console: Console) -> bytes | None:
        """All alerts, for one that begins; None where it may not see them."""
        if not _may_see(console):
            return None
        return binary_frame(alerts_message(self.site.watch.present(), self.site.picture.get, whole=True))

    def _alerted(self, alert: Alert) -> None:
        if not self._cried:
            # after whatever else this turn of the reactor brings, so that a hundred at once are one message
            self._reactor.callLater(0, self._cry)
        self._cried[alert.id] = alert

    def _cry(self) -> None:
        """Tell everybody who may see tracks."""
        cried, self._cried = self._cried, {}
        frame = binary_frame(alerts_message(cried.values(), self.site.picture.get, whole=False))
        for seats in self._seats:
            for console in tuple(seats):
                if console.session.phase is Phase.OPEN and _may_see(console):
                    console.must(frame)
        self.pin(self.site.desk.world)

    # Tracks

    def show(self, console: Console) -> None:
        """Everything in the viewport, for a beginning; once a tick at most, however often it looks elsewhere."""
        console.session.tick = 0
        if not _sees_tracks(console):
            return
        if console in self._shown:
            self._waiting.add(console)
            return
        self._shown.add(console)
        part = self._wire.since(0, self.site.clock())
        frame = self._wholes.get(console.window)
        if frame is None:
            frame = self._wholes[console.window] = frame_of(part.pieces(console.window))
        if console.outbox.may(frame):
            console.session.tick = part.to_tick

    def take_turn(self) -> None:
        """Take over what changed, and tell one slot. A defect costs one turn."""
        try:
            self._wire.refresh(self.site.picture)
            self._shown.clear()
            self._wholes.clear()
            waiting, self._waiting = self._waiting, set()
            for console in waiting:
                if console.session.phase is Phase.OPEN:
                    self.show(console)
            slot, self._turn = self._turn, (self._turn + 1) % SLOTS
            self._tell(slot)
        except Exception:
            log.exception("defect in telling tracks")

    def _tell(self, slot: int) -> None:
        consoles = [each for each in self._seats[slot] if each.session.phase is Phase.OPEN]
        floor, self._told[slot] = self._told[slot], self._wire.tick
        if consoles:
            self._tell_some(consoles, floor, binary_frame(status_line.message(self.site)), {})

    def _tell_some(self, consoles: list[Console], floor: int, status: bytes, frames: Frames) -> None:
        """Tell as many as fit, and the others after whatever else waits: alerts, commands, feeds."""
        now, world = self.site.clock(), self.site.desk.world
        for console in consoles[:AT_ONCE]:
            if console.session.phase is not Phase.OPEN:
                continue
            if console.principal is None or not still_holds(world, console.principal, now):
                console.part("UNAUTHENTICATED", "the session has ended; sign in again")
            elif not _sees_tracks(console):
                console.outbox.may(status)
            else:
                # Whoever has at least what its slot was told last is told from there: it shares the message. Not from
                # before all was forgotten: that would be everything, to somebody who lacks little.
                shares = floor <= console.session.tick and self._wire.remembers(floor)
                since = floor if shares else console.session.tick
                self._tell_one(console, since, now, status, frames)
        if len(consoles) > AT_ONCE:
            self._reactor.callLater(0, self._tell_some, consoles[AT_ONCE:], floor, status, frames)

    def _tell_one(
        self,
        console: Console,
        since: int,
        now: datetime,
        status: bytes,
        frames: Frames,
    ) -> None:
        if console.outbox.blocked:
            self._left_out.inc()
            return
        key = (since, self._wire.tick, console.window)
        frame = frames.get(key)
        if frame is None:
            frame = frames[key] = frame_of(self._wire.since(since, now).pieces(console.window), status)
        if console.outbox.may(frame):
            console.session.tick = self._wire.tick
        else:
            self._left_out.inc()


def _may_see(console: Console) -> bool:
    return console.principal is not None and console.principal.session.role not in NO_OPERATIONS


def _sees_tracks(console: Console) -> bool:
    subscribed = console.session.subscribed
    return subscribed is not None and subscribed.tracks and _may_see(console)


def _registered(world: World) -> tuple[str, ...]:
    """Keys of the fleet, then of what people registered."""
    fleet = [f"{ICAO24}:{each.icao24}" for each in world.aircraft.values() if each.icao24]
    identities = [each.id for each in world.identities.values() if not each.retired]
    return tuple([*sorted(fleet), *sorted(identities)][:PINNED])


def _log_defect(failure: Any) -> None:
    log.error("defect in the air of the consoles", traceback=failure.getTraceback())
