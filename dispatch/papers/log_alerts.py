"""Lines about alarms: cried out in distress, acknowledged, shelved; nets that keep still. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.alert_facts import (
    AlertAcknowledged,
    AlertShelved,
    AlertsLatched,
    AlertUnshelved,
    InhibitionLifted,
    NetInhibited,
)
from dispatch.alert_kinds import AlertDesk, InhibitionScope
from dispatch.alert_records import NetInhibition, SeenAlert, handling_id
from dispatch.facts import Recorded
from dispatch.kinds import AlertKind
from dispatch.papers import words
from dispatch.papers.log_line import LogLine, line, plain, why
from dispatch.world import World

MOST_NAMES = 5
_KIND = {
    AlertKind.EMERGENCY: "遇险",
    AlertKind.CONFLICT: "冲突",
    AlertKind.DUPLICATE_ADDRESS: "重址",
    AlertKind.GHOSTS: "虚假目标",
    AlertKind.CLOCK_OFF: "时钟偏差",
    AlertKind.LEFT_OUT: "告警过多",
    AlertKind.TERRAIN: "低高度",
    AlertKind.AIRSPACE: "侵入",
    AlertKind.LOST: "失联",
    AlertKind.OVERDUE: "逾时",
    AlertKind.ENDURANCE: "油量日落值勤",
    AlertKind.DEVIATION: "偏航",
    AlertKind.IDENTITY: "身份",
    AlertKind.DRONE: "无人机",
    AlertKind.HEIGHT_JUMP: "高度跳变",
    AlertKind.NET_FAILED: "安全网故障",
}


def _called(seen: SeenAlert) -> str:
    return f"“{seen.said}”" if seen.said else seen.alert_id


def _at(desk: AlertDesk) -> tuple[str, str]:
    return ("空管席", "ATC: ") if desk is AlertDesk.ATC else ("", "")


def _acknowledged(_: World, recorded: Recorded, fact: AlertAcknowledged) -> LogLine:
    zh, en = _at(fact.desk)
    name = _called(fact.seen)
    return line(recorded, f"{zh}确认告警{name}", f"{en}Alarm acknowledged: {name}")


def _shelved(_: World, recorded: Recorded, fact: AlertShelved) -> LogLine:
    zh, en = _at(fact.desk)
    name, until = _called(fact.seen), f"{fact.until + words.BEIJING:%H:%M}"
    return line(
        recorded,
        why(f"{zh}搁置告警{name}至{until}", fact.reason),
        why(f"{en}Alarm shelved until {until}: {name}", fact.reason),
    )


def _unshelved(world: World, recorded: Recorded, fact: AlertUnshelved) -> LogLine:
    zh, en = _at(fact.desk)
    found = world.alert_handlings.get(handling_id(fact.desk, fact.alert_id))
    name = _called(found.seen) if found is not None else fact.alert_id
    return line(recorded, f"{zh}取消搁置{name}", f"{en}Alarm taken back: {name}")


def _about(inhibition: NetInhibition) -> tuple[str, str]:
    names = "、".join(inhibition.names)
    match inhibition.scope:
        case InhibitionScope.VOLUME:
            return f"空域 {names}", f"volume {names}"
        case InhibitionScope.CIRCLE:
            at = inhibition.centre
            place = "" if at is None else f"{at.lon_deg:.5f} {at.lat_deg:.5f}"
            return f"{place} 周围 {inhibition.radius_m:.0f} m", f"{inhibition.radius_m:.0f} m around {place}"
        case _:
            return names, names


def _inhibited(_: World, recorded: Recorded, fact: NetInhibited) -> LogLine:
    one = fact.inhibition
    zh, en = _about(one)
    kind, until = _KIND.get(one.kind, plain(one.kind)), f"{one.until + words.BEIJING:%H:%M}"
    return line(
        recorded,
        why(f"抑制{kind}告警（{zh}）至{until}", one.reason),
        why(f"{plain(one.kind).capitalize()} alarms inhibited until {until} ({en})", one.reason),
    )


def _lifted(world: World, recorded: Recorded, fact: InhibitionLifted) -> LogLine:
    one = world.net_inhibitions.get(fact.inhibition_id)
    zh, en = _about(one) if one is not None else (fact.inhibition_id, fact.inhibition_id)
    return line(
        recorded, why(f"解除告警抑制（{zh}）", fact.reason), why(f"Inhibition lifted ({en})", fact.reason)
    )


def _latched(_: World, recorded: Recorded, fact: AlertsLatched) -> LogLine | None:
    new = [each for each in fact.alerts if each.returned_at is None]
    if not new:
        return None
    called = [f"{'、'.join(each.names) or each.alert_id} {each.code}".strip() for each in new[:MOST_NAMES]]
    more = f" +{len(new) - MOST_NAMES}" if len(new) > MOST_NAMES else ""
    told = "；".join(called) + more
    kinds = {each.kind for each in new}
    zh = _KIND.get(new[0].kind, "") if len(kinds) == 1 else ""
    return line(recorded, f"{zh}告警：{told}", f"Alarm: {told}")


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    AlertAcknowledged: _acknowledged,
    AlertShelved: _shelved,
    AlertUnshelved: _unshelved,
    NetInhibited: _inhibited,
    InhibitionLifted: _lifted,
    AlertsLatched: _latched,
}
