"""Phones that sign: enrolling at sign-in, the order of their acts, whose clock is right, and revocation.

The edge has checked a signature before it hands over a stamp; here is decided whether the device may act and whether
it is this act's turn. An act is never refused for its clock: both times are recorded and the one that counts is set
right (DOMAIN §6: the journal's clock decides).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access
from dispatch.account_commands import OpenSession, RevokeDevice
from dispatch.account_facts import SessionClosed
from dispatch.commands import Ask
from dispatch.device_facts import ActStamped, DeviceEnrolled, DeviceRevoked
from dispatch.device_records import ActStamp, Device
from dispatch.drop_commands import CorrectWater, RecordWater, RejectTrackEvents, SignHours
from dispatch.drop_facts import HoursSigned, WaterRecorded
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import ActFlag, Role
from dispatch.tasking_commands import ActOnTasking
from dispatch.uplink_commands import AnswerUplink
from dispatch.world import World

CLOCK_SKEW = timedelta(seconds=60)  # clocks that differ by more are told
MAX_REASON = 500
SIGNED = (
    ActOnTasking,
    RecordWater,
    CorrectWater,
    RejectTrackEvents,
    SignHours,
    AnswerUplink,
)  # by a session's device


def enrolled(world: World, command: OpenSession) -> tuple[Fact, ...]:
    """The device of a sign-in. Raises Refused for one that was revoked."""
    session = command.session
    if not session.device_id:
        return ()
    present = world.devices.get(session.device_id)
    if present is not None and present.revoked_at is not None:
        raise Refused("DEVICE_REVOKED", "this device was revoked; it may not sign in", field="device")
    if present is not None and present.account != session.account:
        raise Refused("DEVICE_TAKEN", "this key belongs to another account", field="device")
    return (
        DeviceEnrolled(
            device_id=session.device_id,
            account=session.account,
            name=command.device_name,
            public_key=command.public_key,
        ),
    )


def decide_revoke(world: World, ask: Ask, command: RevokeDevice) -> tuple[Fact, ...]:
    """End a device: its key is refused from here on, its sessions are closed."""
    if ask.role is not None:
        access.require(ask, access.REVOKE_DEVICE, "revoking a device")
    device = world.devices.get(command.device_id)
    if device is None or not may_see(world, ask.role, ask.operator_id, device):
        raise Unknown("id", f"no device {command.device_id}")
    if device.revoked_at is not None:
        raise Refused("NOT_NOW", "it is revoked already", field="id")
    if not command.reason.strip() or len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"say why, in at most {MAX_REASON} characters")
    open_now = tuple(sorted(digest for digest, each in world.sessions.items() if each.device_id == device.id))
    return (
        DeviceRevoked(device_id=device.id, reason=command.reason, token_digests=open_now),
        *(SessionClosed(token_digest=digest) for digest in open_now),
    )


def may_see(world: World, role: Role | None, operator_id: str, device: Device) -> bool:
    """Whether somebody sees a device: an operator those of its own company, others by their role."""
    if role is Role.OPERATOR:
        account = world.accounts.get(device.account)
        return account is not None and bool(operator_id) and account.operator_id == operator_id
    return role is None or role in access.SEE_DEVICES


def check_turn(world: World, ask: Ask) -> None:
    """Raises Refused unless a stamped act is by a good device and has its turn; and where a device must sign."""
    stamp = ask.stamp
    if stamp is None or not stamp.signed:
        if ask.device_id and isinstance(ask.command, SIGNED):
            raise Refused("BAD_SIGNATURE", "this session's device signs its acts", field="Signature")
        return
    device = world.devices.get(stamp.device_id)
    if device is None or device.account != ask.actor or (ask.device_id and ask.device_id != stamp.device_id):
        raise Refused("BAD_SIGNATURE", "signed by a device that is not this session's", field="Signature")
    if device.revoked_at is not None:
        raise Refused("DEVICE_REVOKED", "this device was revoked; tell it by voice", field="Signature")
    if stamp.seq in device.missed:
        raise Refused(
            "OUT_OF_ORDER",
            f"act {stamp.seq} comes after {device.last_seq}; sign it anew",
            field="Ganying-Act",
        )
    if stamp.seq <= device.last_seq:
        raise Refused("REPLAYED", f"act {stamp.seq} was taken before", field="Ganying-Act")


def when_done(ask: Ask, stated: datetime | None, now: datetime) -> datetime | None:
    """When an act was done by our clock: never in the future. None: as it was asked."""
    if stated is not None:
        return min(stated, now)
    if ask.stamp is None:
        return None
    return min(ask.stamp.pressed_at - timedelta(seconds=ask.stamp.clock_ahead_s), now)


def stamped(ask: Ask, made: tuple[Fact, ...], now: datetime) -> tuple[Fact, ...]:
    """How what was `made` came, if there is anything to tell: from a device, or with a time that cannot be."""
    command, stamp = ask.command, ask.stamp
    tasking_id = command.tasking_id if isinstance(command, SIGNED) else ""
    if stamp is None:
        stated = command.done_at if isinstance(command, ActOnTasking) else None
        if stated is None or stated <= now + CLOCK_SKEW:
            return ()
        stamp = ActStamp(pressed_at=stated, clock_ahead_s=(stated - now).total_seconds(), signed=False)
        return (ActStamped(stamp=replace(stamp, flags=(ActFlag.CLOCK_SKEW,)), tasking_id=tasking_id),)
    flags = []
    if abs(stamp.clock_ahead_s) > CLOCK_SKEW.total_seconds():
        flags.append(ActFlag.CLOCK_SKEW)
    if not stamp.signed:
        flags.append(ActFlag.UNSIGNED)
    water = tuple(each.load.id for each in made if isinstance(each, WaterRecorded))
    steps = isinstance(command, ActOnTasking) or bool(water)
    hours = any(isinstance(each, HoursSigned) for each in made)
    return (
        ActStamped(
            stamp=replace(stamp, flags=tuple(flags)),
            tasking_id=tasking_id if steps or hours else "",
            water_ids=water,
            hours=hours,
        ),
    )
