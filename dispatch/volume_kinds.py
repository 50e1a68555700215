"""The closed vocabularies of airspace volumes. Texts are what JSON doors speak; the wire has the same names."""

from enum import StrEnum


class VolumeKind(StrEnum):
    """What an airspace volume is for."""

    AIRSPACE = "airspace"  # 一般空域: its class says all there is
    PROHIBITED = "prohibited"  # 空中禁区
    RESTRICTED = "restricted"  # 空中限制区
    DANGER = "danger"  # 空中危险区
    CTR = "ctr"  # 管制地带
    TMA = "tma"  # 终端管制区
    CTA = "cta"  # 管制区
    ATZ = "atz"  # 机场交通地带
    AIRWAY = "airway"  # 航路航线
    FIR = "fir"  # 飞行情报区
    RADIO_MANDATORY = "radio_mandatory"  # 无线电强制区
    TRANSPONDER_MANDATORY = "transponder_mandatory"  # 应答机强制区
    RESERVED = "reserved"  # 隔离保留空域
    TEMPORARY = "temporary"  # 临时飞行空域
    ADVISORY = "advisory"  # 告警区
    SPORT = "sport"  # 航空运动空域
    PROTECTED = "protected"  # 保护区
    UAS_ZONE = "uas_zone"  # 无人机空域
    OPERATION = "operation"  # 飞行意图: where one flight says it will be
    OTHER = "other"  # 其他


class AirspaceClass(StrEnum):
    """Classes A to G, and W of the 2023 method (DOMAIN §2.3)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    G = "G"
    W = "W"  # 微型、轻型、小型无人机适飞空域, below 120 m


class AirspaceControl(StrEnum):
    """The older split that is still used locally, beside the class and never derived from it."""

    CONTROLLED = "controlled"  # 管制
    MONITORED = "monitored"  # 监视
    REPORTED = "reported"  # 报告


class VolumeFormat(StrEnum):
    """What a volume was read from."""

    HAND = "hand"
    OPENAIR = "openair"
    AIXM = "aixm"
    GEOJSON = "geojson"
    ED269 = "ed269"
    F3548 = "f3548"


class VolumeRemark(StrEnum):
    """What was made of a volume when it was read, and what is to be known before it is relied on."""

    TURNED_ROUND = "turned_round"  # drawn clockwise, stored counter-clockwise
    REPEATED_CORNER = "repeated_corner"  # the same corner twice in a row, kept once
    ANTIMERIDIAN = "antimeridian"  # lies on both sides of 180°
    HEIGHTS_DIFFER = (
        "heights_differ"  # floor and ceiling from different datums: only the ground settles their order
    )
    UNIT_ASSUMED = "unit_assumed"  # a height without a unit, read as the format says
    DATUM_ASSUMED = "datum_assumed"  # a height without a datum, read as the format says
    TIMES_UNKNOWN = "times_unknown"  # not permanent and no times: not active until somebody gives them
    NO_CEILING = "no_ceiling"  # the source gives none: unlimited
    ARC_AS_CORNERS = "arc_as_corners"  # arcs became corners, at most 20 m off
    ONE_OF_SEVERAL = "one_of_several"  # the source has several parts under one name
