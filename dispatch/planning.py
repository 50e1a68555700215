"""Proposals: what the planner's answer must satisfy to be shown."""

from datetime import datetime

from dispatch import access, ids
from dispatch.commands import Ask
from dispatch.errors import Unknown
from dispatch.facts import Fact
from dispatch.kinds import PlanState
from dispatch.records import Plan
from dispatch.tasking_commands import ProposePlan
from dispatch.tasking_facts import PlanProposed
from dispatch.world import World


def decide_propose(world: World, ask: Ask, command: ProposePlan, now: datetime) -> tuple[Fact, ...]:
    """Record a proposal. It decides nothing: a dispatcher adopts it or not."""
    access.require_site(ask, "proposing a plan")
    for incident_id in command.incident_ids:
        if incident_id not in world.incidents:
            raise Unknown("incident_ids", f"no incident {incident_id}")
    plan = Plan(
        id=ids.derive(world.site, "PLN", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        created_at=now,
        requested_by=command.requested_by,
        incident_ids=command.incident_ids,
        assignments=command.assignments,
        reasons=command.reasons,
        state=PlanState.OPEN,
        score=command.score,
        human_score=command.human_score,
        solve_s=command.solve_s,
        solver=command.solver,
        seed=command.seed,
        interchange=command.interchange,
        bound=command.bound,
        conditions=command.conditions,
    )
    return (PlanProposed(plan=plan),)
