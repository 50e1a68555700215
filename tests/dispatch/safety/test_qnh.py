"""Pressure heights are taken to the sea where a fresh QNH is near, and flagged where none is."""

from datetime import timedelta

import numpy as np
import pytest

from dispatch.geo import Position
from dispatch.kinds import AlertKind, AltitudeDatum
from dispatch.safety.conflict import ConflictNet
from dispatch.safety.parameter_rows import shipped
from dispatch.safety.qnh import above_sea_m, corrections
from dispatch.safety.terrain import TerrainNet
from dispatch.weather import Weather
from dispatch.weather_kinds import WeatherKind
from dispatch.weather_records import Sky, WeatherReport
from tests.dispatch.safety.air import Air, Craft, hills, of
from tests.dispatch.scene import NOW

DAY = shipped().on(NOW.date())


def reported(
    qnh_hpa: float | None, lon: float = 115.0, lat: float = 28.0, age_s: float = 600
) -> WeatherReport:
    return WeatherReport(
        station=f"Z{lon:.1f}",
        name="",
        kind=WeatherKind.METAR,
        position=Position(lon_deg=lon, lat_deg=lat),
        observed_at=NOW - timedelta(seconds=age_s),
        received_at=NOW,
        source="test",
        sky=Sky(qnh_hpa=qnh_hpa),
    )


def weather(*reports: WeatherReport) -> Weather:
    return Weather(reports={each.station: each for each in reports})


def test_ten_hectopascals_are_about_83_metres_and_the_standard_is_none() -> None:
    assert above_sea_m(np.array([1013.25, 1023.25, 983.25])).tolist() == pytest.approx(
        [0.0, 82.9, -254.0], abs=1.5
    )


def test_the_nearest_fresh_station_counts_and_far_or_old_or_silent_ones_do_not() -> None:
    told = [
        reported(1023.25, lon=115.1),
        reported(1003.25, lon=116.1),
        reported(1040.0, lon=115.0, age_s=9_000),
        reported(None, lon=115.2),
    ]
    lon, lat = np.array([115.0, 116.2, 120.0, -179.9]), np.full(4, 28.0)
    found = corrections(told, NOW, DAY, lon, lat)
    assert found[:2].tolist() == pytest.approx([82.9, -83.7], abs=1.0)
    assert np.isnan(found[2:]).all()
    assert np.isnan(corrections([], NOW, DAY, lon, lat)).all()


def two(other_m: float) -> tuple[Craft, Craft]:
    """A transponder at 500 m by pressure meets a tracker that is so high above the sea."""
    return Craft(datum=AltitudeDatum.PRESSURE), Craft(
        icao24="780abd", lon_deg=115.05, course_deg=270.0, height_m=other_m
    )


def test_a_transponder_and_a_tracker_are_compared_by_the_qnh_and_flagged_without_one() -> None:
    high = weather(reported(1043.25))  # 500 m by pressure are about 744 m above the sea
    for told, other_m, expected in (
        (high, 744.0, [()]),
        (high, 500.0, []),
        (None, 500.0, [("height_unsure",)]),
        (None, 744.0, []),
    ):
        looks = Air(ConflictNet(), weather=told).fly(20, *two(other_m))
        assert [each.flags for each in looks[-1]] == expected


def test_two_by_pressure_and_two_above_the_sea_never_differ_by_a_qnh() -> None:
    between = weather(reported(1043.25, lon=114.9), reported(983.25, lon=115.12))
    for datum in (AltitudeDatum.PRESSURE, AltitudeDatum.MSL):
        air = Air(ConflictNet(), weather=between)
        pair = Craft(datum=datum), Craft(icao24="780abd", lon_deg=115.05, course_deg=270.0, datum=datum)
        third = Craft(icao24="780abe", lon_deg=115.5, datum=AltitudeDatum.PRESSURE)
        assert len(of(air.fly(20, *pair, third)[-1], AlertKind.CONFLICT)) == 1


def test_a_low_day_makes_low_flight_and_is_not_flagged() -> None:
    low = Craft(datum=AltitudeDatum.PRESSURE, height_m=500.0, lon_deg=115.2, lat_deg=28.2)
    ground = hills(lambda lon, lat: np.full_like(lon, 300.0))
    told = Air(TerrainNet(), ours=True, terrain=ground, weather=weather(reported(983.25, lon=115.2))).fly(
        4, low
    )
    assert [each.flags for each in of(told[-1], AlertKind.TERRAIN, "ground")] == [()]
    assert not of(Air(TerrainNet(), ours=True, terrain=ground).fly(4, low)[-1], AlertKind.TERRAIN, "ground")
