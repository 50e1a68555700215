"""What a tasking gives: the message that fits its state, and nothing that no record says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.errors import Refused
from dispatch.geo import Position
from dispatch.kinds import Role, TaskingAction, TaskingState, TaskKind
from dispatch.world import World
from protocols.flight_messages import drafts, reader
from protocols.flight_messages.drafts import Draft
from protocols.flight_messages.flight import Flight as Around
from protocols.flight_messages.flight import flight_of
from tests.dispatch.flights import WAYS, Flight, flight_in
from tests.dispatch.scene import BASE

_S, _A = TaskingState, TaskingAction


def made(flight: Flight, kind: str = "") -> Draft:
    return drafts.draft(flight_of(flight.scene.world, flight.tasking), kind)


def values(draft: Draft) -> dict[str, str]:
    other = reader.parse(draft.text).other
    return dict(other.values) if other is not None else {}


def shifted(flight: Flight, **span: float) -> dict[str, Any]:
    names = ("take_off_at", "on_scene_at", "land_at")
    return {name: getattr(flight.tasking, name) + timedelta(**span) for name in names}


@pytest.mark.parametrize(
    ("state", "following", "kinds"),
    [
        (_S.ORDERED, "FPL", ("FPL",)),
        (_S.RELEASED, "FPL", ("FPL",)),
        (_S.AIRBORNE, "DEP", ("FPL", "DEP")),
        (_S.RETURNING, "DEP", ("FPL", "DEP")),
        (_S.STOPPED, "ARR", ("FPL", "DEP", "ARR")),
        (_S.DOWN, "", ("FPL", "DEP")),  # told by voice
        (_S.LANDED, "ARR", ("FPL", "DEP", "ARR")),
        (_S.ENDED, "CNL", ("FPL", "CNL")),
    ],
)
def test_the_message_that_fits_the_state_comes_first(
    state: TaskingState, following: str, kinds: tuple[str, ...]
) -> None:
    draft = made(flight_in(state))
    assert (draft.suggested, draft.available) == (following, kinds)
    assert draft.kind == (following or kinds[-1])


def test_what_was_not_ordered_has_no_message_and_what_does_not_fit_is_refused() -> None:
    with pytest.raises(Refused, match="NO_MESSAGE"):
        made(flight_in(_S.PENDING))
    for kind in ("DEP", "ARR", "CNL", "CHG", "DLA"):
        with pytest.raises(Refused, match=f"no {kind} while"):
            made(flight_in(_S.ORDERED), kind)


def test_every_state_gives_messages_that_read_back() -> None:
    for state in WAYS:
        flight = flight_in(state)
        around = flight_of(flight.scene.world, flight.tasking)
        for kind in drafts.available(around):
            assert reader.parse(drafts.draft(around, kind).text).kind == kind


def test_a_plan_from_a_pad_says_what_is_recorded_and_lists_what_is_not() -> None:
    draft = made(flight_in(_S.ORDERED))
    plan = reader.parse(draft.text)
    assert plan.identity.callsign == "B7001"
    assert plan.aircraft is not None
    assert (plan.aircraft.type, plan.aircraft.wake) == ("ZZZZ", "L")
    assert plan.equipment is not None
    assert (plan.equipment.radio, plan.equipment.surveillance) == (("N",), ("N",))
    assert plan.route is not None
    assert (plan.route.speed_text, plan.route.level_text) == ("K0209", "VFR")
    assert [each.name for each in plan.route.elements] == ["DCT", "2856N11509E", "2857N11506E", "DCT"]
    assert plan.destination is not None
    assert (plan.destination.aerodrome, plan.destination.elapsed) == ("ZZZZ", "0140")
    said = values(draft)
    assert said["STS"] == "FFR"
    assert said["DEP"] == said["DEST"] == "2852N11522E"
    assert (said["DOF"], said["REG"], said["TYP"], said["CODE"]) == ("261124", "B7001", "KA32A11BC", "78F001")
    assert (said["EET"], said["OPR"]) == ("2857N11506E0012", "OP1")
    codes = {(gap.field, gap.code) for gap in draft.gaps}
    assert {("8", "FLIGHT_RULES"), ("9", "WAKE_CATEGORY"), ("10", "EQUIPMENT")} <= codes
    assert ("18", "OPERATOR_NAME") in codes
    assert draft.supplementary == "E/0306 P/TBN"
    assert not draft.exercise


def around_with(flight: Flight, **changes: Any) -> Around:
    """The flight with its base, aircraft or tasking otherwise."""
    around = flight_of(flight.scene.world, flight.tasking)
    world: World = around.world
    if "base" in changes:
        base = replace(BASE, id=changes["base"])
        craft = replace(around.aircraft, at_base_id=base.id, home_base_id=base.id)
        around = replace(around, world=replace(world, bases=world.bases.set(base.id, base)), aircraft=craft)
        around = replace(around, tasking=replace(around.tasking, base_id=base.id))
    if "aircraft" in changes:
        around = replace(around, aircraft=replace(around.aircraft, **changes["aircraft"]))
    if "tasking" in changes:
        around = replace(around, tasking=replace(around.tasking, **changes["tasking"]))
    return around


def test_a_base_with_a_location_indicator_needs_no_words() -> None:
    draft = drafts.draft(around_with(flight_in(_S.LANDED), base="ZSCN"), "FPL")
    assert "-ZSCN0320" in draft.text
    assert not {"DEP", "DEST"} & set(values(draft))
    arrived = drafts.draft(around_with(flight_in(_S.LANDED), base="ZSCN"), "ARR")
    assert arrived.text.startswith("(ARR-B7001-ZSCN0320-ZSCN")
    assert arrived.gaps == ()


@pytest.mark.parametrize(
    ("task", "status"),
    [
        (TaskKind.SEARCH, "SAR"),
        (TaskKind.MEDEVAC, "MEDEVAC"),
        (TaskKind.AIRLIFT, "HUM"),
        (TaskKind.RECON, "FFR"),
    ],
)
def test_the_task_says_why_the_flight_is_special(task: TaskKind, status: str) -> None:
    draft = drafts.draft(around_with(flight_in(_S.ORDERED), tasking={"task": task}))
    assert values(draft)["STS"] == status


def test_a_drill_says_so_in_the_message_and_beside_it() -> None:
    draft = drafts.draft(around_with(flight_in(_S.ORDERED), tasking={"simulated": True}))
    assert draft.exercise
    assert values(draft)["RMK"].startswith("EXERCISE ONLY ")


def test_an_aircraft_whose_mark_cannot_be_sent_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="NO_IDENTITY"):
        drafts.draft(around_with(flight_in(_S.ORDERED), aircraft={"id": "直升机一号"}))
    odd = {"model": "直-9", "cruise_mps": 0.0, "icao24": ""}
    draft = drafts.draft(around_with(flight_in(_S.ORDERED), aircraft=odd))
    assert (values(draft)["TYP"], "CODE" in values(draft)) == ("9", False)
    assert "SPEED" in {gap.code for gap in draft.gaps}


def test_a_delay_alone_is_a_delay_message_and_any_other_change_a_modification() -> None:
    flight = flight_in(_S.ACCEPTED)
    flight.act(_A.AMEND, **shifted(flight, minutes=45))
    assert made(flight).kind == "FPL"  # nothing is in force before the crew has acknowledged it
    flight.act(_A.ACKNOWLEDGE)
    delay = made(flight)
    assert delay.text == "(DLA-B7001-ZZZZ0405-ZZZZ-DEP/2852N11522E DEST/2852N11522E DOF/261124)"
    flight.act(_A.AMEND, water_point_id="", incident_position=Position(lon_deg=115.11, lat_deg=28.96))
    flight.act(_A.ACKNOWLEDGE)
    change = reader.parse(made(flight).text)
    assert change.kind == "CHG"
    assert [each.number for each in change.amendments] == [15, 18]
    assert change.departure is not None
    assert change.departure.time == "0405"
    flight.act(_A.AMEND, remark="带队长上机")  # of no concern to the plan
    flight.act(_A.ACKNOWLEDGE)
    assert made(flight).kind == "FPL"


def test_a_delay_into_the_next_day_is_a_modification_with_its_date() -> None:
    flight = flight_in(_S.ACCEPTED)
    flight.act(_A.AMEND, Role.DUTY_CHIEF, **shifted(flight, hours=22))
    flight.act(_A.ACKNOWLEDGE)
    change = reader.parse(made(flight).text)
    assert [each.number for each in change.amendments] == [13, 18]
    assert change.other is not None
    assert change.other.get("DOF") == "261124"


def test_a_flight_that_comes_down_elsewhere_names_both_places() -> None:
    flight = flight_in(_S.WORKING)
    flight.act(_A.DIVERT)
    flight.scene.wait(minutes=20)
    flight.act(_A.LAND)
    draft = made(flight)
    assert draft.text == "(ARR-B7001-ZZZZ0320-ZZZZ-ZZZZ0320 2857N11506E)"
    assert [gap.code for gap in draft.gaps] == ["ARRIVAL_NAME"]


def test_a_further_sortie_has_a_plan_of_its_own() -> None:
    flight = flight_in(_S.LANDED)
    flight.scene.wait(hours=2)
    flight.act(_A.NEXT_SORTIE)
    draft = made(flight)
    assert (draft.kind, draft.available) == ("FPL", ("FPL",))
    assert "-ZZZZ0500" in draft.text
    assert "OFF_BLOCK_TIME" in {gap.code for gap in draft.gaps}


def test_after_a_technical_stop_nobody_makes_up_where_it_stood() -> None:
    flight = flight_in(_S.STOPPED)
    flight.act(_A.RESUME)
    draft = made(flight)
    assert draft.kind == "DEP"
    assert values(draft)["DEP"] == "UNKNOWN"
    assert [gap.code for gap in draft.gaps] == ["DEPARTURE_PLACE"]
