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
    GATEWAY = "gateway"  # 告警网关: another system's account, hands over alarms and sees nothing


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


class AlarmKind(StrEnum):
    """What kind of source an alarm came from (接警来源)."""

    CAP = "cap"  # 预警信息 (CAP 1.2)
    HOTSPOT = "hotspot"  # 卫星热点
    CAMERA = "camera"  # 林火视频监控
    PUBLIC_REPORT = "public_report"  # 公众报警
    FIELD_MARKER = "field_marker"  # 现场标记 (CoT)


class AlarmFlag(StrEnum):
    """What is to be known of an alarm before it is believed. It becomes a candidate all the same."""

    EXPIRED = "expired"  # 已过期
    OUT_OF_AREA = "out_of_area"  # 辖区外
    FUTURE_TIME = "future_time"  # 时间超前
    UNVERIFIED = "unverified"  # 未核验: of an incident, nothing goes on before a named person verifies it
    LOW_CONFIDENCE = "low_confidence"  # 低置信度
    UNKNOWN_CODE = "unknown_code"  # 未知编码
    NO_POSITION = "no_position"  # 无坐标: the position is only that of a county or of the whole site
    EXERCISE = "exercise"  # 演练或测试
    CANCELLED = "cancelled"  # 来源已撤销


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
    STOPPED = "stopped"  # 技术经停: on the ground elsewhere, may go on
    DOWN = "down"  # 迫降
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
    TECHNICAL_STOP = "technical_stop"  # 技术经停
    RESUME = "resume"  # 继续飞行
    END_HERE = "end_here"  # 就地结束
    EMERGENCY_LAND = "emergency_land"  # 迫降
    OPS_NORMAL = "ops_normal"  # 报平安
    AMEND = "amend"  # 变更
    ACKNOWLEDGE = "acknowledge"  # 确认变更
    DECLINE = "decline"  # 不接受变更
    SETTLE = "settle"  # 结算
    ARCHIVE = "archive"  # 归档


class ActFlag(StrEnum):
    """What is to be known of an act that came from a device."""

    CLOCK_SKEW = "clock_skew"  # its clock and ours differ; the time recorded is set right
    UNSIGNED = "unsigned"  # from a page that could not sign: not over https


class RefusalReason(StrEnum):
    """Why an operator or captain refuses: always allowed, always with one of these."""

    WEATHER = "weather"  # 天气低于标准
    AIRCRAFT = "aircraft"  # 机件故障
    CREW = "crew"  # 机组/值勤
    FUEL = "fuel"  # 油料不足
    CAPABILITY = "capability"  # 超出机型能力
    ROUTE_OR_WATER = "route_or_water"  # 水源/航线险


class AmendmentState(StrEnum):
    """What became of an amendment. Until the crew has acknowledged it, what was in force before it holds."""

    OPEN = "open"  # 待机组确认
    ACKNOWLEDGED = "acknowledged"  # 已确认
    DECLINED = "declined"  # 未接受
    REPLACED = "replaced"  # 已被新变更替代
    LAPSED = "lapsed"  # 已失效: landed or ended before it was answered


class PlaceKind(StrEnum):
    """What kind of place a flight goes to, or stands at, instead of its base."""

    BASE = "base"  # 基地
    LANDING_SITE = "landing_site"  # 起降点
    HOSPITAL = "hospital"  # 医院
    POSITION = "position"  # 坐标


class DiversionCause(StrEnum):
    """Why a flight goes, or comes down, elsewhere."""

    WEATHER = "weather"  # 天气
    TECHNICAL = "technical"  # 机械
    FUEL = "fuel"  # 油量
    MEDICAL = "medical"  # 医疗
    ORDER = "order"  # 指令


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
    PHONE = "phone"  # 电话批准: ATC's, written down by the desk that heard it
    CONFIRM = "confirm"  # 确认电话批准


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
    ACKNOWLEDGE = "acknowledge"  # 变更确认
    STOP = "stop"  # 经停报告


class AltitudeDatum(StrEnum):
    """What a height is measured from."""

    MSL = "msl"
    AGL = "agl"
    PRESSURE = "pressure"
    ELLIPSOID = "ellipsoid"


class ObstacleKind(StrEnum):
    """What stands in the air."""

    POWER_LINE = "power_line"  # 输电线
    TOWER = "tower"  # 塔
    WIND_TURBINE = "wind_turbine"  # 风机
    BUILDING = "building"  # 楼
    CABLEWAY = "cableway"  # 索道
    OTHER = "other"  # 其他


class ClosureKind(StrEnum):
    """Why airspace is closed."""

    TEMPORARY_CONTROL = "temporary_control"  # 临时管制
    PLUME = "plume"  # 烟羽, 毒气
    BLAST = "blast"  # 爆炸, 爆破
    INUNDATION = "inundation"  # 淹没
    MILITARY_ACTIVITY = "military_activity"  # 军事活动
    OTHER = "other"  # 其他


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


class CrewDuty(StrEnum):
    """What somebody does on board."""

    CAPTAIN = "captain"  # 机长
    COPILOT = "copilot"  # 副驾驶
    OBSERVER = "observer"  # 飞行观察员
    ENGINEER = "engineer"  # 机务


class DutyMeasure(StrEnum):
    """What a duty rule limits."""

    FLIGHT_TIME = "flight_time"  # 飞行时间
    DUTY_TIME = "duty_time"  # 值勤时间
    DESK_TIME = "desk_time"  # 值班时间: of those on the duty roster, not of crews


class DutyPost(StrEnum):
    """Where somebody is on duty."""

    LEADER = "leader"  # 带班领导
    CHIEF = "chief"  # 值班主任
    DISPATCHER = "dispatcher"  # 调度员
    OBSERVER = "observer"  # 飞行观察员
    BASE_DESK = "base_desk"  # 驻防站值班
    TECHNICIAN = "technician"  # 技术保障


class HandoverState(StrEnum):
    """A shift handover's own state."""

    OPEN = "open"  # 编制中: the outgoing desk writes it
    SIGNED = "signed"  # 待接班: signed by who goes, not yet by who comes
    DONE = "done"  # 已交接
    WITHDRAWN = "withdrawn"  # 已撤销


class HandoverAction(StrEnum):
    """What is done with a shift handover."""

    SIGN = "sign"  # 交班签字
    TAKE = "take"  # 接班签字
    WITHDRAW = "withdraw"  # 撤销


class HandoverItemKind(StrEnum):
    """What is handed over."""

    ALARM = "alarm"  # 未处置告警
    INCIDENT = "incident"  # 在办事件
    TASKING = "tasking"  # 进行中任务
    ESCALATION = "escalation"  # 本班超时
    AIRSPACE = "airspace"  # 待批空域
    CLOSURE = "closure"  # 禁飞区
    UNSERVICEABLE = "unserviceable"  # 停飞航空器
    UNFIT = "unfit"  # 不可派
    EXPIRING = "expiring"  # 下一班内到期
    LINK = "link"  # 链路与服务
    NOTE = "note"  # 本班日志留言


class HandoverChangeKind(StrEnum):
    """How an item differs from what was signed."""

    NEW = "new"  # 新增
    GONE = "gone"  # 已了结
    CHANGED = "changed"  # 有变化


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
    RAPPEL = "rappel"  # 索降
    SLING = "sling"  # 吊运
    RELAY = "relay"  # 通信中继
    COMMAND = "command"  # 空中指挥
    HAZMAT = "hazmat"  # 危化侦测
    RETARDANT = "retardant"  # 化灭
    AIR_DROP = "air_drop"  # 空投


class TaskKind(StrEnum):
    """What an aircraft is sent to do (DOMAIN §2.4); all but `water` are words of the plan interchange format 1.1."""

    WATER = "water"  # 洒水灭火: bucket, tank or scoop; `fire` of the interchange format
    RECON = "recon"  # 侦察
    PATROL = "patrol"  # 巡护
    AIR_COMMAND = "air_command"  # 空中指挥
    SEARCH = "search"  # 搜救
    LANDING = "landing"  # 机降
    RAPPEL = "rappel"  # 索降
    RETARDANT = "retardant"  # 化灭
    AIR_DROP = "air_drop"  # 空投
    SUPPLY = "supply"  # 空运物资
    SLING = "sling"  # 吊运
    AIRLIFT = "airlift"  # 人员转运
    FLOOD_EVACUATION = "flood_evacuation"  # 洪涝转移
    MEDEVAC = "medevac"  # 医疗救护
    RELAY = "relay"  # 通信中继
    HAZMAT_SENSING = "hazmat_sensing"  # 危化侦测


class LiftTo(StrEnum):
    """Where those who are lifted out are taken."""

    HOSPITAL = "hospital"  # 医院
    BASE = "base"  # 基地


class ItemSort(StrEnum):
    """What a line of a run card (预案卡) asks of a person."""

    NOTICE = "notice"  # 通报: somebody is told
    CHECK = "check"  # 处置: something is done


class NoticeTrigger(StrEnum):
    """When a line of a run card holds. The last three only a person can say."""

    ALWAYS = "always"  # 一律
    LARGE_AREA = "large_area"  # 过火面积: m² or more
    LONG_BURNING = "long_burning"  # 持续时间: seconds or more since the report
    NEAR_BORDER = "near_border"  # 省界附近: metres or less from the site's border
    LIFE_AT_RISK = "life_at_risk"  # 人员受威胁
    DEATHS = "deaths"  # 死亡人数: so many or more
    HOMES = "homes"  # 居民地受威胁
    STATED = "stated"  # 情况出现时: as its text says


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
    TERRAIN = "terrain"  # 低高度: ground or an obstacle ahead; its `code` says which
    AIRSPACE = "airspace"  # 侵入: ahead, or breached
    LOST = "lost"  # 失联
    OVERDUE = "overdue"  # 逾时: on scene, landing, ops-normal
    ENDURANCE = "endurance"  # 油量/日落/值勤
    DEVIATION = "deviation"  # 偏航/越界/越高
    IDENTITY = "identity"  # 身份: no 24-bit address, a jump
    DRONE = "drone"  # 无人机闯入
    HEIGHT_JUMP = "height_jump"  # 高度跳变: two heights are possible, both are looked at
    NET_FAILED = "net_failed"  # 安全网故障: one net does not work, its `code` says which
