"""The logbook's lines: each fact of importance told in one plain line, in Chinese and in English. Pure.

Nothing here is stored: the line follows from the fact and from the world just after it. Facts without a line are not
of the desk's day (plans that nobody adopted, partners' copies, positions). Lines about accounts are marked
`security`: they are the security administrator's and the auditor's, not the desk's.
"""

from collections.abc import Callable
from typing import Any

from dispatch import (
    account_facts,
    aid_facts,
    airspace_facts,
    alert_facts,
    callout_facts,
    clearance_facts,
    closure_facts,
    conference_facts,
    consent_facts,
    device_facts,
    drop_facts,
    duty_facts,
    incident_facts,
    resource_facts,
    room_facts,
    run_card_facts,
    staff_facts,
    tasking_facts,
    video_facts,
    video_share_facts,
    weather_facts,
)
from dispatch.facts import Recorded
from dispatch.papers import (
    log_accounts,
    log_aid,
    log_alerts,
    log_conference,
    log_consents,
    log_drops,
    log_enrol,
    log_reach,
    log_rooms,
    log_searches,
    log_traffic,
    log_uplinks,
    log_video,
    log_video_share,
    log_volumes,
    log_weather,
    words,
)
from dispatch.papers.flight_plan import BY_TASKING
from dispatch.papers.log_line import LogLine, incident_name, line, plain, tasking_name, why
from dispatch.world import World


def told(world: World, recorded: Recorded) -> LogLine | None:
    """The line of a row; `world` is the one just after it. None: not of importance to the book."""
    tell = _LINES.get(type(recorded.fact))
    return None if tell is None else tell(world, recorded, recorded.fact)


def _reported(_: World, recorded: Recorded, fact: incident_facts.IncidentReported) -> LogLine:
    one = fact.incident
    level, kind = words.LEVELS.get(one.level, "")[:2], words.INCIDENT_KIND[one.kind]
    by_alarm = "告警" if one.sources else "接报"
    return line(
        recorded,
        f"{by_alarm}：{level} {kind}“{one.title}” {one.place}",
        f"{'Alarm' if one.sources else 'Reported'}: level {one.level} {plain(one.kind)} “{one.title}” {one.place}",
        incident_id=one.id,
    )


def _joined(world: World, recorded: Recorded, fact: incident_facts.AlarmsJoined) -> LogLine | None:
    if all(each.times > 0 for each in fact.sources) and recorded.role is None:
        return None
    names = "、".join(dict.fromkeys(words.ALARM_KIND[each.kind] for each in fact.sources))
    kinds = ", ".join(dict.fromkeys(plain(each.kind) for each in fact.sources))
    title = incident_name(world, fact.incident_id)
    return line(
        recorded, f"{title}并入告警：{names}", f"{title}: joined {kinds}", incident_id=fact.incident_id
    )


def _verified(world: World, recorded: Recorded, fact: incident_facts.IncidentVerified) -> LogLine:
    title = incident_name(world, fact.incident_id)
    return line(
        recorded,
        why(f"{title}来报经核实", fact.note),
        why(f"{title}: report vouched for", fact.note),
        incident_id=fact.incident_id,
    )


def _incident_advanced(world: World, recorded: Recorded, fact: incident_facts.IncidentAdvanced) -> LogLine:
    title, act = (
        incident_name(world, fact.incident_id),
        words.INCIDENT_ACTION.get(fact.action, str(fact.action)),
    )
    return line(
        recorded,
        why(f"{title}{act}，现为{words.INCIDENT_STATE[fact.state]}", fact.reason),
        why(f"{title}: {plain(fact.action)}, now {plain(fact.state)}", fact.reason),
        incident_id=fact.incident_id,
    )


def _incident_updated(world: World, recorded: Recorded, fact: incident_facts.IncidentUpdated) -> LogLine:
    title, names = incident_name(world, fact.incident_id), ", ".join(fact.changed)
    return line(
        recorded,
        f"{title}更新：{names}",
        f"{title} updated: {plain(names)}",
        incident_id=fact.incident_id,
    )


def _incident_corrected(world: World, recorded: Recorded, fact: incident_facts.IncidentCorrected) -> LogLine:
    title, now = incident_name(world, fact.incident_id), dict[str, str]()
    now["kind"], now["place"] = words.INCIDENT_KIND[fact.kind], fact.place
    now["position"] = f"{fact.position.lon_deg:.5f} {fact.position.lat_deg:.5f}"
    zh = "、".join(f"{words.CORRECTED.get(each, each)} {now.get(each, '')}".strip() for each in fact.changed)
    now["kind"] = plain(fact.kind)
    en = ", ".join(f"{plain(each)} {now.get(each, '')}".strip() for each in fact.changed)
    return line(
        recorded,
        why(f"{title}更正：{zh}", fact.reason),
        why(f"{title} corrected: {en}", fact.reason),
        incident_id=fact.incident_id,
    )


def _shared(_: World, recorded: Recorded, fact: incident_facts.IncidentShared) -> LogLine:
    title = f"“{fact.incident.title}”"
    return line(
        recorded,
        f"{title}通报 {fact.partner}",
        f"{title} shared with {fact.partner}",
        incident_id=fact.incident.id,
    )


def _card_applied(world: World, recorded: Recorded, fact: run_card_facts.RunCardApplied) -> LogLine:
    title, name = incident_name(world, fact.incident_id), fact.card.name
    return line(
        recorded,
        why(f"{title}采用预案卡“{name}”", fact.card.reason),
        why(f"{title}: run card “{name}” applied", fact.card.reason),
        incident_id=fact.incident_id,
    )


def _card_ticked(world: World, recorded: Recorded, fact: run_card_facts.CardItemTicked) -> LogLine:
    incident = world.incidents.get(fact.incident_id)
    card = incident.run_card if incident is not None else None
    found = next((each.item.text for each in card.items if each.key == fact.key), "") if card else ""
    title, text = incident_name(world, fact.incident_id), found or fact.key
    return line(
        recorded,
        f"{title}{'办结' if fact.done else '撤回办结'}：{text}",
        f"{title}: {'done' if fact.done else 'open again'}: {text}",
        incident_id=fact.incident_id,
    )


def _card_clock(world: World, recorded: Recorded, fact: run_card_facts.CardClockEscalated) -> LogLine:
    incident = world.incidents.get(fact.incident_id)
    card = incident.run_card if incident is not None else None
    found = next((each.item.text for each in card.items if each.key == fact.key), "") if card else ""
    title, text, due = incident_name(world, fact.incident_id), found or fact.key, words.clock(fact.due_at)[6:]
    return line(
        recorded,
        f"{title}预案事项超时（{due}）：{text}",
        f"{title}: line of the run card overdue ({due}): {text}",
        incident_id=fact.incident_id,
    )


def _plan_adopted(_: World, recorded: Recorded, fact: tasking_facts.PlanAdopted) -> LogLine:
    ids = "、".join(fact.aircraft_ids)
    return line(recorded, f"采纳方案，派 {ids}", f"Proposal adopted: {', '.join(fact.aircraft_ids)}")


def _tasking_adopted(world: World, recorded: Recorded, fact: tasking_facts.TaskingAdopted) -> LogLine:
    name, ties = tasking_name(world, fact.tasking.id)
    title = fact.tasking.incident_title
    return line(recorded, f"任务 {name} 待批：{title}", f"Tasking {name} pending: {title}", **ties)


def _tasking_advanced(world: World, recorded: Recorded, fact: tasking_facts.TaskingAdvanced) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    refusal = words.REFUSAL[fact.refusal] if fact.refusal else ""
    at = f"（{words.clock(fact.done_at)[6:]}）" if fact.done_at else ""
    act = words.TASKING_ACTION.get(fact.action, str(fact.action))
    return line(
        recorded,
        why(f"任务 {name} {act}{at}", " ".join(filter(None, (refusal, fact.reason)))),
        why(
            f"Tasking {name}: {plain(fact.action)}",
            " ".join(filter(None, (plain(fact.refusal or ""), fact.reason))),
        ),
        **ties,
    )


def _tasking_amended(world: World, recorded: Recorded, fact: tasking_facts.TaskingAmended) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    return line(
        recorded,
        why(f"任务 {name} 变更，待机组确认", fact.amendment.reason),
        why(f"Tasking {name} amended, to be acknowledged by the crew", fact.amendment.reason),
        **ties,
    )


def _timer(world: World, recorded: Recorded, fact: tasking_facts.TimerEscalated) -> LogLine:
    name, ties = tasking_name(world, fact.tasking_id)
    return line(
        recorded,
        f"任务 {name} {words.TIMER[fact.timer]}超时",
        f"Tasking {name}: {plain(fact.timer)} overdue",
        **ties,
    )


def _airspace(world: World, request_id: str) -> tuple[str, dict[str, str]]:
    request = world.requests.get(request_id)
    return (request_id, {}) if request is None else tasking_name(world, request.tasking_id)


def _airspace_filed(world: World, recorded: Recorded, fact: airspace_facts.AirspaceFiled) -> LogLine:
    name, ties = _airspace(world, fact.request.id)
    kind = words.AIRSPACE_KIND[fact.request.kind]
    return line(
        recorded, f"任务 {name} 申请{kind}", f"Tasking {name}: {plain(fact.request.kind)} filed", **ties
    )


def _airspace_advanced(world: World, recorded: Recorded, fact: airspace_facts.AirspaceAdvanced) -> LogLine:
    name, ties = _airspace(world, fact.request_id)
    act = words.AIRSPACE_ACTION.get(fact.action, str(fact.action))
    return line(
        recorded,
        why(f"任务 {name} 空域{act}", BY_TASKING.get(fact.reason, fact.reason)),
        why(f"Tasking {name}: airspace {plain(fact.action)}", fact.reason),
        **ties,
    )


def _airspace_talk(
    world: World,
    recorded: Recorded,
    fact: clearance_facts.AirspaceQuestioned | clearance_facts.AirspaceAnswered,
) -> LogLine:
    name, ties = _airspace(world, fact.request_id)
    asked = isinstance(fact, clearance_facts.AirspaceQuestioned)
    return line(
        recorded,
        why(f"任务 {name} 空域：{'空管询问' if asked else '答复空管'}", fact.text),
        why(f"Tasking {name}: {'ATC asks' if asked else 'answer to ATC'}", fact.text),
        **ties,
    )


def _airspace_phoned(world: World, recorded: Recorded, fact: clearance_facts.AirspacePhoned) -> LogLine:
    name, ties = _airspace(world, fact.request_id)
    said = f"{fact.phone.unit} {fact.phone.who} {words.clock(fact.phone.said_at)}"
    return line(
        recorded, f"任务 {name} 空域电话批准：{said}", f"Tasking {name}: by telephone: {said}", **ties
    )


def _closed(
    _: World, recorded: Recorded, fact: closure_facts.ClosureDeclared | closure_facts.ClosureAmended
) -> LogLine:
    one, new = fact.closure, isinstance(fact, closure_facts.ClosureDeclared)
    until = words.clock(one.active_until)
    kind = words.CLOSURE_KIND[one.kind]
    return line(
        recorded,
        why(f"{'设' if new else '改'}禁飞区“{one.name}”（{kind}）至 {until}", one.reason),
        why(f"Airspace {'closed' if new else 'closure amended'}: “{one.name}” until {until}", one.reason),
    )


def _opened(world: World, recorded: Recorded, fact: closure_facts.ClosureLifted) -> LogLine:
    found = world.closures.get(fact.closure_id)
    name = f"“{found.name}”" if found else fact.closure_id
    return line(recorded, why(f"解除禁飞区{name}", fact.reason), why(f"Closure lifted: {name}", fact.reason))


def _aircraft(_: World, recorded: Recorded, fact: resource_facts.AircraftSaved) -> LogLine | None:
    if recorded.role is None:
        return None
    one = fact.aircraft
    name = f"{one.name} {one.id}"
    zh, en = (
        (f"航空器 {name} 资料更新", f"Aircraft {name} updated")
        if one.serviceable
        else (
            f"航空器 {name} 停飞：{one.unserviceable_reason}",
            f"Aircraft {name} unserviceable: {one.unserviceable_reason}",
        )
    )
    return line(recorded, zh, en, aircraft_id=one.id)


def _thing(field: str, zh: str, en: str) -> Callable[[World, Recorded, Any], LogLine | None]:
    """The line of a resource that a person changed; what came by the command line is told by its own report."""

    def tell(_: World, recorded: Recorded, fact: Any) -> LogLine | None:
        if recorded.role is None:
            return None
        one = getattr(fact, field)
        return line(recorded, f"{zh}“{one.name}”{one.id} 更新", f"{en} “{one.name}” {one.id} updated")

    return tell


def _shift(world: World, recorded: Recorded, fact: duty_facts.DutyShiftSaved) -> LogLine | None:
    one = fact.shift
    account = world.accounts.get(one.account)
    name = account.display_name if account else one.account
    span = f"{words.clock(one.begins_at)}–{words.clock(one.ends_at)}"
    struck_zh, struck_en = ("撤下", "struck off") if one.cancelled else ("排定", "planned")
    return line(
        recorded,
        f"值班表{struck_zh}：{words.DUTY_POST[one.post]} {name} {span}",
        f"Roster, {struck_en}: {plain(one.post)} {name} {span}",
    )


def _handover(zh: str, en: str) -> Callable[[World, Recorded, Any], LogLine | None]:
    def tell(_: World, recorded: Recorded, fact: Any) -> LogLine | None:
        more = getattr(fact, "remarks", "") or getattr(fact, "reason", "")
        changes = len(getattr(fact, "changes", ()))
        told_zh = f"{zh}，两次签字间 {changes} 项变化" if changes else zh
        told_en = f"{en}, {changes} changes between the signatures" if changes else en
        return line(recorded, why(told_zh, more), why(told_en, more))

    return tell


def _handover_missed(world: World, recorded: Recorded, fact: duty_facts.HandoverMissed) -> LogLine:
    found = [world.shifts[each] for each in fact.shift_ids if each in world.shifts]
    names = [world.accounts[each.account].display_name for each in found if each.account in world.accounts]
    at = words.clock(fact.ended_at)
    return line(
        recorded,
        why(f"{at} 班已到时，未开始交接班", "、".join(names)),
        why(f"The shift ended {at} and nobody began to hand over", ", ".join(names)),
    )


def _note(_: World, recorded: Recorded, fact: duty_facts.NoteAdded) -> LogLine:
    note = fact.note
    return line(
        recorded,
        ("更正：" if note.corrects else "") + note.text,
        ("Correction: " if note.corrects else "") + note.text,
        incident_id=note.incident_id,
        tasking_id=note.tasking_id,
        aircraft_id=note.aircraft_id,
        note_id=note.id,
        corrects=note.corrects,
    )


_LINES: dict[type, Callable[[World, Recorded, Any], LogLine | None]] = {
    incident_facts.IncidentReported: _reported,
    incident_facts.AlarmsJoined: _joined,
    incident_facts.IncidentVerified: _verified,
    incident_facts.IncidentAdvanced: _incident_advanced,
    incident_facts.IncidentUpdated: _incident_updated,
    incident_facts.IncidentCorrected: _incident_corrected,
    incident_facts.IncidentShared: _shared,
    run_card_facts.RunCardApplied: _card_applied,
    run_card_facts.CardItemTicked: _card_ticked,
    run_card_facts.CardClockEscalated: _card_clock,
    run_card_facts.RunCardSaved: _thing("run_card", "预案卡", "Run card"),
    tasking_facts.PlanAdopted: _plan_adopted,
    tasking_facts.TaskingAdopted: _tasking_adopted,
    tasking_facts.TaskingAdvanced: _tasking_advanced,
    tasking_facts.TaskingAmended: _tasking_amended,
    tasking_facts.TimerEscalated: _timer,
    airspace_facts.AirspaceFiled: _airspace_filed,
    airspace_facts.AirspaceAdvanced: _airspace_advanced,
    clearance_facts.AirspacePhoned: _airspace_phoned,
    clearance_facts.AirspaceQuestioned: _airspace_talk,
    clearance_facts.AirspaceAnswered: _airspace_talk,
    clearance_facts.ClearanceRuleSaved: _thing("clearance_rule", "空域审批时限", "Clearance rule"),
    aid_facts.AidRuleSaved: _thing("aid_rule", "互援时限", "Limit of mutual aid"),
    closure_facts.ClosureDeclared: _closed,
    closure_facts.ClosureAmended: _closed,
    closure_facts.ClosureLifted: _opened,
    resource_facts.AircraftSaved: _aircraft,
    resource_facts.BaseSaved: _thing("base", "基地", "Base"),
    resource_facts.WaterPointSaved: _thing("water_point", "取水点", "Water point"),
    resource_facts.LandingSiteSaved: _thing("landing_site", "起降点", "Landing site"),
    resource_facts.HospitalSaved: _thing("hospital", "医院", "Hospital"),
    resource_facts.ObstacleSaved: _thing("obstacle", "障碍物", "Obstacle"),
    staff_facts.OperatorSaved: _thing("operator", "通航公司", "Operator"),
    staff_facts.ContractSaved: _thing("contract", "合同", "Contract"),
    staff_facts.CrewMemberSaved: _thing("crew_member", "机组", "Crew"),
    staff_facts.EquipmentSaved: _thing("equipment", "装备", "Equipment"),
    staff_facts.DutyRuleSaved: _thing("duty_rule", "值勤规定", "Duty rule"),
    duty_facts.DutyShiftSaved: _shift,
    duty_facts.HandoverOpened: _handover("交接班开始", "Handover begun"),
    duty_facts.HandoverSigned: _handover("交班签字", "Handover signed by who goes"),
    duty_facts.HandoverTaken: _handover("接班签字，交接完成", "Handover done, signed by who comes"),
    duty_facts.HandoverWithdrawn: _handover("交接班撤销", "Handover withdrawn"),
    duty_facts.HandoverEscalated: _handover("班已到时，交接未完成", "The shift is over and not handed over"),
    duty_facts.HandoverMissed: _handover_missed,
    duty_facts.NoteAdded: _note,
    **log_accounts.LINES,
    **log_alerts.LINES,
    **log_drops.LINES,
    **log_reach.LINES,
    **log_aid.LINES,
    **log_rooms.LINES,
    **log_searches.LINES,
    **log_traffic.LINES,
    **log_uplinks.LINES,
    **log_video.LINES,
    **log_video_share.LINES,
    **log_volumes.LINES,
    **log_weather.LINES,
    **log_conference.LINES,
    **log_consents.LINES,
    **log_enrol.LINES,
    weather_facts.MinimumSaved: _thing("minimum", "气象最低标准", "Weather minimum"),
}

NOT_TOLD: dict[type, str] = {
    consent_facts.ResourcesOffered: "told whenever an aircraft's readiness changes; the link page shows the last",
    consent_facts.Purged: "the receipt is told",
    consent_facts.RowsSent: "of the auditor's page",
    account_facts.SessionOpened: "signing in is every day's; the open sessions are a page of their own",
    account_facts.SessionClosed: "signing out likewise; an ending by somebody else is told (SessionsEnded, DeviceRevoked)",
    account_facts.SessionLocked: "an idle desk locks many times a day",
    account_facts.SessionUnlocked: "and is unlocked as often",
    tasking_facts.PlanProposed: "nothing came of it unless it was adopted, and that is told",
    tasking_facts.ActsRefused: "nothing came of them; the auditor's page has them",
    device_facts.ActStamped: "how the act before it came; that act is told",
    duty_facts.HandoverItemsRead: "each tick stands in the handover's record",
    drop_facts.TrackEventsNoted: "what a track showed is a proposal; what people answer is told",
    alert_facts.AlertsEnded: "alarms come and go all day; what people did about them is told",
    alert_facts.AlertsCounted: "it stands in the key figures",
    room_facts.RoomGiven: "what was said before is told where it was said",
    room_facts.RoomEntered: "who was in it stands in its minutes",
    room_facts.RoomStrokeUndone: "it stands in its minutes",
    room_facts.RoomReadUpTo: "it stands in its minutes",
    conference_facts.ConferencePullBegan: "what the conference system pulls is shown in the room, and in the page of viewings",
    conference_facts.ConferencePullEnded: "likewise",
    video_facts.VideoViewingBegan: "who watched what is the auditor's page of viewings",
    video_facts.VideoViewingEnded: "likewise",
    video_facts.VideoReplayBegan: "likewise, of recordings",
    video_facts.VideoReplayEnded: "likewise, of recordings",
    video_share_facts.VideoShown: "told whenever a stream is registered or changed; the wall shows the last",
    video_share_facts.PartnerViewingBegan: "counted in the grant; who it was is the auditor's page of viewings",
    video_share_facts.PartnerViewingEnded: "likewise",
    callout_facts.TaskingShown: "a page has shown what was told when it was ordered",
}
