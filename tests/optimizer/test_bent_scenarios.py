"""Shared scenarios bent at random stay solvable: legal by the referee and no worse than the human rule."""

import pytest

from optimizer.problem import parse
from optimizer.solve import solve
from optimizer.stop import MaxIterations
from tests.optimizer.bent import bent
from tests.optimizer.shared import judged


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["S-101", "M-201", "M-201-roll", "L-301-roll"])
def test_a_bent_scenario_gets_a_legal_plan(name: str, seed: int) -> None:
    sc = bent(name, seed)
    problem = parse(sc)
    result = solve(problem, MaxIterations(iterations=3), seed)
    answer = judged(sc, result.plan.to_json(problem))
    assert answer["violations"] == []
    assert answer["score"] == pytest.approx(result.score.total, abs=0.1)
    assert result.score.total <= result.human.total + 1e-6
