"""Alarms (接警): what comes from a sensor, a partner's warning or the public, and the candidates they become.

    alarm ── known to its source, or a pixel of a fire that burns ──► joins that incident, which keeps it as a source
      └──── else ──► a candidate: an incident in state reported, with possible duplicates named ──► confirm, dismiss, merge

Nothing is dropped: what is expired, out of area, ahead of its time or unsure is a candidate with flags. What has no
disposition yet stands in `open_candidates`. Reports from the public are unverified until a named person vouches for
them, and are not confirmed, so nothing flies for them. Matching is alarm_match.py's, the figures alarm_rules.py's.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from dispatch import access, ids
from dispatch.alarm_match import (
    OVER,
    burning,
    fires_of,
    flags_of,
    known_as,
    possible_duplicates,
)
from dispatch.alarm_rules import AlarmRules, rules_at
from dispatch.commands import Ask
from dispatch.errors import Forbidden, Malformed, Refused
from dispatch.event_codes import kind_of_code, looks_like_code
from dispatch.facts import Fact
from dispatch.fire import DEFAULT_WIND_MPS, FIRE_SIZES
from dispatch.incident import (
    DEFAULT_ELEVATION_M,
    DEFAULT_VISIBILITY_M,
    LIFE_KINDS,
    MAX_TITLE,
    own_incident,
)
from dispatch.incident_commands import TakeAlarms, VerifyIncident
from dispatch.incident_facts import AlarmsJoined, IncidentReported, IncidentVerified
from dispatch.kinds import FIRES, AlarmFlag, AlarmKind, IncidentState, Role
from dispatch.records import AlarmSource, Incident
from dispatch.world import World, alarm_key

MAX_ALARMS = 2_000  # of one command
MAX_OF_FACT = 100  # sources in one fact: a fire of thousands of pixels is several rows of the journal
MAX_NOTE = 500


def decide(world: World, ask: Ask, command: TakeAlarms | VerifyIncident, now: datetime) -> tuple[Fact, ...]:
    """Alarms taken in, or a person's word for one."""
    if isinstance(command, TakeAlarms):
        return decide_take(world, ask, command, now)
    return decide_verify(world, ask, command)


def decide_take(world: World, ask: Ask, command: TakeAlarms, now: datetime) -> tuple[Fact, ...]:
    """Candidates and joins of one body, in that order. Every alarm is in exactly one of the facts."""
    access.require(ask, access.TAKE_ALARMS, "handing over alarms")
    _check_scope(world, ask, command)
    if not 1 <= len(command.alarms) <= MAX_ALARMS:
        raise Malformed("alarms", f"{len(command.alarms)} alarms, 1 to {MAX_ALARMS} are taken at once")
    taking = _Taking(world=world, ask=ask, now=now, rules=rules_at(now))
    seen: dict[str, list[AlarmSource]] = {}
    pixels: list[AlarmSource] = []
    for place, given in enumerate(command.alarms):
        alarm = _received(given, place, taking)
        key = alarm_key(alarm.kind, alarm.source, alarm.own_id)
        if key in seen:
            seen[key].append(alarm)
            continue
        seen[key] = []
        target = _known(world, alarm)
        if target is not None:
            taking.join(target.id, (alarm,))
        elif alarm.kind is AlarmKind.HOTSPOT:
            pixels.append(alarm)
        else:
            taking.report((alarm,))
    _take_pixels(taking, pixels)
    for key, again in seen.items():
        if again:
            taking.join(taking.owner(key), tuple(again))
    return taking.facts()


def _check_scope(world: World, ask: Ask, command: TakeAlarms) -> None:
    """A gateway's account may be limited to the kinds of alarms that its system has."""
    account = world.accounts.get(ask.actor)
    if ask.role is Role.GATEWAY and account is not None and account.phone_gateway and not account.alarm_kinds:
        raise Forbidden("this gateway brings replies of phones, and no alarms")
    if ask.role is not Role.GATEWAY or account is None or not account.alarm_kinds:
        return
    for kind in {alarm.kind for alarm in command.alarms} - set(account.alarm_kinds):
        raise Forbidden(f"this gateway hands over {', '.join(sorted(account.alarm_kinds))}, not {kind}")


def _take_pixels(taking: "_Taking", pixels: list[AlarmSource]) -> None:
    """New hotspots, grouped into fires; a fire that touches one already known joins it."""
    if not pixels:
        return
    index = burning(taking.world, taking.rules)
    for places in fires_of(pixels, taking.rules):
        fire = tuple(pixels[place] for place in places)
        near = sorted(found for pixel in fire for found in index.touching(pixel)[:1])
        if near:
            taking.join(near[0][1], fire)
        else:
            taking.report(fire)


def _received(given: AlarmSource, place: int, taking: "_Taking") -> AlarmSource:
    """The alarm with what only the site can say: when and from whom it came, its name if it has none, what time makes of it."""
    world, ask, now, rules = taking.world, taking.ask, taking.now, taking.rules
    observed_at = given.observed_at or now
    expires_at = given.expires_at
    age_s = (now - observed_at).total_seconds()
    expired = now > expires_at if expires_at is not None else age_s > rules.stale_s
    unknown = looks_like_code(given.code) and kind_of_code(given.code) is None
    told = {
        *given.flags,
        *((AlarmFlag.EXPIRED,) if expired else ()),
        *((AlarmFlag.FUTURE_TIME,) if -age_s > rules.future_s else ()),
        *((AlarmFlag.UNKNOWN_CODE,) if unknown else ()),
    }
    return replace(
        given,
        source=given.source or ask.actor,
        own_id=given.own_id or ids.derive(world.site, "ALM", f"{ask.actor}\0{ask.command_id}", place),
        observed_at=observed_at,
        received_at=now,
        reported_by=ask.actor,
        flags=tuple(flag for flag in AlarmFlag if flag in told),
        times=1,
    )


def _known(world: World, alarm: AlarmSource) -> Incident | None:
    """The incident that has this alarm already. What is observed anew of one that is over is a new candidate."""
    incident = known_as(world, alarm)
    if incident is None or incident.state not in OVER:
        return incident
    ended = incident.history[-1].at if incident.history else incident.reported_at
    repeats = any(
        (each.own_id, each.observed_at) == (alarm.own_id, alarm.observed_at) for each in incident.sources
    )
    anew = alarm.observed_at is not None and alarm.observed_at > ended and not repeats
    return None if anew and AlarmFlag.CANCELLED not in alarm.flags else incident


@dataclass(slots=True, kw_only=True)
class _Taking:
    """What one command makes, gathered: new incidents, and what joins old and new ones."""

    world: World
    ask: Ask
    now: datetime
    rules: AlarmRules
    made: dict[str, Incident] = field(default_factory=dict)
    joined: dict[str, list[AlarmSource]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def report(self, sources: tuple[AlarmSource, ...]) -> None:
        """A new candidate; more than fit into one fact join it in others."""
        id_ = ids.derive(self.world.site, "INC", f"{self.ask.actor}\0{self.ask.command_id}", len(self.made))
        self.made[id_] = _candidate(self.world, self.ask, sources, id_, self.now)
        self._own(id_, sources)
        if sources[MAX_OF_FACT:]:
            self.joined[id_] = list(sources[MAX_OF_FACT:])

    def join(self, incident_id: str, sources: tuple[AlarmSource, ...]) -> None:
        """More sources of an incident, old or new."""
        self.joined.setdefault(incident_id, []).extend(sources)
        self._own(incident_id, sources)

    def _own(self, incident_id: str, sources: tuple[AlarmSource, ...]) -> None:
        for each in sources:
            self.owners[alarm_key(each.kind, each.source, each.own_id)] = incident_id

    def owner(self, key: str) -> str:
        """The incident that an alarm of this command went to."""
        return self.owners[key]

    def facts(self) -> tuple[Fact, ...]:
        """The facts, new incidents first. They see one another as possible duplicates."""
        after = replace(self.world, incidents=self.world.incidents.update(self.made))
        made: list[Fact] = [
            IncidentReported(
                incident=replace(each, possible_duplicates=possible_duplicates(after, each, self.now))
            )
            for each in self.made.values()
        ]
        for incident_id, sources in self.joined.items():
            made += self._joins(after, after.incidents[incident_id], sources)
        return tuple(made)

    def _joins(self, after: World, incident: Incident, sources: list[AlarmSource]) -> list[Fact]:
        made: list[Fact] = []
        whole = replace(incident, sources=(*incident.sources, *sources))
        near = possible_duplicates(after, whole, self.now)
        for number, start in enumerate(range(0, len(sources), MAX_OF_FACT), start=1):
            part = tuple(sources[start : start + MAX_OF_FACT])
            told = {*incident.flags, *flags_of(sources[: start + MAX_OF_FACT])}
            if AlarmFlag.UNVERIFIED not in incident.flags:
                told.discard(
                    AlarmFlag.UNVERIFIED
                )  # somebody has vouched for it, or it was never only a report
            made.append(
                AlarmsJoined(
                    incident_id=incident.id,
                    version=incident.version + number,
                    sources=part,
                    flags=tuple(flag for flag in AlarmFlag if flag in told),
                    possible_duplicates=near,
                )
            )
        return made


def _candidate(world: World, ask: Ask, sources: tuple[AlarmSource, ...], id_: str, now: datetime) -> Incident:
    """The incident of a new alarm, or of the pixels of a new fire: its place is that of the surest, its level the worst."""
    best = max(sources, key=lambda each: (each.confidence or 0.0, -each.radius_m))
    level = min(each.level for each in sources)
    fire = best.incident_kind in FIRES
    return Incident(
        id=id_,
        site=world.site,
        kind=best.incident_kind,
        code=best.code,
        level=level,
        title=best.title[: MAX_TITLE - 8] + (f" ×{len(sources)}" if len(sources) > 1 else ""),
        place=best.place,
        position=best.position,
        elevation_m=DEFAULT_ELEVATION_M,
        reported_at=now,
        reported_by=ask.actor,
        state=IncidentState.REPORTED,
        life_at_risk=best.incident_kind in LIFE_KINDS,
        demand_l=FIRE_SIZES[level].demand_l if fire else 0.0,
        growth_lps=FIRE_SIZES[level].growth_lps if fire else 0.0,
        wind_mps=DEFAULT_WIND_MPS,
        visibility_m=DEFAULT_VISIBILITY_M,
        simulated=any(AlarmFlag.EXERCISE in each.flags for each in sources),
        sources=sources[:MAX_OF_FACT],
        flags=flags_of(sources),
    )


def decide_verify(world: World, ask: Ask, command: VerifyIncident) -> tuple[Fact, ...]:
    """A named person vouches for a report from the public; only then may it be confirmed."""
    incident = own_incident(world, command.incident_id)
    access.require(ask, access.VERIFY_INCIDENT, "verifying a report")
    access.check_version(command.version_seen, incident.version, f"incident {incident.id}")
    if AlarmFlag.UNVERIFIED not in incident.flags or incident.state in OVER:
        raise Refused("NOT_NOW", f"incident {incident.id} waits for no verification", field="incident_id")
    if not command.note.strip():
        raise Malformed("note", "says how it was verified: called back, seen by a camera, a patrol there")
    return (
        IncidentVerified(
            incident_id=incident.id, version=incident.version + 1, note=command.note.strip()[:MAX_NOTE]
        ),
    )


def open_candidates(world: World) -> list[Incident]:
    """Incidents made of alarms that have no disposition yet, the longest waiting first."""
    waiting = [
        each
        for each in world.incidents.values()
        if each.state is IncidentState.REPORTED and each.sources and each.site == world.site
    ]
    return sorted(waiting, key=lambda each: (each.reported_at, each.id))
