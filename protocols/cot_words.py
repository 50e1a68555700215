"""The words that field clients see in our events, in Chinese as on the console (webui/src/text/zh.ts; a test holds them alike)."""

from dispatch.kinds import (
    AltitudeDatum,
    Doubt,
    Emergency,
    IncidentKind,
    IncidentState,
    TaskingState,
    ThingKind,
)
from dispatch.room_kinds import RoomSymbol

DESK = "赣鹰值班台"
SIMULATED = "演练"  # before every name
SIMULATED_NOTE = "演练，模拟目标 (simulated)"
LEVELS = {1: "Ⅰ级 特别重大", 2: "Ⅱ级 重大", 3: "Ⅲ级 较大", 4: "Ⅳ级 一般"}

INCIDENT_KINDS = {
    IncidentKind.FOREST_FIRE: "森林火灾",
    IncidentKind.WILDLAND_FIRE: "草原荒地火",
    IncidentKind.BUILDING_FIRE: "建筑火灾",
    IncidentKind.FLOOD: "洪涝",
    IncidentKind.EARTHQUAKE: "地震",
    IncidentKind.LANDSLIDE: "滑坡泥石流",
    IncidentKind.HAZMAT: "危险化学品",
    IncidentKind.MINE: "矿山事故",
    IncidentKind.TAILINGS_DAM: "尾矿库",
    IncidentKind.TRANSPORT: "交通运输",
    IncidentKind.MEDICAL: "医疗救护",
    IncidentKind.MISSING_PERSON: "人员搜救",
    IncidentKind.PUBLIC_SAFETY: "社会安全",
    IncidentKind.OTHER: "其他",
}
INCIDENT_STATES = {
    IncidentState.REPORTED: "待核实",
    IncidentState.CONFIRMED: "已核实",
    IncidentState.RESPONDING: "处置中",
    IncidentState.CONTAINED: "已控制",
    IncidentState.CLOSED: "已结束",
    IncidentState.DISMISSED: "已排除",
    IncidentState.MERGED: "已合并",
}
TASKING_STATES = {
    TaskingState.DRAFT: "草拟",
    TaskingState.PENDING: "待批",
    TaskingState.ORDERED: "已下达",
    TaskingState.ACCEPTED: "已接受",
    TaskingState.PREPARING: "准备",
    TaskingState.RELEASED: "已放行",
    TaskingState.AIRBORNE: "飞行",
    TaskingState.WORKING: "作业",
    TaskingState.RETURNING: "返航",
    TaskingState.STOPPED: "技术经停",
    TaskingState.DOWN: "迫降",
    TaskingState.LANDED: "落地",
    TaskingState.SETTLED: "已结算",
    TaskingState.ARCHIVED: "已归档",
    TaskingState.ENDED: "已终止",
}
ROOM_SYMBOLS = {
    RoomSymbol.FIRE_POINT: "火点",
    RoomSymbol.DANGER: "危险源",
    RoomSymbol.COMMAND_POST: "现场指挥部",
    RoomSymbol.ASSEMBLY_POINT: "集结点",
    RoomSymbol.RESCUE_TEAM: "救援队伍",
    RoomSymbol.WATER_SOURCE: "水源",
    RoomSymbol.LANDING_POINT: "临时起降点",
    RoomSymbol.MEDICAL_POINT: "医疗救护点",
    RoomSymbol.SHELTER: "避难安置点",
    RoomSymbol.ROAD_BLOCK: "道路中断",
}
HEIGHTS = {
    AltitudeDatum.MSL: "海拔",
    AltitudeDatum.AGL: "离地",
    AltitudeDatum.PRESSURE: "气压高度",
    AltitudeDatum.ELLIPSOID: "椭球高",
}
THINGS = {
    ThingKind.AIRPLANE: "固定翼",
    ThingKind.HELICOPTER: "直升机",
    ThingKind.UAV: "无人机",
    ThingKind.OTHER_AIRCRAFT: "航空器",
    ThingKind.VEHICLE: "车辆",
    ThingKind.TEAM: "队伍",
    ThingKind.VESSEL: "船艇",
    ThingKind.OBSTACLE: "障碍物",
}
DOUBTS = {
    Doubt.DUPLICATE_ADDRESS: "重址",
    Doubt.JUMPS: "跳变",
    Doubt.GHOST: "疑似虚假",
    Doubt.CLOCK: "时钟偏差",
    Doubt.SINGLE: "仅一次",
    Doubt.DISAGREE: "来源不一致",
}
EMERGENCIES = {
    Emergency.GENERAL: "遇险",
    Emergency.MEDICAL: "医疗急救",
    Emergency.FUEL: "油量告急",
    Emergency.RADIO: "通信失效",
    Emergency.UNLAWFUL: "非法干扰",
    Emergency.DOWNED: "坠落",
    Emergency.LINK_LOST: "无人机失联",
    Emergency.SOS: "求救",
}
