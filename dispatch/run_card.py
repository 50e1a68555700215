"""Run cards (预案卡): which card an incident gets, and what a person makes of it.

The choice is a rule over the facts, so it is always that of the present: when level, kind or place change, another card
is proposed by itself. Nothing follows from a proposal. A person applies it, or another card or other tasks with a
reason; what was applied stays as it was copied (run_card_records.py) until a person applies again.

The planner takes the tasks of the applied card (optimizer/situation_tasks.py), an order its airspace (airspace.py).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch import access, hazard_reach
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import distance_m
from dispatch.incident import LIFECYCLE, MAX_PEOPLE, own_incident
from dispatch.kinds import (
    FIRES,
    AlarmFlag,
    Capability,
    IncidentKind,
    ItemSort,
    LiftTo,
    NoticeTrigger,
    Role,
    TaskKind,
)
from dispatch.records import Incident, LandingSite
from dispatch.run_card_commands import ApplyRunCard, TickCardItem
from dispatch.run_card_facts import CardItemTicked, RunCardApplied
from dispatch.run_card_records import AppliedCard, AppliedItem, CardItem, RunCard, TaskWant
from dispatch.world import World

MOST_TASKS = 4  # height layers over one scene, as the planner counts them: one for each task at least
MOST_ITEMS = 40
MOST_TEXT = 120
MAX_REASON = 500
MOST_VISITS = 100
MOST_S = 12 * 3600.0  # the planner's horizon
MOST_THRESHOLD = 1e10
LEAST_STATION_S = 60.0  # of somebody who stays on station; the interchange format's
LEAST_RADIUS_M, MOST_RADIUS_M = 500.0, 100_000.0
LEAST_CEILING_M, MOST_CEILING_M = (
    50.0,
    600.0,
)  # above ground: closures that begin higher are not planned round
_MARKS = ("|", "@", " if=", "\n")  # what parts a cell of the table (protocols/card_table.py)
_AREA_DIGITS = frozenset({0, 2, 4, 6})
_THRESHOLDS = frozenset(
    {
        NoticeTrigger.LARGE_AREA,
        NoticeTrigger.LONG_BURNING,
        NoticeTrigger.NEAR_BORDER,
        NoticeTrigger.DEATHS,
    }
)

# Until a card is applied: what each kind is planned for, proposed; whatever is not named is looked at first.
_LOOK = TaskWant(kind=TaskKind.RECON, needs=(Capability.RECON,), stay_s=1800.0)
_STARTING: dict[IncidentKind, TaskWant] = {
    **dict.fromkeys(FIRES, TaskWant(kind=TaskKind.WATER)),
    IncidentKind.MISSING_PERSON: TaskWant(kind=TaskKind.SEARCH, needs=(Capability.SEARCH,), stay_s=1800.0),
    IncidentKind.MEDICAL: TaskWant(
        kind=TaskKind.MEDEVAC, needs=(Capability.MEDICAL,), stay_s=600.0, people=1, lift_to=LiftTo.HOSPITAL
    ),
}


def check(card: RunCard) -> None:
    """Raises Malformed where a card says what cannot be meant. Its period is checked with the others' (fleet.py)."""
    if not 0 <= card.level <= 4:
        raise Malformed("level", f"{card.level} is not 1 (Ⅰ) to 4 (Ⅳ), or 0 for all")
    if len(card.area) not in _AREA_DIGITS or not (
        card.area == "" or (card.area.isascii() and card.area.isdigit())
    ):
        raise Malformed(
            "area", f"{card.area[:12]!r} is not 2, 4 or 6 digits of a code of GB/T 2260, or empty"
        )
    if not LEAST_RADIUS_M <= card.radius_m <= MOST_RADIUS_M:
        raise Malformed(
            "radius_m", f"{card.radius_m} is not within {LEAST_RADIUS_M:.0f} to {MOST_RADIUS_M:.0f}"
        )
    if not LEAST_CEILING_M <= card.ceiling_m <= MOST_CEILING_M:
        raise Malformed(
            "ceiling_m", f"{card.ceiling_m} is not within {LEAST_CEILING_M:.0f} to {MOST_CEILING_M:.0f}"
        )
    check_tasks(card.tasks, card.kind)
    if len(card.items) > MOST_ITEMS:
        raise Malformed("items", f"{len(card.items)} lines, at most {MOST_ITEMS}")
    for item in card.items:
        _check_item(item)
    said = [_said(item) for item in card.items]
    if len(set(said)) < len(said):
        raise Malformed("items", "one line stands there twice")


def check_tasks(tasks: tuple[TaskWant, ...], kind: IncidentKind) -> None:
    """Raises Malformed unless an incident of this kind can want these tasks together."""
    if not 1 <= len(tasks) <= MOST_TASKS:
        raise Malformed("tasks", f"{len(tasks)} tasks, 1 to {MOST_TASKS} are wanted at once")
    if len({want.kind for want in tasks}) < len(tasks):
        raise Malformed("tasks", "one kind of task is wanted twice")
    for want in tasks:
        fault = _fault(want, kind)
        if fault:
            raise Malformed("tasks", f"{want.kind}: {fault}")


def _fault(want: TaskWant, kind: IncidentKind) -> str:
    """What is wrong with a task; empty: nothing."""
    if want.kind is TaskKind.WATER:
        plain = TaskWant(kind=want.kind, aircraft_kinds=want.aircraft_kinds)
        if kind not in FIRES:
            return "only a fire in the open is fought with water from the air"
        return "" if want == plain else "its work follows from the fire; only kinds of aircraft may be named"
    if want.people and want.lift_to is None:
        return "people are lifted to a hospital or a base"
    if want.lift_to is not None and (want.cargo_kg or not want.people):
        return "who lifts people brings no cargo, and says how many"
    if want.continuous and (want.people or want.cargo_kg or want.stay_s < LEAST_STATION_S):
        return f"who stays on station lifts and brings nothing, for {LEAST_STATION_S:.0f} s or more"
    figures = (
        (want.visits, 1, MOST_VISITS, "visits"),
        (want.stay_s, 0, MOST_S, "stay_s"),
        (want.people, 0, MAX_PEOPLE, "people"),
        (want.cargo_kg, 0, 20_000, "cargo_kg"),
        (want.pad_within_m, 0, 20_000, "pad_within_m"),
    )
    return next(
        (
            f"{name} {value:g} is not within {low} to {high:g}"
            for value, low, high, name in figures
            if not low <= value <= high
        ),
        "",
    )


def _check_item(item: CardItem) -> None:
    if not item.text.strip() or len(item.text) > MOST_TEXT:
        raise Malformed("items", f"{item.text[:40]!r} is empty or longer than {MOST_TEXT} characters")
    if item.text != item.text.strip() or any(mark in item.text for mark in _MARKS):
        raise Malformed("items", f"{item.text[:40]!r} has a mark of the table: {' '.join(_MARKS)}")
    if item.within_s is not None and not 0 <= item.within_s <= 7 * 86_400:
        raise Malformed("items", f"{item.within_s:g} s is not within 0 and 7 days")
    if (item.trigger in _THRESHOLDS) != (item.threshold > 0) or item.threshold > MOST_THRESHOLD:
        raise Malformed("items", f"{item.trigger} with the figure {item.threshold:g}")


def specificity(card: RunCard) -> tuple[int, bool, datetime, str]:
    """Of two cards that fit, the greater one is proposed: the smaller area, a stated level, the later date."""
    return (len(card.area), card.level != 0, card.valid_from, card.id)


def fits(card: RunCard, incident: Incident, county: str, now: datetime) -> bool:
    """Whether a card is in force and for such an incident there. `county`: GB/T 2260; empty: not known."""
    return (
        card.kind is incident.kind
        and card.level in (0, incident.level)
        and county.startswith(card.area)
        and in_force(card, now)
    )


def in_force(card: RunCard, now: datetime) -> bool:
    """Whether its dates hold."""
    return card.valid_from <= now and (card.valid_until is None or now < card.valid_until)


def fitting(world: World, incident: Incident, county: str, now: datetime) -> list[RunCard]:
    """Own cards for an incident, the proposed one first."""
    own = (card for card in world.run_cards.values() if card.site == world.site)
    return sorted((c for c in own if fits(c, incident, county, now)), key=specificity, reverse=True)


def decide(world: World, ask: Ask, command: ApplyRunCard | TickCardItem, now: datetime) -> tuple[Fact, ...]:
    """Apply a card, or tick a line of the applied one. Raises Forbidden, Unknown, Malformed or Refused."""
    match command:
        case ApplyRunCard():
            return _apply(world, ask, command, now)
        case TickCardItem():
            return _tick(world, ask, command)


def _open_incident(world: World, incident_id: str) -> Incident:
    incident = own_incident(world, incident_id)
    if LIFECYCLE.final(incident.state):
        raise Refused("NOT_NOW", f"incident {incident.id} is {incident.state}", field="incident_id")
    return incident


def _apply(world: World, ask: Ask, command: ApplyRunCard, now: datetime) -> tuple[Fact, ...]:
    access.require(ask, access.APPLY_CARD, "applying a run card")
    incident = _open_incident(world, command.incident_id)
    access.check_version(command.version_seen, incident.version, f"incident {incident.id}")
    card = world.run_cards.get(command.card_id)
    if card is None or card.site != world.site:
        raise Unknown("card_id", f"no run card {command.card_id}")
    if not in_force(card, now):
        raise Refused("NOT_IN_FORCE", f"run card {card.id} holds at another time", field="card_id")
    tasks = card.tasks if command.tasks is None else command.tasks
    check_tasks(tasks, incident.kind)
    best = next(iter(fitting(world, incident, command.county, now)), None)
    chosen = best is None or card.id != best.id or tasks != card.tasks
    if chosen and not command.reason.strip():
        other = "it was proposed with other tasks" if best is not None and card.id == best.id else ""
        proposed = other or (f"{best.name} is proposed" if best is not None else "no card is proposed")
        raise Refused("REASON_REQUIRED", f"{proposed}; say why it is overridden", field="reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    applied = AppliedCard(
        card_id=card.id,
        card_version=card.version,
        name=card.name,
        source=card.source,
        kind=incident.kind,
        level=incident.level,
        county=command.county,
        border_m=command.border_m,
        proposed_id=best.id if best is not None else "",
        reason=command.reason.strip() if chosen else "",
        changed=tasks != card.tasks,
        tasks=tasks,
        items=_items(card.items, incident.run_card),
        radius_m=card.radius_m,
        ceiling_m=card.ceiling_m,
        applied_at=now,
        applied_by=ask.actor,
        applied_as=ask.role or Role.DISPATCHER,
    )
    if _same(incident.run_card, applied):
        raise Refused("NOTHING_CHANGED", "this card is applied already", field="card_id")
    return (RunCardApplied(incident_id=incident.id, version=incident.version + 1, card=applied),)


def _same(before: AppliedCard | None, after: AppliedCard) -> bool:
    return before is not None and after == replace(
        before, applied_at=after.applied_at, applied_by=after.applied_by, applied_as=after.applied_as
    )


def _said(item: CardItem) -> tuple[ItemSort, str, NoticeTrigger]:
    """What makes a line the same line on another card."""
    return (item.sort, item.text, item.trigger)


def _items(items: tuple[CardItem, ...], before: AppliedCard | None) -> tuple[AppliedItem, ...]:
    """The lines of a card; what was done under the card before stays done, what was cried out is not again."""
    lines = before.items if before else ()
    done = {_said(one.item): one for one in lines if one.done_at}
    cried = {one.item: one.escalated_at for one in lines if one.escalated_at}
    made = []
    for place, item in enumerate(items, start=1):
        key = f"{'n' if item.sort is ItemSort.NOTICE else 'c'}{place}"
        ticked = done.get(_said(item))
        fresh = AppliedItem(key=key, item=item, escalated_at=cried.get(item))
        made.append(fresh if ticked is None else replace(ticked, key=key, item=item))
    return tuple(made)


def _tick(world: World, ask: Ask, command: TickCardItem) -> tuple[Fact, ...]:
    access.require(ask, access.TICK_CARD, "ticking off a line of a run card")
    incident = _open_incident(world, command.incident_id)
    card = incident.run_card
    if card is None:
        raise Refused("NO_CARD", f"no run card was applied to {incident.id}", field="incident_id")
    one = next((each for each in card.items if each.key == command.key), None)
    if one is None:
        raise Unknown("item", f"the card has no line {command.key}")
    access.check_version(command.version_seen, one.version, f"line {one.key}")
    if command.done == (one.done_at is not None):
        raise Refused("NOTHING_CHANGED", "it is as you say already", field="done")
    return (CardItemTicked(incident_id=incident.id, key=one.key, version=one.version + 1, done=command.done),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a line holds. `holds` None: a person must say. `starts_at` in the future: it will hold from then on."""

    holds: bool | None
    starts_at: datetime | None
    due_at: datetime | None


def clock(incident: Incident, border_m: float | None, item: CardItem, now: datetime) -> Clock:
    """Whether a line holds for an incident as it is now, and until when it should be done."""
    holds, starts_at = _holds(incident, border_m, item, now)
    runs = starts_at is not None and item.within_s is not None
    due_at = starts_at + timedelta(seconds=item.within_s or 0.0) if runs and starts_at else None
    return Clock(holds=holds, starts_at=starts_at, due_at=due_at)


def _holds(
    incident: Incident, border_m: float | None, item: CardItem, now: datetime
) -> tuple[bool | None, datetime | None]:
    reported_at = incident.reported_at
    match item.trigger:
        case NoticeTrigger.ALWAYS:
            return True, reported_at
        case NoticeTrigger.LIFE_AT_RISK:
            return incident.life_at_risk, reported_at if incident.life_at_risk else None
        case NoticeTrigger.LARGE_AREA:
            fire = incident.fire
            large = fire is not None and fire.area_m2 is not None and fire.area_m2 >= item.threshold
            return large, (fire.size_at or fire.at) if fire is not None and large else None
        case NoticeTrigger.LONG_BURNING:
            from_then = reported_at + timedelta(seconds=item.threshold)
            return now >= from_then, from_then
        case NoticeTrigger.NEAR_BORDER:
            if border_m is None:
                return None, None
            near = border_m <= item.threshold
            return near, reported_at if near else None
        case NoticeTrigger.DEATHS | NoticeTrigger.HOMES | NoticeTrigger.STATED:
            return None, None


def card_of(incident: Incident) -> AppliedCard | None:
    """The applied card whose tasks are flown: none after the incident turned out to be of another kind."""
    card = incident.run_card
    return card if card is not None and card.kind is incident.kind else None


def wants(incident: Incident) -> tuple[TaskWant, ...]:
    """The tasks an incident wants: those of its card, else what its kind is planned for without one."""
    card = card_of(incident)
    if card is not None:
        return card.tasks
    return (_STARTING.get(incident.kind, _LOOK),)


def want_of(incident: Incident, task: TaskKind | None) -> TaskWant | None:
    """The wanted task of a kind; of None the first."""
    found = wants(incident)
    return found[0] if task is None else next((want for want in found if want.kind is task), None)


def people_of(incident: Incident, want: TaskWant | None) -> int:
    """How many a task is to lift out: as stated, else as its card supposes. 0: it lifts nobody."""
    if want is None or want.lift_to is None:
        return 0
    return max(1, want.people if incident.people is None else incident.people)


def pad_of(world: World, incident: Incident, want: TaskWant | None, now: datetime) -> LandingSite | None:
    """The landing site that serves a task as its pad; None: none is near enough, or none is asked for.
    One inside a hazard is of no use."""
    if want is None or not want.pad_within_m:
        return None
    near = (
        (distance_m(site.position, incident.position), site.id, site)
        for site in world.landing_sites.values()
        if site.site == world.site
        and distance_m(site.position, incident.position) <= want.pad_within_m
        and hazard_reach.hazard_at(world, site.position, now) is None
    )
    reach = [found for found in near if found[0] <= want.pad_within_m]
    return min(reach)[2] if reach else None


def raised_level(incident: Incident) -> int | None:
    """The higher level that a source has given since a person last decided on level or card; None: none has."""
    decided = [
        step.at for step in incident.history if step.action == "update" and "level" in step.reason.split(", ")
    ]
    if incident.run_card is not None:
        decided.append(incident.run_card.applied_at)
    since = max(decided, default=incident.reported_at)
    told = [
        source.level
        for source in incident.sources
        if source.received_at is not None
        and source.received_at > since
        and not {AlarmFlag.CANCELLED, AlarmFlag.EXERCISE, AlarmFlag.EXPIRED} & set(source.flags)
    ]
    highest = min(told, default=incident.level)
    return highest if highest < incident.level else None
