"""What the plan in force is worth now if nothing about it is changed: what a new plan must beat to be told. Pure."""

from optimizer.carry import carry_over
from optimizer.check import inspect
from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.schedule import Schedule
from optimizer.score import score
from optimizer.shut import shut_in
from optimizer.solve import plan_of
from optimizer.travel import Tables


def kept_score(problem: Problem, previous: Plan) -> float | None:
    """The score of the previous plan carried on with nothing added; None where it breaks a rule by now."""
    shut = shut_in(problem)
    schedule = Schedule(shut, Tables(shut))
    carry_over(schedule, previous)
    findings = inspect(problem, plan_of(schedule))
    return None if findings.violations else score(problem, findings).total
