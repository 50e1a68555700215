"""Who is reached by telephone for a tasking, and under whose account their answer counts.

A reply is the act of an operator's account, for only that role accepts (access.TASKING_ACTS). A number that stands in
such an account answers for it; so does the captain's or the operator's duty telephone where the operator has one
account only. Otherwise they are told, and answer on the page or by voice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.callout_kinds import RecipientKind
from dispatch.kinds import CrewDuty, Role
from dispatch.records import Account, Tasking
from dispatch.world import World

MOST_RECIPIENTS = 3  # of one tasking: more texts would only bring more answers to one question
_NOT_DIGITS = re.compile(r"[^0-9]")
SHORTEST, LONGEST = 5, 15  # digits; the longest of ITU-T E.164 §6.2.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody with a number. `account` empty: told, but may not answer."""

    kind: RecipientKind
    id: str
    name: str
    number: str
    account: str


def normal(number: str) -> str:
    """The digits of a number, a Chinese mobile's without its country code; empty where it cannot be one."""
    digits = _NOT_DIGITS.sub("", number)
    for prefix in ("0086", "86"):
        rest = digits.removeprefix(prefix)
        if rest != digits and len(rest) == 11 and rest.startswith("1"):
            return rest
    return digits if SHORTEST <= len(digits) <= LONGEST else ""


def masked(number: str) -> str:
    """What of a number is shown and logged: its last four digits."""
    return f"…{number[-4:]}" if number else ""


def recipients(world: World, tasking: Tasking) -> tuple[Recipient, ...]:
    """The captain, then the operator's people, then its duty telephone; each number once."""
    accounts = _accounts(world, tasking.operator_id)
    by_number = {normal(account.phone): account.name for account in accounts if normal(account.phone)}
    alone = accounts[0].name if len(accounts) == 1 else ""
    found: dict[str, Recipient] = {}
    for kind, own_id, name, number in _numbers(world, tasking, accounts):
        if number and number not in found:
            account = by_number.get(number, alone)
            found[number] = Recipient(kind=kind, id=own_id, name=name, number=number, account=account)
    return tuple(found.values())[:MOST_RECIPIENTS]


def _numbers(
    world: World, tasking: Tasking, accounts: list[Account]
) -> Iterator[tuple[RecipientKind, str, str, str]]:
    for member in sorted(world.crew.values(), key=lambda one: one.id):
        if member.aircraft_id == tasking.aircraft_id and member.duty is CrewDuty.CAPTAIN:
            yield RecipientKind.CREW, member.id, member.name, normal(member.phone)
    for account in accounts:
        yield RecipientKind.ACCOUNT, account.name, account.display_name, normal(account.phone)
    operator = world.operators.get(tasking.operator_id)
    if operator is not None:
        yield RecipientKind.OPERATOR, operator.id, operator.name, normal(operator.phone)


def _accounts(world: World, operator_id: str) -> list[Account]:
    """The operator's people who may sign in, by name; scripts only where there is nobody else."""
    found = sorted(
        (
            account
            for account in world.accounts.values()
            if Role.OPERATOR in account.roles and account.operator_id == operator_id and not account.disabled
        ),
        key=lambda account: account.name,
    )
    return [account for account in found if not account.scripted] or found


def known(world: World, number: str) -> bool:
    """Whether a number is one of ours: only such are ever answered."""
    return (
        any(normal(account.phone) == number for account in world.accounts.values() if account.phone)
        or any(normal(member.phone) == number for member in world.crew.values() if member.phone)
        or any(normal(operator.phone) == number for operator in world.operators.values() if operator.phone)
    )
