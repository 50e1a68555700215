"""What is asked of messages to the field; part of dispatch/commands.py."""

from dataclasses import dataclass

from dispatch.room_records import Stroke
from dispatch.uplink_kinds import UplinkAnswer, UplinkState
from dispatch.uplink_records import UplinkPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkAddress:
    """A recipient: a tasking, or a team by its key in the picture and its name."""

    tasking_id: str = ""
    thing_key: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendUplink:
    """Send text, a sketch, a picture, or any of them, to these."""

    incident_id: str
    to: tuple[UplinkAddress, ...]
    text: str = ""
    marks: tuple[Stroke, ...] = ()
    picture: UplinkPicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteUplink:
    """It has come so far: by the recipient's page, or the site's own word of a field client."""

    uplink_id: str
    state: UplinkState


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerUplink:
    """The recipient has read it, or answers. `tasking_id`: of a crew's answer, which its phone signs."""

    uplink_id: str
    answer: UplinkAnswer
    text: str = ""
    tasking_id: str = ""


UplinkCommand = SendUplink | NoteUplink | AnswerUplink
