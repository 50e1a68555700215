"""A case: all that is recorded of one incident, its taskings and their airspace, as of one row of the journal.

It is folded by the site's own `world.fold`, so the papers and the screens can never say different things. Beside the
world it keeps what a paper must not change with later: names of persons as they were when they acted, and aircraft,
base, water and hospital as they were when the order was given.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from immutables import Map

from dispatch import (
    airspace_facts,
    conference_facts,
    drop_facts,
    incident_facts,
    room_facts,
    run_card_facts,
    tasking_facts,
    traffic_area_facts,
    uplink_facts,
)
from dispatch.facts import Fact, Recorded
from dispatch.fold import fold
from dispatch.kinds import AlarmKind, CrewDuty, DiversionCause, IncidentState, TaskingAction
from dispatch.papers import words
from dispatch.papers.rates import Rate, rate_for
from dispatch.records import Aircraft, Base, Hospital, Incident, LandingSite, Step, Tasking, WaterPoint
from dispatch.staff_records import Operator
from dispatch.traffic_area_records import TrafficArea
from dispatch.traffic_area_watch import ongoing_for, standing_area
from dispatch.world import World

TALKED = frozenset({"uplinks", "rooms", "conference_calls"})  # tables of which the field record alone tells
MOST_HEARD = 40  # alarms kept of one incident, the first: a big fire has thousands of pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something, under which role and when; `name` is as it was then."""

    account: str
    name: str
    role: str
    at: datetime
    reason: str = ""

    @property
    def told(self) -> str:
        """Name and role as they are printed."""
        return f"{self.name}（{self.role}）" if self.name else self.role


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One alarm as it first came, before anybody had verified the incident; later repeats change nothing."""

    kind: AlarmKind
    source: str
    own_id: str
    observed_at: datetime | None
    received_at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What an order named, as it then was. None: not among the resources."""

    aircraft: Aircraft | None
    base: Base | None
    water_point: WaterPoint | None
    hospital: Hospital | None
    landing_site: LandingSite | None
    operator: Operator | None
    rate: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aboard:
    """Somebody of a crew at a take-off, named as then."""

    id: str
    name: str
    duty: CrewDuty


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A flight that went, or came down, elsewhere than its order says; `place` as it was called then, or coordinates."""

    action: TaskingAction
    at: datetime
    place: str
    cause: DiversionCause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident as of row `seq`. `names`, `ordered` and `aboard` hold what was true when somebody acted."""

    incident_id: str
    world: World
    seq: int = 0
    at: datetime | None = None
    names: Map[str, str] = field(default_factory=Map)
    ordered: Map[str, Ordered | None] = field(default_factory=Map)
    alarms: Map[str, tuple[Heard, ...]] = field(default_factory=Map)  # incident -> what made it known
    aboard: Map[str, tuple[Aboard, ...]] = field(default_factory=Map)  # tasking -> its crews up to now
    cards: Map[str, str] = field(default_factory=Map)  # tasking -> the run card in use when it was ordered
    away: Map[str, tuple[Away, ...]] = field(default_factory=Map)  # tasking -> where it went instead
    areas: Map[str, TrafficArea | None] = field(
        default_factory=Map
    )  # tasking -> incident airspace of its order

    @staticmethod
    def empty(site: str, incident_id: str) -> "Case":
        """Before its first fact."""
        return Case(incident_id=incident_id, world=World.empty(site))

    @property
    def incident(self) -> Incident | None:
        """The incident, if it is ours: a partner's papers are the partner's to write."""
        found = self.world.incidents.get(self.incident_id)
        return found if found is not None and found.site == self.world.site else None

    def taskings(self) -> tuple[Tasking, ...]:
        """Our taskings for it, by number."""
        own = (t for t in self.world.taskings.values() if t.incident_id == self.incident_id)
        return tuple(sorted((t for t in own if t.site == self.world.site), key=lambda t: (t.number, t.id)))

    def person(self, step: Step | None) -> Person | None:
        """Who took a step."""
        if step is None:
            return None
        name = "" if step.role is None else self.names.get(step.actor, step.actor)
        role = words.ROLE[step.role]
        return Person(account=step.actor, name=name, role=role, at=step.at, reason=step.reason)


def fold_case(case: Case, recorded: Recorded) -> Case:
    """The case after one more row. Rows of other things (resources, accounts) are welcome, and change no paper."""
    world = fold(case.world, recorded)
    names = case.names
    if subject_of(recorded.fact) is not None and recorded.role is not None:
        account = world.accounts.get(recorded.actor)
        if account is not None and recorded.actor not in names:
            names = names.set(recorded.actor, account.display_name or account.name)
    ordered, aboard, cards, away = case.ordered, case.aboard, case.cards, case.away
    fact = recorded.fact
    if isinstance(fact, tasking_facts.TaskingAdvanced) and fact.action == TaskingAction.ORDER:
        ordered = ordered.set(fact.tasking_id, _ordered(world, fact.tasking_id, recorded.at))
        cards = cards.set(fact.tasking_id, _card_name(world, fact.tasking_id))
    if isinstance(fact, tasking_facts.TaskingAdvanced) and fact.action == TaskingAction.ACKNOWLEDGE:
        ordered = ordered.set(fact.tasking_id, _amended(world, fact.tasking_id, ordered.get(fact.tasking_id)))
    if isinstance(fact, tasking_facts.TaskingAdvanced) and fact.action == TaskingAction.TAKE_OFF:
        aboard = aboard.set(fact.tasking_id, _aboard(world, fact.tasking_id, aboard.get(fact.tasking_id, ())))
    if isinstance(fact, tasking_facts.TaskingAdvanced) and fact.elsewhere is not None:
        there = fact.elsewhere
        one = Away(
            action=fact.action,
            at=fact.done_at or recorded.at,
            place=there.name or words.place(there.position),
            cause=there.cause,
        )
        away = away.set(fact.tasking_id, (*away.get(fact.tasking_id, ()), one))
    areas = case.areas
    for tasking_id in _given_area(world, fact):
        areas = areas.set(tasking_id, standing_area(world, world.taskings[tasking_id].incident_id))
    alarms = case.alarms
    if hears(world, fact):
        alarms = alarms.set(key := _subject_id(fact), _heard(world, key, recorded.at, alarms.get(key, ())))
    return replace(
        case,
        world=world,
        seq=recorded.seq,
        at=recorded.at,
        names=names,
        ordered=ordered,
        aboard=aboard,
        cards=cards,
        away=away,
        areas=areas,
        alarms=alarms,
    )


def _card_name(world: World, tasking_id: str) -> str:
    tasking = world.taskings.get(tasking_id)
    incident = world.incidents.get(tasking.incident_id) if tasking is not None else None
    return incident.run_card.name if incident is not None and incident.run_card is not None else ""


def _given_area(world: World, fact: Fact) -> tuple[str, ...]:
    """Whose order says another incident airspace after this fact: the ordered one's, or of all that go on."""
    if isinstance(fact, tasking_facts.TaskingAdvanced) and fact.action == TaskingAction.ORDER:
        return (fact.tasking_id,) if fact.tasking_id in world.taskings else ()
    match fact:
        case traffic_area_facts.TrafficAreaMade() | traffic_area_facts.TrafficAreaAmended():
            incident_id = fact.area.incident_id
        case traffic_area_facts.TrafficAreaWithdrawn():
            incident_id = fact.incident_id
        case _:
            return ()
    return tuple(each.id for each in ongoing_for(world, incident_id))


def hears(world: World, fact: Fact) -> bool:
    """Whether an alarm still counts as what made an incident known: nobody has verified it yet."""
    if not isinstance(fact, incident_facts.IncidentReported | incident_facts.AlarmsJoined):
        return False
    incident = world.incidents.get(_subject_id(fact))
    return incident is not None and incident.state is IncidentState.REPORTED


def _subject_id(fact: Fact) -> str:
    subject = subject_of(fact)
    return "" if subject is None else subject[1]


def _heard(world: World, incident_id: str, at: datetime, before: tuple[Heard, ...]) -> tuple[Heard, ...]:
    known = {(each.kind, each.source, each.own_id) for each in before}
    new = (
        Heard(
            kind=each.kind,
            source=each.source,
            own_id=each.own_id,
            observed_at=each.observed_at,
            received_at=each.received_at or at,
            text=each.text or each.title,
        )
        for each in world.incidents[incident_id].sources
        if (each.kind, each.source, each.own_id) not in known
    )
    return (*before, *new)[:MOST_HEARD]


def _aboard(world: World, tasking_id: str, before: tuple[Aboard, ...]) -> tuple[Aboard, ...]:
    """Everybody who was aboard up to this take-off."""
    tasking = world.taskings.get(tasking_id)
    known = {each.id for each in before}
    found = (world.crew.get(each) for each in (tasking.crew_ids if tasking else ()) if each not in known)
    new = (Aboard(id=one.id, name=one.name, duty=one.duty) for one in found if one is not None)
    return (*before, *new)


def _ordered(world: World, tasking_id: str, at: datetime) -> Ordered:
    tasking = world.taskings.get(tasking_id)
    if tasking is None:
        return Ordered(
            aircraft=None,
            base=None,
            water_point=None,
            hospital=None,
            landing_site=None,
            operator=None,
            rate=None,
        )
    aircraft = world.aircraft.get(tasking.aircraft_id)
    return Ordered(
        aircraft=aircraft,
        base=world.bases.get(tasking.base_id),
        water_point=world.water_points.get(tasking.water_point_id),
        hospital=world.hospitals.get(tasking.hospital_id),
        landing_site=world.landing_sites.get(tasking.landing_site_id),
        operator=world.operators.get(tasking.operator_id),
        rate=None if aircraft is None else rate_for(world, aircraft, tasking.operator_id, at),
    )


def _amended(world: World, tasking_id: str, before: Ordered | None) -> Ordered | None:
    """The places as they now are; aircraft, operator and rate stay those of the order."""
    tasking = world.taskings.get(tasking_id)
    if before is None or tasking is None:
        return before
    return replace(
        before,
        base=world.bases.get(tasking.base_id),
        water_point=world.water_points.get(tasking.water_point_id),
        hospital=world.hospitals.get(tasking.hospital_id),
    )


def subject_of(fact: Fact) -> tuple[str, str] | None:
    """Which (table, id) of a case a fact is about; None: no part of any case."""
    match fact:
        case incident_facts.IncidentReported():
            return "incidents", fact.incident.id
        case (
            incident_facts.IncidentAdvanced()
            | incident_facts.IncidentUpdated()
            | incident_facts.IncidentCorrected()
            | incident_facts.AlarmsJoined()
            | incident_facts.IncidentVerified()
            | run_card_facts.RunCardApplied()
            | run_card_facts.CardItemTicked()
            | run_card_facts.CardClockEscalated()
            | traffic_area_facts.TrafficAreaWithdrawn()
            | traffic_area_facts.IntrusionCleared()
        ):
            return "incidents", fact.incident_id
        case traffic_area_facts.TrafficAreaMade() | traffic_area_facts.TrafficAreaAmended():
            return "incidents", fact.area.incident_id
        case traffic_area_facts.IntrusionRecorded():
            return "incidents", fact.intrusion.incident_id
        case tasking_facts.TaskingAdopted():
            return "taskings", fact.tasking.id
        case (
            tasking_facts.TaskingAdvanced()
            | tasking_facts.TaskingAmended()
            | tasking_facts.TimerEscalated()
            | drop_facts.WaterRecorded()
            | drop_facts.WaterCorrected()
            | drop_facts.HoursSigned()
        ):
            return "taskings", fact.tasking_id
        case airspace_facts.AirspaceFiled():
            return "requests", fact.request.id
        case airspace_facts.AirspaceAdvanced():
            return "requests", fact.request_id
        case _:
            return _talked_of(fact)


def _talked_of(fact: Fact) -> tuple[str, str] | None:
    """The same of messages to the field, consultations, and what conference systems pull of them."""
    match fact:
        case uplink_facts.UplinkSent():
            return "uplinks", fact.uplink.id
        case uplink_facts.UplinkNoted() | uplink_facts.UplinkAnswered():
            return "uplinks", fact.uplink_id
        case room_facts.RoomOpened():
            return "rooms", fact.room.id
        case conference_facts.ConferenceSourcesOffered():
            return "conference_calls", fact.call.id
        case conference_facts.ConferencePullBegan() | conference_facts.ConferencePullEnded():
            return "conference_calls", fact.call_id
        case _:
            return None


def incident_of(world: World, fact: Fact) -> str:
    """The incident whose case a fact belongs to; empty: none that is known."""
    subject = subject_of(fact)
    if subject is None:
        return ""
    table, key = subject
    if table == "incidents":
        return key if key in world.incidents else ""
    record = getattr(world, table).get(key)
    if table == "conference_calls" and record is not None:
        record = world.rooms.get(record.room_id)
    return "" if record is None else str(record.incident_id)


def first_step(steps: tuple[Step, ...], *actions: str) -> Step | None:
    """The first step that is one of `actions`."""
    return next((step for step in steps if step.action in actions), None)


def last_step(steps: tuple[Step, ...], *actions: str) -> Step | None:
    """The last step that is one of `actions`."""
    return next((step for step in reversed(steps) if step.action in actions), None)
