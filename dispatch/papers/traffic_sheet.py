"""Incident airspace on paper: the part of one order, and the table of the fallback sheet. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.papers import words
from dispatch.papers.form import Cell, Grid, Table
from dispatch.records import Aircraft, Incident, Tasking
from dispatch.search_kinds import Turn
from dispatch.traffic_area_approved import approved
from dispatch.traffic_area_kinds import GroundBasis, TrafficLayerKind
from dispatch.traffic_area_records import Circuit, TrafficArea, TrafficLayer
from dispatch.traffic_area_stack import layers_for
from dispatch.traffic_area_watch import entry_for, in_control, open_intrusions, standing_area
from dispatch.world import World

LAYER = {
    TrafficLayerKind.HELICOPTER: "直升机",
    TrafficLayerKind.TANKER_MANOEUVRE: "固定翼机动",
    TrafficLayerKind.TANKER_ORBIT: "固定翼盘旋",
    TrafficLayerKind.AIR_CONTROL: "空中指挥",
    TrafficLayerKind.MEDIA: "采访等其他",
}
GROUND = {
    GroundBasis.TERRAIN: "地形数据",
    GroundBasis.INCIDENT: "事件标高，无完整地形数据",
    GroundBasis.STATED: "人工填报",
}
TURN = {Turn.LEFT: "左转", Turn.RIGHT: "右转"}
_OF_FOUR = {"N": "北", "E": "东", "S": "南", "W": "西"}
_OF_EIGHT = {"NE": "东北", "SE": "东南", "SW": "西南", "NW": "西北"}
UNSAID = "未指定"


def wind_word(name: str) -> str:
    """One of 16 directions: 东北, 北东北."""
    if name in _OF_FOUR:
        return _OF_FOUR[name]
    return _OF_EIGHT.get(name) or _OF_FOUR[name[0]] + _OF_EIGHT[name[1:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSheet:
    """What of an incident's airspace one order says. Metres QNH, degrees true."""

    area_id: str
    area_version: int
    call_m: float
    hold_m: float
    working_m: float
    speed_mps: float
    most_at_work: int
    frequency: str
    remark: str
    ground_m: float
    ground_basis: GroundBasis
    entry_name: str  # empty: none is for its base
    entry_position: Position | None
    own_layers: tuple[TrafficLayer, ...]
    layers: tuple[TrafficLayer, ...]
    circuit: Circuit | None
    rule_from: datetime
    rule_source: str


def sheet_for(area: TrafficArea | None, tasking: Tasking, aircraft: Aircraft | None) -> TrafficSheet | None:
    """The part of an order; None where its incident has no airspace."""
    if area is None:
        return None
    start = (aircraft.at_base_id or aircraft.home_base_id) if aircraft is not None else ""
    entry = entry_for(area, tasking, start)
    return TrafficSheet(
        area_id=area.id,
        area_version=area.version,
        call_m=area.call_m,
        hold_m=area.hold_m,
        working_m=area.working_m,
        speed_mps=area.speed_mps,
        most_at_work=area.most_at_work,
        frequency=area.frequency,
        remark=area.remark,
        ground_m=area.ground_m,
        ground_basis=area.ground_basis,
        entry_name="" if entry is None else entry.name,
        entry_position=None if entry is None else entry.position,
        own_layers=() if aircraft is None else layers_for(area, aircraft.kind, tasking.task),
        layers=area.layers,
        circuit=next((each for each in area.circuits if each.water_point_id == tasking.water_point_id), None),
        rule_from=area.rules.valid_from,
        rule_source=area.rules.source,
    )


def traffic_grid(sheet: TrafficSheet | None) -> tuple[Grid, ...]:
    """Its section of the form."""
    if sheet is None:
        return ()
    rings = (
        f"首次联络 {_km(sheet.call_m)}；未联络不进入，等待 {_km(sheet.hold_m)}；作业 {_km(sheet.working_m)}"
    )
    entry = UNSAID + "，按空中指挥安排"
    if sheet.entry_position is not None:
        entry = f"{wind_word(sheet.entry_name)}点，{words.place(sheet.entry_position)}，先联络再进入"
    own = "；".join(map(layer_text, sheet.own_layers)) or UNSAID
    cells = [
        Cell(key="traffic_area", label="编号", text=f"{sheet.area_id} 第 {sheet.area_version} 版"),
        Cell(key="traffic_frequency", label="频率", text=sheet.frequency or UNSAID),
        Cell(key="traffic_rings", label="距现场", text=rings, wide=True),
        Cell(key="traffic_entry", label="进入与等待点", text=entry, wide=True),
        Cell(key="traffic_own", label="本机高度（QNH）", text=own, wide=True),
        Cell(
            key="traffic_layers",
            label="高度层（QNH）",
            text="；".join(map(layer_text, sheet.layers))
            + f"。作业圈最高地面 {sheet.ground_m:.0f} m（{GROUND[sheet.ground_basis]}）",
            wide=True,
        ),
        Cell(key="traffic_speed", label="限速（表速）", text=f"{sheet.speed_mps * 3.6:.0f} km/h"),
        Cell(key="traffic_most", label="同时作业", text=f"至多 {sheet.most_at_work} 架"),
    ]
    if sheet.circuit is not None:
        cells.append(
            Cell(key="traffic_circuit", label="取水航线", text=circuit_text(sheet.circuit), wide=True)
        )
    if sheet.remark:
        cells.append(Cell(key="traffic_remark", label="说明", text=sheet.remark, wide=True))
    cells.append(
        Cell(
            key="traffic_control",
            label="指挥",
            text="先到现场的航空器指挥，交接以无线电为准；发现无人机立即报告，确认离开前暂停",
            wide=True,
        )
    )
    return (Grid(title="现场交通区（仅空管批准的部分可用）", cells=tuple(cells)),)


def layer_text(layer: TrafficLayer) -> str:
    """直升机 ≤ 580 m."""
    at = "≤ " if layer.kind is TrafficLayerKind.HELICOPTER else ""
    turn = "" if layer.turn is None else f"（{TURN[layer.turn]}）"
    return f"{LAYER[layer.kind]} {at}{layer.altitude_m:.0f} m{turn}"


def circuit_text(circuit: Circuit) -> str:
    """One way, keeping right, one in each zone."""
    crossing = f"；与 {'、'.join(circuit.crosses)} 航线交叉，先报告" if circuit.crosses else ""
    outside = "；取水区在作业圈外" if circuit.leaves_ring else ""
    return (
        f"{circuit.name}（{circuit.water_point_name}）：取水区 {circuit.dip.name} → 投水区 {circuit.drop.name} → "
        f"取水区 {circuit.dip.name}，靠右单向，各区每次一架{crossing}{outside}"
    )


def _km(metres: float) -> str:
    return f"{metres / 1000:.1f} km"


def traffic_tables(world: World, incidents: Sequence[Incident], now: datetime) -> tuple[Table, ...]:
    """The table of the fallback sheet; none where no incident has airspace or drones."""
    rows = []
    for incident in incidents:
        area, drones = standing_area(world, incident.id), open_intrusions(world, incident.id)
        if area is None and not drones:
            continue
        state = f"暂停：无人机 {len(drones)} 起\n{words.clock(drones[0].seen_at)} 起" if drones else "有效"
        if area is None:
            rows.append((incident.title, state, "未划设", "—", "—"))
            continue
        control = in_control(world, incident.id)
        free = approved(world, area, now)
        usable = "、".join(LAYER[kind] for kind in free.usable)
        ceiling = "" if free.ceiling_m is None else f"，≤ {free.ceiling_m:.0f} m"
        rows.append(
            (
                f"{incident.title}\n{area.id} 第 {area.version} 版",
                f"{state}\n指挥 {control.name if control else '无，先到者'}\n频率 {area.frequency or UNSAID}",
                f"作业 {_km(area.working_m)}\n等待 {_km(area.hold_m)}\n"
                + "、".join(wind_word(each.name) for each in area.entries)
                + "进入",
                "\n".join(map(layer_text, area.layers)),
                f"空管已批准 {free.share:.0%}{ceiling}\n{usable or '无可用高度层'}",
            )
        )
    if not rows:
        return ()
    return (
        Table(
            title="现场交通区",
            heads=("事件", "状态 指挥 频率", "圈与进入", "高度层（QNH）", "已批准"),
            rows=tuple(rows),
            widths=(0.22, 0.19, 0.19, 0.22, 0.18),
        ),
    )
