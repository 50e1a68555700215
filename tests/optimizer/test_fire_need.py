"""Whose figure a fire's water is: a person's, the model's, or the level's."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.fire import DEFAULT_WIND_MPS, FIRE_SIZES
from dispatch.incident_commands import ActOnIncident
from dispatch.kinds import FIRES, IncidentAction, IncidentKind, Role
from dispatch.records import Incident
from optimizer.fire_need import LEVEL_AREA_M2, LIKELY_FUEL, need
from optimizer.situation import situation
from tests.dispatch.scene import Scene


def fire(**stated: Any) -> Incident:
    """A level Ⅲ forest fire as a report is filled in, with what is stated."""
    scene = Scene()
    incident_id = scene.report()
    return replace(scene.world.incidents[incident_id], **stated)


def test_what_a_person_states_wins_over_any_weather() -> None:
    asked = need(fire(demand_l=12_345.0, growth_lps=0.7, wind_mps=17.0))
    assert (asked.demand_l, asked.growth_lps, asked.code) == (12_345.0, 0.7, "FIRE_STATED")


def test_one_stated_figure_wins_by_itself_and_the_other_is_reckoned() -> None:
    wholly = need(fire(wind_mps=9.0))
    demand = need(fire(wind_mps=9.0, demand_l=12_345.0))
    growth = need(fire(wind_mps=9.0, growth_lps=0.7))
    assert (demand.demand_l, demand.growth_lps) == (12_345.0, wholly.growth_lps)
    assert (growth.demand_l, growth.growth_lps) == (wholly.demand_l, 0.7)
    assert {wholly.code, demand.code, growth.code} == {"FIRE_MODEL"}
    assert "人工填报" not in wholly.text
    assert "需水以人工填报为准" in demand.text
    assert "增长以人工填报为准" in growth.text
    assert "by hand" not in wholly.text_en
    assert demand.text_en.endswith("; water owed as reported by hand")
    assert growth.text_en.endswith("; growth as reported by hand")


def test_known_wind_is_used_and_what_is_assumed_is_said() -> None:
    breeze, gale = need(fire(wind_mps=3.0)), need(fire(wind_mps=12.0))
    assert gale.growth_lps > 2 * breeze.growth_lps > 0
    assert gale.demand_l > breeze.demand_l
    assert "风 12 m/s" in gale.text
    assert gale.text.count("假定") == 2
    assert "wind 12 m/s," in gale.text_en
    assert gale.text_en.count("assumed") == 2
    assert re.findall(r"\d+", gale.text_en) == re.findall(r"\d+", gale.text)  # the same figures
    grass = need(fire(wind_mps=12.0, kind=IncidentKind.WILDLAND_FIRE))
    assert grass.growth_lps > 5 * gale.growth_lps


@pytest.mark.parametrize("level", FIRE_SIZES)
def test_without_weather_the_levels_starting_values_stay_and_are_called_so(level: int) -> None:
    size = FIRE_SIZES[level]
    incident = fire(level=level, demand_l=size.demand_l, growth_lps=size.growth_lps)
    assert incident.wind_mps == DEFAULT_WIND_MPS
    asked = need(incident)
    assert (asked.demand_l, asked.growth_lps, asked.code) == (size.demand_l, size.growth_lps, "FIRE_DEFAULT")
    assert "起始值" in asked.text
    assert "starting values" in asked.text_en


def test_every_level_and_every_kind_of_fire_has_its_size_and_fuel() -> None:
    assert LEVEL_AREA_M2.keys() == FIRE_SIZES.keys()
    assert LIKELY_FUEL.keys() == FIRES


@given(st.floats(), st.sampled_from(sorted(FIRE_SIZES)), st.sampled_from(sorted(FIRES)))
def test_no_wind_that_a_journal_holds_spoils_a_scenario(wind: float, level: int, kind: IncidentKind) -> None:
    size = FIRE_SIZES[level]
    asked = need(
        replace(
            FIRE, wind_mps=wind, level=level, kind=kind, demand_l=size.demand_l, growth_lps=size.growth_lps
        )
    )
    assert 0 <= asked.demand_l < 1e8
    assert 0 <= asked.growth_lps < 1e4


FIRE = fire()


def test_the_scenario_asks_for_the_models_water_grown_since_the_report_and_the_reasons_say_so() -> None:
    scene = Scene()
    incident_id = scene.report()
    blown = replace(scene.world.incidents[incident_id], wind_mps=9.0)
    scene.world = replace(scene.world, incidents=scene.world.incidents.set(incident_id, blown))
    confirm = ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1)
    scene.ask(Role.DISPATCHER, confirm)
    asked = situation(scene.world, (), scene.now, assume_daylight=True)
    wanted = need(blown)
    since_s = (scene.now - blown.reported_at).total_seconds()
    (row,) = asked.scenario["incidents"]
    assert row["fire"]["growth_lps"] == wanted.growth_lps
    assert row["fire"]["demand_l"] == pytest.approx(wanted.demand_l + wanted.growth_lps * since_s)
    (why,) = asked.fires
    assert (why.incident_id, why.aircraft_id, why.code, why.text, why.text_en) == (
        incident_id,
        "",
        "FIRE_MODEL",
        wanted.text,
        wanted.text_en,
    )
