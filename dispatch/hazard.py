"""Hazards (烟羽, 爆炸, 淹没, 火线) as a model or a survey gives them: taken, renewed by a newer run, over by themselves.

One kind, source and name is one hazard; a newer run replaces the older. Plume, blast and inundation close their airspace
at all working heights for as long as they are valid; a fire perimeter is told, and closes it only where its source says
`keep_out`. The closures are closures like any other, so a dispatcher may lift one by name and with a reason while the
layer stays on the map; the next run closes the airspace again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import access, closure, ids
from dispatch.closure_facts import ClosureAmended, ClosureDeclared, ClosureLifted
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.hazard_commands import EndHazard, TakeHazard
from dispatch.hazard_facts import HazardEnded, HazardTaken
from dispatch.hazard_records import Hazard, HazardRing, HazardTerms
from dispatch.kinds import AltitudeDatum, ClosureKind, Role
from dispatch.records import Closure, Outline
from dispatch.weather_kinds import HazardKind
from dispatch.world import World

MOST_RINGS = 20
MAX_NAME, MAX_SOURCE, MAX_NOTE, MAX_REASON = 80, 120, 300, 500
AHEAD = timedelta(minutes=10)  # a model's clock may be off by so much
CEILING_M = 1000.0  # above ground: all that rescue aircraft fly at and a margin; the planner knows no heights
_CLOSES = {
    HazardKind.PLUME: ClosureKind.PLUME,
    HazardKind.BLAST: ClosureKind.BLAST,
    HazardKind.INUNDATION: ClosureKind.INUNDATION,
    HazardKind.FIRE_PERIMETER: ClosureKind.OTHER,
}


def decide(world: World, ask: Ask, command: TakeHazard | EndHazard, now: datetime) -> tuple[Fact, ...]:
    """Take a hazard or end one. Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case TakeHazard():
            access.require(ask, access.TAKE_HAZARD, "handing over hazards")
            return _take(world, ask, command.terms, now)
        case EndHazard():
            access.require(ask, access.END_HAZARD, "ending a hazard")
            return _end(world, command, now)


def is_over(hazard: Hazard, now: datetime) -> bool:
    """Whether it lies there no more."""
    return hazard.ended_at is not None or hazard.terms.valid_until <= now


def is_valid(hazard: Hazard, now: datetime) -> bool:
    """Whether it lies there now."""
    return not is_over(hazard, now) and hazard.terms.valid_from <= now


def hazard_id(site: str, terms: HazardTerms) -> str:
    """The id of a hazard: one per kind, source and name."""
    return ids.derive(site, "HAZ", f"{terms.kind}\0{terms.source}\0{terms.name}")


def _take(world: World, ask: Ask, terms: HazardTerms, now: datetime) -> tuple[Fact, ...]:
    terms = checked(terms, now)
    key = hazard_id(world.site, terms)
    present = world.hazards.get(key)
    if present is not None and not is_over(present, now):
        if present.terms.model_at > terms.model_at:
            raise Refused(
                "OLDER_RUN",
                f"a run of {present.terms.model_at:%Y-%m-%dT%H:%MZ} lies here",
                field="model_time",
            )
        if present.terms == terms:
            raise Refused("NOTHING_CHANGED", "everything is as it was", field="name")
    hazard = Hazard(
        id=key,
        site=world.site,
        terms=terms,
        received_at=now,
        received_by=ask.actor,
        version=1 if present is None else present.version + 1,
    )
    standing = [] if present is None else list(_standing(world, present, now))
    closures = tuple(_closures(ask, hazard, standing, now))
    kept = tuple(each.closure.id for each in closures if not isinstance(each, ClosureLifted))
    return (HazardTaken(hazard=replace(hazard, closure_ids=kept)), *closures)


def _closures(
    ask: Ask, hazard: Hazard, standing: Sequence[Closure], now: datetime
) -> Iterator[ClosureDeclared | ClosureAmended | ClosureLifted]:
    """What the airspace is from now on: one closure a ring, the ones that stand amended, those too many lifted."""
    terms = hazard.terms
    rings = terms.rings if terms.keep_out else ()
    for n, ring in enumerate(rings):
        closure_id = ids.derive(hazard.site, "CLS", f"{hazard.id}\0{hazard.version}\0{n}")
        before = standing[n] if n < len(standing) else None
        wanted = Closure(
            id=closure_id if before is None else before.id,
            site=hazard.site,
            name=f"{terms.name} {n + 1}/{len(rings)}" if len(rings) > 1 else terms.name,
            kind=_CLOSES[terms.kind],
            outline=Outline(ring=ring.corners),
            floor_m=0.0,
            ceiling_m=CEILING_M,
            datum=AltitudeDatum.AGL,
            active_from=terms.valid_from,
            active_until=terms.valid_until,
            reason=f"{terms.kind} {terms.certainty}，{terms.model_at:%Y-%m-%dT%H:%MZ}",
            source=terms.source,
            declared_at=now if before is None else before.declared_at,
            declared_by=ask.actor if before is None else before.declared_by,
            declared_as=(ask.role or Role.DISPATCHER) if before is None else before.declared_as,
            large=terms.large,
            version=1 if before is None else before.version + 1,
        )
        made = closure.checked(wanted, now)
        if before is None:
            yield ClosureDeclared(closure=made)
        else:
            yield ClosureAmended(closure=made, changed=("outline", "active_from", "active_until"))
    for each in standing[len(rings) :]:
        yield ClosureLifted(closure_id=each.id, version=each.version + 1, reason="新一次推演不再覆盖")


def _standing(world: World, hazard: Hazard, now: datetime) -> Iterator[Closure]:
    for closure_id in hazard.closure_ids:
        found = world.closures.get(closure_id)
        if found is not None and not closure.is_over(found, now):
            yield found


def _end(world: World, command: EndHazard, now: datetime) -> tuple[Fact, ...]:
    present = world.hazards.get(command.hazard_id)
    if present is None:
        raise Unknown("hazard_id", f"no hazard {command.hazard_id}")
    if not command.reason.strip():
        raise Malformed("reason", "ending a hazard needs a reason")
    if len(command.reason) > MAX_REASON:
        raise Malformed("reason", f"{len(command.reason)} characters, at most {MAX_REASON}")
    access.check_version(command.version_seen, present.version, f"hazard {present.id}")
    if is_over(present, now):
        raise Refused("NOT_NOW", "it is over already", field="hazard_id")
    reason = command.reason.strip()
    return (
        HazardEnded(hazard_id=present.id, version=present.version + 1, reason=reason),
        *(
            ClosureLifted(closure_id=each.id, version=each.version + 1, reason=reason)
            for each in _standing(world, present, now)
        ),
    )


def checked(terms: HazardTerms, now: datetime) -> HazardTerms:
    """The same with its rings fit to be kept. Raises Malformed or Refused naming a field."""
    for name, most in (("name", MAX_NAME), ("source", MAX_SOURCE)):
        text = getattr(terms, name)
        if not text.strip():
            raise Malformed(name, "is empty")
        if len(text) > most:
            raise Malformed(name, f"{len(text)} characters, at most {most}")
    if len(terms.note) > MAX_NOTE:
        raise Malformed("note", f"{len(terms.note)} characters, at most {MAX_NOTE}")
    _check_times(terms, now)
    rings, flags = _checked_rings(terms)
    return replace(terms, name=terms.name.strip(), source=terms.source.strip(), rings=rings, flags=flags)


def _check_times(terms: HazardTerms, now: datetime) -> None:
    if terms.model_at > now + AHEAD:
        raise Refused("TIMES", "is in the future", field="model_time")
    if terms.valid_until <= terms.valid_from:
        raise Refused("TIMES", "is not after valid_from", field="valid_until")
    if terms.valid_until <= now:
        raise Refused("EXPIRED", "is over already", field="valid_until")
    if terms.valid_until - terms.valid_from > closure.LONGEST:
        raise Refused("TIMES", "is more than a year after valid_from", field="valid_until")


def _checked_rings(terms: HazardTerms) -> tuple[tuple[HazardRing, ...], tuple[str, ...]]:
    if not 1 <= len(terms.rings) <= MOST_RINGS:
        raise Refused("RINGS", f"{len(terms.rings)} outlines, 1 to {MOST_RINGS}", field="geometry")
    area_m2, rings, flags = 0.0, [], list(terms.flags)
    for ring in terms.rings:
        try:
            outline = closure.checked_outline(Outline(ring=ring.corners))
        except Refused as error:
            raise Refused(error.code, error.detail, field="geometry") from None
        if outline.ring == tuple(reversed(ring.corners)):
            flags.append("REVERSED")
        area_m2 += closure.area_m2(outline)
        rings.append(replace(ring, corners=outline.ring))
    if area_m2 > closure.LARGE_M2 and not terms.large:
        raise Refused(
            "VERY_LARGE",
            f"{area_m2 / 1e6:,.0f} km², over {closure.LARGE_M2 / 1e6:,.0f}; say `large` if that is meant",
            field="geometry",
        )
    return tuple(rings), tuple(dict.fromkeys(flags))
