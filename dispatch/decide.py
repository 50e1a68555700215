"""`decide(world, ask, now, partners) -> facts`, or raises why not. Pure: the same arguments, the same facts.

Each kind of command has one rule in the file of its entity; this file only finds it.
"""

from datetime import datetime

from dispatch import (
    aid,
    airspace,
    alarm,
    alarm_handling,
    amendment,
    callout,
    callout_reply,
    card_clocks,
    clocks,
    closure,
    conference,
    consent,
    correction,
    crew,
    device,
    drops,
    enrol,
    filing,
    fleet,
    handover,
    hazard,
    hours,
    identity,
    incident,
    logbook,
    planning,
    questions,
    refusals,
    room,
    run_card,
    search,
    sessions,
    shared_snapshot,
    shift_ends,
    tasking,
    traffic_area,
    uplink,
    video,
    video_share,
    volume,
    weather,
)
from dispatch.account_commands import (
    BarSignIn,
    ChangePassword,
    CloseSession,
    EndSessions,
    LockSession,
    OpenSession,
    RevokeDevice,
    SaveAccount,
    UnbarSignIn,
    UnlockSession,
)
from dispatch.aid_commands import AidCommand
from dispatch.alert_commands import (
    AcknowledgeAlert,
    AlertCommand,
    CountAlerts,
    InhibitNet,
    LiftInhibition,
    NoteAlerts,
    ShelveAlert,
    UnshelveAlert,
)
from dispatch.callout_commands import (
    AdvanceCallout,
    AnswerCallout,
    MarkPhoned,
    QueueCallouts,
    ReportShown,
    TakeReply,
)
from dispatch.clearance_commands import AnswerAtc, AskDesk, ClearanceCommand, FileAirspace
from dispatch.closure_commands import AmendClosure, DeclareClosure, LiftClosure
from dispatch.commands import ActOnAirspace, Ask, OneDeskCommand
from dispatch.conference_commands import ConferenceCommand
from dispatch.consent_commands import (
    ExpireConsent,
    LabelRecord,
    NoteSent,
    OfferResources,
    ProposeConsent,
    PurgeCopies,
    RevokeConsent,
    SignConsent,
    TellAirspace,
    TellSummary,
    WithdrawConsent,
)
from dispatch.drop_commands import (
    CorrectWater,
    DropCommand,
    NoteTrackEvents,
    RecordWater,
    RejectTrackEvents,
    SignHours,
)
from dispatch.duty_commands import (
    AddNote,
    EscalateHandover,
    EscalateMissedHandover,
    OpenHandover,
    ReadHandoverItems,
    SignHandover,
    TakeHandover,
    WithdrawHandover,
)
from dispatch.enrol_commands import EnrolCommand
from dispatch.facts import Fact
from dispatch.hazard_commands import EndHazard, HazardCommand, TakeHazard
from dispatch.incident_commands import (
    ActOnIncident,
    CorrectIncident,
    ReportIncident,
    ShareIncident,
    TakeAlarms,
    UpdateIncident,
    VerifyIncident,
)
from dispatch.resource_commands import SaveIdentity, SaveResource
from dispatch.room_commands import RoomCommand
from dispatch.run_card_commands import ApplyRunCard, EscalateCardClock, TickCardItem
from dispatch.search_commands import AmendSearch, DrawSearch, SearchCommand, WithdrawSearch
from dispatch.tasking_commands import (
    ActOnTasking,
    AdoptPlan,
    AmendTasking,
    AssignCrew,
    EscalateTimer,
    NoteRefusals,
    ProposePlan,
)
from dispatch.traffic_area_commands import (
    AmendTrafficArea,
    ClearIntrusion,
    MakeTrafficArea,
    RecordIntrusion,
    TrafficCommand,
    WithdrawTrafficArea,
)
from dispatch.uplink_commands import UplinkCommand
from dispatch.video_commands import VideoCommand
from dispatch.video_share_commands import VideoShareCommand
from dispatch.volume_commands import AmendVolume, ImportVolumes, SaveVolume, VolumeCommand, WithdrawVolumes
from dispatch.weather_commands import EnterWeather
from dispatch.world import World


def decide(world: World, ask: Ask, now: datetime, partners: frozenset[str] = frozenset()) -> tuple[Fact, ...]:
    """The facts that `ask` makes, at least one. Raises a GanyingError when it is refused.

    `now` is aware UTC; `partners` are the site ids of configured partners; those who joined are in the world.
    """
    device.check_turn(world, ask)
    partners = enrol.partners(world, partners)
    if isinstance(ask.command, AidCommand):
        made = aid.decide(world, ask, ask.command, now, partners)
    elif isinstance(ask.command, RoomCommand):
        made = room.decide(world, ask, ask.command, now, partners)
    elif isinstance(ask.command, VideoCommand):
        made = video.decide(world, ask, ask.command, now)
    elif isinstance(ask.command, VideoShareCommand):
        made = video_share.decide(world, ask, ask.command, now)
    elif isinstance(ask.command, ConferenceCommand):
        made = conference.decide(world, ask, ask.command, now)
    elif isinstance(ask.command, UplinkCommand):
        made = uplink.decide(world, ask, ask.command, now)
    elif isinstance(ask.command, EnrolCommand):
        made = enrol.decide(world, ask, ask.command, now, partners)
    else:
        made = _decide(world, ask, ask.command, now, partners)
    return (*made, *device.stamped(ask, made, now))


def _decide(
    world: World, ask: Ask, command: OneDeskCommand, now: datetime, partners: frozenset[str]
) -> tuple[Fact, ...]:
    match command:
        case ReportIncident() | UpdateIncident() | ActOnIncident():
            return incident.decide(world, ask, command, now)
        case (
            ProposeConsent()
            | SignConsent()
            | WithdrawConsent()
            | RevokeConsent()
            | LabelRecord()
            | ExpireConsent()
            | TellSummary()
            | OfferResources()
            | TellAirspace()
            | PurgeCopies()
            | NoteSent()
        ):
            return consent.decide(world, ask, command, now, partners)
        case (
            ShareIncident()
            | CorrectIncident()
            | TakeAlarms()
            | VerifyIncident()
            | ApplyRunCard()
            | TickCardItem()
            | EscalateCardClock()
        ):
            return _beside_incident(world, ask, command, now, partners)
        case ProposePlan() | AdoptPlan():
            return _of_plans(world, ask, command, now)
        case (
            ActOnTasking()
            | AmendTasking()
            | EscalateTimer()
            | RecordWater()
            | CorrectWater()
            | NoteTrackEvents()
            | RejectTrackEvents()
            | SignHours()
        ):
            return _of_taskings(world, ask, command, now)
        case ActOnAirspace() | FileAirspace() | AskDesk() | AnswerAtc():
            return _of_airspace(world, ask, command, now)
        case DeclareClosure() | AmendClosure() | LiftClosure():
            return closure.decide(world, ask, command, now)
        case (
            SaveResource()
            | SaveIdentity()
            | AssignCrew()
            | RevokeDevice()
            | ImportVolumes()
            | SaveVolume()
            | AmendVolume()
            | WithdrawVolumes()
            | DrawSearch()
            | AmendSearch()
            | WithdrawSearch()
            | MakeTrafficArea()
            | AmendTrafficArea()
            | WithdrawTrafficArea()
            | RecordIntrusion()
            | ClearIntrusion()
            | EnterWeather()
            | TakeHazard()
            | EndHazard()
        ):
            return _of_things(world, ask, command, now)
        case (
            AddNote()
            | OpenHandover()
            | SignHandover()
            | ReadHandoverItems()
            | TakeHandover()
            | WithdrawHandover()
            | EscalateHandover()
            | EscalateMissedHandover()
            | AcknowledgeAlert()
            | ShelveAlert()
            | UnshelveAlert()
            | InhibitNet()
            | LiftInhibition()
            | NoteAlerts()
            | CountAlerts()
        ):
            return _of_the_day(world, ask, command, now)
        case (
            QueueCallouts() | AdvanceCallout() | MarkPhoned() | AnswerCallout() | TakeReply() | ReportShown()
        ):
            return _of_callouts(world, ask, command, now)
        case NoteRefusals():
            return refusals.decide_note(ask, command)
        case (
            SaveAccount()
            | OpenSession()
            | CloseSession()
            | EndSessions()
            | LockSession()
            | UnlockSession()
            | ChangePassword()
            | BarSignIn()
            | UnbarSignIn()
        ):
            return sessions.decide(world, ask, command)


def _of_airspace(
    world: World, ask: Ask, command: ActOnAirspace | ClearanceCommand, now: datetime
) -> tuple[Fact, ...]:
    if isinstance(command, ActOnAirspace):
        return airspace.decide_act(world, ask, command, now)
    if isinstance(command, FileAirspace):
        return filing.decide_file(world, ask, command, now)
    return questions.decide(world, ask, command)


def _beside_incident(
    world: World,
    ask: Ask,
    command: ShareIncident
    | CorrectIncident
    | TakeAlarms
    | VerifyIncident
    | ApplyRunCard
    | TickCardItem
    | EscalateCardClock,
    now: datetime,
    partners: frozenset[str],
) -> tuple[Fact, ...]:
    if isinstance(command, ShareIncident):
        (shared,) = incident.decide_share(world, ask, command, partners)
        consent.check_share(world, shared.incident.id, shared.partner, now)
        return (shared_snapshot.without_names(shared),)
    if isinstance(command, CorrectIncident):
        return correction.decide_correct(world, ask, command, now)
    if isinstance(command, EscalateCardClock):
        return card_clocks.decide_escalate(world, ask, command, now)
    if isinstance(command, ApplyRunCard | TickCardItem):
        return run_card.decide(world, ask, command, now)
    return alarm.decide(world, ask, command, now)


def _of_plans(world: World, ask: Ask, command: ProposePlan | AdoptPlan, now: datetime) -> tuple[Fact, ...]:
    if isinstance(command, ProposePlan):
        return planning.decide_propose(world, ask, command, now)
    return tasking.decide_adopt(world, ask, command, now)


def _of_things(
    world: World,
    ask: Ask,
    command: SaveResource
    | SaveIdentity
    | AssignCrew
    | RevokeDevice
    | VolumeCommand
    | SearchCommand
    | TrafficCommand
    | EnterWeather
    | HazardCommand,
    now: datetime,
) -> tuple[Fact, ...]:
    match command:
        case SaveResource():
            return fleet.decide_save(world, ask, command)
        case SaveIdentity():
            return identity.decide_save(world, ask, command)
        case AssignCrew():
            return crew.decide_assign(world, ask, command, now)
        case RevokeDevice():
            return device.decide_revoke(world, ask, command)
        case ImportVolumes() | SaveVolume() | AmendVolume() | WithdrawVolumes():
            return volume.decide(world, ask, command, now)
        case DrawSearch() | AmendSearch() | WithdrawSearch():
            return search.decide(world, ask, command, now)
        case (
            MakeTrafficArea()
            | AmendTrafficArea()
            | WithdrawTrafficArea()
            | RecordIntrusion()
            | ClearIntrusion()
        ):
            return traffic_area.decide(world, ask, command, now)
        case EnterWeather():
            return weather.decide(world, ask, command, now)
        case TakeHazard() | EndHazard():
            return hazard.decide(world, ask, command, now)


def _of_callouts(
    world: World,
    ask: Ask,
    command: QueueCallouts | AdvanceCallout | MarkPhoned | AnswerCallout | TakeReply | ReportShown,
    now: datetime,
) -> tuple[Fact, ...]:
    match command:
        case QueueCallouts():
            return callout.decide_queue(world, ask, command, now)
        case AdvanceCallout():
            return callout.decide_advance(world, ask, command, now)
        case MarkPhoned():
            return callout.decide_phoned(world, ask, command)
        case ReportShown():
            return callout.decide_shown(world, ask, command)
        case TakeReply():
            return callout_reply.decide_take(world, ask, command, now)
        case AnswerCallout():
            replied, act = callout_reply.decide_answer(world, ask, command, now)
            return replied if act is None else (*tasking.decide_act(world, ask, act, now), *replied)


def _of_taskings(
    world: World, ask: Ask, command: ActOnTasking | AmendTasking | EscalateTimer | DropCommand, now: datetime
) -> tuple[Fact, ...]:
    match command:
        case ActOnTasking():
            return tasking.decide_act(world, ask, command, now)
        case AmendTasking():
            return amendment.decide_amend(world, ask, command, now)
        case EscalateTimer():
            return clocks.decide_escalate(world, ask, command, now)
        case SignHours():
            return hours.decide_sign(world, ask, command, now)
        case _:
            return drops.decide(world, ask, command, now)


def _of_the_day(
    world: World,
    ask: Ask,
    command: AddNote | handover.HandoverCommand | EscalateMissedHandover | AlertCommand,
    now: datetime,
) -> tuple[Fact, ...]:
    if isinstance(command, EscalateMissedHandover):
        return shift_ends.decide_escalate(world, ask, command, now)
    if isinstance(command, AddNote):
        return logbook.decide_add(world, ask, command, now)
    if isinstance(command, AlertCommand):
        return alarm_handling.decide(world, ask, command, now)
    return handover.decide(world, ask, command, now)
