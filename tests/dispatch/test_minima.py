"""Minima: what is below is named with its station and age; worse weather never unblocks; not known is never good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo import Position
from dispatch.kinds import AircraftKind, TaskKind
from dispatch.minima import Flight, Where, daylight, in_force, judge
from dispatch.minima_words import words_en, words_zh
from dispatch.weather import Weather
from dispatch.weather_kinds import MinimumMeasure, WeatherKind
from dispatch.weather_records import Forecast, ForecastPart, Limit, Minimum, Sky, WeatherReport

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SCENE = Where(name="scene", position=Position(lon_deg=115.1, lat_deg=28.95), elevation_m=300)
FLIGHT = Flight(
    kind=AircraftKind.HELICOPTER,
    task=TaskKind.WATER,
    begins=NOW + timedelta(minutes=15),
    ends=NOW + timedelta(hours=2),
)


def row(measure: MinimumMeasure, limit: float, *, hard: bool = True, task: TaskKind | None = None) -> Minimum:
    return Minimum(
        id=f"{measure}-{limit:g}-{task}",
        site="36",
        name=f"{measure} {limit:g}",
        measure=measure,
        limit=limit,
        hard=hard,
        task=task,
        valid_from=NOW - timedelta(days=1),
        source="test (p)",
    )


ROWS = (
    row(MinimumMeasure.VISIBILITY_M, 5000, hard=False),
    row(MinimumMeasure.VISIBILITY_M, 800),
    row(MinimumMeasure.CEILING_M, 150),
    row(MinimumMeasure.WIND_MPS, 17),
    row(MinimumMeasure.GUST_MPS, 20),
    row(MinimumMeasure.DENSITY_ALTITUDE_M, 3500),
)


def report(sky: Sky, *, age_min: float = 10, lon: float = 115.36, station: str = "ZSCN") -> WeatherReport:
    at = NOW - timedelta(minutes=age_min)
    return WeatherReport(
        station=station,
        name=station,
        kind=WeatherKind.METAR,
        position=Position(lon_deg=lon, lat_deg=28.86),
        observed_at=at,
        received_at=at,
        source="test",
        sky=sky,
    )


def judged(
    *reports: WeatherReport, rows: tuple[Minimum, ...] = ROWS, flight: Flight = FLIGHT
) -> tuple[Limit, ...]:
    weather = Weather()
    for each in reports:
        weather = weather.with_report(each)
    return judge(weather, rows, flight, SCENE, NOW)


def test_what_is_below_is_named_with_whose_report_and_how_old() -> None:
    (hard, soft) = judged(report(Sky(visibility_m=400, wind_mps=3, ceiling_m=600)))
    assert (hard.code, hard.hard, hard.figure, hard.limit, hard.station, hard.age_s) == (
        "VISIBILITY",
        True,
        400,
        800,
        "ZSCN",
        600,
    )
    assert not soft.hard
    assert (
        words_zh(hard)
        == "现场能见度 400 m，低于 800 m（ZSCN METAR 02:50Z，10 分钟前，27 km；visibility_m 800）"
    )
    assert words_en(hard).startswith("scene: visibility 400 m, below 800 m (ZSCN METAR 02:50Z, 10 min old")


def test_a_report_of_yesterday_or_from_far_away_says_nothing() -> None:
    fog = Sky(visibility_m=100)
    none = (Limit(code="NO_WEATHER", hard=False, place="scene"),)
    assert judged(report(fog, age_min=24 * 60)) == none
    assert judged(report(fog, lon=117.0)) == none
    assert judged() == none
    assert judged(report(fog), rows=()) == ()  # no minima: nothing is judged
    assert judged(report(fog, age_min=-30)) == none  # of the future


def test_a_station_without_a_sensor_hides_nothing() -> None:
    near = report(Sky(wind_mps=2), lon=115.11, station="AWS")
    assert [each.station for each in judged(near, report(Sky(visibility_m=300))) if each.hard] == ["ZSCN"]


def test_the_row_that_says_most_counts() -> None:
    rows = (*ROWS, row(MinimumMeasure.VISIBILITY_M, 1600, task=TaskKind.WATER))
    hazy = report(Sky(visibility_m=1200))
    assert [each.limit for each in judged(hazy, rows=rows) if each.hard] == [1600]
    assert not [each for each in judged(hazy, rows=rows, flight=replace(FLIGHT, task=None)) if each.hard]


def test_a_forecast_counts_for_the_time_of_the_flight() -> None:
    def forecast(from_h: float, until_h: float, sky: Sky, *, passing: bool = False) -> ForecastPart:
        begins, ends = NOW + timedelta(hours=from_h), NOW + timedelta(hours=until_h)
        return ForecastPart(begins_at=begins, ends_at=ends, sky=sky, passing=passing)

    taf = Forecast(
        station="ZSCN",
        name="ZSCN",
        position=Position(lon_deg=115.36, lat_deg=28.86),
        issued_at=NOW - timedelta(hours=1),
        begins_at=NOW,
        ends_at=NOW + timedelta(hours=24),
        parts=(
            forecast(0, 6, Sky(visibility_m=9999)),
            forecast(6, 24, Sky(visibility_m=500)),
            forecast(1, 3, Sky(ceiling_m=60), passing=True),
        ),
        source="test",
    )
    weather = Weather().with_forecast(taf)
    now = judge(weather, ROWS, FLIGHT, SCENE, NOW)
    assert [(each.code, each.hard, each.report) for each in now] == [
        ("CEILING", False, "taf")
    ]  # TEMPO is told
    later = replace(FLIGHT, begins=NOW + timedelta(hours=7), ends=NOW + timedelta(hours=9))
    assert [each.code for each in judge(weather, ROWS, later, SCENE, NOW) if each.hard] == ["VISIBILITY"]
    clear = weather.with_report(report(Sky(visibility_m=100)))
    assert [each.report for each in judge(clear, ROWS, FLIGHT, SCENE, NOW) if each.hard] == ["metar"]


def test_heat_is_height_and_evening_ends_the_work() -> None:
    hot = judged(report(Sky(temperature_c=40)), rows=(row(MinimumMeasure.DENSITY_ALTITUDE_M, 1200),))
    assert [(each.code, each.figure) for each in hot] == [("DENSITY_ALTITUDE", 1215.0)]
    rows = (row(MinimumMeasure.BEFORE_SUNSET_S, 1800),)
    assert [each.code for each in daylight(rows, FLIGHT, FLIGHT.ends + timedelta(minutes=20))] == ["DAYLIGHT"]
    assert not daylight(rows, FLIGHT, FLIGHT.ends + timedelta(minutes=40))


def test_rows_count_in_their_time() -> None:
    old = replace(ROWS[0], valid_until=NOW)
    assert in_force((old, replace(ROWS[1], valid_from=NOW + timedelta(days=1)), ROWS[2]), NOW) == (ROWS[2],)


figure = st.floats(0, 30, allow_nan=False)
skies = st.builds(
    Sky,
    wind_mps=figure,
    gust_mps=st.none() | st.floats(30, 40),
    visibility_m=st.floats(0, 12_000),
    ceiling_m=st.floats(0, 3_000),
    temperature_c=st.floats(-30, 50),
)


@given(skies, st.floats(0, 10), st.floats(0, 5_000), st.floats(0, 2_000), st.floats(0, 30))
def test_worse_weather_never_unblocks(
    sky: Sky, wind: float, less_m: float, lower_m: float, warmer: float
) -> None:
    assert sky.wind_mps is not None
    assert sky.visibility_m is not None
    assert sky.ceiling_m is not None
    assert sky.temperature_c is not None
    worse = replace(
        sky,
        wind_mps=sky.wind_mps + wind,
        visibility_m=max(0.0, sky.visibility_m - less_m),
        ceiling_m=max(0.0, sky.ceiling_m - lower_m),
        temperature_c=sky.temperature_c + warmer,
    )
    before = {(each.code, each.minimum_id) for each in judged(report(sky))}
    assert before <= {(each.code, each.minimum_id) for each in judged(report(worse))}
