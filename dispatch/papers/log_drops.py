"""Lines about water and hours: loads, their corrections, what tracks showed, signatures. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch import drop_facts
from dispatch.facts import Recorded
from dispatch.papers import words
from dispatch.papers.log_line import LogLine, line, plain, tasking_name, why
from dispatch.world import World


def _water(world: World, recorded: Recorded, fact: drop_facts.WaterRecorded) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    load = fact.load
    act, how = words.WATER_ACT[load.act], words.WATER_SOURCE[load.source]
    at = words.second(load.at)
    return line(
        recorded,
        f"任务 {name} {act} {load.litres:.0f} L（{at}，{how}）",
        f"Tasking {name}: {plain(load.act)} of {load.litres:.0f} l, by {load.source}",
        **ties,
    )


def _water_corrected(world: World, recorded: Recorded, fact: drop_facts.WaterCorrected) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    at = words.second(fact.at)
    zh = "划销" if fact.struck else f"更正为 {fact.litres:.0f} L（{at}）"
    en = "struck out" if fact.struck else f"corrected to {fact.litres:.0f} l"
    return line(
        recorded,
        why(f"任务 {name} 水量记录{zh}", fact.reason),
        why(f"Tasking {name}: load {en}", fact.reason),
        **ties,
    )


def _hours_signed(world: World, recorded: Recorded, fact: drop_facts.HoursSigned) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    one = fact.signature
    return line(
        recorded,
        f"任务 {name} {words.ROLE[one.role]}签认：空中 {words.span(one.air_s)}，{one.drops} 桶",
        f"Tasking {name}: hours signed by {one.role}: {one.air_s / 3600:.2f} h, {one.drops} drops",
        **ties,
    )


def _rejected(world: World, recorded: Recorded, fact: drop_facts.TrackEventsRejected) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    count = len(fact.event_ids)
    return line(
        recorded,
        why(f"任务 {name} 航迹判读 {count} 项不属实", fact.reason),
        why(f"Tasking {name}: {count} findings of the track did not happen", fact.reason),
        **ties,
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    drop_facts.WaterRecorded: _water,
    drop_facts.WaterCorrected: _water_corrected,
    drop_facts.HoursSigned: _hours_signed,
    drop_facts.TrackEventsRejected: _rejected,
}
