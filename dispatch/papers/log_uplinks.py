"""Lines about what the desk sent to the field: sent, handed over, delivered, shown, read, answered. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, plain, tasking_name, why
from dispatch.uplink_facts import UplinkAnswered, UplinkNoted, UplinkSent
from dispatch.uplink_kinds import UplinkAnswer, UplinkState
from dispatch.uplink_records import Uplink
from dispatch.world import World

_STATE = {
    UplinkState.SENT: "已发出",
    UplinkState.HANDED: "已交线路",
    UplinkState.DELIVERED: "已送达",
    UplinkState.SHOWN: "已显示",
    UplinkState.READ: "已阅",
}
_ANSWER = {
    UplinkAnswer.READ: "已阅",
    UplinkAnswer.COMPLY: "照办",
    UplinkAnswer.CANNOT: "无法执行",
    UplinkAnswer.TEXT: "回复",
}


def _ties(world: World, one: Uplink) -> dict[str, str]:
    ties = {"incident_id": one.incident_id}
    return ties | tasking_name(world, one.tasking_id)[1] if one.tasking_id else ties


def _sent(world: World, recorded: Recorded, fact: UplinkSent) -> LogLine:
    one = fact.uplink
    picture = one.picture
    zh = [f"标绘 {len(one.marks)} 项" if one.marks else "", "截图" if picture else ""]
    en = [f"a sketch of {len(one.marks)} marks" if one.marks else "", "a still" if picture else ""]
    of = f"（{picture.stream_name}）" if picture is not None and picture.stream_name else ""
    drill = ("演练 ", "Exercise: ") if one.simulated else ("", "")
    return line(
        recorded,
        why(f"{drill[0]}下传 {one.name} {'、'.join(each for each in zh if each)}{of}", one.text),
        why(f"{drill[1]}Sent to {one.name} {' and '.join(each for each in en if each)}{of}", one.text),
        **_ties(world, one),
    )


def _noted(world: World, recorded: Recorded, fact: UplinkNoted) -> LogLine | None:
    one = world.uplinks.get(fact.uplink_id)
    if one is None:
        return None
    return line(
        recorded,
        f"下传 {one.name} {_STATE[fact.state]}",
        f"What was sent to {one.name} is {plain(fact.state)}",
        **_ties(world, one),
    )


def _answered(world: World, recorded: Recorded, fact: UplinkAnswered) -> LogLine | None:
    one = world.uplinks.get(fact.uplink_id)
    if one is None:
        return None
    return line(
        recorded,
        why(f"{one.name} 对下传{_ANSWER[fact.answer]}", fact.text),
        why(f"{one.name} to what was sent: {plain(fact.answer)}", fact.text),
        **_ties(world, one),
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    UplinkSent: _sent,
    UplinkNoted: _noted,
    UplinkAnswered: _answered,
}
