"""Sorties of several stops: legal whatever the scenario, and better where lives are at risk."""

import pytest

from loadtests.bound_scenarios import drawn
from loadtests.scenarios import scenario as generated
from optimizer.check import inspect
from optimizer.dive import rescue
from optimizer.most_saved import most_saved_together
from optimizer.plan import Plan
from optimizer.problem import parse
from optimizer.schedule import Schedule
from optimizer.score import score
from optimizer.solve import plan_of, solve
from optimizer.stop import FIRST, MaxIterations
from optimizer.travel import Tables
from tests.optimizer.shared import judged


@pytest.mark.parametrize("seed", range(40))
def test_what_is_flown_for_lives_keeps_every_rule_and_is_booked_as_it_is(seed: int) -> None:
    sc = drawn(seed)
    problem = parse(sc)
    schedule = Schedule(problem, Tables(problem), split=bool(seed % 2))
    if not rescue(schedule):
        return
    plan = plan_of(schedule)
    findings = inspect(problem, plan)
    assert findings.violations == []
    assert score(problem, findings).total == pytest.approx(schedule.score())
    assert judged(sc, plan.to_json(problem))["violations"] == []


def test_several_incidents_in_one_sortie_save_lives_that_one_at_a_time_cannot() -> None:
    problem = parse(
        generated("M", 2007)
    )  # a first drop on the way to a search; a rest near the scene before one
    heard: list[Plan] = []
    result = solve(problem, MaxIterations(iterations=1), 1, listen=lambda plan, _: heard.append(plan))
    first = solve(problem, lambda done: done != FIRST, 1)
    assert result.score.total < 0.95 * first.score.total
    most = most_saved_together(problem, Tables(problem)).points
    unserved = problem.weights.unserved_minutes * problem.weights.life_weighted_minute
    at_least = unserved * sum(row.weight for row in problem.incidents if row.life_at_risk) - most
    life = result.score.life_weighted_minutes * problem.weights.life_weighted_minute
    assert at_least - 1.0 <= life <= 1.01 * at_least
