"""Words of what the desk sends to those in the field (下传). Each enum has one of the same name in protocols/schema/kinds.proto."""

from enum import StrEnum


class UplinkTo(StrEnum):
    """Whom it is for."""

    TASKING = "tasking"  # 机组: the operator's page of an aircraft on a tasking
    TEAM = "team"  # 地面队伍: a field client that speaks CoT


class UplinkState(StrEnum):
    """How far it has come, in this order; nothing goes back."""

    SENT = "sent"  # 已发出
    HANDED = "handed"  # 已交线路: written to the line of a field client, which has not said that it has it
    DELIVERED = "delivered"  # 已送达
    SHOWN = "shown"  # 已显示, with its picture
    READ = "read"  # 已阅


class UplinkAnswer(StrEnum):
    """What comes back."""

    READ = "read"  # 已阅
    COMPLY = "comply"  # 照办
    CANNOT = "cannot"  # 无法执行
    TEXT = "text"  # 回复
