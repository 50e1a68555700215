"""Every refused act is written down, however many there are: the first of a kind at once, its repeats as a count.

    refusal -> already noted of late?  -> counted, written within EVERY_S with how often and until when
            -> new                     -> in the journal before the caller hears its answer (a few per account),
                                          beyond that within EVERY_S

So a session that is refused ten thousand times makes a handful of rows, and who tried what is never lost but to a
crash within EVERY_S of a repeat. Kinds are told apart by account, role, act and code; accounts and acts are few.
"""

from dataclasses import replace
from typing import Any, Protocol

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from adapters.clock import Clock
from dispatch.commands import ActOnAirspace, Ask, Command
from dispatch.errors import Forbidden, GanyingError, KeyReused, Refused, Unknown
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import Role
from dispatch.refusals import MOST_AT_ONCE
from dispatch.tasking_commands import ActOnTasking, NoteRefusals
from dispatch.tasking_records import RefusedAct

EVERY_S = 30.0
AT_ONCE = 8  # rows of one account within EVERY_S that are written before the answer
MOST_KINDS = 256  # of one account within EVERY_S; beyond them all are one kind
MOST_DETAIL = 200  # characters
OTHERS = "*"  # act and code of what came beyond MOST_KINDS
AUDITED = (Refused, Forbidden, Unknown, KeyReused)  # a rule's no; what cannot be read is no act

log = structlog.get_logger(__name__)
Kind = tuple[str, Role, str, str]


class _Desk(Protocol):
    def ask(self, ask: Ask) -> "Deferred[Any]": ...


class Refusals:
    """What one site has refused since it last wrote it down. On the reactor thread."""

    def __init__(self, desk: _Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._counts: dict[Kind, RefusedAct] = {}  # count 0: written already, waiting for repeats
        self._kinds: dict[str, int] = {}
        self._written: dict[str, int] = {}
        self._loop = LoopingCall(self._flush_logged)
        self._made = 0

    def start(self, reactor: Any) -> None:
        """Begin to write what is counted."""
        self._loop.clock = reactor
        self._loop.start(EVERY_S, now=False)

    async def stop(self) -> None:
        """Write what is left."""
        if self._loop.running:
            self._loop.stop()
        await self._flush_logged()

    async def note(
        self, actor: str, role: Role, operator_id: str, what: tuple[str, str], error: GanyingError
    ) -> None:
        """Keep a refusal; `what` is the act and what it was tried on. Returns once it is on disk, or counted."""
        if not isinstance(error, AUDITED):
            return
        act, subject = what
        now = self._clock()
        one = RefusedAct(
            actor=actor,
            role=role,
            operator_id=operator_id,
            act=act,
            subject=subject,
            code=error.code,
            detail=error.detail[:MOST_DETAIL],
            first_at=now,
            last_at=now,
            count=1,
        )
        kind = self._kind(one)
        before = self._counts.get(kind)
        if before is not None:
            first_at = before.first_at if before.count else now
            self._counts[kind] = replace(
                one, act=kind[2], code=kind[3], first_at=first_at, count=before.count + 1
            )
            return
        self._kinds[actor] = self._kinds.get(actor, 0) + 1
        one = replace(one, act=kind[2], code=kind[3])
        if self._written.get(actor, 0) >= AT_ONCE:
            self._counts[kind] = one
            return
        self._written[actor] = self._written.get(actor, 0) + 1
        self._counts[kind] = replace(one, count=0)
        if not await self._write((one,)):
            self._counts[kind] = _sum(self._counts.get(kind), one)

    def _kind(self, one: RefusedAct) -> Kind:
        kind = (one.actor, one.role, one.act, one.code)
        if kind in self._counts or self._kinds.get(one.actor, 0) < MOST_KINDS:
            return kind
        return (one.actor, one.role, OTHERS, OTHERS)

    async def flush(self) -> None:
        """Write what is counted. What cannot be written now is kept."""
        counted = [(kind, one) for kind, one in self._counts.items() if one.count]
        self._counts, self._kinds, self._written = {}, {}, {}
        for start in range(0, len(counted), MOST_AT_ONCE):
            part = counted[start : start + MOST_AT_ONCE]
            if not await self._write(tuple(one for _, one in part)):
                for kind, one in part:
                    if kind not in self._counts:
                        self._kinds[one.actor] = self._kinds.get(one.actor, 0) + 1
                    self._counts[kind] = _sum(self._counts.get(kind), one)

    def _flush_logged(self) -> "Deferred[None]":
        return Deferred.fromCoroutine(self.flush()).addErrback(
            lambda failure: log.error("defect in keeping refusals", traceback=failure.getTraceback())
        )

    async def _write(self, refused: tuple[RefusedAct, ...]) -> bool:
        self._made += 1
        key = f"refused-{self._clock().timestamp():.6f}-{self._made}"
        ask = Ask(actor="audit", role=None, command_id=key, command=NoteRefusals(refused=refused))
        try:
            await self._desk.ask(ask)
        except GanyingError as error:
            log.warning("a refusal is not written yet", why=str(error))
            return False
        return True


def _sum(before: RefusedAct | None, one: RefusedAct) -> RefusedAct:
    """One line of both."""
    if before is None or not before.count:
        return one
    return replace(before, first_at=min(before.first_at, one.first_at), count=before.count + one.count)


def act_of(command: Command) -> tuple[str, str]:
    """How a command over the socket is called, and what it is tried on: as the HTTP door of the same act."""
    match command:
        case ActOnTasking():
            return f"{command.action}Tasking", command.tasking_id
        case ActOnIncident():
            return f"{command.action}Incident", command.incident_id
        case ActOnAirspace():
            return f"{command.action}AirspaceRequest", command.request_id
        case _:
            name = type(command).__name__
            return name[0].lower() + name[1:], str(getattr(command, "plan_id", ""))
