"""How facts about closed air change the world."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch import closure_facts
from dispatch.facts import Recorded
from dispatch.world import World, put, step_of


def _closure_declared(world: World, recorded: Recorded, fact: closure_facts.ClosureDeclared) -> World:
    closure = fact.closure
    step = step_of(recorded, "declare", "declared", closure.reason)
    return put(world, "closures", closure.id, replace(closure, history=(*closure.history, step)))


def _closure_amended(world: World, recorded: Recorded, fact: closure_facts.ClosureAmended) -> World:
    present = world.closures.get(fact.closure.id)
    step = step_of(recorded, "amend", "declared", ", ".join(fact.changed))
    history = (*(present.history if present is not None else ()), step)
    return put(world, "closures", fact.closure.id, replace(fact.closure, history=history))


def _closure_lifted(world: World, recorded: Recorded, fact: closure_facts.ClosureLifted) -> World:
    closure = world.closures.get(fact.closure_id)
    if closure is None:
        return world
    step = step_of(recorded, "lift", "lifted", fact.reason)
    lifted = replace(closure, lifted_at=recorded.at, version=fact.version, history=(*closure.history, step))
    return put(world, "closures", closure.id, lifted)


FOLDS: dict[type, Callable[[World, Recorded, Any], World]] = {
    closure_facts.ClosureDeclared: _closure_declared,
    closure_facts.ClosureAmended: _closure_amended,
    closure_facts.ClosureLifted: _closure_lifted,
}
