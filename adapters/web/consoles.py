"""All consoles of a site: who is signed in, what each says, and what records it is sent after each commit.

Tracks, alerts and the status line are air.py's. One console that reads slowly, or says nonsense, costs the others nothing: what it cannot take waits in its own outbox
or is left out, and past its limit it is told SLOW and let go (protocols/client_session.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import Cooperator

from adapters.accounts import token_digest
from adapters.refusals import act_of
from adapters.web.air import Air
from adapters.web.console import Console
from adapters.web.devices import heard, was_revoked
from adapters.web.room_gestures import RoomGestures
from adapters.web.sessions import check_session, principal_of, still_holds
from adapters.web.site import Principal, Site
from adapters.web.version import version
from dispatch import account_facts
from dispatch.access import ASK_PLAN
from dispatch.commands import Ask
from dispatch.errors import Busy, GanyingError
from dispatch.facts import Recorded
from dispatch.kinds import Role
from dispatch.views import Viewer
from dispatch.world import World
from protocols.client_cells import window_of
from protocols.client_records import SCOPED, Fragments, Key, beside, changed_since, new_ids, touched
from protocols.client_session import Phase, SessionOver
from protocols.codec import client
from protocols.codec.client import Asked, Hello, Ping, Received, Subscribe
from protocols.codec.client_fragments import records_message
from protocols.codec.client_planner import planner_runs_message
from protocols.codec.client_view import RoomGesture
from protocols.websocket_frame import binary_frame

log = structlog.get_logger(__name__)

_ENDING = (
    account_facts.SessionClosed | account_facts.SessionsEnded | account_facts.AccountSaved
)  # after these a session may be over


class Consoles:
    """The consoles of one site."""

    def __init__(self, site: Site, reactor: Any) -> None:
        self.site, self.reactor = site, reactor
        self._all: set[Console] = set()
        self._through = 0
        self._fragments = Fragments()
        self._air = Air(site, reactor)
        self._gestures = RoomGestures(site)
        self._run = 0  # names this run of the server: numbers of tracks and ticks hold within it
        self._unsubscribe: Callable[[], None] = lambda: None
        self._unwatch: Callable[[], None] = lambda: None
        self._warming = Cooperator(scheduler=lambda work: reactor.callLater(0, work))
        metrics = site.metrics
        self._count = metrics.gauge("ganying_consoles", "Consoles that are connected")
        self._parted = metrics.counter("ganying_consoles_parted", "Consoles let go, by reason", ("code",))

    def start(self) -> None:
        """Begin to send."""
        self._through = self.site.desk.world.seq
        self._unsubscribe = self.site.desk.subscribe(self._committed)
        self._unwatch = self.site.planner.subscribe(self._planned)
        self._warming.coiterate(self._fragments.warm(self.site.desk.world))
        self._run = int(self.site.clock().timestamp() * 1_000_000)
        self._air.start()
        if self.site.rooms_over_links is not None:
            self.site.rooms_over_links.on_hand = lambda site, hand: self._gestures.heard(
                site, hand, self._open()
            )

    def stop(self) -> None:
        """Tell everybody and stop."""
        self._unsubscribe()
        self._unwatch()
        self._unwatch = lambda: None
        self._warming.stop()
        self._air.stop()
        for console in tuple(self._all):
            console.part("STOPPING", "the server stops; try again")

    def opened(self, console: Console) -> None:
        """A socket."""
        self._all.add(console)
        self._count.set(len(self._all))

    def closed(self, console: Console) -> None:
        """It is gone."""
        self._all.discard(console)
        self._air.leave(console)
        self._count.set(len(self._all))

    def parted(self, code: str) -> None:
        """A console was let go."""
        self._parted.labels(code).inc()

    # What consoles say

    def said(self, console: Console, said: Received) -> None:
        """Act on a message. Raises SessionOver."""
        match said:
            case Hello():
                self._greet(console, said)
            case Subscribe():
                console.window = window_of(said.viewport)
                self._air.show(console)
            case Asked():
                self._command(console, said)
            case RoomGesture():
                self._gestures.said(console, self._present(console), said, self._open())
            case Ping():
                console.outbox.must(binary_frame(client.pong(said.at_us, self.site.clock())))

    def _greet(self, console: Console, hello: Hello) -> None:
        site, now, world = self.site, self.site.clock(), self.site.desk.world
        principal = principal_of(world, hello.token, now)
        if principal is None and was_revoked(world, token_digest(hello.token)):
            raise SessionOver("DEVICE_REVOKED", "this device was revoked")
        if principal is None:
            raise SessionOver("UNAUTHENTICATED", "no session: POST /api/v1/session first")
        if principal.session.must_change:
            raise SessionOver(
                "PASSWORD_CHANGE_REQUIRED", "set a password first: POST /api/v1/session/password"
            )
        console.be_patient()
        console.principal = principal
        heard(site, principal, now)
        welcome = client.welcome(
            site=site.config.site.id,
            site_name=site.config.site.name,
            account=principal.account.name,
            display_name=principal.account.display_name,
            role=principal.session.role,
            operator_id=principal.account.operator_id,
            at=now,
            epoch=site.desk.epoch,
            demonstration=site.config.demonstration.enabled,
            version=version(),
            run=self._run,
        )
        alerts = self._air.greet(console)
        for frame in (binary_frame(welcome), *([] if alerts is None else [alerts])):
            console.outbox.must(frame)
        console.outbox.must(binary_frame(self._first_records(world, principal.viewer, hello)))
        console.session.welcomed(world.seq)
        if principal.session.role in ASK_PLAN:
            console.outbox.must(binary_frame(planner_runs_message(site.planner.runs())))
        self._air.seat(console)

    def _first_records(self, world: World, viewer: Viewer, hello: Hello) -> bytes:
        """What changed since the client left, or everything where that cannot be said."""
        relations = self.site.relations()
        resumes = hello.epoch == self.site.desk.epoch and 0 < hello.resume_after <= world.seq
        # copies that were purged meanwhile are in no list of changes: begin anew
        resumes = resumes and hello.resume_after >= world.consent_book.dropped_at
        if resumes:
            keys = self._keys_for(world, viewer, changed_since(world, hello.resume_after))
            fragments = self._fragments.seen(world, relations, viewer, keys)
        else:
            fragments = self._fragments.everything(world, relations, viewer)
        after = hello.resume_after if resumes else 0
        return records_message(after=after, through=world.seq, whole=not resumes, fragments=fragments)

    def _keys_for(self, world: World, viewer: Viewer, keys: frozenset[Key]) -> frozenset[Key]:
        return beside(world, keys) if viewer.role in SCOPED else keys

    def _command(self, console: Console, asked: Asked) -> None:
        if asked.command is None:
            error: GanyingError = asked.wrong or Busy()
            console.outbox.must(binary_frame(client.rejected(asked.command_id, error)))
            return
        if console.session.crowded:
            console.outbox.must(binary_frame(client.rejected(asked.command_id, Busy())))
            return
        principal = self._present(console)
        try:
            check_session(self.site, principal, acts=True)
        except GanyingError as wrong:
            console.outbox.must(binary_frame(client.rejected(asked.command_id, wrong)))
            return
        console.session.pending += 1
        ask = Ask(
            actor=principal.account.name,
            role=principal.session.role,
            command_id=asked.command_id,
            command=asked.command,
            operator_id=principal.account.operator_id,
            device_id=principal.session.device_id,
        )
        Deferred.fromCoroutine(self._answer(console, ask)).addErrback(_log_defect)

    def _present(self, console: Console) -> Principal:
        """Who a console is now. Raises SessionOver."""
        now, world = self.site.clock(), self.site.desk.world
        if console.principal is None or not still_holds(world, console.principal, now):
            raise SessionOver("UNAUTHENTICATED", "the session has ended; sign in again")
        session = world.sessions[console.principal.session.token_digest]  # it may have been locked since
        return replace(console.principal, session=session)

    async def _answer(self, console: Console, ask: Ask) -> None:
        try:
            answer = await self.site.desk.ask(ask)
            message = client.accepted(ask.command_id, answer.through, new_ids(answer.recorded))
        except GanyingError as error:
            message = client.rejected(ask.command_id, error)
            if ask.role is not None:
                await self.site.refusals.note(
                    ask.actor, ask.role, ask.operator_id, act_of(ask.command), error
                )
        except Exception:  # a defect in a rule is the site's, not this console's: it is told and goes on
            log.exception("defect in a command", command=type(ask.command).__name__)
            message = client.rejected(ask.command_id, GanyingError("DEFECT", "a defect of the server"))
        console.session.pending -= 1
        console.must(binary_frame(message))

    # What consoles are sent

    def _open(self) -> Iterable[Console]:
        return (console for console in tuple(self._all) if console.session.phase is Phase.OPEN)

    def open_operators(self) -> frozenset[str]:
        """The operators of whom somebody has a page open."""
        return frozenset(
            console.principal.account.operator_id
            for console in self._open()
            if console.principal is not None and console.principal.session.role is Role.OPERATOR
        )

    def _committed(self, world: World, recorded: tuple[Recorded, ...]) -> None:
        """Tell everybody; a defect costs them a resync, never the news after it."""
        after, self._through = self._through, world.seq
        self._air.pin(world)
        try:
            self._tell(world, recorded, after)
        except (
            Exception
        ):  # the desk would never call again, and consoles would show an old world as a live one
            log.exception("defect in telling consoles")
            for console in self._open():
                console.part("RESYNC", "come back with resume_after")

    def _tell(self, world: World, recorded: tuple[Recorded, ...], after: int) -> None:
        """One message per way of seeing, however many look that way."""
        if any(isinstance(each.fact, _ENDING) for each in recorded):
            self._let_go()
        complete = len(recorded) == world.seq - after  # rows may be read again after the database was away
        keys = touched(world, recorded, after) if complete else changed_since(world, after)
        relations = self.site.relations()
        frames: dict[Viewer, bytes] = {}
        for console in self._open():
            if console.principal is None:
                continue
            viewer = console.principal.viewer
            frame = frames.get(viewer)
            if frame is None:
                whole = world.consent_book.dropped_at > after  # something is gone, which no change tells
                seen = (
                    self._fragments.everything(world, relations, viewer)
                    if whole
                    else self._fragments.seen(world, relations, viewer, self._keys_for(world, viewer, keys))
                )
                message = records_message(
                    after=0 if whole else after, through=world.seq, whole=whole, fragments=seen
                )
                frame = frames[viewer] = binary_frame(message)
            console.session.through = world.seq
            console.must(frame)

    def _planned(self) -> None:
        """How the planner does, to those who may ask it."""
        frame = binary_frame(planner_runs_message(self.site.planner.runs()))
        for console in self._open():
            if console.principal is not None and console.principal.session.role in ASK_PLAN:
                console.must(frame)

    def _let_go(self) -> None:
        """Close the consoles whose session has ended."""
        now, world = self.site.clock(), self.site.desk.world
        for console in self._open():
            if console.principal is None or not still_holds(world, console.principal, now):
                ended = console.principal is not None and was_revoked(
                    world, console.principal.session.token_digest
                )
                code = "DEVICE_REVOKED" if ended else "UNAUTHENTICATED"
                console.part(code, "the session has ended; sign in again")


def _log_defect(failure: Any) -> None:
    log.error("defect in the consoles", traceback=failure.getTraceback())
