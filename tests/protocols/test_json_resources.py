"""Bodies of resources describe every record, field for field."""

from dataclasses import fields

import msgspec
import pytest
from hypothesis import given, settings

from dispatch import records
from dispatch.errors import Malformed
from protocols.json_answers import write
from protocols.json_doors import read
from protocols.json_resources import KINDS, record
from tests import strategies


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_has_every_field_of_its_record_but_those_the_site_sets(kind: str) -> None:
    body, made = KINDS[kind]
    set_by_the_site = {"site", "version"}
    assert {f.name for f in fields(made)} - set_by_the_site == set(body.__struct_fields__) - {"version_seen"}


@settings(max_examples=40, deadline=None)
@given(strategies.record(records.WaterPoint))
def test_a_record_that_was_shown_can_be_sent_back(shown: records.WaterPoint) -> None:
    values = msgspec.json.decode(write(shown))
    del values["site"], values["version"]
    values |= {
        "id": "W-1",
        "name": "湖",
        "elevation_m": 20,
        "depth_m": 3,
        "modes": ["bucket"],
        "max_aircraft": 2,
        "seasons": [{"from_month": 11, "until_month": 2, "depth_m": 1.5}],
        "ban": "饮用水源",
    }
    body = read(msgspec.json.encode({**values, "source": "s", "version_seen": 4}), KINDS["water_points"][0])
    made = record(body, "36")
    assert isinstance(made, records.WaterPoint)
    assert (made.site, made.version, made.position) == ("36", 5, shown.position)
    assert made.seasons == (records.SeasonDepth(from_month=11, until_month=2, depth_m=1.5),)


def test_a_wrong_figure_deep_in_an_aircraft_is_named() -> None:
    gear = {"mode": "bucket", "capacity_l": 1, "fill_s": 1, "drop_s": 1, "min_depth_m": 1}
    body = {
        "id": "B-1",
        "name": "n",
        "model": "m",
        "kind": "helicopter",
        "home_base_id": "YS",
        "cruise_mps": 60,
        "loaded_mps": 40,
        "fuel_type": "jet",
        "fuel_capacity_kg": 400,
        "fuel_kg": 400,
        "burn_kgps": 0.1,
        "turnaround_s": 600,
        "max_wind_mps": 15,
        "min_visibility_m": 1500,
        "water": {**gear, "lift": [{"density_altitude_m": 0, "litres": 900}]},
    }
    made = record(read(msgspec.json.encode(body), KINDS["aircraft"][0]), "36")
    assert isinstance(made, records.Aircraft)
    assert made.water
    assert made.water.lift == (records.LiftPoint(density_altitude_m=0, litres=900),)
    body["water"] = {**gear, "lift": [{"density_altitude_m": 0, "litres": -1}]}
    with pytest.raises(Malformed) as caught:
        read(msgspec.json.encode(body), KINDS["aircraft"][0])
    assert caught.value.field == "water.lift[0].litres"
