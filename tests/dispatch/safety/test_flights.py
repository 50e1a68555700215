"""What is looked for of flights under a tasking: contact, endurance, deviation, identity; and drones, and the ground."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatch.alerts import AMBER, INFO, RED
from dispatch.geo import Position
from dispatch.kinds import AlertKind, AltitudeDatum, Capability, Role, TaskingAction, TaskingState, ThingKind
from dispatch.obstacle_records import Obstacle
from dispatch.records import Aircraft
from dispatch.resource_commands import SaveResource
from dispatch.safety import endurance
from dispatch.traffic_area_commands import MakeTrafficArea, TrafficWish
from tests.dispatch.flights import Flight, flight_in
from tests.dispatch.safety.air import NOW_S, Air, Craft, hills, of
from tests.dispatch.scene import BASE, FIRE
from tests.dispatch.test_closure import declare

HALF_WAY = Position(
    lon_deg=(BASE.position.lon_deg + FIRE.lon_deg) / 2, lat_deg=(BASE.position.lat_deg + FIRE.lat_deg) / 2
)


def craft_of(flight: Flight) -> Aircraft:
    return flight.scene.world.aircraft[flight.tasking.aircraft_id]


def there(flight: Flight, at: Position = HALF_WAY, **other: Any) -> Craft:
    """The tasking's aircraft, hovering at a place, 300 m up."""
    usual: dict[str, Any] = {"height_m": 300.0, "speed_mps": 0.0}
    return Craft(icao24=craft_of(flight).icao24, lon_deg=at.lon_deg, lat_deg=at.lat_deg, **(usual | other))


def seconds(flight: Flight) -> float:
    """The scene's time as seconds of an Air."""
    return flight.scene.now.timestamp() - NOW_S


def changed(flight: Flight, **values: Any) -> None:
    """The tasking's aircraft with other figures."""
    craft = craft_of(flight)
    flight.scene.site_asks(SaveResource(resource=replace(craft, **values), version_seen=craft.version))


def test_a_track_is_stale_after_15_s_lost_after_60_and_found_again() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    air = Air(world=flight.scene.world)
    assert not of(air.look(0, there(flight)), AlertKind.LOST)
    assert not of(air.look(14), AlertKind.LOST)
    (stale,) = of(air.look(16), AlertKind.LOST)
    assert (stale.code, stale.severity) == ("stale", INFO)
    (lost,) = of(air.look(61), AlertKind.LOST)
    assert (lost.code, lost.severity, lost.id) == ("lost", RED, stale.id)
    assert lost.tasking_id == flight.tasking.id
    assert lost.figures["lat_deg"] == pytest.approx(HALF_WAY.lat_deg)
    assert of(air.look(600), AlertKind.LOST)  # the picture has forgotten it long ago
    assert not of(air.look(601, there(flight)), AlertKind.LOST)


def test_one_that_is_in_the_air_and_was_never_seen_is_said_after_a_minute() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    air = Air(world=flight.scene.world)
    assert not of(air.look(seconds(flight) + 30), AlertKind.LOST)
    (one,) = of(air.look(seconds(flight) + 61), AlertKind.LOST)
    assert (one.code, one.severity, one.track_ids) == ("unseen", INFO, ())


def test_a_silent_source_of_several_is_one_fault_and_not_three_lost_aircraft() -> None:
    flights = [flight_in(TaskingState.AIRBORNE) for _ in range(3)]
    world = flights[0].scene.world
    tasking = flights[0].tasking
    three = {
        f"T{n}": replace(tasking, id=f"T{n}", aircraft_id=f"A{n}", aircraft_icao24=f"78010{n}")
        for n in range(3)
    }
    air = Air(world=replace(world, taskings=world.taskings.__class__(three)))
    air.look(0, *(replace(there(flights[0]), icao24=f"78010{n}") for n in range(3)))
    found = of(air.look(100), AlertKind.LOST)
    assert [(one.severity, one.flags) for one in found] == [(AMBER, ("source_silent",))] * 3
    alone = Air(world=world)
    alone.look(0, there(flights[0]))
    assert of(alone.look(100), AlertKind.LOST)[0].severity == RED


def test_the_clocks_of_a_flight_are_alerts_when_they_have_passed() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    air = Air(world=flight.scene.world)
    due = {timer.kind: timer.due_at.timestamp() - NOW_S for timer in flight.tasking.timers}
    for kind, at in due.items():
        assert kind not in [one.code for one in of(air.look(at - 1), AlertKind.OVERDUE)]
        found = {one.code: one for one in of(air.look(at + 1), AlertKind.OVERDUE)}
        assert found[kind].figures["over_s"] == pytest.approx(1, abs=0.01)
        assert found[kind].about == flight.tasking.number
    assert set(due) == {"on_scene", "ops_normal"}


def test_fuel_for_the_way_home_and_twenty_minutes_is_red_ten_minutes_before_amber() -> None:
    flight = flight_in(TaskingState.WORKING)
    craft = craft_of(flight)
    home_s = 25_000 / craft.cruise_mps
    for spare_s, severity in ((900, None), (300, AMBER), (-60, RED)):
        changed(flight, fuel_kg=(home_s + 1200 + spare_s) * craft_of(flight).burn_kgps, fuel_capacity_kg=1900)
        away = Position(lon_deg=BASE.position.lon_deg, lat_deg=BASE.position.lat_deg + 25_000 / 111_195)
        air = Air(world=flight.scene.world)
        looks = air.fly(2, there(flight, away), begin=int(seconds(flight)))
        found = of(looks[-1], AlertKind.ENDURANCE, "fuel")
        assert [one.severity for one in found] == ([] if severity is None else [severity])


def test_fuel_burns_from_the_take_off_and_what_has_no_rate_is_not_reckoned() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    craft, now = craft_of(flight), flight.scene.now
    left = endurance.fuel_left_s(flight.scene.world, flight.tasking, craft, now + timedelta(minutes=10))
    assert left == pytest.approx(craft.fuel_kg / craft.burn_kgps - 600, abs=1)
    none = replace(craft, burn_kgps=0.0)
    assert endurance.fuel_left_s(flight.scene.world, flight.tasking, none, now) is None


def test_light_is_told_half_an_hour_before_sunset_but_not_to_who_may_fly_at_night() -> None:
    flight = flight_in(TaskingState.WORKING)
    sunset = endurance.sunset(FIRE, flight.scene.now)
    assert sunset is not None
    at = sunset.timestamp() - NOW_S
    air = Air(world=flight.scene.world)
    assert not of(air.fly(2, begin=int(at) - 1_900)[-1], AlertKind.ENDURANCE, "daylight")
    (one,) = of(air.fly(2, begin=int(at) - 1_790)[-1], AlertKind.ENDURANCE, "daylight")
    assert (one.severity, one.lead_s) == (AMBER, pytest.approx(1_790, abs=3))
    assert of(air.fly(2, begin=int(at) + 5)[-1], AlertKind.ENDURANCE, "daylight")[0].severity == RED
    changed(flight, capabilities=(Capability.WATER, Capability.NIGHT))
    owl = Air(world=flight.scene.world)
    assert not of(owl.fly(2, begin=int(at) - 60)[-1], AlertKind.ENDURANCE, "daylight")


def test_duty_is_told_an_hour_before_its_end() -> None:
    flight = flight_in(TaskingState.WORKING)
    for minutes, severity in ((61, None), (59, AMBER), (-1, RED)):
        changed(flight, duty_ends_at=flight.scene.now + timedelta(minutes=minutes))
        found = of(
            Air(world=flight.scene.world).fly(2, begin=int(seconds(flight)))[-1], AlertKind.ENDURANCE, "duty"
        )
        assert [one.severity for one in found] == ([] if severity is None else [severity])


def test_two_kilometres_off_the_way_for_a_minute_is_told_and_on_scene_it_is_not() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    near = Position(lon_deg=HALF_WAY.lon_deg, lat_deg=HALF_WAY.lat_deg + 1_500 / 111_195)
    off = Position(lon_deg=HALF_WAY.lon_deg, lat_deg=HALF_WAY.lat_deg + 4_500 / 111_195)
    begin = int(seconds(flight))
    assert not of(
        Air(world=flight.scene.world).fly(70, there(flight, near), begin=begin)[-1],
        AlertKind.DEVIATION,
        "route",
    )
    looks = Air(world=flight.scene.world).fly(70, there(flight, off), begin=begin)
    told = [bool(of(alerts, AlertKind.DEVIATION, "route")) for alerts in looks]
    assert told.index(True) == 60
    flight.act(TaskingAction.ARRIVE)
    working = Air(world=flight.scene.world).fly(70, there(flight, off), begin=begin)
    assert not of(working[-1], AlertKind.DEVIATION, "route")


@pytest.mark.parametrize(
    ("up_m", "datum", "beside_m", "codes", "flags"),
    [
        (300, AltitudeDatum.MSL, 0, set(), ()),
        (760, AltitudeDatum.MSL, 0, {"block_height"}, ()),
        (720, AltitudeDatum.PRESSURE, 0, set(), ()),
        (900, AltitudeDatum.PRESSURE, 0, {"block_height"}, ("height_unsure",)),
        (300, AltitudeDatum.MSL, 16_000, {"block"}, ()),
    ],
)
def test_outside_the_approved_block_to_the_side_or_in_height(
    up_m: float, datum: AltitudeDatum, beside_m: float, codes: set[str], flags: tuple[str, ...]
) -> None:
    flight = flight_in(TaskingState.WORKING)
    (request,) = flight.scene.world.requests.values()
    at = Position(lon_deg=FIRE.lon_deg, lat_deg=FIRE.lat_deg + beside_m / 111_195)
    height_m = request.airspace.ceiling_m - 660 + up_m
    craft = there(flight, at, height_m=height_m, datum=datum)
    begin = int(seconds(flight))
    found = of(Air(world=flight.scene.world).fly(14, craft, begin=begin)[-1], AlertKind.DEVIATION)
    assert {one.code for one in found} == codes
    assert all(one.flags == flags for one in found)


def test_an_aircraft_of_ours_without_an_address_is_told_while_it_flies() -> None:
    flight = flight_in(TaskingState.AIRBORNE)
    begin = seconds(flight)
    assert not of(Air(world=flight.scene.world).look(begin), AlertKind.IDENTITY)
    changed(flight, icao24="")
    (one,) = of(Air(world=flight.scene.world).look(begin), AlertKind.IDENTITY)
    assert (one.code, one.about) == ("no_address", craft_of(flight).name)


def test_a_jump_of_more_than_500_kt_is_told_and_an_airliner_that_says_so_is_none() -> None:
    air = Air()
    air.look(0, Craft())
    (one,) = of(air.look(10, replace(Craft(), lon_deg=115.04).at(0)), AlertKind.IDENTITY)
    assert (one.code, one.track_ids) == ("jump", ("icao24:780abc",))
    assert one.figures["speed_mps"] > 257
    fast = Air()
    assert not of(fast.fly(10, Craft(speed_mps=300.0))[-1], AlertKind.IDENTITY)


def test_a_drone_in_the_ring_or_in_a_closure_is_cried_out_at_the_first_look() -> None:
    flight = flight_in(TaskingState.WORKING)
    declare(flight.scene)
    drone = Craft(
        lon_deg=FIRE.lon_deg,
        lat_deg=FIRE.lat_deg + 8_000 / 111_195,
        height_m=200.0,
        speed_mps=8.0,
        course_deg=200.0,
        said=(("thing_kind", ThingKind.UAV),),
    )
    air = Air(world=flight.scene.world)
    found = of(air.look(1, drone), AlertKind.DRONE)
    (ring,) = [one for one in found if one.code == "ring"]
    assert (ring.severity, ring.incident_id) == (RED, flight.tasking.incident_id)
    assert ring.figures["track_deg"] == pytest.approx(200)
    assert ring.figures["altitude_m"] == pytest.approx(200)
    beyond = replace(drone, lat_deg=FIRE.lat_deg + 12_000 / 111_195)
    assert "ring" not in [
        one.code for one in of(Air(world=flight.scene.world).look(1, beyond), AlertKind.DRONE)
    ]
    manned = replace(drone, said=(("thing_kind", ThingKind.HELICOPTER),))
    assert not of(Air(world=flight.scene.world).look(1, manned), AlertKind.DRONE)
    wider = MakeTrafficArea(incident_id=flight.tasking.incident_id, wish=TrafficWish(working_m=12_500.0))
    flight.scene.ask(Role.DISPATCHER, wider)
    assert "ring" in [one.code for one in of(Air(world=flight.scene.world).look(1, beyond), AlertKind.DRONE)]


def test_a_drone_that_flies_an_approved_tasking_is_no_intruder() -> None:
    flight = flight_in(TaskingState.WORKING)
    ours = there(flight, FIRE, said=(("thing_kind", ThingKind.UAV),))
    assert not of(Air(world=flight.scene.world).look(1, ours), AlertKind.DRONE)
    assert of(Air(world=flight.scene.world).look(1, replace(ours, icao24="780fff")), AlertKind.DRONE)


@pytest.mark.parametrize("speed", [30.0, 60.0])
def test_ground_ahead_is_told_before_it_is_reached_and_level_ground_is_not(speed: float) -> None:
    """A wall of 400 m that begins at 115.3."""
    wall = hills(lambda lon, lat: (lon > 115.3) * 400.0 + 0 * lat)
    start = Craft(lon_deg=115.3 - 60 * speed / 98_500, height_m=300.0, speed_mps=speed)
    looks = Air(ours=True, terrain=wall).fly(59, start)
    told = [of(alerts, AlertKind.TERRAIN, "ground") for alerts in looks]
    first = next(t for t, found in enumerate(told) if found)
    assert first == pytest.approx(31, abs=4)
    assert told[first][0].severity == AMBER
    assert told[first][0].lead_s == pytest.approx(29, abs=4)
    assert told[-1][0].severity == RED
    assert not of(
        Air(ours=True, terrain=wall).fly(20, replace(start, course_deg=270.0))[-1], AlertKind.TERRAIN
    )


def test_low_flight_at_water_scene_and_base_is_meant() -> None:
    flight = flight_in(TaskingState.WORKING)
    plain = hills(lambda lon, lat: 100.0 + 0 * lon, south=28.4)
    world = flight.scene.world
    for at, told in ((FIRE, 0), (BASE.position, 0), (HALF_WAY, 1)):
        air = Air(world=world, terrain=plain)
        low = there(flight, at, height_m=120.0)
        found = of(air.fly(3, low, begin=int(seconds(flight)))[-1], AlertKind.TERRAIN)
        assert len(found) == told


def test_an_obstacle_ahead_is_told_and_one_beside_the_way_is_not() -> None:
    plain = hills(lambda lon, lat: 100.0 + 0 * lon)
    north = 28.0 + 500 / 111_195
    for lat, codes in ((28.0, {"obstacle"}), (north, set())):
        mast = Obstacle(
            id="M1",
            site="36",
            name="铁塔",
            kind="tower",  # type: ignore[arg-type]  # its text
            points=(Position(lon_deg=115.312, lat_deg=lat),),
            top_m=290.0,
            lighted=False,
            source="test",
        )
        air = Air(ours=True, terrain=plain, obstacles=[mast])
        found = of(air.fly(3, Craft(lon_deg=115.3, height_m=300.0))[-1], AlertKind.TERRAIN)
        assert {one.code for one in found} == codes
        if found:
            assert (found[0].about, found[0].lead_s) == ("铁塔", pytest.approx(18, abs=3))


def test_in_a_drop_zone_an_obstacle_close_by_cries_out_by_its_own_row_and_one_farther_beside_does_not() -> (
    None
):
    flight = flight_in(TaskingState.WORKING)
    plain = hills(lambda lon, lat: 100.0 + 0 * lon, south=28.4)
    for beside_m, height_m, codes in ((40, 160.0, {"obstacle"}), (90, 160.0, set()), (40, 175.0, set())):
        mast = Obstacle(
            id="M1",
            site="36",
            name="铁塔",
            kind="tower",  # type: ignore[arg-type]  # its text
            points=(Position(lon_deg=FIRE.lon_deg + 0.001, lat_deg=FIRE.lat_deg + beside_m / 111_195),),
            top_m=150.0,
            lighted=False,
            source="test",
        )
        air = Air(world=flight.scene.world, terrain=plain, obstacles=[mast])
        low = there(flight, FIRE, height_m=height_m, course_deg=90.0, speed_mps=5.0)
        found = of(air.fly(3, low, begin=int(seconds(flight)))[-1], AlertKind.TERRAIN)
        assert {one.code for one in found} == codes


def test_without_fit_terrain_that_is_said_and_stands_for_a_while() -> None:
    air = Air(ours=True)
    (one,) = of(air.fly(3, Craft())[-1], AlertKind.TERRAIN)
    assert (one.code, one.severity, one.flags) == ("no_terrain", INFO, ("no_terrain",))
    assert of(air.look(300), AlertKind.TERRAIN, "no_terrain")
    gone = air.fly(8, begin=700)
    assert not of(gone[-1], AlertKind.TERRAIN)
    assert math.isnan(float(air.terrain.elevation_m(115.0, 28.0)[0]))
