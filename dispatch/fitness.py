"""Whether an aircraft and its crew may take a tasking now, and every rule that says no. Pure.

What nobody has stated forbids nothing: an aircraft without a stated certificate or a known crew is judged by what is
known. Limits on flying and serving are the site's dated duty rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch import aid_lent, hazard_reach
from dispatch.errors import Refused
from dispatch.flown import BEIJING, flown_by
from dispatch.kinds import CrewDuty, DutyMeasure
from dispatch.records import Aircraft
from dispatch.staff_records import CrewMember, DutyRule
from dispatch.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """One rule that keeps an aircraft on the ground. `code` is stable; `who` is a name; `rule` and `source` its row."""

    code: str
    who: str = ""
    detail: str = ""  # a date, or hours spent of hours allowed
    rule: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one member of a crew has used of one rule."""

    member: CrewMember
    rule: DutyRule
    used_s: float

    @property
    def left_s(self) -> float:
        """What is left, never below zero."""
        return max(0.0, self.rule.limit_s - self.used_s)


def rules_in_force(world: World, now: datetime) -> list[DutyRule]:
    """The site's rules that hold now, by id."""
    return [
        rule
        for _, rule in sorted(world.duty_rules.items())
        if rule.valid_from <= now and (rule.valid_until is None or now < rule.valid_until)
    ]


def crew_of(world: World, aircraft_id: str) -> list[CrewMember]:
    """Who is in an aircraft's crew now, by id."""
    return [one for _, one in sorted(world.crew.items()) if one.aircraft_id == aircraft_id]


def spent(world: World, aircraft_id: str, now: datetime) -> list[Spent]:
    """What each member of the crew has used of each rule in force."""
    return [
        Spent(member=member, rule=rule, used_s=_used_s(world, member, rule, now))
        for member in crew_of(world, aircraft_id)
        if member.duty in (CrewDuty.CAPTAIN, CrewDuty.COPILOT)
        for rule in rules_in_force(world, now)
        if rule.measure is not DutyMeasure.DESK_TIME
    ]


def _used_s(world: World, member: CrewMember, rule: DutyRule, now: datetime) -> float:
    if rule.measure is DutyMeasure.FLIGHT_TIME:
        return flown_by(world, member, rule.days, now)
    turn_s = 0.0 if member.duty_began_at is None else max(0.0, (now - member.duty_began_at).total_seconds())
    if rule.days == 1:
        return turn_s
    first_day = f"{now - timedelta(days=rule.days) + BEIJING:%Y-%m-%d}"
    return turn_s + sum(each.duty_s for each in member.flown if each.day >= first_day)


def unfit(world: World, aircraft: Aircraft, now: datetime) -> tuple[Unfit, ...]:
    """Every rule that keeps the aircraft from a tasking now; empty: it may go."""
    return tuple(_of_aircraft(world, aircraft, now)) + tuple(_of_crew(world, aircraft, now))


def require(world: World, aircraft: Aircraft | None, now: datetime) -> None:
    """Raises Refused(UNFIT) naming the rules that keep it on the ground. One that is not known here is not judged."""
    found = () if aircraft is None else unfit(world, aircraft, now)
    if aircraft is not None and found:
        why = "; ".join(" ".join(filter(None, (one.code, one.who, one.detail))) for one in found[:4])
        raise Refused("UNFIT", f"{aircraft.name} {aircraft.id}: {why}", field="aircraft_id")


def _of_aircraft(world: World, aircraft: Aircraft, now: datetime) -> Iterator[Unfit]:
    if not aircraft.serviceable:
        yield Unfit(code="UNSERVICEABLE", who=aircraft.name, detail=aircraft.unserviceable_reason)
    loan = aid_lent.why_not(world, aircraft.id, now)
    if loan is not None:
        yield Unfit(code=loan[0], who=aircraft.name, detail=loan[1])
    if _over(aircraft.certificate_until, now):
        yield Unfit(code="CERTIFICATE_EXPIRED", who=aircraft.name, detail=_day(aircraft.certificate_until))
    if _over(aircraft.inspection_due_at, now):
        yield Unfit(code="INSPECTION_DUE", who=aircraft.name, detail=_day(aircraft.inspection_due_at))
    base = world.bases.get(aircraft.at_base_id)
    over = None if base is None else hazard_reach.hazard_at(world, base.position, now)
    if base is not None and over is not None:
        yield Unfit(code="IN_HAZARD", who=base.name, detail=over.terms.name, source=over.terms.source)
    operator = world.operators.get(aircraft.operator_id)
    if operator is not None and _over(operator.certificate_until, now):
        yield Unfit(code="OPERATOR_EXPIRED", who=operator.name, detail=_day(operator.certificate_until))


def _of_crew(world: World, aircraft: Aircraft, now: datetime) -> Iterator[Unfit]:
    crew = crew_of(world, aircraft.id)
    known = any(one.operator_id == aircraft.operator_id for one in world.crew.values())
    if known and not any(one.duty is CrewDuty.CAPTAIN for one in crew):
        yield Unfit(code="NO_CAPTAIN", who=aircraft.name)
    for member in crew:
        if _over(member.licence_until, now):
            yield Unfit(code="LICENCE_EXPIRED", who=member.name, detail=_day(member.licence_until))
        if _over(member.medical_until, now):
            yield Unfit(code="MEDICAL_EXPIRED", who=member.name, detail=_day(member.medical_until))
        flies = member.duty in (CrewDuty.CAPTAIN, CrewDuty.COPILOT)
        if flies and member.models and aircraft.model not in member.models:
            yield Unfit(code="NOT_RATED", who=member.name, detail=aircraft.model)
    for each in spent(world, aircraft.id, now):
        if each.left_s <= 0:
            flight = each.rule.measure is DutyMeasure.FLIGHT_TIME
            yield Unfit(
                code="FLIGHT_TIME_SPENT" if flight else "DUTY_TIME_SPENT",
                who=each.member.name,
                detail=f"{each.used_s / 3600:.1f}/{each.rule.limit_s / 3600:g} h",
                rule=each.rule.name,
                source=each.rule.source,
            )


def _over(until: datetime | None, now: datetime) -> bool:
    return until is not None and now >= until


def _day(until: datetime | None) -> str:
    return "" if until is None else f"{until:%Y-%m-%dT%H:%MZ}"
