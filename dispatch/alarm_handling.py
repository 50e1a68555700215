"""Handling of alarms after ISA-18.2 (告警处置): acknowledge, shelve for a while, let a net keep still for a while.

Acts of named people, each a fact, the same at every console of a desk. An aid is handled here and no control is
replaced (辅助告警, 不替代管制): nothing an alarm is about changes with it. No way leads from an unacknowledged red alarm
to silence but through a person who has acknowledged that one, and whatever is put away comes back by itself.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatch import access, ids
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
from dispatch.alert_facts import (
    AlertAcknowledged,
    AlertsCounted,
    AlertsEnded,
    AlertShelved,
    AlertsLatched,
    AlertUnshelved,
    InhibitionLifted,
    NetInhibited,
)
from dispatch.alert_kinds import AlertDesk, HandlingEvent, HandlingState, InhibitionScope
from dispatch.alert_limits import AMBER, INFO, RED, limits_at
from dispatch.alert_records import EndedAlert, NetInhibition, SeenAlert, handling_id
from dispatch.alert_states import LIFECYCLE, state_of
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused, Unknown
from dispatch.facts import Fact
from dispatch.geo import Position, distance_m
from dispatch.kinds import Role
from dispatch.world import World

PAGE = "page:"  # begins the id of what the page works out itself: `page:KIND:…`, naming one occasion
MAX_ID, MAX_CODE, MAX_SAID, MAX_REASON = 200, 64, 300, 500
LEAST_RADIUS_M = 100.0


def desk_of(role: Role | None) -> AlertDesk:
    """Whose list somebody of this role handles."""
    return AlertDesk.ATC if role is Role.ATC else AlertDesk.DISPATCH


def decide(world: World, ask: Ask, command: AlertCommand, now: datetime) -> tuple[Fact, ...]:
    """Handle an alarm. Raises Malformed, Forbidden, Unknown or Refused."""
    match command:
        case AcknowledgeAlert():
            access.require(ask, access.HANDLE_ALERT, "acknowledging alarms")
            return _acknowledge(world, ask, command, now)
        case ShelveAlert():
            access.require(ask, access.HANDLE_ALERT, "shelving alarms")
            return (_shelve(world, ask, command, now),)
        case UnshelveAlert():
            access.require(ask, access.HANDLE_ALERT, "unshelving alarms")
            return (_unshelve(world, ask, command, now),)
        case InhibitNet():
            access.require(ask, access.INHIBIT_NET, "inhibiting nets")
            return _inhibit(world, ask, command, now)
        case LiftInhibition():
            access.require(ask, access.INHIBIT_NET, "lifting inhibitions")
            return (_lift(world, command, now),)
        case NoteAlerts():
            access.require_site(ask, "noting alarms")
            return _noted(command)
        case CountAlerts():
            access.require_site(ask, "counting alarms")
            return (AlertsCounted(tally=command.tally),)


def in_force(inhibition: NetInhibition, now: datetime) -> bool:
    """Whether its net keeps still now."""
    return inhibition.lifted_at is None and inhibition.until > now


def covers(
    inhibition: NetInhibition,
    kind: str,
    track_ids: tuple[str, ...],
    volume_id: str,
    places: Iterable[Position | None],
) -> bool:
    """Whether an alarm is of what an inhibition is about. A circle holds those of which every known place is inside."""
    if inhibition.kind != kind:
        return False
    match inhibition.scope:
        case InhibitionScope.PAIR:
            return tuple(sorted(track_ids)) == inhibition.track_ids
        case InhibitionScope.AIRCRAFT:
            return inhibition.track_ids[0] in track_ids
        case InhibitionScope.VOLUME:
            return inhibition.volume_id == volume_id
        case InhibitionScope.CIRCLE:
            known = list(places)
            centre = inhibition.centre
            return bool(known) and all(
                place is not None and centre is not None and distance_m(centre, place) <= inhibition.radius_m
                for place in known
            )


def _checked(seen: SeenAlert) -> None:
    if not 1 <= len(seen.alert_id) <= MAX_ID or not seen.alert_id.isprintable():
        raise Malformed("id", f"is not 1 to {MAX_ID} printable characters")
    if seen.severity not in (RED, AMBER, INFO):
        raise Malformed("severity", f"{seen.severity} is not 1, 2 or 3")
    for name, text, most in (("code", seen.code, MAX_CODE), ("said", seen.said, MAX_SAID)):
        if len(text) > most:
            raise Malformed(name, f"{len(text)} characters, at most {most}")


def _state(world: World, ask: Ask, command: AcknowledgeAlert | ShelveAlert, now: datetime) -> HandlingState:
    seen = command.seen
    handling = world.alert_handlings.get(handling_id(desk_of(ask.role), seen.alert_id))
    return state_of(
        seen.severity, seen.code, handling, now, returned=command.returned, inhibited=command.inhibited
    )


def _acknowledge(world: World, ask: Ask, command: AcknowledgeAlert, now: datetime) -> tuple[Fact, ...]:
    _checked(command.seen)
    LIFECYCLE.advance(_state(world, ask, command, now), HandlingEvent.ACKNOWLEDGE)
    desk = desk_of(ask.role)
    acknowledged = AlertAcknowledged(desk=desk, seen=command.seen)
    if not command.returned or desk is not AlertDesk.DISPATCH:
        return (acknowledged,)
    # it was over and waited for this only: the next one is another one
    return (acknowledged, AlertsEnded(alerts=(EndedAlert(alert_id=command.seen.alert_id, ended_at=now),)))


def _shelve(world: World, ask: Ask, command: ShelveAlert, now: datetime) -> AlertShelved:
    seen, limits = command.seen, limits_at(now)
    _checked(seen)
    reason = _reason(command.reason)
    present = _state(world, ask, command, now)
    if seen.severity == RED and present in (HandlingState.UNACKNOWLEDGED, HandlingState.RETURNED):
        raise Refused("ACKNOWLEDGE_FIRST", "a red alarm is acknowledged before it is shelved", field="id")
    LIFECYCLE.advance(present, HandlingEvent.SHELVE)
    _check_minutes(command.minutes, limits.shelve_minutes[seen.severity])
    return AlertShelved(
        desk=desk_of(ask.role), seen=seen, until=now + timedelta(minutes=command.minutes), reason=reason
    )


def _unshelve(world: World, ask: Ask, command: UnshelveAlert, now: datetime) -> AlertUnshelved:
    desk = desk_of(ask.role)
    present = world.alert_handlings.get(handling_id(desk, command.alert_id))
    if present is None or present.ended_at is not None:
        raise Unknown("id", "nothing of this name is shelved")
    if present.shelved_until is None or present.shelved_until <= now:
        raise Refused("NOT_NOW", "the alarm is not shelved", field="action")
    return AlertUnshelved(desk=desk, alert_id=command.alert_id)


def _inhibit(world: World, ask: Ask, command: InhibitNet, now: datetime) -> tuple[Fact, ...]:
    limits = limits_at(now)
    if command.kind in limits.never_inhibited:
        raise Refused("NEVER_INHIBITED", f"{command.kind} is never inhibited", field="kind")
    reason = _reason(command.reason)
    _check_minutes(command.minutes, limits.inhibit_minutes)
    _check_scope(world, command, limits.inhibit_radius_m)
    inhibition_id = ids.derive(world.site, "INH", f"{ask.actor}\0{ask.command_id}")
    if inhibition_id in world.net_inhibitions:
        raise Refused("EXISTS", f"inhibition {inhibition_id} exists", field="id")
    volume = world.volumes.get(command.volume_id)
    named = sorted(zip(command.track_ids, (*command.names, "", "")[: len(command.track_ids)], strict=True))
    inhibited = NetInhibited(
        inhibition=NetInhibition(
            id=inhibition_id,
            site=world.site,
            kind=command.kind,
            scope=command.scope,
            track_ids=tuple(track_id for track_id, _ in named),
            names=(volume.terms.name,) if volume else tuple(name or track_id for track_id, name in named),
            volume_id=command.volume_id,
            centre=command.centre,
            radius_m=command.radius_m,
            began_at=now,
            until=now + timedelta(minutes=command.minutes),
            reason=reason,
            inhibited_by=ask.actor,
            inhibited_as=ask.role or Role.DISPATCHER,
        )
    )
    if command.seen is None:
        return (inhibited,)
    _checked(command.seen)  # whoever asks from an alarm has seen that one
    return (AlertAcknowledged(desk=desk_of(ask.role), seen=command.seen), inhibited)


def _check_scope(world: World, command: InhibitNet, most_m: float) -> None:
    wanted = {InhibitionScope.PAIR: 2, InhibitionScope.AIRCRAFT: 1}.get(command.scope, 0)
    if len(set(command.track_ids)) != wanted or len(command.track_ids) != wanted:
        raise Refused("SCOPE", f"{command.scope} names {wanted} different tracks", field="track_ids")
    if any(not 1 <= len(each) <= MAX_ID for each in command.track_ids):
        raise Malformed("track_ids", f"an id has 1 to {MAX_ID} characters")
    if bool(command.volume_id) != (command.scope is InhibitionScope.VOLUME):
        raise Refused("SCOPE", "a volume is named by scope volume, and by no other", field="volume_id")
    if command.volume_id:
        volume = world.volumes.get(command.volume_id)
        if volume is None or volume.withdrawn_at is not None:
            raise Unknown("volume_id", f"no volume {command.volume_id}")
    if (command.centre is not None) != (command.scope is InhibitionScope.CIRCLE):
        raise Refused("SCOPE", "a centre is named by scope circle, and by no other", field="centre")
    if command.centre is not None and not LEAST_RADIUS_M <= command.radius_m <= most_m:
        raise Refused(
            "SCOPE", f"{command.radius_m:g} is not within {LEAST_RADIUS_M:g} to {most_m:g}", field="radius_m"
        )


def _lift(world: World, command: LiftInhibition, now: datetime) -> InhibitionLifted:
    present = world.net_inhibitions.get(command.inhibition_id)
    if present is None:
        raise Unknown("id", f"no inhibition {command.inhibition_id}")
    access.check_version(command.version_seen, present.version, f"inhibition {present.id}")
    if not in_force(present, now):
        raise Refused("NOT_NOW", "it is over already", field="id")
    return InhibitionLifted(
        inhibition_id=present.id, version=present.version + 1, reason=_reason(command.reason)
    )


def _noted(command: NoteAlerts) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    if command.latched:
        facts.append(AlertsLatched(alerts=command.latched))
    if command.ended:
        facts.append(AlertsEnded(alerts=command.ended))
    if not facts:
        raise Malformed("latched", "nothing is noted")
    return tuple(facts)


def _reason(text: str) -> str:
    if not text.strip():
        raise Malformed("reason", "a reason is required")
    if len(text) > MAX_REASON:
        raise Malformed("reason", f"{len(text)} characters, at most {MAX_REASON}")
    return text.strip()


def _check_minutes(minutes: int, most: int) -> None:
    if minutes < 1:
        raise Malformed("minutes", "is less than one")
    if minutes > most:
        raise Refused("TOO_LONG", f"{minutes} minutes, at most {most} for this priority", field="minutes")
