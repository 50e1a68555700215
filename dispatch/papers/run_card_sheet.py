"""预案执行单: which run card an incident is worked by, who chose it and why, who was told and what was done when.

Written when a card is applied, anew with every tick. Lines whose condition a person must judge say it beside them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.kinds import IncidentKind, ItemSort, NoticeTrigger, TaskKind
from dispatch.papers import words
from dispatch.papers.case import Case, Person
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.records import Incident
from dispatch.run_card import clock
from dispatch.run_card_records import AppliedCard, AppliedItem, CardItem


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """A line of the card. `due_at` None: no clock runs. `done_by` None: open."""

    sort: ItemSort
    text: str
    trigger: NoticeTrigger
    threshold: float
    due_at: datetime | None
    done_by: Person | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCardSheet:
    """The card as it was applied, and how far it is done."""

    incident_id: str
    incident_title: str
    kind: IncidentKind
    level: int
    county: str
    reported_at: datetime
    people: int | None
    card_id: str
    card_version: int
    name: str
    source: str
    proposed_id: str  # what the site proposed
    changed: bool
    applied_by: Person
    tasks: tuple[TaskKind, ...]
    radius_m: float
    ceiling_m: float
    lines: tuple[SheetLine, ...]
    simulated: bool


def derive(case: Case) -> RunCardSheet | None:
    """The sheet as the case now stands; None until a card is applied."""
    incident = case.incident
    if incident is None or incident.run_card is None or case.at is None:
        return None
    card = incident.run_card
    return RunCardSheet(
        incident_id=incident.id,
        incident_title=incident.title,
        kind=card.kind,
        level=card.level,
        county=card.county,
        reported_at=incident.reported_at,
        people=incident.people,
        card_id=card.card_id,
        card_version=card.card_version,
        name=card.name,
        source=card.source,
        proposed_id=card.proposed_id,
        changed=card.changed,
        applied_by=_chooser(case, card),
        tasks=tuple(want.kind for want in card.tasks),
        radius_m=card.radius_m,
        ceiling_m=card.ceiling_m,
        lines=tuple(_line(case, incident, card, one) for one in card.items),
        simulated=incident.simulated,
    )


def _chooser(case: Case, card: AppliedCard) -> Person:
    return Person(
        account=card.applied_by,
        name=case.names.get(card.applied_by, card.applied_by),
        role=words.ROLE[card.applied_as],
        at=card.applied_at,
        reason=card.reason,
    )


def _line(case: Case, incident: Incident, card: AppliedCard, one: AppliedItem) -> SheetLine:
    done_by = None
    if one.done_at is not None:
        name = case.names.get(one.done_by, one.done_by)
        done_by = Person(account=one.done_by, name=name, role=words.ROLE[one.done_as], at=one.done_at)
    return SheetLine(
        sort=one.item.sort,
        text=one.item.text,
        trigger=one.item.trigger,
        threshold=one.item.threshold,
        due_at=clock(incident, card.border_m, one.item, card.applied_at).due_at,
        done_by=done_by,
    )


def form(paper: RunCardSheet) -> Form:
    """The form to print."""
    by = paper.applied_by
    overridden = paper.changed or paper.card_id != paper.proposed_id
    chosen = (
        Cell(key="name", label="预案", text=f"{paper.name}（{paper.card_id}）", wide=True),
        Cell(key="source", label="依据", text=paper.source, wide=True),
        Cell(key="kind", label="事件类型", text=words.INCIDENT_KIND[paper.kind]),
        Cell(key="level", label="等级", text=words.LEVELS.get(paper.level, str(paper.level))),
        Cell(key="county", label="区划代码", text=words.said(paper.county)),
        Cell(key="people", label="人数", text=words.NONE if paper.people is None else f"{paper.people} 人"),
        Cell(key="tasks", label="任务", text="、".join(words.TASK[each] for each in paper.tasks), wide=True),
        Cell(
            key="airspace",
            label="申请空域",
            text=f"半径 {paper.radius_m / 1000:g} km，现场以上 {paper.ceiling_m:.0f} m",
            wide=True,
        ),
        Cell(key="applied_by", label="采用人", text=by.told),
        Cell(key="applied_at", label="采用时间", text=words.moment(by.at)),
        *(
            (
                Cell(key="proposed", label="系统建议", text=words.said(paper.proposed_id)),
                Cell(key="changed", label="任务有改动", text=words.yes(paper.changed)),
                Cell(key="reason", label="改用理由", text=words.said(by.reason), wide=True),
            )
            if overridden
            else ()
        ),
    )
    what = (
        Cell(key="incident_title", label="事件", text=paper.incident_title, wide=True),
        Cell(key="incident_id", label="事件编号", text=paper.incident_id, wide=True),
        Cell(key="reported_at", label="接报时间", text=words.moment(paper.reported_at)),
    )
    return Form(
        title="预案执行单",
        sections=(
            Grid(title="事件", cells=what),
            Grid(title="预案", cells=chosen),
            _table("通报", paper, ItemSort.NOTICE),
            _table("处置清单", paper, ItemSort.CHECK),
        ),
        signatures=(
            Signature(label="采用人", name=by.name, at=words.moment(by.at)),
            Signature(label="值班长"),
        ),
        notes=("时限自接报起算；时限已过不代表已办。",),
        drill=paper.simulated,
    )


def _table(title: str, paper: RunCardSheet, sort: ItemSort) -> Table:
    return Table(
        title=title,
        heads=("事项", "条件", "时限", "完成", "办理人"),
        rows=tuple(
            (
                line.text,
                condition(line),
                words.clock(line.due_at) if line.due_at else "—",
                words.clock(line.done_by.at) if line.done_by else "未办",
                line.done_by.told if line.done_by else "",
            )
            for line in paper.lines
            if line.sort is sort
        ),
        widths=(0.4, 0.2, 0.12, 0.12, 0.16),
    )


def condition(line: SheetLine | CardItem) -> str:
    """When a line holds, in words; empty: always."""
    if line.trigger is NoticeTrigger.ALWAYS:
        return ""
    return words.TRIGGER[line.trigger].format(
        hectares=f"{line.threshold / 1e4:g}",
        hours=f"{timedelta(seconds=line.threshold) / timedelta(hours=1):g}",
        km=f"{line.threshold / 1000:g}",
        figure=f"{line.threshold:g}",
    )
