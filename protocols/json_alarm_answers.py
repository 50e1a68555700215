"""What the doors of alarms answer: candidates, what joined which incident, and rows that made no alarm."""

from dispatch.kinds import AlarmKind, IncidentState
from dispatch.records import Incident
from protocols.json_answers import Answered


class MergedAnswer(Answered, frozen=True, kw_only=True):
    """An alarm that joined an incident as one of its sources; `id` is the incident's."""

    id: str
    state: IncidentState
    version: int
    title: str
    kind: AlarmKind  # of the alarm
    source: str
    own_id: str


class RejectedAnswer(Answered, frozen=True, kw_only=True):
    """A row or message that made no alarm; `line` of a table, its header is line 1."""

    code: str
    field: str
    detail: str
    line: int | None = None


class AlarmsAnswer(Answered, frozen=True, kw_only=True):
    """What became of a body: every alarm of it is in one of the three."""

    candidates: list[Incident]
    merged: list[MergedAnswer]
    rejected: list[RejectedAnswer]
