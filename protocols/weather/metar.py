"""METAR, SPECI and TAF as text: one report or several, apart by `=` or by lines. Pure; groups.py reads the groups."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from metar_taf_parser.parser.parser import MetarParser

from dispatch.errors import Malformed
from dispatch.weather import Station
from dispatch.weather_kinds import WeatherKind
from dispatch.weather_records import Forecast, ForecastPart, Sky, WeatherReport
from protocols.weather.groups import TREND_TIME, at_change, changed_sky, head, over, pieces, sky_of
from protocols.weather.read import Read, Rejected, TooMuch
from protocols.weather.taf import taf

MAX_CHARS = 65_536
MOST_REPORTS = 500
TREND = timedelta(hours=2)


def read(text: str, stations: Mapping[str, Station], now: datetime, source: str) -> Read:
    """The reports in a text. Raises TooMuch. `stations`: where stations are, by ICAO code."""
    if len(text) > MAX_CHARS:
        raise TooMuch("body", f"{len(text)} characters, at most {MAX_CHARS}")
    whole = list(split(text))
    if len(whole) > MOST_REPORTS:
        raise TooMuch("body", f"{len(whole)} reports, at most {MOST_REPORTS}")
    reports: list[WeatherReport] = []
    forecasts: list[Forecast] = []
    rejected: list[Rejected] = []
    for row, each in enumerate(whole):
        try:
            if each.startswith("TAF"):
                forecasts.append(taf(each, stations, now, source))
            else:
                report, trend = metar(each, stations, now, source)
                reports.append(report)
                forecasts += [trend] if trend is not None else []
        except Malformed as error:
            code = (
                "UNKNOWN_STATION" if error.field == "station" and "no place" in error.detail else error.code
            )
            rejected.append(Rejected(code=code, field=error.field, detail=error.detail, row=row))
    if not whole:
        rejected.append(Rejected(code="MALFORMED", field="body", detail="no report in it", row=0))
    return Read(reports=tuple(reports), forecasts=tuple(forecasts), rejected=tuple(rejected))


def split(text: str) -> Iterator[str]:
    """Reports end with `=`; where there is none, each line that begins like a report begins one."""
    for part in text.upper().split("="):
        lines = re.split(r"\n(?=\s*(?:METAR|SPECI|TAF)\b|\s*[A-Z][A-Z0-9]{3}\s+\d{6}Z)", part)
        for each in lines:
            groups = each.split()
            if groups:
                yield " ".join(groups)


def metar(
    text: str, stations: Mapping[str, Station], now: datetime, source: str
) -> tuple[WeatherReport, Forecast | None]:
    """One METAR or SPECI and its trend. Raises Malformed naming the group."""
    groups = text.split()
    kind = WeatherKind.SPECI if groups[0] == "SPECI" else WeatherKind.METAR
    while groups and groups[0] in ("METAR", "SPECI", "COR"):
        groups.pop(0)
    station, at, rest = head(groups, stations, now)
    body, trend = at_change(rest)
    if "NIL" in body[:2]:
        raise Malformed("body", "NIL: the station sent no report")
    sky, unread = sky_of(body, MetarParser().parse, f"{station.id} {at:%d%H%M}Z")
    report = WeatherReport(
        station=station.id,
        name=station.name,
        kind=kind,
        position=station.position,
        elevation_m=station.elevation_m,
        observed_at=at,
        received_at=now,
        source=source,
        sky=sky,
        raw=text[:600] + (f" [? {' '.join(unread)[:120]}]" if unread else ""),
    )
    return report, _trend(trend, sky, report)


def _trend(changes: list[str], sky: Sky, report: WeatherReport) -> Forecast | None:
    """The trend of a METAR: two hours from its observation."""
    if not changes:
        return None
    ends = report.observed_at + TREND
    parts = []
    for words, groups in pieces(changes):
        at, until = report.observed_at, ends
        while groups and (when := TREND_TIME.match(groups[0])):
            groups.pop(0)
            clock = report.observed_at.replace(hour=int(when[2]) % 24, minute=min(int(when[3]), 59))
            clock += timedelta(days=1) if clock < report.observed_at else timedelta()
            if when[1] == "TL":
                until = min(clock, ends)
            else:
                at = min(clock, ends)
        change = changed_sky(groups, report.observed_at)
        passing = words[0] != "BECMG"
        last = ends if not passing else until
        whole = change if passing else over(sky, change, groups)
        if last > at:
            parts.append(ForecastPart(begins_at=at, ends_at=last, sky=whole, passing=passing))
    return Forecast(
        station=report.station,
        name=report.name,
        position=report.position,
        issued_at=report.observed_at,
        begins_at=report.observed_at,
        ends_at=ends,
        parts=tuple(parts),
        source=report.source,
        raw=report.raw,
    )
