"""The closed vocabularies of incident airspace (现场交通区)."""

from enum import StrEnum


class TrafficLayerKind(StrEnum):
    """Who flies at a height of the stack, lowest first: NWCG PMS 515 (DOMAIN §3)."""

    HELICOPTER = "helicopter"  # 直升机: at or below it
    TANKER_MANOEUVRE = "tanker_manoeuvre"  # 固定翼灭火机 机动
    TANKER_ORBIT = "tanker_orbit"  # 固定翼灭火机 盘旋等待
    AIR_CONTROL = "air_control"  # 空中指挥
    MEDIA = "media"  # 新闻采访, 其他


class GroundBasis(StrEnum):
    """What the highest ground in the working ring is taken from."""

    TERRAIN = "terrain"  # a fit height model knows the whole ring
    INCIDENT = "incident"  # the incident's own elevation, as it was reported
    STATED = "stated"  # said by hand
