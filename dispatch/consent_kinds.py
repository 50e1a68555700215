"""Closed vocabularies of what is shared with a partner: classes of object, what may be withheld, life of a consent."""

from enum import StrEnum


class ObjectClass(StrEnum):
    """What an agreement speaks of (DOMAIN §5)."""

    INCIDENTS = "incidents"  # 事件
    TASKINGS = "taskings"  # 任务
    AIRSPACE = "airspace"  # 空域申请
    TRACKS = "tracks"  # 航迹
    RESOURCES = "resources"  # 力量
    AID = "aid"  # 互助
    MESSAGES = "messages"  # 会商
    VOLUMES = "volumes"  # 空域信息
    VIDEO = "video"  # 视频


class WithheldField(StrEnum):
    """Groups of fields that an agreement may leave out of a class. Names of persons never leave and are not listed."""

    NOTES = "notes"  # 备注、理由等自由文字
    PLACE_NAMES = "place_names"  # 地名
    FREQUENCIES = "frequencies"  # 频率
    FIRE_FIGURES = "fire_figures"  # 火情数据: demand, growth, size
    WATER = "water"  # 取水投水
    HOURS = "hours"  # 时间签认
    OPERATORS = "operators"  # 通航公司
    POSITION = "position"  # 精确位置: rounded to 0.05 degrees


class ConsentState(StrEnum):
    """Life of a consent; the table is in consent.py."""

    PROPOSED = "proposed"  # 待签
    IN_FORCE = "in_force"  # 生效
    WITHDRAWN = "withdrawn"  # 已撤回
    REPLACED = "replaced"  # 已换版
    REVOKED = "revoked"  # 已撤销
    EXPIRED = "expired"  # 已到期


class ConsentAction(StrEnum):
    """What is done to a consent."""

    SIGN = "sign"
    WITHDRAW = "withdraw"
    REPLACE = "replace"
    REVOKE = "revoke"
    EXPIRE = "expire"


class DataLabel(StrEnum):
    """Why a record never leaves, whatever an agreement says (GB/T 43697-2024; DOMAIN §5)."""

    MILITARY = "military"  # 军事
    KEY_FACILITY = "key_facility"  # 重点设施
    PERSONAL = "personal"  # 个人信息
    UNRELEASED = "unreleased"  # 未发布
    RESTRICTED_IMAGERY = "restricted_imagery"  # 受限地形与影像


class LabelledTable(StrEnum):
    """What can be labelled."""

    INCIDENTS = "incidents"
    AIRCRAFT = "aircraft"
    VOLUMES = "volumes"
    TRAFFIC_AREAS = "traffic_areas"
    OPERATORS = "operators"
    BASES = "bases"
