"""A tasking's flight messages in JSON: which is asked for, and the text with what a person completes in it."""

from typing import Literal

from protocols.flight_messages.drafts import Draft
from protocols.json_answers import Answered
from protocols.json_doors import Body

MessageKind = Literal["FPL", "DLA", "CHG", "CNL", "DEP", "ARR"]  # drafts.KINDS


class FlightMessageQuery(Body, frozen=True, kw_only=True):
    """Which message; the next one when nothing is said."""

    kind: MessageKind | None = None


class MessageFieldAnswer(Answered, frozen=True, kw_only=True):
    """One field of Doc 4444 Appendix 3 by its number, as it stands in the text."""

    number: int
    text: str


class MessageGapAnswer(Answered, frozen=True, kw_only=True):
    """What no record says: a person completes or confirms it."""

    field: str
    code: str


class FlightMessageAnswer(Answered, frozen=True, kw_only=True):
    """A message for a person at a gateway; nothing is sent. `suggested` is the next one, `available` all that fit.

    `incomplete` lists what a person has to complete or confirm; `supplementary` is field 19, as far as it is recorded,
    for an SPL; `exercise`: of a drill, never to be sent.
    """

    tasking_id: str
    version: int
    kind: str
    suggested: str
    available: list[str]
    text: str
    fields: list[MessageFieldAnswer]
    incomplete: list[MessageGapAnswer]
    supplementary: str
    exercise: bool

    @classmethod
    def of(cls, tasking_id: str, version: int, draft: Draft) -> "FlightMessageAnswer":
        """A draft as JSON shows it."""
        return cls(
            tasking_id=tasking_id,
            version=version,
            kind=draft.kind,
            suggested=draft.suggested,
            available=list(draft.available),
            text=draft.text,
            fields=[MessageFieldAnswer(number=number, text=text) for number, text in draft.fields],
            incomplete=[MessageGapAnswer(field=gap.field, code=gap.code) for gap in draft.gaps],
            supplementary=draft.supplementary,
            exercise=draft.exercise,
        )
