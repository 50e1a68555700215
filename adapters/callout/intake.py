"""What the gateway brings: replies, keys pressed during a call, delivery reports. Each is answered by name.

A reply that counts is asked under the account its call-out names, in one command with what it does to the tasking;
one that does not is written down under the gateway's account, and answered by text where the rules allow. The same
event again gets its first answer: the gateway's ids are our keys.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.callout.settings import Settings
from adapters.clock import Clock
from adapters.desk import Desk
from adapters.metrics import Metrics
from dispatch import callout_reply
from dispatch.callout_commands import AdvanceCallout, AnswerCallout, TakeReply
from dispatch.callout_kinds import CalloutAction, CalloutChannel, RecipientKind, ReplyResult
from dispatch.callout_reach import masked, normal
from dispatch.callout_records import FINAL, Callout, CalloutDraft
from dispatch.commands import Ask
from dispatch.errors import Busy, GanyingError, NotStored
from dispatch.kinds import Role
from protocols import sms_reply, sms_text
from protocols.json_callouts import GatewayEvent, GatewayOutcome
from protocols.sms_reply import REASONS, Reply

log = structlog.get_logger(__name__)

ANSWER_HOLDS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """One answer as far as it could be read. `callout` None: found by its code."""

    reply_id: str
    number: str
    text: str
    said: Reply | ReplyResult
    callout: Callout | None


class Intake:
    """One site's."""

    def __init__(self, desk: Desk, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self._desk, self._settings, self._clock = desk, settings, clock
        self._results = metrics.counter(
            "ganying_callout_replies", "Replies by what became of them", ("result",)
        )
        self._reports = metrics.counter("ganying_callout_reports", "Delivery reports", ("state",))

    async def take(self, event: GatewayEvent, gateway: str) -> GatewayOutcome:
        """One event of the gateway's account. Raises nothing that a gateway can bring about."""
        try:
            if event.type == "report":
                return await self._report(event, gateway)
            result = await self._answer(event, gateway)
            self._results.labels(result).inc()
            return GatewayOutcome(id=event.id, result=result)
        except (Busy, NotStored) as error:
            return GatewayOutcome(id=event.id, result=error.code, again=True)
        except GanyingError as error:
            self._results.labels("not_taken").inc()
            log.info("gateway's event not taken", event_id=event.id, type=event.type, why=error.code)
            return GatewayOutcome(id=event.id, result=error.code)

    async def _report(self, event: GatewayEvent, gateway: str) -> GatewayOutcome:
        action = CalloutAction.DELIVER if event.state == "delivered" else CalloutAction.FAIL
        self._reports.labels(event.state or "none").inc()
        command = AdvanceCallout(callout_id=event.id, action=action, detail=event.detail)
        key = f"report.{event.id}.{event.state}"[-64:]
        try:
            await self._desk.ask(Ask(actor=gateway, role=Role.GATEWAY, command_id=key, command=command))
        except GanyingError as error:
            if error.code in ("NOT_NOW", "KEY_REUSED"):  # once more, or overtaken by another: nothing is new
                return GatewayOutcome(id=event.id, result="noted")
            raise
        return GatewayOutcome(id=event.id, result="noted")

    async def _answer(self, event: GatewayEvent, gateway: str) -> ReplyResult:
        world, number = self._desk.world, normal(event.number)
        for earlier in world.callout_replies.get(number, ()):
            if earlier.reply_id == event.id:
                return earlier.result
        heard = self._heard(event, number)
        found = heard.said if isinstance(heard.said, ReplyResult) else self._find(heard, heard.said)
        if isinstance(found, ReplyResult):
            return await self._note(heard, gateway, found, heard.callout)
        why = callout_reply.judge(world, found, number, self._clock())
        if why is not None:
            return await self._note(heard, gateway, why, found)
        assert isinstance(heard.said, Reply)  # noqa: S101  # or nothing would have been found
        return await self._act(heard, heard.said, gateway, found)

    def _heard(self, event: GatewayEvent, number: str) -> _Heard:
        called = None
        said: Reply | ReplyResult
        if event.type == "reply":
            said = sms_reply.parse(event.text)
        else:
            called, said = self._desk.world.callouts.get(event.callout), _keys(event.keys)
            if called is None or called.channel is not CalloutChannel.VOICE:
                called, said = None, ReplyResult.WRONG_CODE
        if number and callout_reply.locked(self._desk.world, number, self._clock()):
            said = ReplyResult.LOCKED
        return _Heard(
            reply_id=event.id, number=number, text=event.text or event.keys, said=said, callout=called
        )

    def _find(self, heard: _Heard, said: Reply) -> Callout | ReplyResult:
        if heard.callout is not None:
            return heard.callout
        return callout_reply.find(self._desk.world, heard.number, said.code, self._clock())

    async def _act(self, heard: _Heard, said: Reply, gateway: str, found: Callout) -> ReplyResult:
        """It counts, unless a rule of the tasking says no."""
        account = self._desk.world.accounts[found.account]
        tasking = self._desk.world.taskings[found.tasking_id]
        result, _ = callout_reply.meant(tasking, found, said.accept)
        command = AnswerCallout(
            callout_id=found.id,
            reply_id=heard.reply_id,
            number=heard.number,
            code=said.code,
            accept=said.accept,
            refusal=said.refusal,
            confirmation=self._draft(heard.number, result, found),
        )
        ask = Ask(
            actor=account.name,
            role=Role.OPERATOR,
            command_id=f"sms.{heard.reply_id}",
            command=command,
            operator_id=account.operator_id,
        )
        try:
            await self._desk.ask(ask)
        except (Busy, NotStored):
            raise
        except GanyingError as error:
            log.info("reply refused", callout=found.id, number=masked(heard.number), why=error.code)
            why = _result_of(error)
            return await self._note(heard, gateway, why, found, detail=error.code)
        return result

    async def _note(
        self, heard: _Heard, gateway: str, result: ReplyResult, found: Callout | None, detail: str = ""
    ) -> ReplyResult:
        command = TakeReply(
            reply_id=heard.reply_id,
            number=heard.number,
            callout_id=found.id if found is not None else "",
            result=result,
            text=f"{detail} {heard.text}".strip(),
            answer=self._draft(heard.number, result, found),
        )
        key = f"reply.{heard.reply_id}"
        await self._desk.ask(Ask(actor=gateway, role=Role.GATEWAY, command_id=key, command=command))
        return result

    def _draft(self, number: str, result: ReplyResult, found: Callout | None) -> CalloutDraft:
        tasking = self._desk.world.taskings.get(found.tasking_id) if found is not None else None
        # who asks with another's code learns nothing of the tasking
        known = tasking if result is not ReplyResult.WRONG_NUMBER else None
        return CalloutDraft(
            channel=CalloutChannel.SMS,
            recipient_kind=found.recipient_kind if found is not None else RecipientKind.ACCOUNT,
            recipient_id=found.recipient_id if found is not None else "",
            recipient_name=found.recipient_name if found is not None else "",
            number=number,
            account="",
            text=sms_text.answer(
                result,
                known.number if known is not None else "",
                simulated=known is not None and known.simulated,
                signature=self._settings.signature,
            ),
            code="",
            expires_at=self._expires(),
        )

    def _expires(self) -> datetime:
        return self._clock() + ANSWER_HOLDS


def _result_of(error: GanyingError) -> ReplyResult:
    """Which result a refusal is; a rule of the tasking's is NOT_ALLOWED."""
    if error.code in ("CHANGED", "NOT_NOW"):
        return ReplyResult.STALE
    try:
        result = ReplyResult(error.code.lower())
    except ValueError:
        return ReplyResult.NOT_ALLOWED
    return ReplyResult.NOT_ALLOWED if result in FINAL else result


def _keys(keys: str) -> Reply | ReplyResult:
    """1: accept; 2 and then the reason's digit: refuse."""
    if keys == "1":
        return Reply(accept=True, code="")
    if keys.startswith("2"):
        reason = keys[1:2]
        if not reason:
            return ReplyResult.REASON_MISSING
        if reason.isdigit() and 1 <= int(reason) <= len(REASONS):
            return Reply(accept=False, code="", refusal=REASONS[int(reason) - 1])
    return ReplyResult.UNREADABLE
