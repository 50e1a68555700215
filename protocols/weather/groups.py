"""The groups of METAR and TAF: head, changes, and the figures of one part in SI. Pure.

The groups are read by metar-taf-parser-mivek, which takes whatever it is given; what it does not check is checked
here, because a group misread for a good one would launch somebody: the station and time groups' form, the day against
the date of receipt, that every group of wind, visibility and pressure is one whose unit the code states, and that
figures are possible. Wind, visibility and pressure are read here too; clouds and temperatures are the parser's. A
report with a group that nothing reads keeps the figures around it, and names the group.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from metar_taf_parser.parser.parser import TAFParser

from dispatch.errors import Malformed
from dispatch.weather import AHEAD, Station, checked_sky
from dispatch.weather_records import UNLIMITED_M, Sky

MOST_GROUPS = 200
_FOOT_M, _MILE_M, _INCH_HPA = 0.3048, 1609.344, 33.8639
_SPEED = {"MPS": 1.0, "KT": 0.514444, "KMH": 1 / 3.6}
_WIND = re.compile(
    r"(?P<from>\d{3}|VRB|///)(?P<speed>P?\d{2,3}|//)(?:G(?P<gust>P?\d{2,3}))?(?P<unit>KT|MPS|KMH)?\Z"
)
_METRES = re.compile(r"(?P<m>\d{4})(?P<way>N|NE|E|SE|S|SW|W|NW|NDV)?\Z")
_MILES = re.compile(r"(?P<less>[PM])?(?:(?P<whole>\d{1,2}) )?(?P<n>\d{1,2})(?:/(?P<d>\d{1,2}))?SM\Z")
_CLOUD = re.compile(r"(FEW|SCT|BKN|OVC|VV)(\d{3}|///)(CB|TCU|///)?\Z")
_CLEAR = frozenset({"SKC", "CLR", "NSC", "NCD", "NSW"})
_TEMPERATURE = re.compile(r"(M?\d{2}|//)/(M?\d{2}|//)?\Z")
_PRESSURE = re.compile(r"([QA])(\d{4}|////)\Z")
_PHENOMENON = re.compile(
    r"(?:[+-]|VC|RE)?(?:MI|BC|PR|DR|BL|SH|TS|FZ)?(?:DZ|RA|SN|SG|PL|GR|GS|UP|BR|FG|FU|VA|DU|SA|HZ|PO|SQ|FC|SS|DS|IC){0,3}\Z"
)
_OTHER = re.compile(
    r"(?:AUTO|COR|NOSIG|CAVOK|NIL|R\d{2}[LRC]?/\S+|\d{3}V\d{3}|WS|ALL|RWY\S*|R\d{2}[LRC]?|W\S+/S\S+|SNOCLO|/{2,}|\$"
    r"|T[XN]M?\d{2}/\d{4}Z|[56]\d{5}|QNH\d{4}INS)\Z"
)
_STATION = re.compile(r"[A-Z][A-Z0-9]{3}\Z")
_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})Z\Z")
VALIDITY = re.compile(r"(\d{2})(\d{2})/(\d{2})(\d{2})\Z")
_CHANGES = frozenset({"BECMG", "TEMPO", "INTER", "PROB30", "PROB40"})
FM = re.compile(r"FM(\d{2})(\d{2})(\d{2})\Z")
TREND_TIME = re.compile(r"(FM|TL|AT)(\d{2})(\d{2})\Z")


def head(
    groups: list[str], stations: Mapping[str, Station], now: datetime
) -> tuple[Station, datetime, list[str]]:
    """Station, time and the groups after them. Raises Malformed."""
    if not groups or not _STATION.match(groups[0]):
        raise Malformed("station", f"{(groups or [''])[0][:20]!r} is no ICAO code of a station")
    found = _TIME.match(groups[1]) if len(groups) > 1 else None
    if found is None:
        raise Malformed("time", f"{(groups[1:] or [''])[0][:20]!r} is not DDHHMMZ")
    if len(groups) > MOST_GROUPS:
        raise Malformed("body", f"{len(groups)} groups, at most {MOST_GROUPS}")
    station = stations.get(groups[0])
    if station is None:
        raise Malformed("station", f"no place is known of {groups[0]}; say it by weather/stations")
    return station, _instant(*map(int, found.groups()), now=now, field="time"), groups[2:]


def _instant(day: int, hour: int, minute: int, *, now: datetime, field: str) -> datetime:
    """The last time that it was that day of the month, a little ahead allowed. Raises Malformed."""
    if not (1 <= day <= 31 and hour <= 23 and minute <= 59):
        raise Malformed(field, f"{day:02d}{hour:02d}{minute:02d} is no time")
    first = (now + AHEAD).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(62):
        at = first - timedelta(days=back)
        if at.day == day:
            found = at.replace(hour=hour, minute=minute)
            if found <= now + AHEAD:
                return found
    raise Malformed(field, f"{day:02d} is no day of these months")


def at_change(groups: list[str]) -> tuple[list[str], list[str]]:
    """The groups before the first change, and those from it on; remarks are left out."""
    if "RMK" in groups:
        groups = groups[: groups.index("RMK")]
    for n, group in enumerate(groups):
        if group in _CHANGES or FM.match(group):
            return groups[:n], groups[n:]
    return groups, []


def sky_of(groups: list[str], parse: Callable[[str], Any], begin: str) -> tuple[Sky, list[str]]:
    """Figures of one part. Raises Malformed for a figure without a unit or one that cannot be."""
    unread = _checked(groups)
    try:
        told = parse(" ".join([begin, *_joined(groups)]))
    except Malformed:
        raise
    except Exception as error:  # whatever the parser trips over is a bad report, never a crash
        raise Malformed("body", f"cannot be read: {type(error).__name__}: {error}"[:200]) from None
    sky = Sky(
        **_wind(groups),
        visibility_m=_visibility(groups),
        ceiling_m=_ceiling(told, groups),
        temperature_c=_celsius(getattr(told, "temperature", None)),
        qnh_hpa=_pressure(groups),
        weather=" ".join(each for each in groups if _is_phenomenon(each)),
    )
    return checked_sky(sky), unread


def _joined(groups: list[str]) -> list[str]:
    return [each for each in groups if each not in ("AUTO",)]


def _checked(groups: list[str]) -> list[str]:
    """The groups that nothing reads. Raises Malformed for wind or pressure without a unit."""
    unread = []
    for n, group in enumerate(groups):
        wind = _WIND.match(group)
        if wind and not wind["unit"] and not _METRES.match(group) and any(map(str.isdigit, group)):
            raise Malformed("wind", f"{group!r} has no unit")
        if re.match(r"[QA]\d", group) and not _PRESSURE.match(group):
            raise Malformed("pressure", f"{group!r} is not Q or A and four digits")
        known = (
            wind
            or _METRES.match(group)
            or _MILES.match(group)
            or (n + 1 < len(groups) and re.fullmatch(r"\d", group) and _MILES.match(groups[n + 1]))
            or _CLOUD.match(group)
            or group in _CLEAR
            or _TEMPERATURE.match(group)
            or _PRESSURE.match(group)
            or _is_phenomenon(group)
            or _OTHER.match(group)
        )
        if not known:
            unread.append(group)
    return unread


def _is_phenomenon(group: str) -> bool:
    return len(group.lstrip("+-")) >= 2 and bool(_PHENOMENON.match(group)) and group not in ("VC", "RE")


def _wind(groups: list[str]) -> dict[str, float | None]:
    """Of the first wind group. Read here: the parser takes km/h for knots."""
    for group in groups:
        found = _WIND.match(group)
        if found is None or found["unit"] is None or found["speed"] == "//":
            continue
        factor = _SPEED[found["unit"]]
        from_deg = float(found["from"]) if found["from"].isdigit() else None
        if from_deg is not None and from_deg > 360:
            raise Malformed("wind", f"{from_deg:g}° is no direction")
        gust = found["gust"]
        return {
            "wind_mps": round(float(found["speed"].lstrip("P")) * factor, 2),
            "gust_mps": None if gust is None else round(float(gust.lstrip("P")) * factor, 2),
            "wind_from_deg": from_deg,
        }
    return {}


def _visibility(groups: list[str]) -> float | None:
    """The least that is said; CAVOK and 9999 are 10 km."""
    found: list[float] = []
    if "CAVOK" in groups:
        found.append(10_000.0)
    for n, group in enumerate(groups):
        metres = _METRES.match(group)
        if metres and not (n and groups[n - 1] == "WS"):
            found.append(10_000.0 if metres["m"] == "9999" else float(metres["m"]))
        whole = groups[n - 1] if n and re.fullmatch(r"\d", groups[n - 1]) else ""
        miles = _MILES.match(f"{whole} {group}".strip())
        if miles:
            if miles["d"] == "0":
                raise Malformed("visibility", f"{group!r} is no fraction")
            part = float(miles["n"]) / float(miles["d"] or 1)
            found.append(round((float(miles["whole"] or 0) + part) * _MILE_M))
    return min(found, default=None)


def _ceiling(told: Any, groups: list[str]) -> float | None:
    """The lowest layer of more than half, metres above ground; UNLIMITED_M where the report says that there is none."""
    if any(re.match(r"(?:BKN|OVC|VV)///", group) for group in groups):
        return None if "VV///" not in groups else 0.0  # an obscured sky of unknown depth is taken for none
    layers = [
        float(each.height) * _FOOT_M
        for each in told.clouds
        if each.height is not None and str(each.quantity.name) in ("BKN", "OVC")
    ]
    if told.vertical_visibility is not None:
        layers.append(float(told.vertical_visibility) * _FOOT_M)
    if layers:
        return round(min(layers), 1)
    clear = told.cavok or told.clouds or any(group in _CLEAR - {"NSW"} for group in groups)
    return UNLIMITED_M if clear else None


def _celsius(value: Any) -> float | None:
    return None if value is None else float(value)


def _pressure(groups: list[str]) -> float | None:
    for group in groups:
        found = _PRESSURE.match(group)
        if found and found[2] != "////":
            return float(found[2]) if found[1] == "Q" else round(float(found[2]) / 100 * _INCH_HPA, 1)
    return None


def changed_sky(groups: list[str], at: datetime) -> Sky:
    """The figures of a change. Raises Malformed."""
    begin = f"TAF ZZZZ {at:%d%H%M}Z {at:%d%H}/{at + timedelta(hours=1):%d%H}"
    return sky_of(groups, TAFParser().parse, begin)[0]


def over(before: Sky, change: Sky, groups: list[str]) -> Sky:
    """What is not said stays; CAVOK clears the sky."""
    said = {
        name: getattr(change, name)
        for name in ("visibility_m", "ceiling_m", "temperature_c", "qnh_hpa")
        if getattr(change, name) is not None
    }
    if change.wind_mps is not None:
        said |= {name: getattr(change, name) for name in ("wind_mps", "wind_from_deg", "gust_mps")}
    if change.weather or "NSW" in groups or "CAVOK" in groups:
        said["weather"] = change.weather
    return replace(before, **said)


def pieces(changes: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """(the words of the change, its groups), in order."""
    words: list[str] = []
    groups: list[str] = []
    for group in changes:
        if group in _CHANGES or FM.match(group):
            if words and (groups or not words[0].startswith("PROB")):
                yield words, groups
                words = []
            words, groups = [*words, group], []
        else:
            groups.append(group)
    if words:
        yield words, groups
