"""Which records a console is told of: touched by a fact, changed since a row, seen by its eyes.

Each record is encoded once, whoever sees it; viewers who see the same share the joined message too. An operator or
ATC may come to see an old record because of a new one (an incident, once its tasking is ordered), so what hangs on
a touched record is looked at again.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from dispatch import (
    aid_facts,
    airspace_facts,
    alert_facts,
    callout_facts,
    clearance_facts,
    closure_facts,
    consent_facts,
    drop_facts,
    facts,
    hazard_facts,
    incident_facts,
    resource_facts,
    room_facts,
    run_card_facts,
    search_facts,
    staff_facts,
    tasking_facts,
    traffic_area_facts,
    uplink_facts,
    video_facts,
    video_share_facts,
    weather_facts,
)
from dispatch.alert_kinds import AlertDesk
from dispatch.alert_records import handling_id
from dispatch.facts import Recorded
from dispatch.kinds import Role
from dispatch.views import SHOWN, Relations, Viewer, visible
from dispatch.world import World
from protocols.codec.client_fragments import record_fragment

Key = tuple[str, str]  # table, id

SCOPED = frozenset({Role.OPERATOR, Role.ATC})  # what they see depends on other records


def touched(world: World, recorded: Iterable[Recorded], after: int) -> frozenset[Key]:
    """The shown records that these facts changed after row `after`."""
    keys: set[Key] = set()
    for each in recorded:
        keys.update(_named(world, each.fact))
    return frozenset(key for key in keys if world.changed.get(key, 0) > after)


def _named(world: World, fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case incident_facts.IncidentReported():
            yield "incidents", fact.incident.id
        case (
            incident_facts.IncidentAdvanced()
            | incident_facts.IncidentUpdated()
            | incident_facts.IncidentCorrected()
            | incident_facts.AlarmsJoined()
            | incident_facts.IncidentVerified()
            | run_card_facts.RunCardApplied()
            | run_card_facts.CardItemTicked()
            | run_card_facts.CardClockEscalated()
        ):
            yield "incidents", fact.incident_id
        case incident_facts.IncidentShared():
            yield "incidents", fact.incident.id
            yield from (("taskings", tasking.id) for tasking in fact.taskings)
            yield from (("requests", request.id) for request in fact.requests)
        case consent_facts.IncidentSummarised():
            yield "incidents", fact.summary.incident_id
        case consent_facts.ConsentEnded():  # they are shared with nobody any more
            yield from (("incidents", incident_id) for incident_id in world.incidents)
        case tasking_facts.PlanProposed() | tasking_facts.PlanAdopted():  # a new proposal supersedes others
            yield from (("plans", plan_id) for plan_id in world.plans)
        case tasking_facts.TaskingAdopted():
            yield "taskings", fact.tasking.id
        case (
            tasking_facts.TaskingAdvanced() | tasking_facts.TaskingAmended() | tasking_facts.TimerEscalated()
        ):
            yield from _of_tasking(world, fact.tasking_id)
        case airspace_facts.AirspaceFiled():
            yield "requests", fact.request.id
            yield from _of_tasking(world, fact.request.tasking_id)
        case (
            airspace_facts.AirspaceAdvanced()
            | clearance_facts.AirspacePhoned()
            | clearance_facts.AirspaceQuestioned()
            | clearance_facts.AirspaceAnswered()
        ):
            yield "requests", fact.request_id
        case drop_facts.WaterRecorded() | drop_facts.WaterCorrected() | drop_facts.HoursSigned():
            yield "taskings", fact.tasking_id
        case _:
            yield from _of_resource(fact)
            yield from _of_callout(fact)
            yield from _of_alert(fact)
            yield from _of_map(fact)
            yield from _of_aid(fact)
            yield from _of_room(world, fact)
            yield from _of_video(world, fact)


def _of_tasking(world: World, tasking_id: str) -> Iterator[Key]:
    yield "taskings", tasking_id
    tasking = world.taskings.get(tasking_id)
    if tasking is not None:
        yield "aircraft", tasking.aircraft_id


def _of_map(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case closure_facts.ClosureDeclared() | closure_facts.ClosureAmended():
            yield "closures", fact.closure.id
        case closure_facts.ClosureLifted():
            yield "closures", fact.closure_id
        case video_facts.VideoStreamSaved():
            yield "video_streams", fact.stream.id
        case video_facts.VideoStreamRemoved() | video_facts.VideoSendingBegan():
            yield "video_streams", fact.stream_id
        case search_facts.SearchDrawn() | search_facts.SearchAmended():
            yield "searches", fact.search.id
        case search_facts.SearchWithdrawn():
            yield "searches", fact.search_id
        case traffic_area_facts.TrafficAreaMade() | traffic_area_facts.TrafficAreaAmended():
            yield "traffic_areas", fact.area.id
        case traffic_area_facts.TrafficAreaWithdrawn():
            yield "traffic_areas", fact.area_id
        case traffic_area_facts.IntrusionRecorded():
            yield "intrusions", fact.intrusion.id
        case traffic_area_facts.IntrusionCleared():
            yield "intrusions", fact.intrusion_id
        case hazard_facts.HazardTaken():
            yield "hazards", fact.hazard.id
        case hazard_facts.HazardEnded():
            yield "hazards", fact.hazard_id


def _of_video(world: World, fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case video_share_facts.VideoShown():
            yield from (("shown_videos", each) for each in world.shown_videos)  # which went is not said
        case consent_facts.ConsentSigned():
            yield from (("shown_videos", each) for each in world.shown_videos)
        case uplink_facts.UplinkSent():
            yield "uplinks", fact.uplink.id
        case uplink_facts.UplinkNoted() | uplink_facts.UplinkAnswered():
            yield "uplinks", fact.uplink_id
        case video_share_facts.VideoRequested():
            yield "video_requests", fact.request.id
        case video_share_facts.VideoAnswered():
            yield "video_grants", fact.grant.id
        case video_share_facts.PartnerViewingBegan():
            yield "video_grants", fact.viewing.grant_id
        case video_share_facts.PartnerViewingEnded():
            yield "video_grants", fact.grant_id


def _of_room(world: World, fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case room_facts.RoomOpened() | room_facts.RoomSiteInvited():
            yield from _all_of_room(world, fact.room.id)
        case room_facts.RoomRolesInvited():
            yield from _all_of_room(world, fact.room_id)
        case room_facts.RoomClosed():
            yield "rooms", fact.room_id
        case room_facts.RoomEntered():
            yield "room_people", fact.person.id
        case room_facts.RoomReadUpTo():
            yield "room_people", fact.person_id
        case room_facts.RoomEntryMade():
            yield "room_entries", fact.entry.id
        case room_facts.RoomStrokeUndone():
            yield "room_entries", fact.entry_id
        case room_facts.RoomGiven():
            yield from (("room_people", person.id) for person in fact.people)
            yield from (("room_entries", entry.id) for entry in fact.entries)


def _all_of_room(world: World, room_id: str) -> Iterator[Key]:
    """Whoever comes in sees what was there; what a site put in before its invitation was known is seen only now."""
    yield "rooms", room_id
    for table in ("room_people", "room_entries"):
        for each in getattr(world, table).values():
            if each.room_id == room_id:
                yield table, each.id


def _of_callout(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case callout_facts.TaskingShown():
            yield "taskings", fact.tasking_id
        case callout_facts.CalloutQueued():
            yield "callouts", fact.callout.id
        case callout_facts.CalloutAdvanced() | callout_facts.CalloutPhoned():
            yield "callouts", fact.callout_id
        case callout_facts.CalloutReplied():
            yield "callouts", fact.reply.callout_id


def _of_aid(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case aid_facts.AidAsked():
            yield "aid_requests", fact.request.id
        case aid_facts.AidAnswered():
            yield "aid_offers", fact.offer.id
        case aid_facts.AidClockPassed():
            yield "aid_alarms", fact.alarm.id


def _of_alert(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case alert_facts.AlertAcknowledged() | alert_facts.AlertShelved():
            yield "alert_handlings", handling_id(fact.desk, fact.seen.alert_id)
        case alert_facts.AlertUnshelved():
            yield "alert_handlings", handling_id(fact.desk, fact.alert_id)
        case alert_facts.AlertsEnded():
            for ended in fact.alerts:
                yield from (("alert_handlings", handling_id(desk, ended.alert_id)) for desk in AlertDesk)
        case alert_facts.NetInhibited():
            yield "net_inhibitions", fact.inhibition.id
        case alert_facts.InhibitionLifted():
            yield "net_inhibitions", fact.inhibition_id


def _of_resource(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case resource_facts.AircraftSaved():
            yield "aircraft", fact.aircraft.id
        case resource_facts.ObstacleSaved():
            yield "obstacles", fact.obstacle.id
        case resource_facts.BaseSaved():
            yield "bases", fact.base.id
        case resource_facts.WaterPointSaved():
            yield "water_points", fact.water_point.id
        case resource_facts.LandingSiteSaved():
            yield "landing_sites", fact.landing_site.id
        case resource_facts.IdentitySaved():
            yield "identities", fact.identity.id
        case resource_facts.HospitalSaved():
            yield "hospitals", fact.hospital.id
        case _:
            yield from _of_staff(fact)


def _of_staff(fact: facts.Fact) -> Iterator[Key]:
    match fact:
        case staff_facts.OperatorSaved():
            yield "operators", fact.operator.id
        case staff_facts.ContractSaved():
            yield "contracts", fact.contract.id
        case staff_facts.CrewMemberSaved():
            yield "crew", fact.crew_member.id
        case staff_facts.EquipmentSaved():
            yield "equipment", fact.equipment.id
        case weather_facts.MinimumSaved():
            yield "minima", fact.minimum.id
        case staff_facts.DutyRuleSaved():
            yield "duty_rules", fact.duty_rule.id
        case run_card_facts.RunCardSaved():
            yield "run_cards", fact.run_card.id
        case aid_facts.AidRuleSaved():
            yield "aid_rules", fact.aid_rule.id
        case clearance_facts.ClearanceRuleSaved():
            yield "clearance_rules", fact.clearance_rule.id


def changed_since(world: World, after: int) -> frozenset[Key]:
    """The shown records that changed after row `after`."""
    return frozenset(key for key, seq in world.changed.items() if seq > after and key[0] in _SHOWN)


_SHOWN = frozenset(SHOWN)


def beside(world: World, keys: frozenset[Key]) -> frozenset[Key]:
    """`keys` and the records that may have come into a scoped viewer's sight with them."""
    more: set[Key] = set(keys)
    for table, record_id in keys:
        record = getattr(world, table).get(record_id)
        if record is None:
            continue
        if table == "taskings":
            more.add(("incidents", record.incident_id))
            more.update(_drawn_for(world, record.incident_id))
            more.update(("requests", request_id) for request_id in record.airspace_request_ids)
        if table in ("taskings", "requests"):
            more.add(("aircraft", record.aircraft_id))
        if table == "requests":
            more.update((("taskings", record.tasking_id), ("incidents", record.incident_id)))
            more.update(_drawn_for(world, record.incident_id))
    return frozenset(more)


def _drawn_for(world: World, incident_id: str) -> Iterator[Key]:
    for table in ("searches", "traffic_areas", "intrusions"):
        for each in getattr(world, table).values():
            if each.incident_id == incident_id:
                yield table, each.id


class Fragments:
    """Records as bytes, each encoded once for as long as it does not change. Holds what is shown, nothing else."""

    def __init__(self) -> None:
        self._made: dict[Key, tuple[Any, bytes]] = {}

    def of(self, table: str, record_id: str, record: Any) -> bytes:
        """The bytes of one record."""
        made = self._made.get((table, record_id))
        if made is None or made[0] is not record:
            made = self._made[table, record_id] = (record, record_fragment(table, record))
        return made[1]

    def seen(
        self, world: World, relations: Relations, viewer: Viewer, keys: Iterable[Key]
    ) -> Iterator[bytes]:
        """The bytes of those of `keys` that the viewer may see."""
        for table, record_id in sorted(keys):
            record = getattr(world, table).get(record_id)
            if record is not None and visible(relations, viewer, table, record):
                yield self.of(table, record_id, record)

    def everything(self, world: World, relations: Relations, viewer: Viewer) -> Iterator[bytes]:
        """The bytes of all that the viewer may see."""
        for table in SHOWN:
            for record_id, record in getattr(world, table).items():
                if visible(relations, viewer, table, record):
                    yield self.of(table, record_id, record)

    def warm(self, world: World) -> Iterator[None]:
        """Encode everything ahead of the first console, one record a step."""
        for table in SHOWN:
            for record_id, record in getattr(world, table).items():
                self.of(table, record_id, record)
                yield


def new_ids(recorded: Iterable[Recorded]) -> tuple[str, ...]:
    """The ids of what a command made."""
    made: list[str] = []
    for each in recorded:
        match each.fact:
            case incident_facts.IncidentReported(incident=incident):
                made.append(incident.id)
            case tasking_facts.PlanProposed(plan=plan):
                made.append(plan.id)
            case tasking_facts.TaskingAdopted(tasking=tasking):
                made.append(tasking.id)
            case airspace_facts.AirspaceFiled(request=request):
                made.append(request.id)
            case closure_facts.ClosureDeclared(closure=closure):
                made.append(closure.id)
            case alert_facts.NetInhibited(inhibition=inhibition):
                made.append(inhibition.id)
    return tuple(made)
