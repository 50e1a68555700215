"""What ATC is to be asked for a tasking, by when, and whether it has answered. Rules are dated rows, not code.

A site that keeps no row for a kind goes by DEFAULTS. A passed clock is shown and flagged; it refuses no emergency, and it
approves nothing.
"""

from datetime import UTC, datetime, timedelta

from dispatch import airspace_state, deadline
from dispatch.clearance_kinds import RuleMark
from dispatch.clearance_records import ClearanceRule, RequestClock
from dispatch.errors import Malformed, Refused
from dispatch.kinds import AirspaceKind, TaskKind
from dispatch.records import AirspaceRequest, Tasking
from dispatch.world import World

_K = AirspaceKind
_2003 = datetime(2003, 5, 1, tzinfo=UTC)
LEAST_ANSWER_S = 300.0  # proposed: a desk gets this long even if take-off is nearer

DEFAULTS = (
    ClearanceRule(
        id="DEFAULT-PLAN-E",
        site="",
        name="飞行计划（紧急）",
        kind=_K.PLAN,
        emergency=True,
        needed=True,
        file_by="60min",
        answer_by="15min",
        least_answer_s=LEAST_ANSWER_S,
        mark=RuleMark.UNVERIFIED,
        valid_from=_2003,
        source="通用航空飞行管制条例（国务院、中央军委令第371号）第十六条，据二手摘要",
    ),
    ClearanceRule(
        id="DEFAULT-PLAN-O",
        site="",
        name="飞行计划",
        kind=_K.PLAN,
        emergency=False,
        needed=True,
        file_by="1d 15:00",
        answer_by="1d 21:00",
        least_answer_s=LEAST_ANSWER_S,
        mark=RuleMark.UNVERIFIED,
        valid_from=_2003,
        source="通用航空飞行管制条例（国务院、中央军委令第371号）第十六条，据二手摘要",
    ),
)  # what a site goes by that keeps no rows for a kind

# 令371 §16 names 紧急救护 and 抢险救灾; a patrol is planned the day before as any flight is
_ORDINARY = frozenset({TaskKind.PATROL})


def is_emergency(tasking: Tasking) -> bool:
    """Whether the clocks of emergencies govern a tasking."""
    return tasking.task not in _ORDINARY


def check(rule: ClearanceRule) -> None:
    """Raises Malformed or Refused where a row cannot be meant."""
    deadline.check(rule.file_by, "file_by")
    deadline.check(rule.answer_by, "answer_by")
    if not 0.0 <= rule.least_answer_s <= 86_400.0:
        raise Malformed("least_answer_s", f"{rule.least_answer_s:g} is not 0 to 86400")
    if rule.kind is _K.PLAN and not rule.unmanned and not rule.needed and not rule.agreement.strip():
        raise Refused(
            "NO_AGREEMENT",
            "a plan that may follow the flight names the local agreement that says so",
            field="agreement",
        )


def rules(world: World, kind: AirspaceKind, now: datetime) -> tuple[ClearanceRule, ...]:
    """The rows of a kind in force for crewed flights, emergencies first; DEFAULTS for what no row speaks of."""
    found: list[ClearanceRule] = []
    for emergency in (True, False):
        own = [
            rule
            for rule in world.clearance_rules.values()
            if rule.kind is kind and rule.emergency is emergency and not rule.unmanned and _holds(rule, now)
        ]
        spare = [rule for rule in DEFAULTS if rule.kind is kind and rule.emergency is emergency]
        newest = sorted(own, key=lambda rule: (rule.valid_from, rule.id))[-1:]
        found += newest or spare
    return tuple(found)


def _holds(rule: ClearanceRule, now: datetime) -> bool:
    return rule.valid_from <= now and (rule.valid_until is None or now < rule.valid_until)


def clocks(
    world: World, kind: AirspaceKind, *, emergency: bool, flight_at: datetime, now: datetime
) -> tuple[RequestClock, ...]:
    """The limits of a request filed `now`, the governing one first."""
    made = []
    for rule in rules(world, kind, now):
        file_by_at = deadline.before(rule.file_by, flight_at)
        made.append(
            RequestClock(
                rule_id=rule.id,
                name=rule.name,
                emergency=rule.emergency,
                governs=rule.emergency is emergency,
                file_by_at=file_by_at,
                answer_by_at=deadline.before(rule.answer_by, flight_at),
                late=file_by_at is not None and now > file_by_at,
                mark=rule.mark,
                source=rule.source,
            )
        )
    return tuple(sorted(made, key=lambda clock: not clock.governs))


def answer_due_at(
    world: World,
    kind: AirspaceKind,
    made: tuple[RequestClock, ...],
    *,
    emergency: bool,
    flight_at: datetime,
    now: datetime,
) -> datetime:
    """When ATC's answer is due: as the governing rule says, but never sooner than its desk is given time."""
    governing = next((rule for rule in rules(world, kind, now) if rule.emergency is emergency), None)
    least_s = LEAST_ANSWER_S if governing is None else governing.least_answer_s
    earliest = now + timedelta(seconds=least_s)
    limit = next((clock.answer_by_at for clock in made if clock.governs), None)
    return max(earliest, limit or flight_at)


def needed(world: World, tasking: Tasking, now: datetime) -> tuple[ClearanceRule, ...]:
    """The rows that a release waits for. The plan is among them unless a row with an agreement says otherwise."""
    emergency = is_emergency(tasking)
    return tuple(
        rule
        for kind in AirspaceKind
        for rule in rules(world, kind, now)
        if rule.emergency is emergency and rule.needed
    )


def missing(world: World, tasking: Tasking, now: datetime) -> tuple[AirspaceKind, ...]:
    """The kinds that are needed and not granted now."""
    return tuple(
        rule.kind for rule in needed(world, tasking, now) if not granted(world, tasking, rule.kind, now)
    )


def granted(world: World, tasking: Tasking, kind: AirspaceKind, now: datetime) -> bool:
    """Whether what ATC was asked for the terms in force is approved and still in time."""
    stands = airspace_state.in_force(world, tasking, kind)
    return is_granted(stands, now)


def is_granted(request: AirspaceRequest | None, now: datetime) -> bool:
    """Whether a request is approved and has not run out."""
    return (
        request is not None
        and request.state in airspace_state.GRANTED
        and now <= request.airspace.active_until
    )
