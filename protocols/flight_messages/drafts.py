"""The flight messages that a tasking gives, and which of them is next: for a person to complete and hand to a gateway.

    ordered … released    FPL; once an amendment is acknowledged DLA (a later take-off alone) or CHG
    in the air            DEP; CHG of an amendment acknowledged there
    landed, stopped       ARR, with field 16 where it came down elsewhere
    ended before take-off CNL

ALR, RCF and EST are air traffic services' to send. An emergency landing gives no ARR: it is told by voice at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.amended import with_terms
from dispatch.errors import Refused
from dispatch.kinds import AmendmentState, TaskingAction, TaskingState
from dispatch.tasking_records import Amendment, Terms
from dispatch.world import IN_THE_AIR
from protocols.flight_messages import writer
from protocols.flight_messages.field03 import Title
from protocols.flight_messages.field13 import Departure
from protocols.flight_messages.field16 import Destination
from protocols.flight_messages.field17 import Arrival
from protocols.flight_messages.field18 import Other
from protocols.flight_messages.field22 import Amendment as Change
from protocols.flight_messages.flight import Flight, Gap, departure, hhmm, landing
from protocols.flight_messages.message import NAMES, Message
from protocols.flight_messages.plan_draft import PlanDraft, identity, places, plan, supplementary

_S, _A = TaskingState, TaskingAction
_GROUND = frozenset({_S.ORDERED, _S.ACCEPTED, _S.PREPARING, _S.RELEASED})
KINDS = ("FPL", "DLA", "CHG", "CNL", "DEP", "ARR")
_ASSOCIATES = ("DEP", "DEST", "DOF")  # of field 18, by which a plan is found again


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message with what is to be completed in it. `fields` by number, the title as 3."""

    kind: str
    suggested: str  # the one that is next; empty: none
    available: tuple[str, ...]
    text: str
    fields: tuple[tuple[int, str], ...]
    gaps: tuple[Gap, ...]
    supplementary: str  # field 19, for SPL; empty with all but FPL
    exercise: bool


def available(flight: Flight) -> tuple[str, ...]:
    """Which messages can be made as things stand."""
    tasking = flight.tasking
    if not any(step.action == _A.ORDER for step in tasking.history):
        return ()
    found = {"FPL"}
    if (change := _change(flight)) is not None:
        found.add(change[0])
    if tasking.state is _S.ENDED:
        found.add("CNL")
    if flight.leg.took_off_at is not None:
        found.add("DEP")
    if flight.leg.landed_at is not None and flight.leg.landed_by != _A.EMERGENCY_LAND:
        found.add("ARR")
    return tuple(kind for kind in KINDS if kind in found)


def suggested(flight: Flight, kinds: tuple[str, ...]) -> str:
    """The one that is next."""
    state = flight.tasking.state
    if state in _GROUND:
        return next((kind for kind in ("CHG", "DLA", "FPL") if kind in kinds), "")
    if state in IN_THE_AIR:
        in_the_air = (
            flight.leg.took_off_at is not None and _newest(flight, flight.leg.took_off_at) is not None
        )
        return "CHG" if in_the_air and "CHG" in kinds else "DEP"
    wanted = "CNL" if state is _S.ENDED else "ARR"
    return wanted if wanted in kinds else ""


def draft(flight: Flight, kind: str = "") -> Draft:
    """The message of a kind; else the next, or the last where none is. Raises Refused where none can be made."""
    kinds = available(flight)
    following = suggested(flight, kinds)
    wanted = kind or following or (kinds[-1] if kinds else "")
    if wanted not in kinds:
        raise Refused(
            "NO_MESSAGE",
            f"no {wanted or 'flight message'} while the tasking is {flight.tasking.state};"
            f" {', '.join(kinds) or 'none'} can be made",
            field="kind",
        )
    made = _MAKERS[wanted](flight)
    return Draft(
        kind=wanted,
        suggested=following,
        available=kinds,
        text=writer.write(made.message),
        fields=((3, wanted), *writer.texts(made.message)),
        gaps=made.gaps,
        supplementary=supplementary(flight) if wanted == "FPL" else "",
        exercise=flight.tasking.simulated,
    )


def _newest(flight: Flight, since: datetime) -> Amendment | None:
    """The amendment that the crew acknowledged last, not before `since`."""
    done = (each for each in reversed(flight.tasking.amendments) if each.state is AmendmentState.ACKNOWLEDGED)
    newest = next(done, None)
    late = newest is not None and newest.answered_at is not None and newest.answered_at >= since
    return newest if late else None


def _before_after(flight: Flight) -> tuple[PlanDraft, PlanDraft] | None:
    """The plan before and after the newest amendment of this sortie, which has a plan of its own."""
    newest = _newest(flight, flight.asked_at)
    if newest is None:
        return None
    before, after = (
        plan(replace(flight, tasking=with_terms(flight.tasking, terms)))
        for terms in (newest.before, _moved(newest))
    )
    return before, after


def _moved(amendment: Amendment) -> Terms:
    """Its terms; where a later take-off alone is said, what follows it moves with it: the flight is as long as it was."""
    before, after = amendment.before, amendment.after
    late = after.take_off_at - before.take_off_at
    if late <= timedelta() or {"on_scene_at", "land_at"} & set(amendment.changed):
        return after
    return replace(after, on_scene_at=after.on_scene_at + late, land_at=after.land_at + late)


def _change(flight: Flight) -> tuple[str, PlanDraft] | None:
    """DLA or CHG with its message, of the newest acknowledged amendment; None where the plan stays as it is.

    A delay alone, within its day, is DLA (Doc 4444 §11.4.2.2.3); all else is CHG (§11.4.2.2.4).
    """
    plans = _before_after(flight)
    if plans is None:
        return None
    before, after = plans[0].message, plans[1].message
    changed = [
        number for number, name in NAMES.items() if getattr(before, name, None) != getattr(after, name, None)
    ]
    if not changed:
        return None
    if before.departure is None or after.departure is None:
        return None
    if changed == [13] and after.departure.time > before.departure.time:
        late = replace(_associated(before, "DLA"), departure=after.departure)
        return "DLA", PlanDraft(message=late, gaps=())
    changes = tuple(Change(number=number, content=getattr(after, NAMES[number])) for number in changed)
    message = replace(_associated(before, "CHG"), amendments=changes)
    kept = tuple(gap for gap in plans[1].gaps if int(gap.field) in changed)
    return "CHG", PlanDraft(message=message, gaps=kept)


def _associated(filed: Message, kind: str) -> Message:
    """What every message after a plan says of it: who, from where and when, whereto, on which day."""
    said = filed.other.values if filed.other is not None else {}
    destination = filed.destination
    return Message(
        title=Title(kind=kind),
        identity=filed.identity,
        departure=filed.departure,
        destination=None if destination is None else Destination(aerodrome=destination.aerodrome),
        other=Other(values={key: said[key] for key in _ASSOCIATES if key in said}),
    )


def _changed(flight: Flight) -> PlanDraft:
    change = _change(flight)
    if change is None:  # `available` has asked
        raise Refused("NO_MESSAGE", "nothing of the plan has changed", field="kind")
    return change[1]


def _cancelled(flight: Flight) -> PlanDraft:
    return PlanDraft(message=_associated(plan(flight).message, "CNL"), gaps=())


def _departed(flight: Flight) -> PlanDraft:
    filed = plan(flight)
    message = _associated(filed.message, "DEP")
    begin, gaps = departure(flight)
    if flight.leg.took_off_at is not None:
        actual = Departure(aerodrome=begin.indicator, time=hhmm(flight.leg.took_off_at))
        message = replace(message, departure=actual)
    return PlanDraft(message=message, gaps=gaps)


def _arrived(flight: Flight) -> PlanDraft:
    begin, gaps = departure(flight)
    planned, there = flight.base(flight.tasking.base_id), landing(flight)
    landed_at = flight.leg.landed_at
    if landed_at is None:  # `available` has asked
        raise Refused("NO_MESSAGE", "it has not landed", field="kind")
    elsewhere = there != planned
    unnamed = places(there, there).get("DEP", "")
    message = Message(
        title=Title(kind="ARR"),
        identity=identity(flight),
        departure=Departure(aerodrome=begin.indicator, time=hhmm(flight.begins_at)),
        destination=Destination(aerodrome=planned.indicator) if elsewhere else None,
        arrival=Arrival(aerodrome=there.indicator, time=hhmm(landed_at), name=unnamed),
    )
    return PlanDraft(
        message=message, gaps=(*gaps, *((Gap(field="17", code="ARRIVAL_NAME"),) if unnamed else ()))
    )


_MAKERS: Mapping[str, Callable[[Flight], PlanDraft]] = {
    "FPL": plan,
    "DLA": _changed,
    "CHG": _changed,
    "CNL": _cancelled,
    "DEP": _departed,
    "ARR": _arrived,
}
