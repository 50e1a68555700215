"""Aircraft that take turns over a fire: one leg a drop where room is scarce, one for many where it is not."""

import pytest

from optimizer.check import inspect
from optimizer.choice import Chooser
from optimizer.fill import fill
from optimizer.legs import LegKind
from optimizer.problem import Problem, parse
from optimizer.schedule import Schedule
from optimizer.score import score
from optimizer.solve import plan_of
from optimizer.travel import Tables
from tests.optimizer.shared import judged, scenario, small


def _filled(problem: Problem, *, split: bool) -> Schedule:
    schedule = Schedule(problem, Tables(problem), split)
    fill(schedule, range(len(problem.aircraft)), Chooser(schedule), lambda: False)
    return schedule


def _drop_legs(schedule: Schedule) -> list[int]:
    legs = [leg for timeline in plan_of(schedule).timelines.values() for leg in timeline]
    return [leg.drops for leg in legs if leg.kind is LegKind.CYCLES]


@pytest.mark.parametrize("name", ["S-101", "M-201", "M-201-roll", "L-301-roll"])
def test_a_plan_with_turns_is_legal_and_scores_what_its_schedule_says(name: str) -> None:
    sc = scenario(name)
    problem = parse(sc)
    schedule = _filled(problem, split=True)
    answer = judged(sc, plan_of(schedule).to_json(problem))
    assert answer["violations"] == []
    assert answer["score"] == pytest.approx(schedule.score(), abs=0.1)
    findings = inspect(problem, plan_of(schedule))
    assert findings.violations == []
    assert score(problem, findings).total == pytest.approx(schedule.score(), rel=1e-9)


def test_few_layers_serve_more_drops_when_aircraft_take_turns() -> None:
    problem = parse(scenario("M-201"))
    together, apart = _filled(problem, split=False), _filled(problem, split=True)
    assert apart.score() < together.score()


def test_drops_are_joined_where_there_is_room_and_nothing_is_left_booked() -> None:
    sc = small()
    for row in sc["incidents"]:
        row["max_slots"] = 50
    for row in sc["water_points"]:
        row["max_aircraft"] = 50
    problem = parse(sc)
    schedule = _filled(problem, split=True)
    single = sum(
        1 for sorties in schedule.sorties for s in sorties for leg in s.legs if leg.kind is LegKind.CYCLES
    )
    legs = _drop_legs(schedule)
    assert sum(legs) == single
    assert len(legs) == sum(1 for sorties in schedule.sorties for s in sorties if s.drops)
    assert _drop_legs(schedule) == legs
