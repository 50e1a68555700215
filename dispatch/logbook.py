"""Notes of the logbook (值班日志): free words of named people, tied to an incident, a tasking or an aircraft.

A note is never edited: one that was wrong is named by a new one. Everything else in the book is told from the facts
themselves (papers/log_lines.py) and stored nowhere twice.
"""

from datetime import datetime

from dispatch import access, ids
from dispatch.commands import Ask
from dispatch.duty_commands import AddNote
from dispatch.duty_facts import NoteAdded
from dispatch.duty_records import LogNote
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.world import World

MAX_NOTE = 1000


def decide_add(world: World, ask: Ask, command: AddNote, now: datetime) -> tuple[Fact, ...]:
    """Write a note. Raises Malformed, Forbidden, Unknown or Refused."""
    access.require(ask, access.WRITE_NOTE, "writing into the logbook")
    text = command.text.strip()
    if not text:
        raise Malformed("text", "is empty")
    if len(text) > MAX_NOTE:
        raise Malformed("text", f"{len(text)} characters, at most {MAX_NOTE}")
    for field, table in (
        ("incident_id", "incidents"),
        ("tasking_id", "taskings"),
        ("aircraft_id", "aircraft"),
    ):
        named = getattr(command, field)
        if named and named not in getattr(world, table):
            raise Unknown(field, f"no {named} among {table}")
    tasking = world.taskings.get(command.tasking_id)
    if command.corrects:
        _check_corrects(world, command.corrects)
    note = LogNote(
        id=ids.derive(world.site, "NOT", f"{ask.actor}\0{ask.command_id}"),
        site=world.site,
        at=now,
        author=ask.actor,
        text=text,
        incident_id=command.incident_id or (tasking.incident_id if tasking else ""),
        tasking_id=command.tasking_id,
        aircraft_id=command.aircraft_id or (tasking.aircraft_id if tasking else ""),
        corrects=command.corrects,
        for_next=command.for_next,
    )
    return (NoteAdded(note=note),)


def _check_corrects(world: World, note_id: str) -> None:
    if note_id not in world.notes:
        raise Unknown("corrects", f"no note {note_id} among the newest")
    later = next((each for each in world.notes.values() if each.corrects == note_id), None)
    if later is not None:
        raise Refused("CORRECTED", f"{later.id} has put it right already; correct that one", field="corrects")
