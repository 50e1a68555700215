"""How facts about airspace volumes change the world; fold.py calls these. `volumes_at` is the row of the last one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.facts import Recorded
from dispatch.records import Step
from dispatch.volume_facts import VolumeSaved, VolumesImported, VolumeWithdrawn
from dispatch.volume_records import Volume

if TYPE_CHECKING:
    from dispatch.world import World

MOST_STEPS = 50  # of one volume in memory, the newest; the journal has all


def _put(world: "World", volumes: tuple[Volume, ...]) -> "World":
    kept, changed = world.volumes.mutate(), world.changed.mutate()
    for each in volumes:
        kept[each.id] = each
        changed["volumes", each.id] = world.seq
    return replace(world, volumes=kept.finish(), changed=changed.finish(), volumes_at=world.seq)


def _with_step(world: "World", recorded: Recorded, volume: Volume, action: str, reason: str = "") -> Volume:
    present = world.volumes.get(volume.id)
    step = Step(
        at=recorded.at,
        actor=recorded.actor,
        role=recorded.role,
        action=action,
        state="withdrawn" if volume.withdrawn_at is not None else "in_use",
        reason=reason,
    )
    history = (*(present.history if present is not None else ()), step)[-MOST_STEPS:]
    return replace(volume, history=history)


def volumes_imported(world: "World", recorded: Recorded, fact: VolumesImported) -> "World":
    """A file was read."""
    return _put(world, tuple(_with_step(world, recorded, each, "import") for each in fact.volumes))


def volume_saved(world: "World", recorded: Recorded, fact: VolumeSaved) -> "World":
    """One was drawn or changed by hand."""
    action = "amend" if fact.changed else "save"
    return _put(world, (_with_step(world, recorded, fact.volume, action, ", ".join(fact.changed)),))


def volume_withdrawn(world: "World", recorded: Recorded, fact: VolumeWithdrawn) -> "World":
    """One is on no map any more."""
    present = world.volumes.get(fact.volume_id)
    if present is None:
        return world
    gone = replace(present, withdrawn_at=recorded.at, version=fact.version)
    return _put(world, (_with_step(world, recorded, gone, "withdraw", fact.reason),))
