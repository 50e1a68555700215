"""METAR and TAF as they come: figures in SI, each wrong group named, and nothing that comes makes a crash."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo import Position
from dispatch.weather import Station
from dispatch.weather_records import UNLIMITED_M
from protocols.weather.metar import MAX_CHARS, read
from protocols.weather.read import Read, TooMuch

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
STATIONS = {
    code: Station(id=code, name=code, position=Position(lon_deg=115.9, lat_deg=28.86), elevation_m=44)
    for code in ("ZSCN", "KJFK")
}


def told(text: str) -> Read:
    return read(text, STATIONS, NOW, "test")


@pytest.mark.parametrize(
    ("text", "wind_mps", "gust_mps", "visibility_m", "ceiling_m", "temperature_c", "qnh_hpa"),
    [
        ("METAR ZSCN 260830Z 36012G20MPS 0800 +TSRA BKN003 OVC010CB M02/M03 Q1012", 12, 20, 800, 91.4, -2, 1012),
        ("SPECI ZSCN 260830Z 36004MPS CAVOK 24/18 Q1012 NOSIG", 4, None, 10_000, UNLIMITED_M, 24, 1012),
        ("METAR KJFK 260851Z 28015G25KT 1 1/2SM FEW050 M01/M12 A3012 RMK AO2", 7.72, 12.86, 2414, UNLIMITED_M, -1, 1020),
        ("METAR ZSCN 260830Z AUTO 36018KMH 2000NE VV001", 5, None, 2000, 30.5, None, None),
        ("METAR ZSCN 260830Z 00000MPS 0300 R03/0400N FG VV/// 03/03 Q1020", 0, None, 300, 0, 3, 1020),
        ("METAR ZSCN 260830Z /////MPS //// // ////// ///// Q////", None, None, None, None, None, None),
    ],
)  # fmt: skip
def test_figures_come_in_si(  # a table
    text: str,
    wind_mps: float | None,
    gust_mps: float | None,
    visibility_m: float | None,
    ceiling_m: float | None,
    temperature_c: float | None,
    qnh_hpa: float | None,
) -> None:
    (report,) = told(text).reports
    sky = report.sky
    found = (sky.wind_mps, sky.gust_mps, sky.visibility_m, sky.ceiling_m, sky.temperature_c, sky.qnh_hpa)
    assert found == (wind_mps, gust_mps, visibility_m, ceiling_m, temperature_c, qnh_hpa)


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("", "MALFORMED", "body"),
        ("garbage", "MALFORMED", "station"),
        ("METAR ZSCN", "MALFORMED", "time"),
        ("METAR ZSCN 990830Z 36004MPS 9999", "MALFORMED", "time"),
        ("METAR ZSCN 260830Z 36004 9999", "MALFORMED", "wind"),
        ("METAR ZSCN 260830Z 36020G10MPS 9999", "MALFORMED", "gust_mps"),
        ("METAR ZSCN 260830Z 39004MPS 9999", "MALFORMED", "wind"),
        ("METAR ZSCN 260830Z 36004MPS 0/0SM", "MALFORMED", "visibility"),
        ("METAR ZSCN 260830Z 36004MPS 9999 Q101", "MALFORMED", "pressure"),
        ("METAR ZSCN 260830Z 36004MPS 9999 Q0101", "MALFORMED", "qnh_hpa"),
        ("METAR ZGGG 260830Z 36004MPS 9999", "UNKNOWN_STATION", "station"),
        ("METAR ZSCN 260830Z NIL", "MALFORMED", "body"),
        ("TAF ZSCN 260500Z 36004MPS", "MALFORMED", "validity"),
        ("TAF ZSCN 260500Z 2606/2606 CAVOK", "MALFORMED", "validity"),
        ("TAF ZSCN 260500Z 2606/2706 CAVOK BECMG 3000", "MALFORMED", "BECMG"),
        ("TAF ZSCN 260500Z 2606/2706 CNL", "MALFORMED", "body"),
    ],
)
def test_what_is_wrong_is_named(text: str, code: str, field: str) -> None:
    (rejected,) = told(text).rejected
    assert (rejected.code, rejected.field) == (code, field)


def test_the_day_is_the_last_one_of_that_number() -> None:
    (yesterday,) = told("METAR ZSCN 250830Z 36004MPS 9999").reports
    assert yesterday.observed_at == NOW - timedelta(hours=24, minutes=30)
    (earlier,) = told("METAR ZSCN 270830Z 36004MPS 9999").reports
    assert earlier.observed_at == datetime(2026, 10, 27, 8, 30, tzinfo=UTC)


def test_a_forecast_is_cut_into_what_holds_when() -> None:
    text = (
        "TAF ZSCN 260500Z 2606/2706 01004MPS 6000 BKN020 TX15/2607Z BECMG 2609/2611 3000 BR "
        "TEMPO 2614/2618 0800 FG VV001 FM270100 02008G15MPS 9999 SCT030 PROB30 TEMPO 2702/2704 TSRA"
    )
    (forecast,) = told(text).forecasts
    spans = [
        (f"{p.begins_at:%d%H}/{p.ends_at:%d%H}", p.passing, p.sky.visibility_m, p.sky.ceiling_m)
        for p in forecast.parts
    ]
    assert spans == [
        ("2606/2611", False, 6000, 609.6),
        ("2609/2701", False, 3000, 609.6),  # what becomes may hold from when it begins to become
        ("2701/2706", False, 10_000, UNLIMITED_M),
        ("2614/2618", True, 800, 30.5),
        ("2702/2704", True, None, None),
    ]


def test_a_trend_holds_for_two_hours_and_many_reports_stand_apart() -> None:
    both = told(
        "METAR ZSCN 260830Z 36004MPS CAVOK 24/18 Q1012 TEMPO TL0930 1500 BR=\nMETAR KJFK 260851Z 28015KT 10SM="
    )
    assert [each.station for each in both.reports] == ["ZSCN", "KJFK"]
    (trend,) = both.forecasts
    (part,) = trend.parts
    assert (part.passing, part.sky.visibility_m, f"{part.ends_at:%H%M}") == (True, 1500, "0930")


def test_more_than_a_body_may_hold_is_refused() -> None:
    with pytest.raises(TooMuch):
        told("x" * (MAX_CHARS + 1))
    with pytest.raises(TooMuch):
        told("METAR ZSCN 260830Z CAVOK=" * 501)


groups = st.sampled_from(
    [
        "METAR",
        "TAF",
        "SPECI",
        "ZSCN",
        "260830Z",
        "260500Z",
        "2606/2706",
        "36004MPS",
        "9999",
        "CAVOK",
        "BECMG",
        "TEMPO",
        "PROB30",
        "FM260900",
        "FM",
        "99",
        "VV001",
        "OVC///",
        "Q1012",
        "A////",
        "1/0SM",
        "P6SM",
        "M//05",
        "24/18",
        "RMK",
        "NIL",
        "TX15/2607Z",
        "TL2600",
        "FM0900",
        "WS",
        "R99/",
        "R03/P1500U",
        "2606/2700",
        "-RA",
        "+",
        "=",
        "/",
        "\n",
    ]
)


@given(st.lists(groups | st.text(max_size=8), max_size=24))
def test_nothing_that_comes_makes_a_crash(said: list[str]) -> None:
    for lead in ("", "METAR ZSCN 260830Z ", "TAF ZSCN 260500Z 2606/2706 "):
        found = told(lead + " ".join(said))
        assert found.reports or found.forecasts or found.rejected
