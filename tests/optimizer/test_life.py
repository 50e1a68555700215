"""The life tier against the best of all assignments, tried one by one."""

from itertools import permutations

import pytest

from optimizer.life import _options_of, serve_life
from optimizer.problem import parse
from optimizer.schedule import Schedule
from optimizer.travel import Tables
from tests.optimizer.shared import REFERENCE, scenario, small


@pytest.mark.parametrize("weights", [(1, 1, 1), (5, 1, 3), (1, 9, 2)])
def test_no_assignment_of_first_sorties_serves_life_better(weights: tuple[int, int, int]) -> None:
    sc = small()
    for row, weight in zip(sc["incidents"], weights, strict=True):
        row.update(life_at_risk=True, weight=weight)
    problem = parse(sc)
    schedule = Schedule(problem, Tables(problem))
    done: dict[tuple[int, int], float] = {}
    for craft in schedule.crafts:
        for incident in range(3):
            for option in _options_of(schedule, craft, incident):
                done[craft.index, incident] = option.done_s / 60
    worst = problem.weights.unserved_minutes
    least = min(
        sum(weights[i] * done.get((aircraft, i), worst) for i, aircraft in enumerate(order))
        for order in permutations(range(len(schedule.crafts)), 3)
    )
    serve_life(schedule, 1, 0.0, lambda: False)
    got = sum(weights[i] * book.first_s / 60 for i, book in schedule.fires.items())
    assert got == pytest.approx(least, abs=0.01)


def test_aircraft_that_would_crowd_an_incident_are_not_chosen_together() -> None:
    problem = parse(scenario("XL-401"))
    schedule = Schedule(problem, Tables(problem))
    serve_life(schedule, 1, 0.01, lambda: False)
    weight = problem.weights.life_weighted_minute
    fires = sum(b.life_per_s * min(b.first_s, b.unserved_s) for b in schedule.fires.values())
    tasks = sum(b.charge for n, b in schedule.tasks.items() if problem.incidents[n].life_at_risk)
    reference = REFERENCE["XL-401"]["best_known"]["life_weighted_minutes"]
    assert (fires + tasks) / weight <= reference
