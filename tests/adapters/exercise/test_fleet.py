"""The simulated helicopters obey taskings, whoever advances them."""

from dataclasses import replace

from adapters.exercise.crew import Situation
from adapters.exercise.fleet import Fleet, callsign_of
from adapters.exercise.flight import Phase
from dispatch.geo import distance_m
from dispatch.kinds import TaskingState
from tests.adapters.exercise.things import FIRE, situation, tasking


def phase(fleet: Fleet, aircraft_id: str = "B-70G1") -> Phase:
    return fleet.flights[aircraft_id].phase


def run(fleet: Fleet, seen: Situation, until: Phase) -> None:
    for _ in range(8000):
        if phase(fleet) is until:
            return
        fleet.advance(seen, 1.0)
    raise AssertionError(f"never {until}")


def test_nothing_transmits_while_nobody_is_tasked() -> None:
    fleet = Fleet(max_drops=10)
    fleet.advance(situation(), 60.0)
    assert len(fleet.flights) == 12
    assert {flight.phase for flight in fleet.flights.values()} == {Phase.PARKED}
    assert fleet.transponders(situation(), 1.0) == []


def test_ordered_or_accepted_is_not_enough_to_move() -> None:
    for state in (TaskingState.PENDING, TaskingState.ORDERED, TaskingState.ACCEPTED, TaskingState.ENDED):
        fleet = Fleet(max_drops=10)
        fleet.advance(situation(tasking(state)), 60.0)
        assert phase(fleet) is Phase.PARKED


def test_preparing_it_transmits_from_its_base() -> None:
    fleet = Fleet(max_drops=10)
    seen = situation(tasking(TaskingState.PREPARING))
    fleet.advance(seen, 5.0)
    (on_air,) = fleet.transponders(seen, 1.0)
    assert (on_air.address, on_air.callsign) == (0x78F001, "GY01")
    assert distance_m(on_air.position, seen.bases["JX-JA"].position) < 300
    assert on_air.ground_speed_mps == 0


def test_whole_sortie_follows_the_tasking() -> None:
    fleet = Fleet(max_drops=1)
    fleet.advance(situation(tasking(TaskingState.RELEASED)), 5.0)
    assert phase(fleet) is Phase.RUNNING
    run(fleet, situation(tasking(TaskingState.AIRBORNE)), Phase.DROPPING)
    assert distance_m(fleet.flights["B-70G1"].position, FIRE) < 200
    run(fleet, situation(tasking(TaskingState.WORKING)), Phase.HOLDING)
    assert fleet.flights["B-70G1"].drops_done == 1
    run(fleet, situation(tasking(TaskingState.RETURNING)), Phase.RUNNING)
    fleet.advance(situation(tasking(TaskingState.LANDED)), 1.0)
    assert phase(fleet) is Phase.PARKED


def test_aircraft_of_one_base_keep_apart_on_the_ground_and_in_height() -> None:
    fleet = Fleet(max_drops=1)
    both = tuple(
        replace(tasking(TaskingState.AIRBORNE), id=aircraft_id, aircraft_id=aircraft_id)
        for aircraft_id in ("B-70G1", "B-70G2")
    )
    fleet.advance(situation(), 1.0)
    one, other = (fleet.flights[aircraft_id] for aircraft_id in ("B-70G1", "B-70G2"))
    assert distance_m(one.position, other.position) > 50
    fleet.advance(situation(*both), 180.0)
    one, other = (fleet.flights[aircraft_id] for aircraft_id in ("B-70G1", "B-70G2"))
    assert abs(one.altitude_m - other.altitude_m) > 50


def test_recalled_on_the_way_it_turns_back() -> None:
    fleet = Fleet(max_drops=1)
    for _ in range(120):
        fleet.advance(situation(tasking(TaskingState.AIRBORNE)), 1.0)
    assert phase(fleet) is Phase.TO_WATER
    run(fleet, situation(tasking(TaskingState.RETURNING)), Phase.RUNNING)
    assert fleet.flights["B-70G1"].drops_done == 0


def test_reported_landed_too_early_it_still_flies_home() -> None:
    fleet = Fleet(max_drops=1)
    for _ in range(60):
        fleet.advance(situation(tasking(TaskingState.AIRBORNE)), 1.0)
    fleet.advance(situation(tasking(TaskingState.LANDED)), 1.0)
    assert phase(fleet) is Phase.TO_BASE
    run(fleet, situation(tasking(TaskingState.LANDED)), Phase.PARKED)


def test_only_simulated_aircraft_are_flown() -> None:
    seen = situation()
    real = {key: replace(one, simulated=False) for key, one in seen.aircraft.items()}
    fleet = Fleet(max_drops=1)
    fleet.advance(replace(seen, aircraft=real), 1.0)
    assert fleet.flights == {}


def test_call_signs_come_from_call_names() -> None:
    aircraft = situation().aircraft
    assert callsign_of(aircraft["B-70GC"]) == "GY12"
