"""Key figures of a period (考核指标, DOMAIN §6), worked out anew from what was recorded: the same journal, the same figures.

An alarm counts in the period in which it was reported, a tasking in which it was ordered, a request in which it was
filed, a flight in which it took off. Drills (演练) and real operation are never mixed. Where the journal cannot say,
the figure is None and `reason` says why; a missing record is never counted as a good one.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from immutables import Map

from dispatch.fitness import rules_in_force
from dispatch.flown import flown_by
from dispatch.kinds import AirspaceAction, DutyMeasure, IncidentAction, TaskingAction
from dispatch.papers import flights
from dispatch.papers.case import Case, first_step
from dispatch.papers.flights import Sortie
from dispatch.records import AirspaceRequest, Incident, Step, Tasking

_I, _T, _A = IncidentAction, TaskingAction, AirspaceAction
_ANSWERS = (_A.APPROVE, _A.PHONE, _A.REFUSE, _A.COUNTER)

# Targets, DOMAIN §6; (p) there: proposed.
VERIFY_S = 60.0
DECISION_S = 120.0  # options asked for and approved, minutes 2 to 4 (p)
ACK_S = 120.0  # (p)
AIRBORNE_S = 1200.0  # Kunming 2019
ON_SCENE_S = 3600.0  # key belts
ETA_S = 300.0  # an arrival within 5 min of the plan is not overdue, DOMAIN §3

NO_SUBJECTS = "nothing_in_period"
NO_DROPS = "drops_not_recorded"
MAX_SAMPLES = 2000  # shown of one figure, the newest; the statistics are of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement behind a figure: when, how much, and of what."""

    at: datetime
    value: float
    subject: str  # id of the incident, tasking or request


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How often a cause was given."""

    code: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure in `unit` (s, h, t/h, min, yuan, yuan/t, share, count). `value` is the median where there are samples.

    `within` is the share of samples at or below `target`. `reason` is a stable code, empty where `value` is known.
    """

    key: str
    unit: str
    value: float | None
    n: int = 0
    p90: float | None = None
    worst: float | None = None
    target: float | None = None
    within: float | None = None
    reason: str = ""
    parts: tuple[Part, ...] = ()
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpis:
    """All figures of a period. `others` counts incidents of the other sort (drills, or real ones) in it."""

    begin: datetime
    end: datetime
    simulated: bool
    incidents: int
    others: int
    kpis: tuple[Kpi, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flown:
    tasking: Tasking
    sortie: Sortie


def measure(case: Case, begin: datetime, end: datetime, *, simulated: bool) -> Kpis:
    """The figures of begin <= t < end, of this site's own records. `case` holds the whole site."""
    world = case.world

    def within(at: datetime | None) -> bool:
        return at is not None and begin <= at < end

    own = [i for i in world.incidents.values() if i.site == world.site and within(i.reported_at)]
    incidents = [i for i in own if i.simulated == simulated]
    taskings = [t for t in world.taskings.values() if t.site == world.site and t.simulated == simulated]
    ordered = [t for t in taskings if within(_at(t.history, _T.ORDER))]
    requests = [
        r
        for r in world.requests.values()
        if r.site == world.site and r.simulated == simulated and within(r.filed_at)
    ]
    flown = [
        _Flown(tasking=tasking, sortie=sortie)
        for tasking in taskings
        for sortie in flights.sorties(tasking)
        if within(sortie.take_off_at)
    ]
    return Kpis(
        begin=begin,
        end=end,
        simulated=simulated,
        incidents=len(incidents),
        others=len(own) - len(incidents),
        kpis=(
            *_of_incidents(incidents, taskings),
            *_of_orders(ordered),
            *_of_airspace(requests, end),
            *_of_flights(case, flown),
            _of_contracts(case, flown, begin, end),
            _of_duty(case, flown),
            *_unrecorded(),
        ),
    )


def _of_incidents(incidents: list[Incident], taskings: list[Tasking]) -> Iterable[Kpi]:
    """Clocks that begin with an alarm."""
    orders: dict[str, datetime] = {}
    arrivals: dict[str, datetime] = {}
    drops: dict[str, datetime] = {}
    for tasking in taskings:
        for found, at in (
            (orders, _at(tasking.history, _T.ORDER)),
            (arrivals, next((s.on_scene_at for s in flights.sorties(tasking) if s.on_scene_at), None)),
            (
                drops,
                min((s.first_drop_at for s in flights.sorties(tasking) if s.first_drop_at), default=None),
            ),
        ):
            if at is not None:
                found[tasking.incident_id] = min(at, found.get(tasking.incident_id, at))

    def since(
        begin: Callable[[Incident], datetime | None], end: Callable[[Incident], datetime | None]
    ) -> list[Sample]:
        return _spans((i.id, begin(i), end(i)) for i in incidents)

    def reported(incident: Incident) -> datetime:
        return incident.reported_at

    verified = since(reported, lambda i: _at(i.history, _I.CONFIRM, _I.DISMISS, _I.MERGE))
    decided = since(lambda i: _at(i.history, _I.CONFIRM), lambda i: orders.get(i.id))
    arrived = since(reported, lambda i: arrivals.get(i.id))
    yield _duration("verify", verified, VERIFY_S)
    yield _duration("decision", decided, DECISION_S)
    yield _duration("on_scene", arrived, ON_SCENE_S)
    first = _duration("first_drop", since(reported, lambda i: drops.get(i.id)), None)
    yield first if first.n or not incidents else replace(first, reason=NO_DROPS)
    judged = [first_step(i.history, _I.CONFIRM, _I.DISMISS) for i in incidents]
    known = [step for step in judged if step is not None]
    yield Kpi(
        key="false_alarm_share",
        unit="share",
        value=sum(step.action == _I.DISMISS for step in known) / len(known) if known else None,
        n=len(known),
        reason="" if known else NO_SUBJECTS,
    )


def _of_orders(ordered: list[Tasking]) -> Iterable[Kpi]:
    """Clocks that begin with an order, and what became of it."""

    def after_order(*actions: TaskingAction) -> list[Sample]:
        return _spans((t.id, _at(t.history, _T.ORDER), _at(t.history, *actions)) for t in ordered)

    yield _duration("ack", after_order(_T.ACCEPT, _T.REFUSE), ACK_S)
    yield _duration("airborne", after_order(_T.TAKE_OFF), AIRBORNE_S)
    eta = [
        Sample(at=each.at, value=abs(each.value), subject=each.subject)
        for each in _spans((t.id, t.on_scene_at, _first_arrival(t)) for t in ordered)
    ]
    yield _duration("eta_error", eta, ETA_S)
    causes = Counter(cause for cause in map(_not_launched, ordered) if cause)
    yield Kpi(
        key="launches_refused",
        unit="count",
        value=float(sum(causes.values())) if ordered else None,
        n=len(ordered),
        reason="" if ordered else NO_SUBJECTS,
        parts=tuple(Part(code=code, count=count) for code, count in sorted(causes.items())),
    )


def _of_airspace(requests: list[AirspaceRequest], end: datetime) -> Iterable[Kpi]:
    """How long ATC took, and how often longer than it had. An answer that is still owed after its time is late."""
    answered = _spans((r.id, r.filed_at, _at(r.history, *_ANSWERS)) for r in requests)
    yield _duration("airspace_answer", answered, None)
    judged = [late for late in (_late(request, end) for request in requests) if late is not None]
    yield Kpi(
        key="airspace_late",
        unit="share",
        value=sum(judged) / len(judged) if judged else None,
        n=len(judged),
        reason="" if judged else NO_SUBJECTS,
    )


def _of_flights(case: Case, flown: list[_Flown]) -> Iterable[Kpi]:
    """Hours, water and money of the sorties that have landed."""
    landed = [each for each in flown if each.sortie.air_s is not None]
    air_h = sum(each.sortie.air_s or 0.0 for each in landed) / 3600
    hours = {"n": len(landed), "reason": "" if landed else NO_SUBJECTS}
    yield Kpi(key="sorties", unit="count", value=float(len(flown)), n=len(flown))
    yield Kpi(key="flight_hours", unit="h", value=air_h if landed else None, **hours)  # type: ignore[arg-type]  # two fields
    cost = _cost(case, landed)
    yield Kpi(
        key="cost",
        unit="yuan",
        value=cost,
        n=len(landed),
        reason="" if cost is not None else ("rate_unknown" if landed else NO_SUBJECTS),
    )
    yield from _of_water(case, landed)


def _of_water(case: Case, landed: list[_Flown]) -> Iterable[Kpi]:
    """Water of the sorties whose drops are recorded. `parts`: how those are known, and how many sorties say nothing."""
    fires = [
        each for each in landed if each.tasking.drops or each.sortie.drops
    ]  # sent with water, or used for it
    known = [each for each in fires if each.sortie.drops is not None]
    sorties = tuple(each.sortie for each in known)
    air_h = sum(sortie.air_s or 0.0 for sortie in sorties) / 3600
    work_h = sum(sortie.work_s or 0.0 for sortie in sorties) / 3600
    drops, litres, seen = flights.drops(sorties), flights.litres(sorties), flights.by_track(sorties)
    tonnes = None if litres is None else litres / 1000
    counts = {
        "from_track": seen or 0,
        "told": (drops or 0) - (seen or 0),
        "not_recorded": len(fires) - len(known),
    }
    parts = tuple(Part(code=code, count=count) for code, count in counts.items() if count)
    for key, unit, amount, by in (
        ("tonnes_per_hour", "t/h", tonnes, work_h),
        ("tonnes_per_flight_hour", "t/h", tonnes, air_h),
        ("minutes_per_bucket", "min", air_h * 60, drops),
        ("cost_per_tonne", "yuan/t", _cost(case, known), tonnes),
    ):
        value = amount / by if amount is not None and by else None
        yield Kpi(
            key=key,
            unit=unit,
            value=value,
            n=len(known),
            reason="" if value is not None else (NO_DROPS if fires else NO_SUBJECTS),
            parts=parts if known else (),
        )


def _cost(case: Case, landed: list[_Flown]) -> float | None:
    """CNY, a tasking's hours made up to the least that its contract pays; None unless every flight's rate is known."""
    hours: dict[str, float] = {}
    for each in landed:
        hours[each.tasking.id] = hours.get(each.tasking.id, 0.0) + (each.sortie.air_s or 0.0) / 3600
    total = 0.0
    for tasking_id, flown_h in hours.items():
        named = case.ordered.get(tasking_id)
        if named is None or named.rate is None:
            return None
        total += max(flown_h, named.rate.minimum_h) * named.rate.yuan_per_hour
    return total if landed else None


def _of_contracts(case: Case, flown: list[_Flown], begin: datetime, end: datetime) -> Kpi:
    """Hours flown under contracts that state their hours, of the hours that fall into the period, spread evenly."""
    owed_h = 0.0
    counted: set[str] = set()
    for each in case.world.contracts.values():
        span_s = (each.valid_until - each.valid_from).total_seconds()
        overlap_s = (min(end, each.valid_until) - max(begin, each.valid_from)).total_seconds()
        if each.site == case.world.site and each.hours > 0 and span_s > 0 and overlap_s > 0:
            owed_h += each.hours * overlap_s / span_s
            counted.add(each.id)
    flown_h = 0.0
    for one in flown:
        named = case.ordered.get(one.tasking.id)
        if named is not None and named.rate is not None and named.rate.reference in counted:
            flown_h += (one.sortie.air_s or 0.0) / 3600
    return Kpi(
        key="contracted_hours_use",
        unit="share",
        value=flown_h / owed_h if owed_h else None,
        n=len(counted),
        reason="" if owed_h else "contracts_not_recorded",
    )


def _of_duty(case: Case, flown: list[_Flown]) -> Kpi:
    """Landings after which somebody of the crew had flown longer than a flight-time rule allows."""
    world = case.world
    judged = breaches = 0
    flown_with: dict[str, list[Tasking]] = {}
    for tasking in world.taskings.values():
        for member_id in tasking.crew_ids:
            flown_with.setdefault(member_id, []).append(tasking)
    for one in flown:
        landed_at = one.sortie.landed_at
        members = [world.crew[each] for each in one.tasking.crew_ids if each in world.crew]
        if landed_at is None or not members:
            continue
        rules = [rule for rule in rules_in_force(world, landed_at) if rule.measure is DutyMeasure.FLIGHT_TIME]
        judged += 1 if rules else 0
        for member in members if rules else ():
            before = replace(world, taskings=_up_to(flown_with[member.id], landed_at))
            breaches += sum(flown_by(before, member, rule.days, landed_at) > rule.limit_s for rule in rules)
    return Kpi(
        key="duty_breaches",
        unit="count",
        value=float(breaches) if judged else None,
        n=judged,
        reason="" if judged else ("crew_or_rules_not_recorded" if flown else NO_SUBJECTS),
    )


def _up_to(taskings: list[Tasking], at: datetime) -> Map[str, Tasking]:
    """The taskings as far as they had been flown by then."""
    return Map(
        {
            tasking.id: replace(tasking, history=tuple(s for s in tasking.history if s.at <= at))
            for tasking in taskings
        }
    )


def _unrecorded() -> Iterable[Kpi]:
    """What DOMAIN §6 asks for and this journal does not hold, each with what would have to be recorded."""
    for key, unit, reason in (
        ("answer", "s", "ringing_not_recorded"),
        ("false_alert_share", "share", "false_alerts_not_recorded"),
        ("link_availability", "share", "links_not_recorded"),
        ("report_punctuality", "share", "reports_up_not_recorded"),
    ):
        yield Kpi(key=key, unit=unit, value=None, reason=reason)


def _at(history: tuple[Step, ...], *actions: str) -> datetime | None:
    step = first_step(history, *actions)
    return None if step is None else step.at


def _first_arrival(tasking: Tasking) -> datetime | None:
    """Of the first sortie: its plan is the one that was ordered."""
    flown = flights.sorties(tasking)
    return flown[0].on_scene_at if flown else None


def _not_launched(tasking: Tasking) -> str:
    """Why an ordered aircraft never took off; empty where it did, or may still."""
    if first_step(tasking.history, _T.TAKE_OFF) is not None:
        return ""
    ended = first_step(tasking.history, _T.REFUSE, _T.EXPIRE, _T.RECALL)
    if ended is None:
        return ""
    return str(tasking.refusal) if tasking.refusal is not None else ended.action


def _late(request: AirspaceRequest, end: datetime) -> bool | None:
    """Whether ATC answered late; None: withdrawn before an answer was due, or not due yet."""
    answer = _at(request.history, *_ANSWERS)
    if answer is not None:
        return answer > request.answer_due_at
    gone = _at(request.history, _A.WITHDRAW, _A.EXPIRE)
    until = end if gone is None else min(gone, end)
    return True if until > request.answer_due_at else None


def _spans(found: Iterable[tuple[str, datetime | None, datetime | None]]) -> list[Sample]:
    """The seconds between two times, of those that have both, in order of the first."""
    made = [
        Sample(at=begin, value=(end - begin).total_seconds(), subject=subject)
        for subject, begin, end in found
        if begin is not None and end is not None
    ]
    return sorted(made, key=lambda sample: (sample.at, sample.subject))


def _duration(key: str, samples: list[Sample], target: float | None) -> Kpi:
    """Median, nine in ten, worst, and how many kept the target."""
    if not samples:
        return Kpi(key=key, unit="s", value=None, target=target, reason=NO_SUBJECTS)
    values = sorted(sample.value for sample in samples)
    kept = None if target is None else sum(value <= target for value in values) / len(values)
    return Kpi(
        key=key,
        unit="s",
        value=rank(values, 0.5),
        n=len(values),
        p90=rank(values, 0.9),
        worst=values[-1],
        target=target,
        within=kept,
        samples=tuple(samples[-MAX_SAMPLES:]),
    )


def rank(ordered: list[float], share: float) -> float:
    """The smallest value that `share` of all are at or below (nearest rank). Raises IndexError where there are none."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]
