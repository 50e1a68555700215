"""Lines about incident airspace and drones in it. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, incident_name, line, why
from dispatch.traffic_area_facts import (
    IntrusionCleared,
    IntrusionRecorded,
    TrafficAreaAmended,
    TrafficAreaMade,
    TrafficAreaWithdrawn,
)
from dispatch.world import World


def _saved(world: World, recorded: Recorded, fact: TrafficAreaMade | TrafficAreaAmended) -> LogLine:
    new, area = isinstance(fact, TrafficAreaMade), fact.area
    name = incident_name(world, area.incident_id)
    lowest, highest = (area.layers[0].altitude_m, area.layers[-1].altitude_m) if area.layers else (0.0, 0.0)
    return line(
        recorded,
        f"{'划设' if new else '修改'}现场交通区：{name}（作业圈 {area.working_m / 1000:.1f} 公里，"
        f"高度层 {lowest:.0f}–{highest:.0f} 米，同时作业 {area.most_at_work} 架）",
        f"Incident airspace {'made' if new else 'amended'}: {name} (working ring {area.working_m / 1000:.1f} km, "
        f"layers {lowest:.0f}–{highest:.0f} m, {area.most_at_work} at work)",
        incident_id=area.incident_id,
    )


def _withdrawn(world: World, recorded: Recorded, fact: TrafficAreaWithdrawn) -> LogLine:
    name = incident_name(world, fact.incident_id)
    return line(
        recorded,
        why(f"撤销现场交通区：{name}", fact.reason),
        why(f"Incident airspace withdrawn: {name}", fact.reason),
        incident_id=fact.incident_id,
    )


def _intruded(world: World, recorded: Recorded, fact: IntrusionRecorded) -> LogLine:
    one = fact.intrusion
    name = incident_name(world, one.incident_id)
    return line(
        recorded,
        f"无人机闯入，现场交通区暂停：{name}（发现人 {one.seen_by}）",
        f"Drone seen, incident airspace suspended: {name} (seen by {one.seen_by})",
        incident_id=one.incident_id,
    )


def _cleared(world: World, recorded: Recorded, fact: IntrusionCleared) -> LogLine:
    name = incident_name(world, fact.incident_id)
    return line(
        recorded,
        why(f"无人机已确认离开：{name}", fact.reason),
        why(f"Drone confirmed gone: {name}", fact.reason),
        incident_id=fact.incident_id,
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    TrafficAreaMade: _saved,
    TrafficAreaAmended: _saved,
    TrafficAreaWithdrawn: _withdrawn,
    IntrusionRecorded: _intruded,
    IntrusionCleared: _cleared,
}
