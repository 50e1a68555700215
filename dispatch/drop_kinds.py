"""Words of water taken and dropped. Each enum has one of the same name in protocols/schema/kinds.proto."""

from enum import StrEnum


class WaterAct(StrEnum):
    """What was done with water."""

    PICK_UP = "pick_up"  # 取水
    DROP = "drop"  # 投水


class WaterSource(StrEnum):
    """How a load is known."""

    TRACK = "track"  # 据航迹, confirmed by a person
    PHONE = "phone"  # 机组报告
    DESK = "desk"  # 值班台补录
