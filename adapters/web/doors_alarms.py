"""Doors of alarms (接警): a body per format becomes candidates and joins; what waits for a disposition is listed.

Each format is a plug: a path, the content types it is usually sent as, and the pure parser of protocols/ that reads it.
Parsing and grouping happen in a thread, a body at a time; what was read goes to the desk in pieces of whole fires, so
that neither a huge table nor what it makes on every console holds the reactor.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twisted.internet.threads import deferToThread

from adapters.ground import ground_of
from adapters.web.lists import newest_first, one, page, shown
from adapters.web.table import Call, Door, Handler
from dispatch import access
from dispatch.alarm_match import OVER, fires_of
from dispatch.alarm_rules import rules_at
from dispatch.area import Ground
from dispatch.errors import Forbidden
from dispatch.facts import Recorded
from dispatch.incident_commands import TakeAlarms
from dispatch.incident_facts import AlarmsJoined, IncidentReported
from dispatch.kinds import AlarmFlag, AlarmKind, IncidentState
from dispatch.records import AlarmSource, Incident, PossibleDuplicate
from protocols import camera_alarm, cap, cap_shape, hotspots, public_report
from protocols.alarm_errors import Read
from protocols.json_alarm_answers import AlarmsAnswer, MergedAnswer, RejectedAnswer
from protocols.json_answers import Page, write
from protocols.json_doors import IncidentVerification, Nothing, PageQuery

PIECE = 50  # alarms of one command, about: what 50 new incidents cost the consoles is a few milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """One format of alarms."""

    path: str
    name: str
    text: str
    sent_as: tuple[str, ...]  # usual content types; others are read just the same
    parse: Callable[[bytes, Ground], Read]
    takes: type = Nothing  # of a JSON body: one of these, or an array of them
    shape: Mapping[str, Any] = field(default_factory=dict)  # what the description says of the body besides


PLUGS = (
    Plug(
        path="cap",
        name="takeCapAlert",
        text="A CAP 1.2 alert (预警信息).",
        sent_as=("application/cap+xml", "application/xml", "text/xml"),
        parse=cap.parse,
        shape=cap_shape.SHAPE,
    ),
    Plug(
        path="hotspots",
        name="takeHotspots",
        text="Satellite hotspots as a FIRMS CSV, MODIS or VIIRS (卫星热点).",
        sent_as=("text/csv", "text/plain"),
        parse=lambda body, _: hotspots.parse(body),
        shape=hotspots.SHAPE,
    ),
    Plug(
        path="camera",
        name="takeCameraAlarm",
        text="Alarms of a forest-fire monitor (林火视频监控), one or an array.",
        sent_as=("application/json",),
        parse=lambda body, _: camera_alarm.parse(body),
        takes=camera_alarm.CameraAlarm,
        shape=camera_alarm.SHAPE,
    ),
    Plug(
        path="report",
        name="takePublicReport",
        text="Reports from the public (公众报警), one or an array; unverified until a named person vouches for them.",
        sent_as=("application/json",),
        parse=lambda body, _: public_report.parse(body),
        takes=public_report.PublicReport,
    ),
)


def _taking(plug: Plug) -> Handler:
    async def take(call: Call) -> bytes:
        role = call.who.session.role
        if role not in access.TAKE_ALARMS:  # before any work is done for it
            raise Forbidden(f"handing over alarms is for {', '.join(sorted(access.TAKE_ALARMS))}")
        read, pieces = await deferToThread(_read, plug, call.raw, call.site.config.site.id)
        recorded: list[Recorded] = []
        for number, piece in enumerate(pieces):
            answer = await call.site.desk.ask(
                call.ask(TakeAlarms(alarms=piece), part=f":{number}" if number else "")
            )
            recorded += answer.recorded
        incidents = call.site.desk.world.incidents
        made: bytes = await deferToThread(_answer, read, recorded, incidents)
        return made

    return take


def _read(plug: Plug, body: bytes, site: str) -> tuple[Read, list[tuple[AlarmSource, ...]]]:
    """The body, its alarms marked where they are outside the ground and cut into pieces that keep fires whole."""
    ground = ground_of(site)
    read = plug.parse(body, ground)
    alarms = [_placed(alarm, ground) for alarm in read.alarms]
    whole: list[list[int]] = [[place] for place in range(len(alarms))]
    if alarms and alarms[0].kind is AlarmKind.HOTSPOT:
        latest = max(alarm.observed_at for alarm in alarms if alarm.observed_at is not None)
        whole = fires_of(alarms, rules_at(latest))
    pieces: list[list[AlarmSource]] = []
    for places in whole:
        if not pieces or len(pieces[-1]) + len(places) > PIECE:
            pieces.append([])
        pieces[-1] += [alarms[place] for place in places]
    return read, [tuple(piece) for piece in pieces]


def _placed(alarm: AlarmSource, ground: Ground) -> AlarmSource:
    """The alarm with its county, where it names no place, and its flag where it is outside the ground."""
    known = AlarmFlag.NO_POSITION not in alarm.flags or alarm.radius_m > 0
    county = ground.county_at(alarm.position) if known and not alarm.place else None
    if county is not None:
        alarm = replace(alarm, place=county.name)
        if alarm.kind is AlarmKind.HOTSPOT:  # people know places by name
            alarm = replace(alarm, title=f"{county.name.partition('省')[2]} 卫星热点")
    corners = (point for area in alarm.areas for point in area.points)
    if not known or ground.contains(alarm.position) or any(map(ground.contains, corners)):
        return alarm
    return replace(alarm, flags=(*alarm.flags, AlarmFlag.OUT_OF_AREA))


def _answer(read: Read, recorded: Sequence[Recorded], incidents: Any) -> bytes:
    candidates: list[Incident] = []
    merged: list[MergedAnswer] = []
    for each in recorded:
        match each.fact:
            case IncidentReported(incident=incident):
                candidates.append(incidents.get(incident.id, incident))
                merged += _merged(incident.id, incident.sources[1:], incidents)
            case AlarmsJoined(incident_id=id_, sources=sources):
                merged += _merged(id_, sources, incidents)
    return write(
        AlarmsAnswer(
            candidates=candidates,
            merged=merged,
            rejected=[
                RejectedAnswer(code=each.code, field=each.field, detail=each.detail, line=each.line)
                for each in read.rejected
            ],
        )
    )


def _merged(incident_id: str, sources: Sequence[AlarmSource], incidents: Any) -> list[MergedAnswer]:
    incident: Incident = incidents[incident_id]
    return [
        MergedAnswer(
            id=incident_id,
            state=incident.state,
            version=incident.version,
            title=incident.title,
            kind=each.kind,
            source=each.source,
            own_id=each.own_id,
        )
        for each in sources
    ]


async def _list(call: Call) -> Any:
    """Possible duplicates are told on both sides: an earlier candidate names those that came after it too."""
    incidents = list(shown(call, "incidents"))
    waiting = [each for each in incidents if each.state is IncidentState.REPORTED and each.sources]
    listed = page(waiting, lambda incident: newest_first(incident.reported_at, incident.id), call.query)
    over = {each.id for each in incidents if each.state in OVER}
    told: dict[str, dict[str, PossibleDuplicate]] = {}
    for each in incidents:
        for near in each.possible_duplicates if each.state not in OVER else ():
            if near.incident_id not in over:
                told.setdefault(each.id, {})[near.incident_id] = near
                told.setdefault(near.incident_id, {})[each.id] = replace(near, incident_id=each.id)
    return Page(
        items=[
            replace(
                each,
                possible_duplicates=tuple(
                    sorted(told.get(each.id, {}).values(), key=lambda near: near.distance_m)
                ),
            )
            for each in listed.items
        ],
        next=listed.next,
    )


async def _verify(call: Call) -> Any:
    await call.site.desk.ask(call.ask(call.body.command(call.path["id"])))
    return one(call, "incidents", call.path["id"])


DOORS = (
    Door(
        method="GET",
        path="/alarms",
        name="listAlarms",
        text="Candidates: incidents made of alarms that have no disposition yet (confirmed, dismissed, merged), newest "
        "first, each with what might be the same.",
        handler=_list,
        query=PageQuery,
        answers=Page[Incident],
    ),
    *(
        Door(
            method="POST",
            path=f"/alarms/{plug.path}",
            name=plug.name,
            text=f"{plug.text} What it makes: `candidates`, what was `merged` because its source says it is the same "
            "or it is of a fire that is known, and `rejected` rows. A body that is unreadable or wrong as a whole is 4xx.",
            handler=_taking(plug),
            raw=plug.sent_as,
            strict=False,
            raw_shape=plug.shape,
            takes=plug.takes,
            answers=AlarmsAnswer,
        )
        for plug in PLUGS
    ),
    Door(
        method="POST",
        path="/incidents/<id:id>/verify",
        name="verifyIncident",
        text="Vouch for an unverified report from the public; `note` says how it was verified. Then it can be confirmed.",
        handler=_verify,
        takes=IncidentVerification,
        answers=Incident,
    ),
)
