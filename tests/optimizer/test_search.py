"""The search keeps a schedule legal through everything that it tries and takes back."""

import pytest

from optimizer.check import inspect
from optimizer.choice import Chooser
from optimizer.fill import fill
from optimizer.problem import parse
from optimizer.schedule import Schedule
from optimizer.search import search
from optimizer.solve import plan_of
from optimizer.travel import Tables
from tests.optimizer.shared import scenario


@pytest.mark.parametrize("seed", range(4))
def test_every_improvement_is_legal_where_aircraft_are_in_the_air_at_the_start(seed: int) -> None:
    """Those may first be brought home, and a try may replace that flight: taken back, it must be there again."""
    problem = parse(scenario("M-201-roll"))
    schedule = Schedule(problem, Tables(problem), split=True)
    fill(schedule, range(len(problem.aircraft)), Chooser(schedule), lambda: False)
    improved = 0
    for _, better in search(schedule, lambda done: done >= 150, seed):
        if better:
            improved += 1
            assert inspect(problem, plan_of(schedule)).violations == []
    assert improved
