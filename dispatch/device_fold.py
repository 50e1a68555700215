"""How facts about devices change the world; fold.py calls these."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch import device_facts, drop_fold
from dispatch.device_records import ActStamp, Device
from dispatch.facts import Recorded

if TYPE_CHECKING:
    from dispatch.world import World

MISSED = 64  # counts remembered that a device skipped
MOST_DEVICES = (
    32  # of one account in use; one more: the one unseen for longest is forgotten and must sign in again
)
MOST_REVOKED = 256  # of one account


def device_enrolled(world: "World", recorded: Recorded, fact: device_facts.DeviceEnrolled) -> "World":
    """A sign-in on a device."""
    present = world.devices.get(fact.device_id)
    device = (
        Device(
            id=fact.device_id,
            account=fact.account,
            name=fact.name,
            public_key=fact.public_key,
            enrolled_at=recorded.at,
            seen_at=recorded.at,
        )
        if present is None
        else replace(present, name=fact.name or present.name, seen_at=recorded.at)
    )
    devices, sessions = world.devices.set(device.id, device), world.sessions
    for gone in _too_many(devices.values(), fact.account):
        devices = devices.delete(gone.id)
        for digest in [digest for digest, each in sessions.items() if each.device_id == gone.id]:
            sessions = sessions.delete(digest)
    return replace(world, devices=devices, sessions=sessions)


def _too_many(devices: Iterable[Device], account: str) -> list[Device]:
    own = sorted((one for one in devices if one.account == account), key=lambda one: one.seen_at)
    used = [one for one in own if one.revoked_at is None]
    revoked = [one for one in own if one.revoked_at is not None]
    return used[: max(0, len(used) - MOST_DEVICES)] + revoked[: max(0, len(revoked) - MOST_REVOKED)]


def device_revoked(world: "World", recorded: Recorded, fact: device_facts.DeviceRevoked) -> "World":
    """A device ended."""
    present = world.devices.get(fact.device_id)
    if present is None:
        return world
    ended = replace(
        present,
        revoked_at=recorded.at,
        revoked_by=recorded.actor,
        reason=fact.reason,
        ended_tokens=fact.token_digests,
    )
    return replace(world, devices=world.devices.set(ended.id, ended))


def act_stamped(world: "World", recorded: Recorded, fact: device_facts.ActStamped) -> "World":
    """The last step of the tasking, or water, or a signature, came so; and the device has counted on."""
    if fact.water_ids or fact.hours:
        world = drop_fold.stamped(world, fact.tasking_id, fact.stamp, fact.water_ids, hours=fact.hours)
    else:
        world = _on_step(world, fact.tasking_id, fact.stamp)
    device = world.devices.get(fact.stamp.device_id)
    if device is None or not fact.stamp.signed:
        return world
    seq = fact.stamp.seq
    skipped = range(max(device.last_seq + 1, seq - MISSED), seq)
    counted = replace(
        device,
        seen_at=recorded.at,
        last_seq=max(seq, device.last_seq),
        missed=(*device.missed, *skipped)[-MISSED:],
    )
    return replace(world, devices=world.devices.set(device.id, counted))


def _on_step(world: "World", tasking_id: str, stamp: ActStamp) -> "World":
    tasking = world.taskings.get(tasking_id)
    if tasking is None or not tasking.history:
        return world
    *before, last = tasking.history
    told = replace(tasking, history=(*before, replace(last, stamp=stamp)))
    return replace(
        world,
        taskings=world.taskings.set(tasking.id, told),
        changed=world.changed.set(("taskings", tasking.id), world.seq),
    )
