"""The conference system over HTTP: called for a consultation, what it may pull for that, who pulls, taken back."""

from typing import Annotated

from msgspec import Meta

from dispatch import conference
from dispatch.conference_commands import TakeBackSources
from dispatch.conference_records import ConferenceCall, ConferenceSource
from protocols.json_answers import Answered
from protocols.json_doors import Body, Id, OptionalId


class ConferenceCalling(Body, frozen=True, kw_only=True):
    """What it may pull for this call: streams by id, the room's map. Whom to call is the conference system's affair."""

    streams: Annotated[tuple[Id, ...], Meta(max_length=conference.MOST_SOURCES)] = ()
    map: bool = False


class SourcesBack(Body, frozen=True, kw_only=True):
    """`source_id` empty: all that was offered for the call."""

    source_id: OptionalId = ""
    reason: Annotated[str, Meta(max_length=conference.MAX_REASON)] = ""

    def command(self, call_id: str) -> TakeBackSources:
        """The command for one call."""
        return TakeBackSources(call_id=call_id, source_id=self.source_id, reason=self.reason)


class ConferenceAnswer(Answered, frozen=True, kw_only=True):
    """`pulled`: it can pull here. What may be offered now, and the room's calls, newest first; `over`: those of which
    nothing may be pulled any more."""

    pulled: bool
    offerable: list[ConferenceSource]
    calls: list[ConferenceCall]
    over: list[str]
