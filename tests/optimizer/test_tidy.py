"""What brings nothing is left out of a plan: an aircraft's last sortie is worth its flight."""

import pytest

from loadtests.scenarios import scenario as generated
from optimizer.check import inspect
from optimizer.problem import parse
from optimizer.solve import plan_of, solve
from optimizer.stop import MaxIterations
from optimizer.tidy import tidy
from tests.optimizer.shared import scenario


@pytest.mark.parametrize(("name", "seed"), [("M-201-roll", 0), ("S", 801), ("M", 1001)])
def test_no_last_sortie_costs_more_than_it_brings(name: str, seed: int) -> None:
    sc = scenario(name) if "-" in name else generated(name, seed)
    problem = parse(sc)
    schedule = solve(problem, MaxIterations(iterations=20), 1).schedule
    assert schedule is not None
    tidy(schedule, range(len(problem.aircraft)), lambda: False)
    score = schedule.score()
    for aircraft, sorties in enumerate(schedule.sorties):
        if len(sorties) <= schedule.fixed[aircraft] or sorties[-1].recovery:
            continue
        keep = len(sorties) - 1
        last = schedule.pop(aircraft)
        schedule.bring_home(aircraft)
        assert schedule.score() >= score - 1e-6
        schedule.cut(aircraft, keep)
        schedule.append(aircraft, last)
    assert schedule.score() == pytest.approx(score)
    assert inspect(problem, plan_of(schedule)).violations == []
