"""Hours and drops of a tasking, signed by the station and by the company before they are paid (时间签认, DOMAIN §2.2).

What is signed is a digest of every flight's times and of every load that counts. Whoever signs names the digest that
he was shown: nobody signs what he has not seen. Any later change voids both signatures. Without both nothing is
settled, unless the duty chief settles alone and says why; the paper then says so.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from dispatch import access
from dispatch.commands import Ask
from dispatch.drop_commands import SignHours
from dispatch.drop_facts import HoursSigned
from dispatch.drop_kinds import WaterAct
from dispatch.drop_records import HoursSignature
from dispatch.drops import live
from dispatch.errors import Refused, Unknown
from dispatch.kinds import Role, TaskingState
from dispatch.papers import flights
from dispatch.records import Tasking
from dispatch.world import World

PARTIES = (Role.BASE, Role.OPERATOR)  # the station and the company
_ON_GROUND = frozenset({TaskingState.LANDED, TaskingState.DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What there is to sign."""

    sorties: tuple[flights.Sortie, ...]
    air_s: float
    drops: int
    litres: float
    digest: str  # SHA-256 of all of it, hex


def hours_of(tasking: Tasking) -> Hours:
    """Flights and loads as they are recorded now. The same records, the same digest."""
    flown = flights.sorties(tasking)
    drops = live(tasking)
    lines = [tasking.id]
    lines += [f"{one.number} {_us(one.take_off_at)} {_us(one.landed_at)}" for one in flown]
    for act in WaterAct:
        lines += [
            f"{act} {one.id} {one.version} {one.sortie} {_us(one.at)} {one.litres!r}"
            for one in live(tasking, act)
        ]
    return Hours(
        sorties=flown,
        air_s=flights.air_s(flown),
        drops=len(drops),
        litres=sum(one.litres for one in drops),
        digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    )


def _us(at: datetime | None) -> str:
    return "-" if at is None else at.isoformat(timespec="microseconds")


def signed_by(tasking: Tasking, party: Role) -> HoursSignature | None:
    """The signature of a party that holds, if there is one."""
    digest = hours_of(tasking).digest
    return next(
        (
            each
            for each in reversed(tasking.signatures)
            if each.role is party and each.voided_at is None and each.digest == digest
        ),
        None,
    )


def both_signed(tasking: Tasking) -> bool:
    """Whether station and company have signed what stands there now."""
    return all(signed_by(tasking, party) is not None for party in PARTIES)


def decide_sign(world: World, ask: Ask, command: SignHours, now: datetime) -> tuple[HoursSigned, ...]:
    """Sign for the station or the company."""
    tasking = world.taskings.get(command.tasking_id)
    if tasking is None:
        raise Unknown("tasking_id", f"no tasking {command.tasking_id}")
    access.require_own_operator(ask, tasking.operator_id)
    if tasking.site != world.site:
        raise Refused("NOT_OWNER", f"it belongs to site {tasking.site}", field="tasking_id")
    access.require(ask, access.SIGN_HOURS, "signing hours")
    if tasking.state not in _ON_GROUND:
        raise Refused(
            "NOT_NOW",
            f"tasking is {tasking.state}; hours are signed from the landing until they are settled",
            field="tasking_id",
        )
    hours = hours_of(tasking)
    if command.digest != hours.digest:
        raise Refused("CHANGED", "hours or drops have changed since they were shown", field="digest")
    if ask.role is None or signed_by(tasking, ask.role) is not None:
        raise Refused("ALREADY_SIGNED", "your side has signed this", field="tasking_id")
    for party in PARTIES:
        other = signed_by(tasking, party)
        if other is not None and other.by == ask.actor:
            raise Refused("SAME_PERSON", "station and company are two persons", field="tasking_id")
    signature = HoursSignature(
        role=ask.role,
        by=world.site,  # who it was stands in the row's header, that partners are not shown
        at=now,
        digest=hours.digest,
        air_s=hours.air_s,
        drops=hours.drops,
        litres=hours.litres,
    )
    return (HoursSigned(tasking_id=tasking.id, signature=signature),)


def check_signed(tasking: Tasking, ask: Ask, reason: str) -> None:
    """Raises Refused NOT_SIGNED unless both have signed, or the duty chief says why it is settled without."""
    if both_signed(tasking) or (ask.role is Role.DUTY_CHIEF and reason.strip()):
        return
    missing = [party.value for party in PARTIES if signed_by(tasking, party) is None]
    raise Refused(
        "NOT_SIGNED",
        f"not signed by {' and '.join(missing)}; without it the duty chief settles and says why",
        field="reason" if ask.role is Role.DUTY_CHIEF else "action",
    )
