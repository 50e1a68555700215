"""Tables of resources over HTTP: their columns, their rows as cells of text, and who may fly; as resources_table.py."""

from typing import Annotated

from msgspec import Meta

from dispatch.fitness import Unfit
from protocols.json_answers import Answered
from protocols.json_doors import Body, Id, VersionOrNone

Cell = Annotated[str, Meta(max_length=8_000)]  # the longest: a run card's checklist
ColumnName = Annotated[str, Meta(min_length=1, max_length=40)]


class ColumnAnswer(Answered, frozen=True, kw_only=True):
    """A column: what it means, and the words it takes where they are a closed list (`several`: more than one, by `|`)."""

    name: str
    required: bool
    meaning: str
    choices: list[str]
    several: bool


class ColumnsAnswer(Answered, frozen=True, kw_only=True):
    """The columns of a kind, and whether the caller may change its rows."""

    kind: str
    columns: list[ColumnAnswer]
    may_save: bool


class RowAnswer(Answered, frozen=True, kw_only=True):
    """A record as the table shows it."""

    id: str
    site: str
    version: int
    cells: dict[str, str]


class RowSave(Body, frozen=True, kw_only=True):
    """One row: `version_seen` 0 creates. A column that is left out is empty."""

    id: Id
    version_seen: VersionOrNone
    cells: Annotated[dict[ColumnName, Cell], Meta(max_length=64)]


class UnfitAnswer(Answered, frozen=True, kw_only=True):
    """A rule that keeps an aircraft on the ground now."""

    code: str
    who: str
    detail: str
    rule: str
    source: str


class FitnessAnswer(Answered, frozen=True, kw_only=True):
    """An aircraft and every rule that keeps it on the ground; none: it may go."""

    aircraft_id: str
    unfit: list[UnfitAnswer]


def unfit_answer(one: Unfit) -> UnfitAnswer:
    """The answer for one rule."""
    return UnfitAnswer(code=one.code, who=one.who, detail=one.detail, rule=one.rule, source=one.source)
