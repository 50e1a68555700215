"""The duty roster (值班表): who may be on duty where, who is now, and what is doubtful about the plan.

A row that cannot be meant is refused by name (an account that nobody has, a role that the post does not want, one
person in two places). What people may have meant is a finding on the row: a post without anybody, two at one post,
hours beyond the site's dated rules (DutyRule rows of desk_time).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.errors import Malformed, Refused, Unknown
from dispatch.fitness import rules_in_force
from dispatch.kinds import DutyMeasure, DutyPost, Role
from dispatch.staff_records import DutyRule, DutyShift
from dispatch.world import World

LONGEST = timedelta(hours=24)  # a day and a night; more is a slip in the date, or two rows
LEAST = timedelta(minutes=30)

# Which role an account must hold for a post. Proposed: DOMAIN §2.1 names the posts, not their accounts.
ROLES_OF: dict[DutyPost, frozenset[Role]] = {
    DutyPost.LEADER: frozenset({Role.DUTY_CHIEF}),
    DutyPost.CHIEF: frozenset({Role.DUTY_CHIEF}),
    DutyPost.DISPATCHER: frozenset({Role.DISPATCHER, Role.DUTY_CHIEF}),
    DutyPost.OBSERVER: frozenset({Role.OBSERVER}),
    DutyPost.BASE_DESK: frozenset({Role.BASE}),
    DutyPost.TECHNICIAN: frozenset({Role.SYSADMIN}),
}
ALWAYS = (DutyPost.CHIEF, DutyPost.DISPATCHER)  # never without anybody
ALONE = frozenset({DutyPost.CHIEF})  # one at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFinding:
    """Something doubtful: `code` is stable; `shift_id` the row, empty where it is about nobody; times of the span."""

    code: str
    post: DutyPost
    begins_at: datetime
    ends_at: datetime
    shift_id: str = ""
    account: str = ""
    detail: str = ""
    rule: str = ""
    source: str = ""


def check(world: World, shift: DutyShift) -> None:
    """Raises Malformed, Unknown or Refused for a row that cannot be meant."""
    for field in ("begins_at", "ends_at"):
        if getattr(shift, field).tzinfo is None:
            raise Malformed(field, "has no time zone")
        if getattr(shift, field).second or getattr(shift, field).microsecond:
            raise Malformed(field, "is not a whole minute")
    length = shift.ends_at - shift.begins_at
    if not LEAST <= length <= LONGEST:
        hours = length.total_seconds() / 3600
        raise Refused(
            "PERIOD",
            f"{hours:g} h is not within 0.5 to {LONGEST.total_seconds() / 3600:g} h",
            field="ends_at",
        )
    account = world.accounts.get(shift.account)
    if account is None:
        raise Unknown("account", f"no account {shift.account}")
    if shift.post is DutyPost.BASE_DESK and shift.base_id not in world.bases:
        raise Unknown("base_id", f"a base's desk names its base; no base {shift.base_id!r}")
    if shift.cancelled:
        return
    wrong = _wrong_account(world, shift)
    if wrong:
        raise Refused(*wrong, field="account")
    for other in _of_account(world, shift.account):
        if other.id != shift.id and _overlap(other, shift):
            raise Refused(
                "OVERLAP",
                f"{shift.account} is on duty as {other.post} in {other.id} {other.name} then",
                field="begins_at",
            )


def _wrong_account(world: World, shift: DutyShift) -> tuple[str, str] | None:
    """Code and words of what keeps an account from a post."""
    account = world.accounts.get(shift.account)
    if account is None:
        return "UNKNOWN_ACCOUNT", f"no account {shift.account}"
    if account.disabled:
        return "ACCOUNT_DISABLED", f"{shift.account} may not sign in"
    if not ROLES_OF[shift.post] & set(account.roles):
        wanted = ", ".join(sorted(ROLES_OF[shift.post]))
        return "WRONG_ROLE", f"{shift.post} is for {wanted}; {shift.account} is {', '.join(account.roles)}"
    return None


def planned(world: World) -> Iterator[DutyShift]:
    """Own shifts that are not struck off."""
    return (each for each in world.shifts.values() if each.site == world.site and not each.cancelled)


def _of_account(world: World, account: str) -> Iterator[DutyShift]:
    return (each for each in planned(world) if each.account == account)


def _overlap(one: DutyShift, other: DutyShift) -> bool:
    return one.begins_at < other.ends_at and other.begins_at < one.ends_at


def _by_post(shifts: Iterable[DutyShift]) -> list[DutyShift]:
    order = list(DutyPost)
    return sorted(
        shifts, key=lambda each: (each.begins_at, order.index(each.post), each.base_id, each.account)
    )


def on_duty(world: World, now: datetime) -> list[DutyShift]:
    """Who is on duty now, the highest post first."""
    order = list(DutyPost)
    present = (each for each in planned(world) if each.begins_at <= now < each.ends_at)
    return sorted(present, key=lambda each: (order.index(each.post), each.base_id, each.account))


def coming(world: World, now: datetime, within: timedelta = timedelta(hours=24)) -> list[DutyShift]:
    """Who comes next: of each post (and base) the first shift that has not begun, within so long."""
    found: dict[tuple[DutyPost, str], DutyShift] = {}
    for each in _by_post(one for one in planned(world) if now < one.begins_at <= now + within):
        first = found.setdefault((each.post, each.base_id), each)
        if first is not each and first.begins_at == each.begins_at:
            found[each.post, each.base_id + "\0" + each.account] = each
    return _by_post(found.values())


def shift_of(world: World, account: str, now: datetime) -> DutyShift | None:
    """The shift that an account serves now, or served last within two hours: a handover may be late."""
    served = [
        each
        for each in _of_account(world, account)
        if each.begins_at <= now < each.ends_at + timedelta(hours=2)
    ]
    return max(served, key=lambda each: each.ends_at, default=None)


def findings(world: World, begin: datetime, end: datetime) -> list[RosterFinding]:
    """What is doubtful about the plan between two times, by time."""
    shown = [each for each in planned(world) if each.begins_at < end and begin < each.ends_at]
    found = [*_accounts(world, shown), *_doubles(shown), *_hours(world, shown)]
    if shown:  # a week that nobody has begun to plan is empty, not full of gaps
        found += [gap for post in ALWAYS for gap in _gaps(shown, post, begin, end)]
    return sorted(found, key=lambda each: (each.begins_at, each.code, each.shift_id))


def _accounts(world: World, shifts: list[DutyShift]) -> Iterator[RosterFinding]:
    """Accounts that were right when the row was written and are not any more."""
    for each in shifts:
        wrong = _wrong_account(world, each)
        if wrong:
            yield _of(each, wrong[0], wrong[1])


def _of(shift: DutyShift, code: str, detail: str, rule: DutyRule | None = None) -> RosterFinding:
    return RosterFinding(
        code=code,
        post=shift.post,
        begins_at=shift.begins_at,
        ends_at=shift.ends_at,
        shift_id=shift.id,
        account=shift.account,
        detail=detail,
        rule=rule.name if rule else "",
        source=rule.source if rule else "",
    )


def _doubles(shifts: list[DutyShift]) -> Iterator[RosterFinding]:
    alone = _by_post(each for each in shifts if each.post in ALONE)
    for place, each in enumerate(alone):
        for other in alone[:place]:
            if other.post is each.post and _overlap(other, each):
                yield _of(each, "DOUBLE_POST", f"{other.account} {other.id}")


def _gaps(shifts: list[DutyShift], post: DutyPost, begin: datetime, end: datetime) -> Iterator[RosterFinding]:
    """When nobody is at a post, from the first shift of the plan to its last."""
    at = max(begin, min(each.begins_at for each in shifts))
    last = min(end, max(each.ends_at for each in shifts))
    for each in sorted((one for one in shifts if one.post is post), key=lambda one: one.begins_at):
        if each.begins_at > at:
            yield RosterFinding(code="GAP", post=post, begins_at=at, ends_at=min(each.begins_at, last))
        at = max(at, each.ends_at)
    if at < last:
        yield RosterFinding(code="GAP", post=post, begins_at=at, ends_at=last)


def _hours(world: World, shifts: list[DutyShift]) -> Iterator[RosterFinding]:
    """Rows with which somebody serves more than a dated rule allows in the days up to the row's end."""
    for each in shifts:
        for rule in rules_in_force(world, each.begins_at):
            if rule.measure is not DutyMeasure.DESK_TIME:
                continue
            since = each.ends_at - timedelta(days=rule.days)
            served_s = sum(
                (min(one.ends_at, each.ends_at) - max(one.begins_at, since)).total_seconds()
                for one in _of_account(world, each.account)
                if one.begins_at < each.ends_at and one.ends_at > since
            )
            if served_s > rule.limit_s:
                detail = f"{served_s / 3600:g}/{rule.limit_s / 3600:g} h in {rule.days} d"
                yield _of(each, "DUTY_HOURS", detail, rule)
