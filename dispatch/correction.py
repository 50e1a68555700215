"""Correcting an incident (更正): what it is, where it is and what it is called, when the report was wrong.

A correction is another act than what is known better now (incident.decide_update): it says that what was written was not
so, names a reason, and what was written before stays in the journal. Nothing that was ordered follows by itself: a
crew flies where its order says, and people are shown that the scene has moved (`moved_m`) and amend the order
(amendment.py). A run card of another kind of incident says nothing of this one any more (run_card.card_of); its lines
stay, and the rule proposes a card for what the incident is now.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from dispatch import access
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused
from dispatch.facts import Fact
from dispatch.fire import DEFAULT_WIND_MPS, filled_in
from dispatch.geo import distance_m
from dispatch.incident import DEFAULT_ELEVATION_M, LIFE_KINDS, LIFECYCLE, MAX_TITLE, own_incident
from dispatch.incident_commands import CorrectIncident
from dispatch.incident_facts import IncidentCorrected
from dispatch.kinds import FIRES, AmendmentState, TaskingState
from dispatch.records import FireStated, Incident, Tasking
from dispatch.world import ONGOING, World

MAX_REASON = 500
CORRECTABLE = ("kind", "title", "place", "position", "elevation_m")
SAME_PLACE_M = 1.0  # a position this near is the same, written with other digits
# From how far on an amendment is proposed: nearer, who comes there sees it. Proposed.
MOVED_M = 500.0
_TURNED_BACK = frozenset({TaskingState.RETURNING})  # goes to no scene any more
_STANDS = frozenset({AmendmentState.OPEN, AmendmentState.ACKNOWLEDGED})


def decide_correct(world: World, ask: Ask, command: CorrectIncident, now: datetime) -> tuple[Fact, ...]:
    """What the incident is, with why. Raises Forbidden, Unknown, Malformed or Refused."""
    access.require(ask, access.CORRECT_INCIDENT, "correcting an incident")
    incident = own_incident(world, command.incident_id)
    access.check_version(command.version_seen, incident.version, f"incident {incident.id}")
    if LIFECYCLE.final(incident.state):
        raise Refused("NOT_NOW", f"incident {incident.id} is {incident.state}", field="incident_id")
    _check_text(command)
    corrected = _corrected(incident, command, now)
    changed = tuple(name for name in CORRECTABLE if getattr(corrected, name) != getattr(incident, name))
    if not changed:
        raise Refused("NOTHING_CHANGED", "everything is as it was", field="incident_id")
    figures = ("life_at_risk", "demand_l", "growth_lps", "wind_mps", "fire")
    return (
        IncidentCorrected(
            incident_id=incident.id,
            version=incident.version + 1,
            changed=changed,
            reason=command.reason.strip(),
            stated_datum=corrected.stated_datum,
            **{name: getattr(corrected, name) for name in (*CORRECTABLE, *figures)},
        ),
    )


def _check_text(command: CorrectIncident) -> None:
    if not command.reason.strip():
        raise Malformed("reason", "correcting needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    if command.title is not None and not command.title.strip():
        raise Malformed("title", "is empty")
    for name, text in (("title", command.title), ("place", command.place)):
        if text is not None and len(text) > MAX_TITLE:
            raise Malformed(name, f"{len(text)} characters, at most {MAX_TITLE}")


def _corrected(incident: Incident, command: CorrectIncident, now: datetime) -> Incident:
    new: dict[str, Any] = {}
    if command.title is not None:
        new["title"] = command.title.strip()
    if command.place is not None:
        new["place"] = command.place.strip()
    position = command.position
    if position is not None and distance_m(position, incident.position) >= SAME_PLACE_M:
        new |= {"position": position, "stated_datum": command.stated_datum}
        if distance_m(position, incident.position) > MOVED_M:
            new["elevation_m"] = DEFAULT_ELEVATION_M  # the height was that of the other place
    if command.elevation_m is not None:
        new["elevation_m"] = command.elevation_m
    if command.kind is not None and command.kind is not incident.kind:
        new |= {"kind": command.kind, **_of_kind(incident, command, now)}
    return replace(incident, **new)


def _of_kind(incident: Incident, command: CorrectIncident, now: datetime) -> dict[str, Any]:
    """What belongs to a kind: a fire's figures go with it, a new fire begins with its level's."""
    kind = command.kind
    values: dict[str, Any] = {"life_at_risk": incident.life_at_risk or kind in LIFE_KINDS}
    if (kind in FIRES) == (incident.kind in FIRES):
        return values
    if kind not in FIRES:
        return values | {"demand_l": 0.0, "growth_lps": 0.0, "fire": None}
    # the wind was said of the place, not of a fire: it stays
    wind = None if incident.wind_mps == DEFAULT_WIND_MPS else incident.wind_mps
    stated = FireStated(at=now, wind_mps=wind, size_at=now)
    return values | filled_in(incident.level, stated) | {"fire": stated}


def moved_m(world: World, tasking: Tasking) -> float | None:
    """How far the scene was moved since a tasking got its place; None: it was not, or it is no matter any more.

    A place that was given after the correction, by order or by amendment, is meant as it stands: a pad, say.
    """
    incident = world.incidents.get(tasking.incident_id)
    if incident is None or incident.moved_at is None or tasking.state not in ONGOING - _TURNED_BACK:
        return None
    moved_at = incident.moved_at
    # at the very instant of the correction an order stood already, and an amendment came because of it
    ordered = any(step.action == "adopt" and step.at > moved_at for step in tasking.history)
    amended = any(
        "incident_position" in each.changed and each.state in _STANDS and each.at >= moved_at
        for each in tasking.amendments
    )
    if ordered or amended:
        return None
    return distance_m(tasking.incident_position, incident.position)
