"""What each source says of one thing now, over HTTP."""

from typing import Annotated

from msgspec import Meta

from dispatch.kinds import AltitudeDatum, SourceKind
from protocols.json_answers import Answered
from protocols.json_doors import END, Body


class ThingQuery(Body, frozen=True, kw_only=True):
    """Which thing: its identity, or any of its keys."""

    id: Annotated[str, Meta(max_length=80, pattern=r"^[!-~]*" + END)] = ""


class SourceWord(Answered, frozen=True, kw_only=True):
    """What one source says of one key. `chosen`: its position stands for the thing."""

    source: str
    source_kind: SourceKind
    key: str
    chosen: bool
    heard_age_s: float
    position_age_s: float | None
    lon_deg: float | None
    lat_deg: float | None
    accuracy_m: float | None
    altitude_m: float | None
    altitude_datum: AltitudeDatum | None


class SourceWords(Answered, frozen=True, kw_only=True):
    """The chosen one first, then by how lately each was heard. Nothing of what nobody hears."""

    id: str
    items: list[SourceWord]
