"""How facts around requests to ATC change the world; fold.py calls these."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dispatch import clearance_facts
from dispatch.clearance_records import RequestQuestion
from dispatch.facts import Recorded
from dispatch.records import Step

if TYPE_CHECKING:
    from dispatch.world import World


def rule_saved(world: "World", _: Recorded, fact: clearance_facts.ClearanceRuleSaved) -> "World":
    """A rule as it now is."""
    rule = fact.clearance_rule
    return replace(
        world,
        clearance_rules=world.clearance_rules.set(rule.id, rule),
        changed=world.changed.set(("clearance_rules", rule.id), world.seq),
    )


def _with(
    world: "World", recorded: Recorded, request_id: str, action: str, reason: str, **changes: Any
) -> "World":
    request = world.requests.get(request_id)
    if request is None:
        return world
    history = request.history
    if action:
        step = Step(
            at=recorded.at,
            actor=recorded.actor,
            role=recorded.role,
            action=action,
            state=str(request.state),
            reason=reason,
        )
        history = (*history, step)
    changed = replace(request, history=history, **changes)
    return replace(
        world,
        requests=world.requests.set(request_id, changed),
        changed=world.changed.set(("requests", request_id), world.seq),
    )


def phoned(world: "World", recorded: Recorded, fact: clearance_facts.AirspacePhoned) -> "World":
    """The approval of the row before was heard by telephone; its line of history has been written by that row."""
    phone = replace(fact.phone, entered_by=recorded.actor, entered_at=recorded.at)
    return _with(
        world, recorded, fact.request_id, "", "", phone=phone, approved_by=f"{phone.unit} {phone.who}"
    )


def questioned(world: "World", recorded: Recorded, fact: clearance_facts.AirspaceQuestioned) -> "World":
    """One question more. The request's version stays: a question stands in nobody's way."""
    request = world.requests.get(fact.request_id)
    if request is None:
        return world
    made = RequestQuestion(number=fact.number, text=fact.text, asked_by=recorded.actor, asked_at=recorded.at)
    return _with(world, recorded, request.id, "ask", fact.text, questions=(*request.questions, made))


def answered(world: "World", recorded: Recorded, fact: clearance_facts.AirspaceAnswered) -> "World":
    """A question with its answer."""
    request = world.requests.get(fact.request_id)
    if request is None:
        return world
    questions = tuple(
        replace(each, answer=fact.text, answered_by=recorded.actor, answered_at=recorded.at)
        if each.number == fact.number
        else each
        for each in request.questions
    )
    return _with(world, recorded, request.id, "answer", fact.text, questions=questions)
