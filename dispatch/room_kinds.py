"""The closed vocabularies of consultation (协同会商)."""

from enum import StrEnum


class RoomEntryKind(StrEnum):
    """What somebody put into a room."""

    SAID = "said"  # 发言
    DRAWN = "drawn"  # 标绘
    VOTE = "vote"  # 提请表决
    VOICE = "voice"  # 表态
    DECISION = "decision"  # 决定


class StrokeKind(StrEnum):
    """What a mark on the shared map is."""

    LINE = "line"  # 线
    AREA = "area"  # 面
    ARROW = "arrow"  # 箭头
    TEXT = "text"  # 文字
    SYMBOL = "symbol"  # 符号


class RoomSymbol(StrEnum):
    """Point symbols, named as GB/T 35649 (突发事件应急标绘符号规范) names such things; ours are simpler drawings."""

    FIRE_POINT = "fire_point"  # 火点
    DANGER = "danger"  # 危险源
    COMMAND_POST = "command_post"  # 现场指挥部
    ASSEMBLY_POINT = "assembly_point"  # 集结点
    RESCUE_TEAM = "rescue_team"  # 救援队伍
    WATER_SOURCE = "water_source"  # 水源
    LANDING_POINT = "landing_point"  # 临时起降点
    MEDICAL_POINT = "medical_point"  # 医疗救护点
    SHELTER = "shelter"  # 避难安置点
    ROAD_BLOCK = "road_block"  # 道路中断
