"""What the desk sends to those in the field (下传): a short text, a sketch on the map, a still out of a video.

    desk      -> SendUplink      to aircraft on taskings and to teams of one incident; one record to each
    phone     -> NoteUplink      it is here (delivered), it is on the screen (shown)
              -> AnswerUplink    read, will do, cannot, or a text
    the site  -> both            of field clients that speak CoT, by what their line says

Everything a recipient needs to act is in the record but the picture's bytes, which follow by their hash. A message is
never changed or taken back: a crew may have acted on it already; the desk sends another one.
"""

import re
from datetime import datetime, timedelta

from dispatch import access, device, ids, room_checks, video_share
from dispatch.commands import Ask
from dispatch.errors import Refused, Unknown
from dispatch.facts import Fact
from dispatch.kinds import IncidentState, Role, TaskingState
from dispatch.records import Incident
from dispatch.uplink_commands import AnswerUplink, NoteUplink, SendUplink, UplinkAddress, UplinkCommand
from dispatch.uplink_facts import UplinkAnswered, UplinkNoted, UplinkSent
from dispatch.uplink_fold import rank
from dispatch.uplink_kinds import UplinkAnswer, UplinkState, UplinkTo
from dispatch.uplink_records import Uplink, UplinkPicture
from dispatch.world import ONGOING, World

# Proposed figures: what is read in a cockpit at a glance, and what a thin line carries in seconds.
MAX_TEXT = 300
MOST_POINTS = 200  # of all marks of one sketch
MOST_MARKS = 20
MAX_PICTURE_BYTES = 200 * 1024
MOST_PIXELS = 4096  # of a side
MOST_RECIPIENTS = 12
MOST_IN_A_WINDOW, WINDOW = 20, timedelta(minutes=5)  # messages of one person
MOST_OF_AN_INCIDENT = 1_000  # records
MAX_NAME, MAX_KEY = 80, 300
MOST_ANSWERS = 50  # of one recipient to one message
TEAM_KEY = "cot:"  # a team is reached on the line that reports it
TEAM_WAITS = timedelta(hours=12)  # then it is not handed to a line any more
SENDABLE = ONGOING - {TaskingState.PENDING} | {TaskingState.LANDED, TaskingState.DOWN}  # its crew knows of it
_OVER = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED, IncidentState.MERGED})
_SHA256 = re.compile(r"^[0-9a-f]{64}\Z")


def decide(world: World, ask: Ask, command: UplinkCommand, now: datetime) -> tuple[Fact, ...]:
    """The facts of it. Raises Forbidden, Unknown or Refused."""
    match command:
        case SendUplink():
            return _send(world, ask, command, now)
        case NoteUplink():
            return (_note(world, ask, command),)
        case AnswerUplink():
            return (_answer(world, ask, command, now),)


def _send(world: World, ask: Ask, command: SendUplink, now: datetime) -> tuple[Fact, ...]:
    access.require(ask, access.SEND_UPLINK, "sending to the field")
    incident = _incident(world, command.incident_id)
    _check_said(command)
    if command.picture is not None:
        _check_picture(world, command.picture, now)
    _check_recipients(world, ask, command, now)
    key = f"{ask.actor}\0{ask.command_id}"
    message_id = ids.derive(world.site, "UPM", key)
    return tuple(
        UplinkSent(
            uplink=Uplink(
                id=ids.derive(world.site, "UPL", key, part),
                site=world.site,
                message_id=message_id,
                incident_id=incident.id,
                **_recipient(world, incident, address),  # type: ignore[arg-type]  # as Uplink names them
                text=command.text.strip(),
                marks=command.marks,
                picture=command.picture,
                sent_at=now,
                sent_by=ask.actor,
                sent_as=ask.role or Role.DISPATCHER,
            )
        )
        for part, address in enumerate(command.to)
    )


def _incident(world: World, incident_id: str) -> Incident:
    incident = world.incidents.get(incident_id)
    if incident is None:
        raise Unknown("incident_id", f"no incident {incident_id}")
    if incident.site != world.site:
        raise Refused("NOT_OWNER", f"site {incident.site} leads it", field="incident_id")
    if incident.state in _OVER:
        raise Refused("NOT_NOW", f"incident {incident_id} is {incident.state}", field="incident_id")
    return incident


def _check_said(command: SendUplink) -> None:
    room_checks.text(command.text, "text", MAX_TEXT, empty=True)
    if not command.text.strip() and not command.marks and command.picture is None:
        raise Refused("NOTHING_TO_SEND", "neither text nor sketch nor picture", field="text")
    if len(command.marks) > MOST_MARKS:
        raise Refused("SKETCH_TOO_LARGE", f"{len(command.marks)} marks, at most {MOST_MARKS}", field="marks")
    points = sum(len(each.points) for each in command.marks)
    if points > MOST_POINTS:
        raise Refused("SKETCH_TOO_LARGE", f"{points} points, at most {MOST_POINTS}", field="marks")
    for each in command.marks:
        room_checks.stroke(each)


def _recipient(world: World, incident: Incident, address: UplinkAddress) -> dict[str, object]:
    if address.thing_key:
        room_checks.text(address.name, "to.name", MAX_NAME)
        return {
            "to": UplinkTo.TEAM,
            "thing_key": address.thing_key,
            "name": address.name,
            "simulated": incident.simulated,
        }
    tasking = world.taskings[address.tasking_id]
    aircraft = world.aircraft.get(tasking.aircraft_id)
    return {
        "to": UplinkTo.TASKING,
        "tasking_id": tasking.id,
        "operator_id": tasking.operator_id,
        "name": f"{aircraft.name if aircraft else ''} {tasking.aircraft_id}".strip(),
        "simulated": incident.simulated or tasking.simulated,
    }


def _check_address(world: World, incident_id: str, address: UplinkAddress) -> None:
    if bool(address.tasking_id) == bool(address.thing_key):
        raise Refused("RECIPIENT", "is either a tasking or a team", field="to")
    if address.thing_key:
        if not address.thing_key.startswith(TEAM_KEY) or len(address.thing_key) > MAX_KEY:
            raise Refused("RECIPIENT", "is not the key of a field client", field="to.thing_key")
        return
    tasking = world.taskings.get(address.tasking_id)
    if tasking is None or tasking.incident_id != incident_id or tasking.site != world.site:
        raise Unknown("to.tasking_id", f"no tasking {address.tasking_id} of this incident")
    if tasking.state not in SENDABLE:
        raise Refused("NOT_NOW", f"tasking {tasking.number} is {tasking.state}", field="to.tasking_id")


def _check_recipients(world: World, ask: Ask, command: SendUplink, now: datetime) -> None:
    if not 1 <= len(command.to) <= MOST_RECIPIENTS:
        raise Refused("RECIPIENT", f"are 1 to {MOST_RECIPIENTS}", field="to")
    if len({(each.tasking_id, each.thing_key) for each in command.to}) != len(command.to):
        raise Refused("RECIPIENT", "is named twice", field="to")
    for address in command.to:
        _check_address(world, command.incident_id, address)
    lately = sum(now - at < WINDOW for at in world.uplink_times.get(ask.actor, ()))
    if lately >= MOST_IN_A_WINDOW:
        minutes = WINDOW.total_seconds() / 60
        raise Refused("TOO_OFTEN", f"{lately} messages in {minutes:.0f} minutes", field="to")
    standing = sum(each.incident_id == command.incident_id for each in world.uplinks.values())
    if standing + len(command.to) > MOST_OF_AN_INCIDENT:
        raise Refused("UPLINKS_FULL", f"{standing} were sent for this incident", field="incident_id")


def _check_picture(world: World, picture: UplinkPicture, now: datetime) -> None:
    if not _SHA256.match(picture.sha256):
        raise Refused("PICTURE", "is 64 hexadecimal digits", field="picture.sha256")
    if not 0 < picture.size <= MAX_PICTURE_BYTES:
        raise Refused("PICTURE", f"{picture.size} bytes, at most {MAX_PICTURE_BYTES}", field="picture.size")
    for side in ("width_px", "height_px"):
        if not 0 < getattr(picture, side) <= MOST_PIXELS:
            raise Refused("PICTURE", f"is 1 to {MOST_PIXELS} pixels", field=f"picture.{side}")
    if picture.shown_at > now + device.CLOCK_SKEW:
        raise Refused("PICTURE", "lies in the future", field="picture.shown_at")
    room_checks.text(picture.stream_name, "picture.stream_name", MAX_NAME, empty=True)
    check_stream(world, picture.stream_id, now)


def check_stream(world: World, stream_id: str, now: datetime) -> None:
    """Whether a still of this stream may go to the field. Raises Unknown or Refused NOT_RESHARED."""
    if not stream_id or stream_id in world.video_streams:
        return
    if stream_id not in world.shown_videos:
        raise Unknown("picture.stream_id", f"no stream {stream_id}")
    grant = video_share.held(world, stream_id, world.site, now)
    if grant is None or not grant.reshare:
        raise Refused(
            "NOT_RESHARED",
            "its site has not granted that its pictures be passed on",
            field="picture.stream_id",
        )


def _found(world: World, ask: Ask, uplink_id: str) -> Uplink:
    """One that the caller may receipt: its own company's, or the site's of a team. Raises Unknown or Forbidden."""
    found = world.uplinks.get(uplink_id)
    if found is not None and ask.role is None and found.to is UplinkTo.TEAM:
        return found
    access.require(ask, access.RECEIVE_UPLINK, "answering what the desk has sent")
    own = found is not None and bool(ask.operator_id) and found.operator_id == ask.operator_id
    if found is None or not own:
        raise Unknown("uplink_id", f"nothing was sent to you as {uplink_id}")
    return found


def _note(world: World, ask: Ask, command: NoteUplink) -> UplinkNoted:
    found = _found(world, ask, command.uplink_id)
    if command.state in (UplinkState.SENT, UplinkState.READ):
        raise Refused("NOT_NOW", f"{command.state} is not a receipt", field="state")
    if command.state is UplinkState.HANDED and found.to is not UplinkTo.TEAM:
        raise Refused("NOT_NOW", "is handed to a team's line only", field="state")
    if rank(command.state) <= rank(found.state):
        raise Refused("ALREADY_RECORDED", f"it is {found.state}", field="state", version=found.version)
    return UplinkNoted(uplink_id=found.id, state=command.state, version=found.version + 1)


def _answer(world: World, ask: Ask, command: AnswerUplink, now: datetime) -> UplinkAnswered:
    found = _found(world, ask, command.uplink_id)
    if command.tasking_id != found.tasking_id:
        raise Unknown("tasking_id", "it was not sent to that tasking")
    wanted = command.answer in (UplinkAnswer.CANNOT, UplinkAnswer.TEXT)
    text = room_checks.text(command.text, "text", MAX_TEXT, empty=not wanted).strip()
    same = command.answer is UplinkAnswer.READ and found.answer is not None
    if same or (found.answer, found.answer_text) == (command.answer, text):
        raise Refused("ALREADY_RECORDED", "that was said", field="answer", version=found.version)
    if found.version > MOST_ANSWERS:
        raise Refused("UPLINKS_FULL", f"{MOST_ANSWERS} answers were given", field="answer")
    at = device.when_done(ask, None, now) or now
    return UplinkAnswered(
        uplink_id=found.id,
        answer=command.answer,
        text=text,
        at=max(at, found.sent_at),  # a clock that is set right by too much
        version=found.version + 1,
    )


def for_teams(world: World, now: datetime) -> dict[str, list[Uplink]]:
    """What waits for field clients, by the key of the team, oldest first."""
    found: dict[str, list[Uplink]] = {}
    for uplink_id in world.uplinks_waiting:
        uplink = world.uplinks[uplink_id]
        if now - uplink.sent_at < TEAM_WAITS:
            found.setdefault(uplink.thing_key, []).append(uplink)
    for each in found.values():
        each.sort(key=lambda one: (one.sent_at, one.id))
    return found


def pictures_named(world: World) -> frozenset[str]:
    """The hashes of every picture that a message names."""
    return frozenset(each.picture.sha256 for each in world.uplinks.values() if each.picture is not None)
