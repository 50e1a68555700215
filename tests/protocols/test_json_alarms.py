"""Camera alarms and reports from the public, as JSON."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import GanyingError, Malformed
from dispatch.geo import Position, distance_m
from dispatch.kinds import AlarmFlag, IncidentKind
from protocols import camera_alarm, public_report
from protocols.alarm_errors import TooMuch
from protocols.json_doors import Unreadable

HERE = {"lon_deg": 115.1, "lat_deg": 28.9}


def camera(**said: Any) -> bytes:
    return json.dumps({"id": "a1", "monitor": "YS", "position": HERE, **said}).encode()


def test_a_camera_says_where_or_in_which_direction_and_how_far() -> None:
    (placed,) = camera_alarm.parse(camera(confidence=0.9)).alarms
    assert (placed.source, placed.own_id, placed.incident_kind) == ("YS", "a1", IncidentKind.FOREST_FIRE)
    (seen,) = camera_alarm.parse(
        camera(position=None, camera_position=HERE, bearing_deg=90, range_m=5_000)
    ).alarms
    assert distance_m(seen.position, Position(**HERE)) == pytest.approx(5_000, rel=1e-3)
    assert seen.position.lon_deg > HERE["lon_deg"]
    assert seen.radius_m == 500


def test_a_stated_datum_is_converted_and_confidence_flagged() -> None:
    (alarm,) = camera_alarm.parse(camera(datum="gcj02", confidence=0.2)).alarms
    assert 50 < distance_m(alarm.position, Position(**HERE)) < 1_000
    assert alarm.flags == (AlarmFlag.LOW_CONFIDENCE,)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"position": None}, "position"),
        ({"position": None, "camera_position": HERE, "range_m": 5}, "bearing_deg"),
        ({"position": None, "camera_position": HERE, "bearing_deg": 5}, "range_m"),
        ({"position": {"lon_deg": 115, "lat_deg": 95}}, "position.lat_deg"),
        ({"confidence": 5}, "confidence"),
        ({"observed_at": "yesterday"}, "observed_at"),
        ({"observed_at": "0001-01-01T00:00:00+10:00"}, "observed_at"),
        ({"colour": "red"}, "colour"),
        ({"level": 5}, "level"),
    ],
)
def test_one_wrong_alarm_is_refused_by_its_field(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        camera_alarm.parse(camera(**said))
    assert caught.value.field == field


def test_of_many_the_wrong_ones_are_rejected_by_place_and_the_others_stand() -> None:
    many = b"[" + b",".join((camera(), camera(level=9), camera(id="a2"))) + b"]"
    read = camera_alarm.parse(many)
    assert [alarm.own_id for alarm in read.alarms] == ["a1", "a2"]
    assert [(each.code, each.field) for each in read.rejected] == [("MALFORMED", "[1].level")]


def test_every_report_from_the_public_is_unverified() -> None:
    (alarm,) = public_report.parse(
        json.dumps({"title": "后山起火", "position": HERE, "kind": "forest_fire"}).encode()
    ).alarms
    assert alarm.flags == (AlarmFlag.UNVERIFIED,)


def test_bodies_are_bounded() -> None:
    with pytest.raises(TooMuch):
        camera_alarm.parse(b"[" + b",".join([b"{}"] * 501) + b"]")
    with pytest.raises(TooMuch):
        public_report.parse(b" " * 300_000)
    with pytest.raises(Unreadable):
        public_report.parse(b"[1,")
    with pytest.raises(Malformed):
        public_report.parse(b"[]")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["title", "position", "lon_deg", "lat_deg", "id"]), inner), max_leaves=12).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_bytes_are_alarms_or_typed_errors(body: bytes) -> None:
    for parser in (camera_alarm, public_report):
        with contextlib.suppress(GanyingError):
            parser.parse(body)
