"""One line of the logbook, and how what it is about is called. Pure."""

from dataclasses import dataclass
from typing import Any

from dispatch.facts import Recorded
from dispatch.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line. `kind` is the fact's name; the ids are what it is about, empty where nothing."""

    kind: str
    zh: str
    en: str
    incident_id: str = ""
    tasking_id: str = ""
    aircraft_id: str = ""
    note_id: str = ""
    corrects: str = ""
    security: bool = False


def line(recorded: Recorded, zh: str, en: str, **more: Any) -> LogLine:
    """A line of this row."""
    return LogLine(kind=type(recorded.fact).__name__, zh=_flat(zh), en=_flat(en), **more)


def _flat(text: str) -> str:
    return " ".join(text.split())


def plain(word: object) -> str:
    """A code as English words."""
    return str(word).replace("_", " ")


def why(told: str, reason: str) -> str:
    """With the reason behind it, where there is one."""
    return f"{told}：{reason}" if reason else told


def incident_name(world: World, incident_id: str) -> str:
    """What an incident is called."""
    found = world.incidents.get(incident_id)
    return f"“{found.title}”" if found is not None else incident_id


def tasking_name(world: World, tasking_id: str) -> tuple[str, dict[str, str]]:
    """What a tasking is called, and what it is tied to."""
    found = world.taskings.get(tasking_id)
    if found is None:
        return tasking_id, {"tasking_id": tasking_id}
    aircraft = world.aircraft.get(found.aircraft_id)
    name = f"{found.number} {aircraft.name if aircraft else ''} {found.aircraft_id}"
    ties = {"tasking_id": found.id, "incident_id": found.incident_id, "aircraft_id": found.aircraft_id}
    return name, ties
