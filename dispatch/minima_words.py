"""A limit in words, Chinese and English: what is where, what is asked, whose report and how old. Pure."""

from dispatch.weather_records import Limit

_ZH = {
    "VISIBILITY": ("能见度", "m", "低于"),
    "CEILING": ("云底高", "m", "低于"),
    "WIND": ("风速", "m/s", "超过"),
    "GUST": ("阵风", "m/s", "超过"),
    "CROSSWIND": ("侧风", "m/s", "超过"),
    "DENSITY_ALTITUDE": ("密度高度", "m", "超过"),
    "DAYLIGHT": ("日落前余时", "s", "少于"),
}
_EN = {
    "VISIBILITY": ("visibility", "m", "below"),
    "CEILING": ("ceiling", "m", "below"),
    "WIND": ("wind", "m/s", "over"),
    "GUST": ("gusts", "m/s", "over"),
    "CROSSWIND": ("crosswind", "m/s", "over"),
    "DENSITY_ALTITUDE": ("density altitude", "m", "over"),
    "DAYLIGHT": ("time left before sunset", "s", "less than"),
}
_PLACE = {"base": ("基地", "base"), "scene": ("现场", "scene")}


def words_zh(limit: Limit) -> str:
    """现场能见度 800 m，低于 5000 m（南昌昌北国际机场 METAR 08:30Z，31 分钟前，12 km；目视气象条件）"""
    where = _PLACE.get(limit.place, ("", ""))[0]
    if limit.code == "NO_WEATHER":
        return f"{where}无气象资料"
    what, unit, than = _ZH[limit.code]
    told = (
        f"{limit.station} {limit.report.upper()} {_clock(limit)}，{limit.age_s / 60:.0f} 分钟前，{limit.distance_m / 1000:.0f} km；"
        * bool(limit.station)
    )
    return f"{where}{what} {_number(limit.figure)} {unit}，{than} {_number(limit.limit)} {unit}（{told}{limit.minimum}）"


def words_en(limit: Limit) -> str:
    """The same in English."""
    where = _PLACE.get(limit.place, ("", ""))[1]
    if limit.code == "NO_WEATHER":
        return f"no weather known at the {where}"
    what, unit, than = _EN[limit.code]
    told = (
        f"{limit.station} {limit.report.upper()} {_clock(limit)}, {limit.age_s / 60:.0f} min old, {limit.distance_m / 1000:.0f} km; "
        * bool(limit.station)
    )
    return f"{where}: {what} {_number(limit.figure)} {unit}, {than} {_number(limit.limit)} {unit} ({told}{limit.minimum})"


def _clock(limit: Limit) -> str:
    return "" if limit.observed_at is None else f"{limit.observed_at:%H:%M}Z"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
