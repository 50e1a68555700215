"""What the site tells partners by itself (DOMAIN §5): found in the world, asked as commands of the site's own.

Near the border a confirmed incident goes as a summary, and again whenever the summary says something else; until
somebody confirms it, it is nobody's word. Aircraft are told as they can be used, when that changes. Of an incident
that was shared its airspace is told as information until it is over. Each goes into the journal as a fact, so what a
partner was told can be read there; nothing is told without a consent that names the class.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from dispatch import consent, consent_policy, fitness
from dispatch.border import Nearness
from dispatch.consent_commands import (
    ConsentCommand,
    ExpireConsent,
    OfferResources,
    TellAirspace,
    TellSummary,
)
from dispatch.consent_kinds import ConsentState, LabelledTable, ObjectClass
from dispatch.consent_records import (
    Consent,
    IncidentSummary,
    JointAirspace,
    OfferedAircraft,
    ResourceOffer,
)
from dispatch.errors import GanyingError
from dispatch.kinds import IncidentState
from dispatch.partner import OVER
from dispatch.records import Aircraft, Incident
from dispatch.traffic_area_records import TrafficArea
from dispatch.volume_kinds import VolumeFormat, VolumeKind
from dispatch.volume_records import Volume
from dispatch.world import World

ROUND_M = 100.0  # a spread that differs by less is the same
MOST_VOLUMES = 50  # told with one incident, by name
# Volumes drawn by hand may be an arrangement that nobody has published: only those made for flying a task are told.
_HAND_DRAWN = frozenset({VolumeKind.OPERATION, VolumeKind.TEMPORARY})

Near = Callable[[Consent], Nearness]
Spread = Callable[[Incident], float]  # metres that it may reach within the hours ahead, 0: it stays
VolumesAt = Callable[[World, Incident], tuple[Volume, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the rules must know that is not in the world."""

    near: Near
    spread_m: Spread
    volumes_at: VolumesAt


def due(world: World, around: Around, now: datetime) -> Iterator[ConsentCommand]:
    """What is to be told now, nothing twice."""
    offer = cache(lambda: offer_of(world, now))  # the same for all
    for each in world.consents.values():
        if each.site != world.site or each.state is not ConsentState.IN_FORCE:
            continue
        if each.terms.valid_until is not None and each.terms.valid_until <= now:
            yield ExpireConsent(consent_id=each.id)
        elif consent_policy.holds(each.terms, now):
            yield from _under(world, each, around, offer, now)


def _under(
    world: World, each: Consent, around: Around, offer: Callable[[], ResourceOffer], now: datetime
) -> Iterator[ConsentCommand]:
    terms = each.terms
    if consent_policy.withheld(terms, ObjectClass.INCIDENTS) is not None and (terms.band_m or terms.area):
        yield from _summaries(world, each, around)
    if consent_policy.withheld(terms, ObjectClass.RESOURCES) is not None:
        told = world.consent_book.offered.get(each.partner)
        if told is None or told.aircraft != offer().aircraft:
            yield OfferResources(partner=each.partner, offer=offer())
    if consent_policy.withheld(terms, ObjectClass.VOLUMES) is not None:
        yield from _airspace(world, each.partner, around.volumes_at, now)


def _summaries(world: World, given: Consent, around: Around) -> Iterator[ConsentCommand]:
    partner, book, near = given.partner, world.consent_book, around.near(given)
    for incident in world.incidents.values():
        if incident.site != world.site or (incident.id, partner) in world.shared:
            continue
        told = book.summaries.get((incident.id, partner))
        if told is None and (incident.state in OVER or incident.state is IncidentState.REPORTED):
            continue
        if consent_policy.labelled(world, LabelledTable.INCIDENTS, incident.id):
            continue
        reach_m = round(around.spread_m(incident) / ROUND_M) * ROUND_M
        if told is None and not near.reached(incident.position, reach_m):
            continue
        summary = _summary(incident, near.border_m(incident.position), reach_m)
        if told is None or replace(summary, version=told.version) != told:
            yield TellSummary(partner=partner, summary=summary)


def _summary(incident: Incident, border_m: float | None, spread_m: float) -> IncidentSummary:
    return IncidentSummary(
        incident_id=incident.id,
        site=incident.site,
        kind=incident.kind,
        level=incident.level,
        title=incident.title,
        place=incident.place,
        position=incident.position,
        elevation_m=incident.elevation_m,
        state=str(incident.state),
        reported_at=incident.reported_at,
        life_at_risk=incident.life_at_risk,
        border_m=None if border_m is None else round(border_m),
        spread_m=spread_m,
        simulated=incident.simulated,
        version=incident.version,
    )


def offer_of(world: World, now: datetime) -> ResourceOffer:
    """Our aircraft as partners may know them."""
    offered = (
        _offered(world, each, now)
        for each in world.aircraft.values()
        if each.site == world.site and not consent_policy.aircraft_stays(world, each.id, each.operator_id)
    )
    return ResourceOffer(
        site=world.site, at=now, aircraft=tuple(sorted(offered, key=lambda each: each.aircraft_id))
    )


def _offered(world: World, aircraft: Aircraft, now: datetime) -> OfferedAircraft:
    base_id = aircraft.at_base_id or aircraft.home_base_id
    base = world.bases.get(base_id)
    if consent_policy.labelled(world, LabelledTable.BASES, base_id):
        base, base_id = None, ""
    tasking = world.ongoing_tasking(aircraft.id)
    ready = tasking is None and bool(aircraft.at_base_id) and _fit(world, aircraft, now)
    ready_at = None
    if tasking is not None and aircraft.serviceable:
        ready_at = tasking.land_at + timedelta(seconds=aircraft.turnaround_s)
    return OfferedAircraft(
        aircraft_id=aircraft.id,
        name=aircraft.name,
        model=aircraft.model,
        kind=aircraft.kind,
        base_id=base_id,
        base_name="" if base is None else base.name,
        base_position=None if base is None else base.position,
        capabilities=aircraft.capabilities,
        water_l=0.0 if aircraft.water is None else aircraft.water.capacity_l,
        seats=aircraft.seats,
        ready=ready,
        ready_at=ready_at,
    )


def _fit(world: World, aircraft: Aircraft, now: datetime) -> bool:
    try:
        return not fitness.unfit(world, aircraft, now)
    except GanyingError:
        return False


def _airspace(world: World, partner: str, volumes_at: VolumesAt, now: datetime) -> Iterator[ConsentCommand]:
    told = world.consent_book.told_airspace
    for incident_id, to in world.shared:
        incident = world.incidents.get(incident_id)
        if to != partner or incident is None or incident.site != world.site or incident.state in OVER:
            continue
        airspace = JointAirspace(
            incident_id=incident_id,
            site=world.site,
            at=now,
            areas=tuple(_areas(world, incident_id)),
            volumes=volumes_at(world, incident),
        )
        present = told.get((incident_id, partner))
        empty = present is None and not airspace.areas and not airspace.volumes
        if not empty and (present is None or replace(airspace, at=present.at) != present):
            yield TellAirspace(partner=partner, airspace=airspace)
    for (incident_id, to), present in told.items():
        incident = world.incidents.get(incident_id)
        joint = (incident_id, to) in world.shared
        if to == partner and (incident is None or incident.state in OVER or not joint):
            ended = replace(present, at=now, areas=(), volumes=())
            yield TellAirspace(partner=partner, airspace=ended, ended=True)


def _areas(world: World, incident_id: str) -> Iterator[TrafficArea]:
    for each in world.traffic_areas.values():
        mine = each.site == world.site and each.incident_id == incident_id and each.withdrawn_at is None
        if mine and not consent_policy.labelled(world, LabelledTable.TRAFFIC_AREAS, each.id):
            yield replace(each, history=())


def tellable(world: World, volume: Volume) -> bool:
    """Whether a volume may be told at all: published or made for a task, not withdrawn, without a label."""
    drawn = volume.terms.source.format is VolumeFormat.HAND
    return (
        volume.withdrawn_at is None
        and volume.site == world.site
        and (not drawn or volume.terms.kind in _HAND_DRAWN)
        and not consent_policy.labelled(world, LabelledTable.VOLUMES, volume.id)
    )


def to_purge(world: World, now: datetime) -> Iterator[tuple[Consent, int]]:
    """Partners' consents whose copies are to be purged, each with the last of our rows to look at."""
    for consent_id, through in world.consent_book.owed.items():
        found = world.consents.get(consent_id)
        if found is not None:
            yield found, through
    for each in world.consents.values():
        if each.id not in world.consent_book.owed and consent.ran_out(world, each, now):
            yield each, world.seq
