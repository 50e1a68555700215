"""Event codes of GB/T 35561-2017 (突发事件分类与编码) as far as rescue from the air knows them, newest edition last.

Rows are data: (prefix, kind). The longest prefix that a code begins with says its kind; a code that no row matches is
kept as it came and flagged. The letters follow the classification that the standard shares with the national emergency
platform (国家应急平台体系信息资源分类与编码规范); they are written from memory of its public use in warning messages
and wait for a check against the printed standard (DOMAIN.md marks such rows uv).
"""

import re
from dataclasses import dataclass
from datetime import date

from dispatch.kinds import IncidentKind

_CODE = re.compile(r"[0-9]{2}[A-Z][0-9]{2}\Z|[0-9]{5}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """Codes that begin with `prefix` are of `kind`."""

    prefix: str
    kind: IncidentKind
    name: str  # 中文


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """One edition."""

    since: date
    source: str
    rows: tuple[CodeRow, ...]


_K = IncidentKind
EDITIONS = (
    CodeTable(
        since=date(2018, 7, 1),
        source="GB/T 35561-2017, in force from 2018-07-01 (rows to be checked against the printed text)",
        rows=tuple(
            CodeRow(prefix=prefix, kind=kind, name=name)
            for prefix, kind, name in (
                ("11A", _K.FLOOD, "水旱灾害"),
                ("11B", _K.OTHER, "气象灾害"),
                ("11C", _K.EARTHQUAKE, "地震灾害"),
                ("11D", _K.LANDSLIDE, "地质灾害"),
                ("11E", _K.OTHER, "海洋灾害"),
                ("11F", _K.OTHER, "生物灾害"),
                ("11G", _K.FOREST_FIRE, "森林草原火灾"),
                ("11G03", _K.WILDLAND_FIRE, "境内草原火灾"),
                ("11G04", _K.WILDLAND_FIRE, "跨境草原火灾"),
                ("12A", _K.MINE, "煤矿事故"),
                ("12B", _K.MINE, "金属与非金属矿山事故"),
                ("12B05", _K.TAILINGS_DAM, "尾矿库事故"),
                ("12C", _K.OTHER, "建筑业事故"),
                ("12D", _K.HAZMAT, "危险化学品事故"),
                ("12E", _K.HAZMAT, "烟花爆竹事故"),
                ("12F", _K.OTHER, "其他工矿商贸事故"),
                ("12G", _K.BUILDING_FIRE, "火灾事故"),
                ("12H", _K.TRANSPORT, "道路交通事故"),
                ("12J", _K.TRANSPORT, "水上交通事故"),
                ("12K", _K.TRANSPORT, "铁路交通事故"),
                ("12L", _K.TRANSPORT, "城市轨道交通事故"),
                ("12M", _K.TRANSPORT, "民用航空器事故"),
                ("13", _K.MEDICAL, "公共卫生事件"),
                ("14", _K.PUBLIC_SAFETY, "社会安全事件"),
            )
        ),
    ),
)


def looks_like_code(text: str) -> bool:
    """Whether a text has the form of such a code: `11B03`, or five digits."""
    return _CODE.match(text) is not None


def kind_of_code(code: str, edition: CodeTable = EDITIONS[-1]) -> IncidentKind | None:
    """The kind of incident that a code says; None for one the table does not know."""
    found = [row for row in edition.rows if code.startswith(row.prefix)]
    return max(found, key=lambda row: len(row.prefix)).kind if found else None
