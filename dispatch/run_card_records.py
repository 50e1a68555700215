"""Run cards (预案卡): what a kind of incident asks for, as the table has it and as it was applied to an incident.

Frozen records, as records.py. A card is dated data with a source, changed by people; an incident keeps a copy of the
card that was applied to it, so that a later change of the table changes nothing that was decided.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import (
    AircraftKind,
    Capability,
    IncidentKind,
    ItemSort,
    LiftTo,
    NoticeTrigger,
    Role,
    TaskKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWant:
    """One kind of task that an incident wants. Of one kind there is one on a card."""

    kind: TaskKind
    needs: tuple[Capability, ...] = ()  # an aircraft has all of them
    aircraft_kinds: tuple[AircraftKind, ...] = ()  # none named: any
    visits: int = 1  # of a search: sectors. Not read where people are lifted, or somebody stays on station
    stay_s: float = 0.0  # on the scene, each visit
    people: int = 0  # to be lifted out where the incident states no figure; 0: lifts nobody
    lift_to: LiftTo | None = None  # whither
    cargo_kg: float = 0.0  # loaded at the nearest base, each visit
    continuous: bool = False  # somebody is on station all the time, each for at least stay_s
    needs_pad: bool = False  # who cannot rappel lands on a pad
    pad_within_m: float = 0.0  # a landing site this near serves as the pad; 0: none is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class CardItem:
    """One line that a person ticks off: somebody told, or something done."""

    sort: ItemSort
    text: str
    within_s: float | None = None  # of when it begins to hold; None: no clock
    trigger: NoticeTrigger = NoticeTrigger.ALWAYS
    threshold: float = 0.0  # of the trigger, in its unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """A preset for incidents of a kind, of one level or all, in a county, a prefecture, a province or everywhere."""

    id: str
    site: str
    name: str
    kind: IncidentKind
    level: int = 0  # 0: every level
    area: str = ""  # beginning of a code of GB/T 2260: 36, 3604, 360423; empty: everywhere
    tasks: tuple[TaskWant, ...]
    items: tuple[CardItem, ...] = ()
    radius_m: float  # of the airspace asked for, round the scene
    ceiling_m: float  # of it, above the ground there
    valid_from: datetime
    valid_until: datetime | None = None
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedItem:
    """A line of an applied card and whether it is ticked. `version` counts its ticks and unticks."""

    key: str
    item: CardItem
    version: int = 0
    done_at: datetime | None = None  # None: open
    done_by: str = ""
    done_as: Role | None = None
    escalated_at: datetime | None = None  # its clock passed while it was open, and people were told


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCard:
    """A run card as it was applied to an incident, for what the incident was then, by a named person."""

    card_id: str
    card_version: int
    name: str
    source: str
    kind: IncidentKind  # of the incident then
    level: int
    county: str  # GB/T 2260, where the place is; empty: not known
    border_m: float | None  # from the place to the site's border; None: not known
    proposed_id: str  # which card the rule chose then; empty: none
    reason: str = ""  # why another one, or with other tasks
    changed: bool = False  # the tasks are not the card's own
    tasks: tuple[TaskWant, ...]
    items: tuple[AppliedItem, ...]
    radius_m: float
    ceiling_m: float
    applied_at: datetime
    applied_by: str
    applied_as: Role
