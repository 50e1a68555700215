"""Lines about mutual aid: each side's steps, and limits that have passed. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.aid_facts import AidAnswered, AidAsked, AidClockPassed
from dispatch.aid_kinds import AidAskState, AidOfferState
from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, plain, why
from dispatch.world import World

ASK_STATE: dict[AidAskState, str] = {
    AidAskState.REQUESTED: "提出，待批",
    AidAskState.APPROVED: "批准",
    AidAskState.SENT: "发出",
    AidAskState.ACCEPTED: "接受答复",
    AidAskState.ARRIVED: "飞机到达",
    AidAskState.COMMANDED: "接过指挥",
    AidAskState.RELEASED: "释放",
    AidAskState.SETTLED: "结算",
    AidAskState.WITHDRAWN: "撤回",
    AidAskState.EXPIRED: "作过期处理",
}
OFFER_STATE: dict[AidOfferState, str] = {
    AidOfferState.RECEIVED: "收到",
    AidOfferState.OFFERED: "拟答复，待批",
    AidOfferState.ANSWERED: "批准答复",
    AidOfferState.HANDED_OVER: "移交指挥",
    AidOfferState.BILLED: "报费用",
    AidOfferState.DECLINED: "拒绝",
    AidOfferState.RECALLED: "召回",
}


CLOCK = {
    "approval": "审批",
    "receipt": "收到",
    "answer": "答复",
    "acceptance": "接受",
    "arrival": "到达",
    "settlement": "结算",
}


def _asked(_: World, recorded: Recorded, fact: AidAsked) -> LogLine:
    one = fact.request
    return line(
        recorded,
        why(
            f"互援 {one.id}（{one.site} 求援 {one.partner}，{one.incident_title}）：{ASK_STATE[one.state]}",
            fact.reason,
        ),
        why(
            f"Aid {one.id} ({one.site} asks {one.partner}, {one.incident_title}): {plain(one.state)}",
            fact.reason,
        ),
    )


def _answered(_: World, recorded: Recorded, fact: AidAnswered) -> LogLine:
    one = fact.offer
    return line(
        recorded,
        why(f"互援 {one.request_id}（{one.site} 支援 {one.partner}）：{OFFER_STATE[one.state]}", fact.reason),
        why(f"Aid {one.request_id} ({one.site} helps {one.partner}): {plain(one.state)}", fact.reason),
    )


def _late(_: World, recorded: Recorded, fact: AidClockPassed) -> LogLine:
    one = fact.alarm
    return line(
        recorded,
        f"互援 {one.request_id} 超时：{CLOCK.get(one.clock, one.clock)}",
        f"Aid {one.request_id} is late: {one.clock}",
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    AidAsked: _asked,
    AidAnswered: _answered,
    AidClockPassed: _late,
}
