"""Run cards of incidents over HTTP: applying one, ticking off its lines, and what is answered."""

from datetime import datetime
from typing import Annotated

import msgspec

from dispatch import run_card_commands, run_card_records
from protocols.json_answers import Answered
from protocols.json_doors import Body, Id, Remark, Version, VersionOrNone
from protocols.json_resources import TasksBody


class RunCardApplication(Body, frozen=True, kw_only=True):
    """Apply a card. Another one than the proposed, or with other `tasks` than its own, needs a `reason`."""

    version: Version
    card_id: Id
    tasks: TasksBody | None = None
    reason: Remark = ""

    def command(
        self, incident_id: str, *, county: str, border_m: float | None
    ) -> run_card_commands.ApplyRunCard:
        """The command for one incident, with what the edge knows of its place."""
        return run_card_commands.ApplyRunCard(
            incident_id=incident_id,
            card_id=self.card_id,
            version_seen=self.version,
            county=county,
            border_m=border_m,
            tasks=None if self.tasks is None else tuple(each.record() for each in self.tasks),
            reason=self.reason,
        )


class ItemTick(Body, frozen=True, kw_only=True):
    """Tick off a line, or open it again; `version` is the line's own."""

    done: bool
    version: VersionOrNone

    def command(self, incident_id: str, key: str) -> run_card_commands.TickCardItem:
        """The command for one line."""
        return run_card_commands.TickCardItem(
            incident_id=incident_id, key=key, done=self.done, version_seen=self.version
        )


class ClockAnswer(Answered, frozen=True, kw_only=True):
    """When a line holds. `holds` null: a person must say. `starts_at` may be to come."""

    key: str
    holds: bool | None
    starts_at: datetime | None
    due_at: datetime | None


class FittingCard(Answered, frozen=True, kw_only=True):
    """A card that fits the incident, and by what it was ranked; the first of several is the proposed one."""

    id: str
    name: str
    version: int
    area: str  # empty: everywhere
    level: int  # 0: every level
    valid_from: datetime


class RunCardAnswer(Answered, frozen=True, kw_only=True):
    """What is proposed for an incident as it is now and why, what is applied, and the clocks of what is applied."""

    incident_id: str
    version: int  # of the incident
    county: str  # GB/T 2260; empty: not known
    county_name: str
    border_m: float | None
    proposed: run_card_records.RunCard | None
    fitting: Annotated[list[FittingCard], msgspec.Meta(description="most specific first")]
    applied: run_card_records.AppliedCard | None
    proposes_other: bool  # nothing is applied yet, or another card is proposed now than when one was
    clocks: list[ClockAnswer]
    raised_level: int | None  # a source gives this higher level since a person last decided
    raised_card: FittingCard | None  # what would be proposed then
