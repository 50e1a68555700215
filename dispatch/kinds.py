"""The closed vocabularies of the domain. Each value's text is what JSON doors speak; the wire has the same names.

中文 beside each name is the console's word for it (webui/src/text/zh.ts is the dictionary that is shown).
"""

from enum import StrEnum


class Role(StrEnum):
    """What a person acts as. Several to one person, each act under one. The last three are never one person."""

    DISPATCHER = "dispatcher"  # 调度员: adopts
    DUTY_CHIEF = "duty_chief"  # 值班长: orders
    OPERATOR = "operator"  # 通航公司与机长: accepts, flies
    BASE = "base"  # 驻防站
    OBSERVER = "observer"  # 飞行观察员
    ATC = "atc"  # 空管: approves airspace
    PARTNER = "partner"  # 邻省席
    SYSADMIN = "sysadmin"  # 系统管理员
    SECADMIN = "secadmin"  # 安全管理员
    AUDITOR = "auditor"  # 审计员


ADMINISTRATORS = frozenset({Role.SYSADMIN, Role.SECADMIN, Role.AUDITOR})


class IncidentKind(StrEnum):
    """Kinds of incident; the GB/T 35561 code rides beside as text."""

    FOREST_FIRE = "forest_fire"  # 森林火灾
    WILDLAND_FIRE = "wildland_fire"  # 草原荒地火灾
    BUILDING_FIRE = "building_fire"  # 建筑火灾
    FLOOD = "flood"  # 洪涝
    EARTHQUAKE = "earthquake"  # 地震
    LANDSLIDE = "landslide"  # 滑坡泥石流
    HAZMAT = "hazmat"  # 危险化学品
    MINE = "mine"  # 矿山
    TAILINGS_DAM = "tailings_dam"  # 尾矿库
    TRANSPORT = "transport"  # 交通运输
    MEDICAL = "medical"  # 医疗救护
    MISSING_PERSON = "missing_person"  # 人员搜救
    PUBLIC_SAFETY = "public_safety"  # 社会安全
    OTHER = "other"  # 其他


FIRES = frozenset({IncidentKind.FOREST_FIRE, IncidentKind.WILDLAND_FIRE})  # fought with water from the air


class IncidentState(StrEnum):
    """Life of an incident; the table is in incident.py."""

    REPORTED = "reported"  # 已接报
    CONFIRMED = "confirmed"  # 已核实
    RESPONDING = "responding"  # 处置中
    CONTAINED = "contained"  # 已控制
    CLOSED = "closed"  # 已结束
    DISMISSED = "dismissed"  # 已排除
    MERGED = "merged"  # 已合并


class IncidentAction(StrEnum):
    """What is done to an incident."""

    CONFIRM = "confirm"  # 核实
    DISMISS = "dismiss"  # 排除
    MERGE = "merge"  # 合并
    TASK = "task"  # 派机
    CONTAIN = "contain"  # 控制
    FLARE_UP = "flare_up"  # 复燃
    STAND_DOWN = "stand_down"  # 撤收
    CLOSE = "close"  # 结束


class TaskingState(StrEnum):
    """Life of a tasking (任务单); the table is in tasking.py."""

    DRAFT = "draft"  # 草拟
    PENDING = "pending"  # 待批
    ORDERED = "ordered"  # 已下达
    ACCEPTED = "accepted"  # 已接受
    PREPARING = "preparing"  # 准备
    RELEASED = "released"  # 放行
    AIRBORNE = "airborne"  # 飞行
    WORKING = "working"  # 作业
    RETURNING = "returning"  # 返航
    LANDED = "landed"  # 落地
    SETTLED = "settled"  # 结算
    ARCHIVED = "archived"  # 归档
    ENDED = "ended"  # 已终止


class TaskingAction(StrEnum):
    """What is done to a tasking."""

    ADOPT = "adopt"  # 采纳
    ORDER = "order"  # 下达
    ACCEPT = "accept"  # 接受
    REFUSE = "refuse"  # 拒绝
    EXPIRE = "expire"  # 逾期终止
    PREPARE = "prepare"  # 准备
    RELEASE = "release"  # 放行
    TAKE_OFF = "take_off"  # 起飞
    ARRIVE = "arrive"  # 到达
    LEAVE = "leave"  # 返航
    LAND = "land"  # 落地
    NEXT_SORTIE = "next_sortie"  # 再次出动
    RECALL = "recall"  # 召回
    TURN_BACK = "turn_back"  # 折返
    DIVERT = "divert"  # 备降
    SETTLE = "settle"  # 结算
    ARCHIVE = "archive"  # 归档


class RefusalReason(StrEnum):
    """Why an operator or captain refuses: always allowed, always with one of these."""

    WEATHER = "weather"  # 天气低于标准
    AIRCRAFT = "aircraft"  # 机件故障
    CREW = "crew"  # 机组/值勤
    FUEL = "fuel"  # 油料不足
    CAPABILITY = "capability"  # 超出机型能力
    ROUTE_OR_WATER = "route_or_water"  # 水源/航线险


class AirspaceKind(StrEnum):
    """Three kinds of request to ATC."""

    PLAN = "plan"  # 飞行计划
    TEMPORARY_AIRSPACE = "temporary_airspace"  # 临时空域
    TAKE_OFF_RELEASE = "take_off_release"  # 起飞放行


class AirspaceState(StrEnum):
    """Life of an airspace request; the table is in airspace.py."""

    FILED = "filed"  # 已申请
    COUNTERED = "countered"  # 改批待确认
    APPROVED = "approved"  # 已批准
    ACTIVE = "active"  # 使用中
    NONCONFORMING = "nonconforming"  # 偏离
    RELEASED = "released"  # 已释放
    REFUSED = "refused"  # 不批准
    WITHDRAWN = "withdrawn"  # 已撤回
    EXPIRED = "expired"  # 已失效
    REVOKED = "revoked"  # 已收回


class AirspaceAction(StrEnum):
    """What is done to an airspace request."""

    APPROVE = "approve"  # 批准
    REFUSE = "refuse"  # 不批准
    COUNTER = "counter"  # 改后批准
    ACCEPT = "accept"  # 接受改批
    ACTIVATE = "activate"  # 启用
    RELEASE = "release"  # 释放
    LEAVE = "leave"  # 偏离
    RETURN = "return"  # 回到
    WITHDRAW = "withdraw"  # 撤回
    EXPIRE = "expire"  # 失效
    REVOKE = "revoke"  # 收回


class FuelModel(StrEnum):
    """What burns: the thirteen standard models by name (optimizer/fuels.py, Anderson 1982)."""

    SHORT_GRASS = "short_grass"
    TIMBER_GRASS = "timber_grass"
    TALL_GRASS = "tall_grass"
    CHAPARRAL = "chaparral"
    BRUSH = "brush"
    DRY_BRUSH = "dry_brush"
    SOUTHERN_ROUGH = "southern_rough"
    CLOSED_LITTER = "closed_litter"
    OPEN_LITTER = "open_litter"
    LITTER_UNDERSTORY = "litter_understory"
    LIGHT_SLASH = "light_slash"
    MEDIUM_SLASH = "medium_slash"
    HEAVY_SLASH = "heavy_slash"


class PlannerCause(StrEnum):
    """Why the planner thinks."""

    ASKED = "asked"  # a person asked for a proposal
    WHAT_IF = "what_if"  # a person asked what would be if
    CHANGED = "changed"  # the world changed
    IMPROVE = "improve"  # nothing changed; whether the plan in force can be bettered


class PlanState(StrEnum):
    """Life of a proposal."""

    OPEN = "open"  # 待采纳
    ADOPTED = "adopted"  # 已采纳
    SUPERSEDED = "superseded"  # 已被替代


class TimerKind(StrEnum):
    """Clocks on a tasking, DOMAIN §6."""

    ORDER = "order"  # 值班长下达
    ANSWER = "answer"  # 应答
    AIRBORNE = "airborne"  # 升空
    ON_SCENE = "on_scene"  # 到场
    OPS_NORMAL = "ops_normal"  # 报平安
    LANDING = "landing"  # 落地


class AltitudeDatum(StrEnum):
    """What a height is measured from."""

    MSL = "msl"
    AGL = "agl"
    PRESSURE = "pressure"
    ELLIPSOID = "ellipsoid"


class HorizontalDatum(StrEnum):
    """What a stated coordinate refers to; stored positions are always WGS-84."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"  # equal to WGS-84 within decimetres (DOMAIN §4.1)
    GCJ02 = "gcj02"  # 50 to 500 m off (DOMAIN §4.1)


class AircraftKind(StrEnum):
    """Rotor or wing."""

    HELICOPTER = "helicopter"
    FIXED_WING = "fixed_wing"


class WaterMode(StrEnum):
    """How water is taken."""

    BUCKET = "bucket"  # 吊桶
    SNORKEL = "snorkel"  # 吸管
    SCOOP = "scoop"  # 汲水
    PIT = "pit"  # 地面加水


class FuelType(StrEnum):
    """What is burnt."""

    JET = "jet"  # 航煤
    AVGAS = "avgas"  # 航汽


class Capability(StrEnum):
    """What an aircraft can do; the words of the plan interchange format."""

    WATER = "water"
    HOIST = "hoist"
    MEDICAL = "medical"
    CARGO = "cargo"
    SEARCH = "search"
    RECON = "recon"
    NIGHT = "night"


class SourceKind(StrEnum):
    """What kind of source reports a track; staleness limits are a row each (freshness.py)."""

    ADSB = "adsb"  # 广播式自动相关监视
    PARTNER = "partner"  # 邻省
    MLAT = "mlat"  # 多点定位
    RADAR = "radar"  # 雷达
    SYSTEM_TRACK = "system_track"  # 空管系统航迹
    TERMINAL = "terminal"  # 北斗/卫星终端 (JT/T 808)
    NMEA = "nmea"  # 定位模块
    COT = "cot"  # 单兵终端 (Cursor on Target)
    PHONE = "phone"  # 手机页
    REPORT = "report"  # 接口上报


class ThingKind(StrEnum):
    """What is moving; decides its symbol."""

    AIRPLANE = "airplane"  # 固定翼
    HELICOPTER = "helicopter"  # 直升机
    UAV = "uav"  # 无人机
    OTHER_AIRCRAFT = "other_aircraft"  # 滑翔机, 气球 …
    VEHICLE = "vehicle"  # 车辆
    TEAM = "team"  # 地面队伍
    VESSEL = "vessel"  # 船艇
    OBSTACLE = "obstacle"  # 障碍物


class Emergency(StrEnum):
    """Distress that a source says aloud: transponder (RTCA DO-260B table 2-84) or terminal."""

    GENERAL = "general"  # 紧急
    MEDICAL = "medical"  # 医疗
    FUEL = "fuel"  # 油量
    RADIO = "radio"  # 通信失效
    UNLAWFUL = "unlawful"  # 非法干扰
    DOWNED = "downed"  # 坠落
    LINK_LOST = "link_lost"  # 无人机失联
    SOS = "sos"  # 求救


class Doubt(StrEnum):
    """Why a track is to be taken with care. The bit of each is its place in this list (columns.py)."""

    DUPLICATE_ADDRESS = "duplicate_address"  # 重址: two places claim one address
    JUMPS = "jumps"  # 跳变: positions that could not have been flown were refused lately
    GHOST = "ghost"  # 疑似虚假: one of a crowd that appeared at once from one source
    CLOCK = "clock"  # 时钟偏差: its source's clock is off; ages are counted from arrival
    SINGLE = "single"  # 仅一次: heard once only
    DISAGREE = "disagree"  # 来源不一致: two sources place it apart


class AlertKind(StrEnum):
    """What the picture itself cries out; every one is an aid and replaces no control (辅助告警, 不替代管制)."""

    EMERGENCY = "emergency"  # 遇险: squawk, emergency state or SOS
    CONFLICT = "conflict"  # 冲突
    DUPLICATE_ADDRESS = "duplicate_address"  # 重址
    GHOSTS = "ghosts"  # 虚假目标群
    CLOCK_OFF = "clock_off"  # 时钟偏差
    LEFT_OUT = "left_out"  # 告警过多: more of a kind go on than a desk is told of
