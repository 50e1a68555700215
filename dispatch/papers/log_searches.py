"""Lines about searches: drawn, amended, withdrawn. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.papers.log_line import LogLine, line, why
from dispatch.search_facts import SearchAmended, SearchDrawn, SearchWithdrawn
from dispatch.world import World


def _saved(_: World, recorded: Recorded, fact: SearchDrawn | SearchAmended) -> LogLine:
    name, new = fact.search.terms.name, isinstance(fact, SearchDrawn)
    km = fact.search.way.length_m / 1000
    return line(
        recorded,
        f"{'绘制' if new else '修改'}搜索航线“{name}”（{km:.0f} 公里）",
        f"Search {'drawn' if new else 'amended'}: “{name}” ({km:.0f} km)",
    )


def _withdrawn(world: World, recorded: Recorded, fact: SearchWithdrawn) -> LogLine:
    found = world.searches.get(fact.search_id)
    name = f"“{found.terms.name}”" if found else fact.search_id
    return line(
        recorded, why(f"撤销搜索航线{name}", fact.reason), why(f"Search withdrawn: {name}", fact.reason)
    )


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    SearchDrawn: _saved,
    SearchAmended: _saved,
    SearchWithdrawn: _withdrawn,
}
