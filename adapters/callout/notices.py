"""Once a second: what is due by the world is composed and queued. It decides nothing that the journal does not show.

The command's key is tasking, version and cause, so that neither a restart nor two ticks queue anything twice.
Codes come from the site's own key (`callouts.key`) by HMAC: nobody can guess them, and a retry makes the same one.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from adapters.callout.settings import Settings
from adapters.clock import Clock
from adapters.desk import Desk
from dispatch.amended import open_amendment, with_terms
from dispatch.callout import Due, due, open_code
from dispatch.callout_commands import QueueCallouts
from dispatch.callout_kinds import CalloutCause, CalloutChannel
from dispatch.callout_reach import Recipient, recipients
from dispatch.callout_records import CalloutDraft
from dispatch.commands import Ask
from dispatch.errors import GanyingError
from dispatch.records import Tasking
from dispatch.world import IN_THE_AIR, World
from protocols import sms_text

log = structlog.get_logger(__name__)

EVERY_S = 1.0
ACTOR = "callout"
CODES = 9_000  # 1000 to 9999: four digits whose first is no zero, which handsets and people drop
CALL_HOLDS = timedelta(minutes=10)  # for a key to be pressed


class Notices:
    """Queues what is due. `open_operators`: whose page is open now."""

    def __init__(
        self,
        *,
        desk: Desk,
        settings: Settings,
        key: bytes,
        open_operators: Callable[[], frozenset[str]],
        clock: Clock,
        reactor: Any,
    ) -> None:
        self._desk, self._settings, self._key = desk, settings, key
        self._open_operators, self._clock = open_operators, clock
        self._asked: set[str] = set()
        self._loop = LoopingCall(self.look)
        self._loop.clock = reactor

    def start(self) -> None:
        """Begin to look."""
        self._loop.start(EVERY_S, now=False).addErrback(_log_defect)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def look(self) -> None:
        """One look; what is under way already is not asked again."""
        world, now = self._desk.world, self._clock()
        for one in due(world, now, self._open_operators(), self._settings.wait):
            key = f"{one.tasking.id}.{one.tasking.version}.{one.cause}"[-64:]
            if key in self._asked:
                continue
            self._asked.add(key)
            command = QueueCallouts(
                tasking_id=one.tasking.id,
                tasking_version=one.tasking.version,
                cause=one.cause,
                drafts=self._drafts(world, one, now),
            )
            answer = self._desk.ask(Ask(actor=ACTOR, role=None, command_id=key, command=command))
            answer.addCallbacks(lambda _: None, _refused, errbackArgs=(key,)).addBoth(self._done, key)

    def _done(self, _result: object, key: str) -> None:
        self._asked.discard(key)

    def _drafts(self, world: World, one: Due, now: datetime) -> tuple[CalloutDraft, ...]:
        calls = one.cause is CalloutCause.UNANSWERED and self._settings.voice
        job, change = job_of(world, one.tasking), open_amendment(one.tasking) is not None
        return tuple(
            self._call(job, person, change, now) if calls else self._text(world, job, one, person, now)
            for person in recipients(world, one.tasking)
        )

    def _call(self, job: sms_text.Job, person: Recipient, change: bool, now: datetime) -> CalloutDraft:
        return _draft(
            person,
            CalloutChannel.VOICE,
            sms_text.spoken(job, bool(person.account), change),
            "",
            now + CALL_HOLDS,
        )

    def _text(
        self, world: World, job: sms_text.Job, one: Due, person: Recipient, now: datetime
    ) -> CalloutDraft:
        code = self._code(world, job, one, person, now) if person.account else ""
        text = _words(job, one, code, self._settings.signature)
        return _draft(person, CalloutChannel.SMS, text, code, now + self._settings.code_valid)

    def _code(self, world: World, job: sms_text.Job, one: Due, person: Recipient, now: datetime) -> str:
        """Not open for this number, and not to be found in what else the text says."""
        said = _words(job, one, "", self._settings.signature)
        for turn in range(100):
            seed = f"{one.tasking.id}\0{one.tasking.version}\0{one.cause}\0{person.number}\0{turn}"
            digest = hmac.new(self._key, seed.encode(), hashlib.sha256).digest()
            code = str(1000 + int.from_bytes(digest[:8]) % CODES)
            if code not in said and open_code(world, person.number, code, now) is None:
                return code
        return ""  # a hundred of nine thousand were open: that number answers on the page


def _words(job: sms_text.Job, one: Due, code: str, signature: str) -> str:
    match one.cause:
        case CalloutCause.RECALLED:
            in_the_air = one.tasking.state in IN_THE_AIR
            return sms_text.recalled(job, code, in_the_air, signature)
        case CalloutCause.UNANSWERED:
            change = open_amendment(one.tasking) is not None
            return sms_text.urged(job, code, signature, change=change)
        case CalloutCause.AMENDED:
            waiting = open_amendment(one.tasking)
            return sms_text.amended(job, waiting.changed if waiting is not None else (), code, signature)
        case _:
            return sms_text.order(job, code, signature)


def _draft(
    person: Recipient, channel: CalloutChannel, text: str, code: str, expires_at: datetime
) -> CalloutDraft:
    return CalloutDraft(
        channel=channel,
        recipient_kind=person.kind,
        recipient_id=person.id,
        recipient_name=person.name,
        number=person.number,
        account=person.account,
        text=text,
        code=code,
        expires_at=expires_at,
    )


def job_of(world: World, tasking: Tasking) -> sms_text.Job:
    """What of a tasking is told, with the names that the world has for its places."""
    incident = world.incidents.get(tasking.incident_id)
    waiting = open_amendment(tasking)
    if waiting is not None:  # what is to be answered is told, not what is still in force
        tasking = with_terms(tasking, waiting.after)
    base = world.bases.get(tasking.base_id)
    place = incident.place if incident is not None else ""
    title = tasking.incident_title
    return sms_text.Job(
        number=tasking.number,
        kind=incident.kind if incident is not None else None,
        drops=tasking.drops,
        place=title if place in title else f"{place}{title}",
        position=tasking.incident_position,
        base=base.position if base is not None else None,
        take_off_at=tasking.take_off_at,
        simulated=tasking.simulated,
    )


def _refused(failure: Failure, key: str) -> None:
    """A page was quicker, or the journal is down: the next look sees."""
    if isinstance(failure.value, GanyingError):
        log.info("call-out not queued", callout=key, why=str(failure.value))
    else:
        log.error("defect in a call-out", callout=key, traceback=failure.getTraceback())


def _log_defect(failure: Failure) -> None:
    log.error("defect in the call-outs", traceback=failure.getTraceback())
