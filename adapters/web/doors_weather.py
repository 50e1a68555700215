"""Doors of the weather: reports in, each format a plug; what is known out; entries by hand.

Reports are measured: they go to the board and never to the journal, so they take no Idempotency-Key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from twisted.internet.threads import deferToThread

from adapters.web.lists import one
from adapters.web.table import Call, Door, Handler
from dispatch import access, minima
from dispatch.errors import Forbidden, Malformed
from dispatch.minima_gate import Known, of_tasking
from dispatch.views import NO_OPERATIONS
from dispatch.weather import Station, is_current
from dispatch.weather_facts import WeatherEntered
from dispatch.weather_kinds import MinimumMeasure
from dispatch.weather_records import Limit, WeatherReport
from protocols.json_doors import Nothing
from protocols.json_weather import (
    LimitsAnswer,
    RejectedRow,
    StationWeather,
    TakenReport,
    WeatherAnswer,
    WeatherEntry,
    WeatherTaken,
)
from protocols.weather import metar, stations
from protocols.weather.read import Read

Parse = Callable[[bytes, Mapping[str, Station], datetime, str], Read]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """One format of weather reports."""

    path: str
    name: str
    text: str
    sent_as: tuple[str, ...]
    parse: Parse
    takes: type = Nothing
    shape: Mapping[str, Any] = field(default_factory=dict)


def _metar(body: bytes, places: Mapping[str, Station], now: datetime, source: str) -> Read:
    try:
        return metar.read(body.decode("utf-8-sig"), places, now, source)
    except UnicodeDecodeError:
        raise Malformed("body", "is not text in UTF-8") from None


PLUGS = (
    Plug(
        path="metar",
        name="takeMetar",
        text="METAR, SPECI and TAF as text, apart by `=` or by lines (航空气象报文).",
        sent_as=("text/plain",),
        parse=_metar,
        shape={
            "type": "string",
            "maxLength": metar.MAX_CHARS,
            "examples": ["METAR ZSCN 260830Z 36004MPS CAVOK 24/18 Q1012 NOSIG="],
        },
    ),
    Plug(
        path="stations",
        name="takeStations",
        text="Station reports, one or an array (自动站). Without a time and figures: where a station is.",
        sent_as=("application/json",),
        parse=lambda body, _, now, source: stations.read(body, now, source),
        takes=stations.StationReport,
    ),
)


def _taking(plug: Plug) -> Handler:
    async def take(call: Call) -> WeatherTaken:
        role = call.who.session.role
        if role not in access.TAKE_WEATHER:  # before any work is done for it
            raise Forbidden(f"handing over weather is for {', '.join(sorted(access.TAKE_WEATHER))}")
        site, now = call.site, call.site.clock()
        world = site.desk.world
        places = site.board.places(world)
        read: Read = await deferToThread(plug.parse, call.raw, places, now, call.who.account.name)
        site.board.take(read)
        age = timedelta(seconds=_age_s(call))
        known = site.board.told
        accepted = [
            TakenReport(
                station=each.station,
                kind=str(each.kind),
                at=each.observed_at,
                stale=not is_current(each, now, age),
                newer_known=known.reports.get(each.station) is not each,
            )
            for each in read.reports
        ]
        accepted += [
            TakenReport(
                station=each.station,
                kind="taf" if each.raw.startswith("TAF") else "trend",
                at=each.issued_at,
                stale=each.ends_at <= now,
                newer_known=known.forecasts.get(each.station) is not each,
            )
            for each in read.forecasts
        ]
        return WeatherTaken(
            accepted=accepted,
            rejected=[
                RejectedRow(code=each.code, field=each.field, detail=each.detail, row=each.row)
                for each in read.rejected
            ],
        )

    return take


def _age_s(call: Call) -> float:
    rows = minima.in_force(call.site.desk.world.minima.values(), call.site.clock())
    return minima.limit_of(rows, MinimumMeasure.REPORT_AGE_S, minima.REPORT_AGE_S)


async def _list(call: Call) -> WeatherAnswer:
    if call.who.session.role in NO_OPERATIONS:
        raise Forbidden("the weather is for who has to do with flying")
    world, now = call.site.desk.world, call.site.clock()
    rows = minima.in_force(world.minima.values(), now)
    known, age_s = call.site.board.weather(world), _age_s(call)
    kinds = sorted({each.kind for each in world.aircraft.values() if each.site == world.site})

    def below(report: WeatherReport) -> list[Limit]:
        alone = type(known)().with_report(report)
        where = minima.Where(name="station", position=report.position, elevation_m=report.elevation_m)
        found = (
            limit
            for kind in kinds
            for limit in minima.judge(alone, rows, minima.Flight(kind=kind, begins=now, ends=now), where, now)
            if limit.code != "NO_WEATHER"
        )
        return list({each.minimum_id: each for each in found}.values())

    reports = sorted(known.reports.values(), key=lambda each: (each.name, each.station, each.id))
    return WeatherAnswer(
        at=now,
        minima=len(rows),
        report_age_s=age_s,
        stations=[
            StationWeather(
                report=each,
                age_s=max(0.0, (now - each.observed_at).total_seconds()),
                current=is_current(each, now, timedelta(seconds=age_s)),
                below=below(each),
            )
            for each in reports
            if each.observed_at > now - timedelta(days=2)
        ],
        forecasts=[
            each for _, each in sorted(known.forecasts.items()) if each.ends_at > now - timedelta(hours=6)
        ],
    )


async def _enter(call: Call) -> WeatherReport:
    answer = await call.site.desk.ask(call.ask(call.body.command()))
    return next(r.fact.report for r in answer.recorded if isinstance(r.fact, WeatherEntered))


async def _limits(call: Call) -> LimitsAnswer:
    tasking = one(call, "taskings", call.path["id"])
    world = call.site.desk.world
    known = Known(weather=call.site.board.told, assume_daylight=call.site.config.planner.assume_daylight)
    return LimitsAnswer(items=list(of_tasking(world, tasking, known, call.site.clock())))


DOORS = (
    Door(
        method="GET",
        path="/weather",
        name="getWeather",
        text="The newest report of each station of the last two days with its age, the forecasts, and which minima each "
        "report does not keep. What is not `current` is never used.",
        handler=_list,
        answers=WeatherAnswer,
    ),
    *(
        Door(
            method="POST",
            path=f"/weather/{plug.path}",
            name=plug.name,
            text=f"{plug.text} Answers what was `accepted`, `stale` where it is too old to be used, and `rejected` rows.",
            handler=_taking(plug),
            raw=plug.sent_as,
            strict=False,
            raw_shape=plug.shape,
            takes=plug.takes,
            answers=WeatherTaken,
            sighting=True,
        )
        for plug in PLUGS
    ),
    Door(
        method="POST",
        path="/weather/observations",
        name="enterWeather",
        text="Write down what somebody saw or was told by telephone: `name` of the place, `observer`, time, figures.",
        handler=_enter,
        takes=WeatherEntry,
        answers=WeatherReport,
        status=201,
    ),
    Door(
        method="GET",
        path="/taskings/<id:id>/limits",
        name="getTaskingLimits",
        text="The minima that the weather does not keep for a tasking now: at its base, at the scene, at its landing. "
        "`hard` ones need the duty chief's reason to order it.",
        handler=_limits,
        answers=LimitsAnswer,
    ),
)
