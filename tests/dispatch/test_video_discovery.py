"""Whose an unknown sender is: never a guess between two, never against what people decided."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatch.errors import Refused
from dispatch.kinds import TaskingState
from dispatch.records import Tasking
from dispatch.video_discovery import Claim, began, called, claim, terms
from dispatch.video_kinds import VideoCarrier, VideoSource
from dispatch.video_records import VideoStream, VideoTerms
from dispatch.world import World
from tests.dispatch.scene import FIRE, aircraft

AT = datetime(2026, 11, 27, tzinfo=UTC)
HERE = "10.36.1.7"


def site(*aircraft_ids: str, state: TaskingState | None = None, name: str = "") -> World:
    """A site with these aircraft, the first on a tasking in `state`."""
    world = World(site="36")
    for each in aircraft_ids:
        made = replace(aircraft(3), id=each, name=name or f"赣鹰{each[-1]}")
        world = replace(world, aircraft=world.aircraft.set(each, made))
    if state is not None:
        world = replace(world, taskings=world.taskings.set("T1", tasking(aircraft_ids[0], state)))
    return world


def tasking(aircraft_id: str, state: TaskingState) -> Tasking:
    return Tasking(
        id="T1",
        site="36",
        number="GY-1127-01",
        incident_id="I",
        incident_title="火",
        incident_position=FIRE,
        plan_id="P",
        aircraft_id=aircraft_id,
        aircraft_icao24="",
        operator_id="OP1",
        base_id="JX-JA",
        water_point_id="",
        hospital_id="",
        take_off_at=AT,
        on_scene_at=AT,
        land_at=AT,
        drops=0,
        litres_per_drop=0,
        state=state,
    )


def asked(world: World, table: dict[str, str] | None = None, **names: str) -> Claim | None:
    return claim(world, HERE, names, table or {}, called(world.aircraft.values()))


def with_stream(world: World, **more: Any) -> World:
    said = VideoTerms(
        name="吊舱",
        source=VideoSource.TS_UDP,
        address="21000",
        carrier=VideoCarrier.AIRCRAFT,
        carrier_id="B-70K3",
    )
    stream = VideoStream(id="S", site="36", terms=said, saved_at=AT, saved_by="d", **more)
    return replace(world, video_streams=world.video_streams.set("S", stream))


@pytest.mark.parametrize(
    ("state", "sure"),
    [
        (None, False),
        (TaskingState.ORDERED, False),
        (TaskingState.ACCEPTED, True),
        (TaskingState.WORKING, True),
        (TaskingState.LANDED, False),
        (TaskingState.ENDED, False),
    ],
)
def test_what_klv_says_is_believed_of_an_aircraft_on_task_alone(
    state: TaskingState | None, sure: bool
) -> None:
    found = asked(site("B-70K3", state=state), tail_number="b 70k3")
    assert found == Claim(aircraft_id="B-70K3", by="tail_number", said="b 70k3", sure=sure)


def test_a_name_that_fits_two_is_nobody_s() -> None:
    world = site("B-70K3", "B-70K4", state=TaskingState.WORKING, name="赣鹰")
    assert asked(world, call_sign="赣鹰") is None
    found = asked(world, call_sign="赣鹰", platform="B-70K4")
    assert found is not None
    assert (found.aircraft_id, found.by, found.sure) == ("B-70K4", "platform", False)


def test_the_table_needs_no_task_and_a_stream_that_stood_needs_people() -> None:
    world, table = site("B-70K3"), {HERE: "B-70K3"}
    assert asked(world, table) == Claim(aircraft_id="B-70K3", by="address", said=HERE, sure=True)
    for more in ({}, {"removed_at": AT}):
        found = asked(with_stream(world, **more), table)
        assert found is not None
        assert not found.sure


def test_the_form_begins_with_what_is_known_and_a_name_that_is_free() -> None:
    world = site("B-70K3")
    assert terms(world, None, 21190).carrier is VideoCarrier.FIXED
    made = terms(world, asked(world, {HERE: "B-70K3"}), 21190)
    assert (made.name, made.address, made.carrier_id) == ("赣鹰3 图传", "21190", "B-70K3")


def test_a_beginning_is_of_an_aircraft_on_task() -> None:
    world = with_stream(site("B-70K3", state=TaskingState.AIRBORNE))
    (told,) = began(world, world.video_streams["S"])
    assert (told.aircraft_id, told.tasking_id) == ("B-70K3", "T1")
    world = with_stream(site("B-70K3"))
    with pytest.raises(Refused):
        began(world, world.video_streams["S"])
