"""The tasks of an incident as rows of a scenario. Pure.

A scenario's incident is one fire or one task, so an incident that wants several kinds at once is several rows at one
place. The first task wanted has the incident's own id, so that what people say of an incident means it; the others
are `<incident>~<kind of task>`.
"""

from datetime import datetime

from dispatch.geo import Position, distance_m
from dispatch.kinds import TaskingState, TaskKind
from dispatch.records import Base, Hospital, Incident, Tasking
from dispatch.run_card import card_of, people_of, wants
from dispatch.run_card_records import TaskWant
from dispatch.world import IN_THE_AIR, World

SEPARATOR = "~"  # in no id that a site makes (ids.derive)
FIRE = "fire"  # the interchange format's word for what is fought with water

_BROKEN_OFF = frozenset({"recall", "turn_back", "divert"})
_DONE = frozenset({TaskingState.LANDED, TaskingState.SETTLED, TaskingState.ARCHIVED})
# What saves lives goes before the rest where lives are at risk; a reconnaissance does only if nothing else is wanted.
_SAVES_LIVES = frozenset(
    {
        TaskKind.WATER,
        TaskKind.SEARCH,
        TaskKind.LANDING,
        TaskKind.RAPPEL,
        TaskKind.AIRLIFT,
        TaskKind.FLOOD_EVACUATION,
        TaskKind.MEDEVAC,
    }
)


def row_id(incident: Incident, task: TaskKind | None) -> str:
    """The id of a task's row. None, as what an older version wrote: the first task."""
    first = wants(incident)[0].kind
    return incident.id if task is None or task is first else f"{incident.id}{SEPARATOR}{task}"


def row_of(world: World, incident_id: str, task: TaskKind | None) -> str:
    """The same of an incident by its id; of one that is not known its id."""
    incident = world.incidents.get(incident_id)
    return incident_id if incident is None else row_id(incident, task)


def incident_of(row: str) -> str:
    """The incident that a row is of."""
    return row.partition(SEPARATOR)[0]


def kind_word(task: TaskKind) -> str:
    """A kind of task as a scenario says it."""
    return FIRE if task is TaskKind.WATER else str(task)


def task_kind(word: str) -> TaskKind:
    """The kind of task of a scenario's row."""
    return TaskKind.WATER if word == FIRE else TaskKind(word)


def open_wants(world: World, incident: Incident) -> tuple[TaskWant, ...]:
    """What an incident still wants. Water is owed until the fire is contained, a station all the time; a visit that was
    made since the card was applied is done, and so is everybody lifted out."""
    return tuple(want for want in wants(incident) if _is_open(world, incident, want))


def _is_open(world: World, incident: Incident, want: TaskWant) -> bool:
    if want.lift_to is not None:
        return people_left(world, incident, want) > 0
    return want.kind is TaskKind.WATER or want.continuous or visits_left(world, incident, want) > 0


def visits_left(world: World, incident: Incident, want: TaskWant) -> int:
    """Visits not made yet. Without a card an incident wants what it wants until it is over."""
    return (
        want.visits if card_of(incident) is None else max(0, want.visits - len(_made(world, incident, want)))
    )


def people_left(world: World, incident: Incident, want: TaskWant) -> int:
    """Who is still to be lifted out: each visit since the number was last stated took as many as its aircraft has seats."""
    if incident.people == 0:
        return 0
    made = [] if card_of(incident) is None else _made(world, incident, want)
    craft = (world.aircraft.get(tasking.aircraft_id) for tasking in made)
    return max(
        0, people_of(incident, want) - sum(max(1, one.seats) if one is not None else 1 for one in craft)
    )


def _made(world: World, incident: Incident, want: TaskWant) -> list[Tasking]:
    card = card_of(incident)
    since = card.applied_at if card is not None else incident.reported_at
    if want.lift_to is not None:
        stated = (s.at for s in incident.history if s.action == "update" and "people" in s.reason.split(", "))
        since = max((since, *stated))
    own = (t for t in world.taskings.values() if t.incident_id == incident.id and t.task is want.kind)
    return [tasking for tasking in own if _visited(tasking, want, since)]


def _visited(tasking: Tasking, want: TaskWant, since: datetime) -> bool:
    """Whether it was on the scene since then and left it with its work done. Cargo in the air counts as brought: a
    scenario has no word for what is on board already."""
    steps = [step.action for step in tasking.history if step.at >= since]
    if _BROKEN_OFF & set(steps):
        return False
    if want.cargo_kg and tasking.state in IN_THE_AIR:
        return True
    return "arrive" in steps and (
        tasking.state in _DONE or (tasking.state is TaskingState.RETURNING and steps[-1] == "leave")
    )


def saves_lives(incident: Incident, want: TaskWant) -> bool:
    """Whether a task has the weight of lives, where an incident has."""
    if not incident.life_at_risk:
        return False
    found = wants(incident)
    return want.kind in _SAVES_LIVES or (
        want is found[0] and not any(each.kind in _SAVES_LIVES for each in found)
    )


def slots_of(incident: Incident, want: TaskWant, layers: int) -> int:
    """How many of the height layers over a scene a task has: the one that brings most aircraft what the others leave."""
    found = wants(incident)
    lead = next((each for each in found if each.kind is TaskKind.WATER or each.lift_to is not None), found[0])
    return max(1, layers - (len(found) - 1)) if want.kind is lead.kind else 1


def nearest_base(world: World, position: Position) -> Base | None:
    """Of the site's own."""
    own = (base for base in world.bases.values() if base.site == world.site)
    return min(own, key=lambda base: (distance_m(base.position, position), base.id), default=None)


def nearest_hospital(world: World, position: Position) -> Hospital | None:
    """Of the site's own, which are those a scenario has."""
    own = (hospital for hospital in world.hospitals.values() if hospital.site == world.site)
    return min(own, key=lambda one: (distance_m(one.position, position), one.id), default=None)
