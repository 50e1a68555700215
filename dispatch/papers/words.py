"""The words and figures of printed papers: Chinese, Beijing time, no place names or numbers made up.

`NONE` stands where the journal says nothing: an empty cell would read as "not asked".
"""

from datetime import datetime, timedelta

from dispatch.drop_kinds import WaterAct, WaterSource
from dispatch.geo import Position
from dispatch.kinds import (
    AirspaceAction,
    AirspaceKind,
    AirspaceState,
    AlarmKind,
    AltitudeDatum,
    ClosureKind,
    CrewDuty,
    DiversionCause,
    DutyPost,
    FuelModel,
    HandoverChangeKind,
    HandoverItemKind,
    HandoverState,
    IncidentAction,
    IncidentKind,
    IncidentState,
    ItemSort,
    NoticeTrigger,
    RefusalReason,
    Role,
    TaskingAction,
    TaskingState,
    TaskKind,
    TimerKind,
)

NONE = "未记录"
BEIJING = timedelta(hours=8)
LEVELS = {1: "Ⅰ级（特别重大）", 2: "Ⅱ级（重大）", 3: "Ⅲ级（较大）", 4: "Ⅳ级（一般）"}

ROLE: dict[Role | None, str] = {
    None: "系统",
    Role.DISPATCHER: "调度员",
    Role.DUTY_CHIEF: "值班长",
    Role.OPERATOR: "通航公司",
    Role.BASE: "驻防站",
    Role.OBSERVER: "飞行观察员",
    Role.ATC: "空管",
    Role.PARTNER: "邻省席",
    Role.GATEWAY: "告警网关",
    Role.SYSADMIN: "系统管理员",
    Role.SECADMIN: "安全管理员",
    Role.AUDITOR: "审计员",
}

INCIDENT_KIND: dict[IncidentKind, str] = {
    IncidentKind.FOREST_FIRE: "森林火灾",
    IncidentKind.WILDLAND_FIRE: "草原荒地火灾",
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

TASK: dict[TaskKind, str] = {
    TaskKind.WATER: "洒水灭火",
    TaskKind.RECON: "侦察",
    TaskKind.PATROL: "巡护",
    TaskKind.AIR_COMMAND: "空中指挥",
    TaskKind.SEARCH: "搜救",
    TaskKind.LANDING: "机降",
    TaskKind.RAPPEL: "索（滑）降",
    TaskKind.RETARDANT: "化学灭火",
    TaskKind.AIR_DROP: "空投",
    TaskKind.SUPPLY: "空运物资",
    TaskKind.SLING: "吊运",
    TaskKind.AIRLIFT: "人员转运",
    TaskKind.FLOOD_EVACUATION: "洪涝转移",
    TaskKind.MEDEVAC: "医疗救护",
    TaskKind.RELAY: "通信中继",
    TaskKind.HAZMAT_SENSING: "危化侦测",
}

TRIGGER: dict[NoticeTrigger, str] = {
    NoticeTrigger.ALWAYS: "一律",
    NoticeTrigger.LARGE_AREA: "过火面积达到 {hectares} 公顷",
    NoticeTrigger.LONG_BURNING: "持续 {hours} 小时",
    NoticeTrigger.NEAR_BORDER: "距省界 {km} km 以内",
    NoticeTrigger.LIFE_AT_RISK: "人员受威胁",
    NoticeTrigger.DEATHS: "死亡 {figure} 人以上",
    NoticeTrigger.HOMES: "威胁居民地",
    NoticeTrigger.STATED: "情况出现时",
}

INCIDENT_STATE: dict[IncidentState, str] = {
    IncidentState.REPORTED: "待核实",
    IncidentState.CONFIRMED: "已核实",
    IncidentState.RESPONDING: "处置中",
    IncidentState.CONTAINED: "已控制",
    IncidentState.CLOSED: "已结束",
    IncidentState.DISMISSED: "已排除",
    IncidentState.MERGED: "已合并",
}

TASKING_STATE: dict[TaskingState, str] = {
    TaskingState.DRAFT: "草拟",
    TaskingState.PENDING: "待批",
    TaskingState.ORDERED: "已下达",
    TaskingState.ACCEPTED: "已接受",
    TaskingState.PREPARING: "准备",
    TaskingState.RELEASED: "放行",
    TaskingState.AIRBORNE: "飞行",
    TaskingState.WORKING: "作业",
    TaskingState.RETURNING: "返航",
    TaskingState.STOPPED: "技术经停",
    TaskingState.DOWN: "迫降",
    TaskingState.LANDED: "落地",
    TaskingState.SETTLED: "结算",
    TaskingState.ARCHIVED: "归档",
    TaskingState.ENDED: "已终止",
}

WATER_ACT = {WaterAct.PICK_UP: "取水", WaterAct.DROP: "投水"}
WATER_SOURCE = {WaterSource.TRACK: "航迹确认", WaterSource.PHONE: "机组报告", WaterSource.DESK: "值班台补录"}

TASKING_ACTION: dict[TaskingAction, str] = {
    TaskingAction.ADOPT: "采纳",
    TaskingAction.ORDER: "下达",
    TaskingAction.ACCEPT: "接受",
    TaskingAction.REFUSE: "拒绝",
    TaskingAction.EXPIRE: "逾期终止",
    TaskingAction.PREPARE: "准备",
    TaskingAction.RELEASE: "放行",
    TaskingAction.TAKE_OFF: "起飞",
    TaskingAction.ARRIVE: "到达",
    TaskingAction.LEAVE: "返航",
    TaskingAction.LAND: "落地",
    TaskingAction.NEXT_SORTIE: "再次出动",
    TaskingAction.RECALL: "召回",
    TaskingAction.TURN_BACK: "折返",
    TaskingAction.DIVERT: "备降",
    TaskingAction.TECHNICAL_STOP: "技术经停",
    TaskingAction.RESUME: "继续飞行",
    TaskingAction.END_HERE: "就地结束",
    TaskingAction.EMERGENCY_LAND: "迫降",
    TaskingAction.OPS_NORMAL: "报平安",
    TaskingAction.AMEND: "变更",
    TaskingAction.ACKNOWLEDGE: "确认变更",
    TaskingAction.DECLINE: "不接受变更",
    TaskingAction.SETTLE: "结算",
    TaskingAction.ARCHIVE: "归档",
}

REFUSAL: dict[RefusalReason, str] = {
    RefusalReason.WEATHER: "天气低于标准",
    RefusalReason.AIRCRAFT: "机件故障",
    RefusalReason.CREW: "机组或值勤",
    RefusalReason.FUEL: "油料不足",
    RefusalReason.CAPABILITY: "超出机型能力",
    RefusalReason.ROUTE_OR_WATER: "水源或航线险",
}

DIVERSION_CAUSE: dict[DiversionCause | None, str] = {
    DiversionCause.WEATHER: "天气",
    DiversionCause.TECHNICAL: "机械",
    DiversionCause.FUEL: "油量",
    DiversionCause.MEDICAL: "医疗",
    DiversionCause.ORDER: "指令",
}

AIRSPACE_KIND: dict[AirspaceKind, str] = {
    AirspaceKind.PLAN: "飞行计划",
    AirspaceKind.TEMPORARY_AIRSPACE: "临时飞行空域",
    AirspaceKind.TAKE_OFF_RELEASE: "起飞放行",
}

AIRSPACE_STATE: dict[AirspaceState, str] = {
    AirspaceState.FILED: "已申请，待批复",
    AirspaceState.COUNTERED: "改批，待确认",
    AirspaceState.APPROVED: "已批准",
    AirspaceState.ACTIVE: "使用中",
    AirspaceState.NONCONFORMING: "偏离",
    AirspaceState.RELEASED: "已释放",
    AirspaceState.REFUSED: "不批准",
    AirspaceState.WITHDRAWN: "已撤回",
    AirspaceState.EXPIRED: "已失效",
    AirspaceState.REVOKED: "已收回",
}

AIRSPACE_ACTION: dict[str, str] = {
    "file": "申请",
    AirspaceAction.APPROVE: "批准",
    AirspaceAction.REFUSE: "不批准",
    AirspaceAction.COUNTER: "改后批准",
    AirspaceAction.ACCEPT: "接受改批",
    AirspaceAction.ACTIVATE: "启用",
    AirspaceAction.RELEASE: "释放",
    AirspaceAction.LEAVE: "偏离",
    AirspaceAction.RETURN: "回到",
    AirspaceAction.WITHDRAW: "撤回",
    AirspaceAction.EXPIRE: "失效",
    AirspaceAction.REVOKE: "收回",
    AirspaceAction.PHONE: "电话批准",
    AirspaceAction.CONFIRM: "确认电话批准",
    "ask": "空管询问",
    "answer": "答复空管",
}

TIMER: dict[TimerKind, str] = {
    TimerKind.ORDER: "值班长下达",
    TimerKind.ANSWER: "应答",
    TimerKind.AIRBORNE: "升空",
    TimerKind.ON_SCENE: "到场",
    TimerKind.OPS_NORMAL: "报平安",
    TimerKind.LANDING: "落地",
    TimerKind.ACKNOWLEDGE: "变更确认",
    TimerKind.STOP: "经停报告",
}

CREW_DUTY: dict[CrewDuty, str] = {
    CrewDuty.CAPTAIN: "机长",
    CrewDuty.COPILOT: "副驾驶",
    CrewDuty.OBSERVER: "飞行观察员",
    CrewDuty.ENGINEER: "机务",
}

ALARM_KIND: dict[AlarmKind, str] = {
    AlarmKind.CAP: "预警信息",
    AlarmKind.HOTSPOT: "卫星热点",
    AlarmKind.CAMERA: "林火视频监控",
    AlarmKind.PUBLIC_REPORT: "公众报警",
    AlarmKind.FIELD_MARKER: "现场标记",
}

CLOSURE_KIND: dict[ClosureKind, str] = {
    ClosureKind.TEMPORARY_CONTROL: "临时管制",
    ClosureKind.PLUME: "烟羽、毒气",
    ClosureKind.BLAST: "爆炸、爆破",
    ClosureKind.INUNDATION: "淹没",
    ClosureKind.MILITARY_ACTIVITY: "军事活动",
    ClosureKind.OTHER: "其他",
}

DATUM: dict[AltitudeDatum, str] = {
    AltitudeDatum.MSL: "海拔",
    AltitudeDatum.AGL: "真高",
    AltitudeDatum.PRESSURE: "标准气压",
    AltitudeDatum.ELLIPSOID: "椭球高",
}

FUEL: dict[FuelModel, str] = {
    FuelModel.SHORT_GRASS: "矮草",
    FuelModel.TIMBER_GRASS: "林下草",
    FuelModel.TALL_GRASS: "高草",
    FuelModel.CHAPARRAL: "密灌丛",
    FuelModel.BRUSH: "灌丛",
    FuelModel.DRY_BRUSH: "干灌丛",
    FuelModel.SOUTHERN_ROUGH: "林下密灌",
    FuelModel.CLOSED_LITTER: "密林枯落物",
    FuelModel.OPEN_LITTER: "疏林枯落物",
    FuelModel.LITTER_UNDERSTORY: "枯落物与下木",
    FuelModel.LIGHT_SLASH: "轻采伐剩余物",
    FuelModel.MEDIUM_SLASH: "中采伐剩余物",
    FuelModel.HEAVY_SLASH: "重采伐剩余物",
}


INCIDENT_ACTION: dict[str, str] = {
    IncidentAction.CONFIRM: "核实",
    IncidentAction.DISMISS: "排除",
    IncidentAction.MERGE: "合并",
    IncidentAction.TASK: "派出航空器",
    IncidentAction.CONTAIN: "控制",
    IncidentAction.FLARE_UP: "复燃",
    IncidentAction.STAND_DOWN: "撤销响应",
    IncidentAction.CLOSE: "结束",
}

ITEM_SORT: dict[ItemSort, str] = {ItemSort.NOTICE: "通报", ItemSort.CHECK: "处置"}

CORRECTED = {
    "kind": "事件类型",
    "title": "名称",
    "place": "地点",
    "position": "坐标",
    "elevation_m": "海拔",
}  # of an incident

DUTY_POST: dict[DutyPost, str] = {
    DutyPost.LEADER: "带班领导",
    DutyPost.CHIEF: "值班主任",
    DutyPost.DISPATCHER: "调度员",
    DutyPost.OBSERVER: "飞行观察员",
    DutyPost.BASE_DESK: "驻防站值班",
    DutyPost.TECHNICIAN: "技术保障",
}

HANDOVER_STATE: dict[HandoverState, str] = {
    HandoverState.OPEN: "编制中",
    HandoverState.SIGNED: "待接班",
    HandoverState.DONE: "已交接",
    HandoverState.WITHDRAWN: "已撤销",
}

HANDOVER_ITEM: dict[HandoverItemKind, str] = {
    HandoverItemKind.ALARM: "未处置告警",
    HandoverItemKind.INCIDENT: "在办事件",
    HandoverItemKind.TASKING: "进行中任务",
    HandoverItemKind.ESCALATION: "本班超时",
    HandoverItemKind.AIRSPACE: "待批空域",
    HandoverItemKind.CLOSURE: "禁飞区",
    HandoverItemKind.UNSERVICEABLE: "停飞航空器",
    HandoverItemKind.UNFIT: "不可派",
    HandoverItemKind.EXPIRING: "下一班内到期",
    HandoverItemKind.LINK: "链路与服务",
    HandoverItemKind.NOTE: "日志留言",
}

HANDOVER_CHANGE: dict[HandoverChangeKind, str] = {
    HandoverChangeKind.NEW: "新增",
    HandoverChangeKind.GONE: "已了结",
    HandoverChangeKind.CHANGED: "有变化",
}

RUNS_OUT: dict[str, str] = {
    "certificate_until": "证照到期",
    "inspection_due_at": "检查到期",
    "licence_until": "执照到期",
    "medical_until": "体检到期",
    "valid_until": "合同到期",
    "usable_until": "设备到期",
}

UNFIT: dict[str, str] = {
    "UNSERVICEABLE": "停飞",
    "LENT": "已借给邻省",
    "AID_UNDER_WAY": "借来的飞机尚未到达",
    "AID_OVER": "借用已结束",
    "AID_RECALLED": "已被借出方召回",
    "IN_HAZARD": "所在基地在危险区内",
    "CERTIFICATE_EXPIRED": "适航证过期",
    "INSPECTION_DUE": "检查到期",
    "OPERATOR_EXPIRED": "经营许可过期",
    "NO_CAPTAIN": "无机长",
    "LICENCE_EXPIRED": "执照过期",
    "MEDICAL_EXPIRED": "体检过期",
    "NOT_RATED": "无机型资质",
    "FLIGHT_TIME_SPENT": "飞行时间用完",
    "DUTY_TIME_SPENT": "值勤时间用完",
}  # of dispatch/fitness.py

LINE_STATE: dict[str, str] = {
    "down": "断",
    "greeting": "握手",
    "catching_up": "补发",
    "refused": "被拒",
    "degraded": "降级",
}  # of a link, a feed, a service


def moment(at: datetime | None) -> str:
    """Date and time, Beijing, to the second."""
    return NONE if at is None else f"{at + BEIJING:%Y-%m-%d %H:%M:%S}"


def clock(at: datetime | None) -> str:
    """Day and time, Beijing, to the minute: for tables."""
    return "—" if at is None else f"{at + BEIJING:%m-%d %H:%M}"


def second(at: datetime | None) -> str:
    """Time of day, Beijing, to the second: for loads, several of which lie in one minute."""
    return moment(at)[11:] or NONE


def span(seconds: float | None) -> str:
    """Hours and minutes, or minutes and seconds below an hour."""
    if seconds is None:
        return "—"
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{sign}{hours} h {minutes:02d} min" if hours else f"{sign}{minutes} min {left:02d} s"


def buckets(drops: int | None, by_track: int | None) -> str:
    """Recorded drops and how they are known: confirmed from the track, or told."""
    if drops is None:
        return NONE
    track = by_track or 0
    return f"{drops} 桶（航迹确认 {track}，报告 {drops - track}）" if drops else "0 桶"


def place(position: Position) -> str:
    """Degrees, minutes, seconds as they are read out, and decimal degrees."""
    lat, lon = _dms(position.lat_deg, "NS"), _dms(position.lon_deg, "EW")
    return f"{lat}  {lon}（{position.lon_deg:.5f}, {position.lat_deg:.5f}）"


def _dms(degrees: float, letters: str) -> str:
    seconds = round(abs(degrees) * 3600)
    whole, rest = divmod(seconds, 3600)
    return f"{whole}°{rest // 60:02d}′{rest % 60:02d}″{letters[degrees < 0]}"


def said(text: str) -> str:
    """A text, or that there is none."""
    return text.strip() or NONE


def both(name: str, record_id: str) -> str:
    """A name with its id behind it; the id alone where no name is known."""
    return f"{name} {record_id}".strip() or NONE


def yes(flag: bool) -> str:
    """是 or 否."""
    return "是" if flag else "否"


def hectares(area_m2: float | None) -> str:
    """An area, or that nobody has stated it."""
    return NONE if area_m2 is None else f"{area_m2 / 10_000:g} ha"
