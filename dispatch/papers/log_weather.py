"""Lines about weather and hazards: entered, overridden, taken, ended. Pure."""

from collections.abc import Callable
from typing import Any

from dispatch.facts import Recorded
from dispatch.hazard_facts import HazardEnded, HazardTaken
from dispatch.minima_words import words_en, words_zh
from dispatch.papers.log_line import LogLine, line, tasking_name, why
from dispatch.weather_facts import MinimaOverridden, WeatherEntered
from dispatch.weather_records import UNLIMITED_M, Sky
from dispatch.world import World

_KIND_ZH = {"plume": "烟羽", "blast": "爆炸影响区", "inundation": "淹没区", "fire_perimeter": "火线"}
_KIND_EN = {
    "plume": "plume",
    "blast": "blast area",
    "inundation": "inundation",
    "fire_perimeter": "fire perimeter",
}


def _entered(_: World, recorded: Recorded, fact: WeatherEntered) -> LogLine:
    report = fact.report
    return line(
        recorded,
        f"人工录入气象：{report.name}，{_sky(report.sky, zh=True)}（{report.observer}）",
        f"Weather entered by hand: {report.name}, {_sky(report.sky, zh=False)} ({report.observer})",
    )


def _sky(sky: Sky, *, zh: bool) -> str:
    said = (
        ("风", "wind", sky.wind_mps, "m/s"),
        ("阵风", "gusts", sky.gust_mps, "m/s"),
        ("能见度", "visibility", sky.visibility_m, "m"),
        ("云底", "ceiling", sky.ceiling_m if sky.ceiling_m != UNLIMITED_M else None, "m"),
        ("气温", "temperature", sky.temperature_c, "°C"),
    )
    return ("，" if zh else ", ").join(
        f"{chinese if zh else english} {value:g} {unit}"
        for chinese, english, value, unit in said
        if value is not None
    )


def _overridden(world: World, recorded: Recorded, fact: MinimaOverridden) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    zh, en = "；".join(map(words_zh, fact.limits)), "; ".join(map(words_en, fact.limits))
    return line(
        recorded,
        why(f"低于气象最低标准仍下达任务 {name}（{zh}）", fact.reason),
        why(f"Ordered below weather minima: {name} ({en})", fact.reason),
        **ties,
    )


def _taken(_: World, recorded: Recorded, fact: HazardTaken) -> LogLine:
    terms, new = fact.hazard.terms, fact.hazard.version == 1
    at = f"{terms.model_at:%m-%d %H:%MZ}"
    return line(
        recorded,
        f"{'收到' if new else '更新'}{_KIND_ZH[terms.kind]}“{terms.name}”（{terms.source}，{at}）",
        f"{'Received' if new else 'Renewed'} {_KIND_EN[terms.kind]} “{terms.name}” ({terms.source}, {at})",
    )


def _ended(world: World, recorded: Recorded, fact: HazardEnded) -> LogLine:
    found = world.hazards.get(fact.hazard_id)
    name = f"“{found.terms.name}”" if found else fact.hazard_id
    return line(recorded, why(f"解除危险区{name}", fact.reason), why(f"Hazard ended: {name}", fact.reason))


LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    WeatherEntered: _entered,
    MinimaOverridden: _overridden,
    HazardTaken: _taken,
    HazardEnded: _ended,
}
