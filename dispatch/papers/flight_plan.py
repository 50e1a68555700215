"""飞行计划申请: what ATC was asked for, what it answered, and when the airspace was used. Written with the filing."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import AirspaceAction, AirspaceKind, AirspaceState, TaskingAction
from dispatch.papers import words
from dispatch.papers.case import Case, Person, first_step
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.records import Airspace, AirspaceRequest, Counter, Tasking

_A = AirspaceAction
# what a tasking's step writes as the reason of its request's (dispatch/tasking.py)
BY_TASKING = {"take-off": "随起飞", "landed": "随落地"} | {
    f"tasking {action}": f"任务{words.TASKING_ACTION[action]}" for action in TaskingAction
}
ANSWERS = frozenset({_A.APPROVE, _A.REFUSE, _A.COUNTER})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One act on the request."""

    action: str
    state: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPlan:
    """One request to ATC; `airspace` is what stands now, with an accepted counter's changes in it."""

    request_id: str
    kind: AirspaceKind
    tasking_id: str
    tasking_number: str
    incident_id: str
    incident_title: str
    aircraft_id: str
    aircraft_name: str
    aircraft_model: str
    airspace: Airspace
    filed_at: datetime
    filed_by: Person | None
    answer_due_at: datetime
    answer: str  # approve, refuse, counter; empty: none yet
    answered_by: Person | None
    answered_in_s: float | None
    late: bool | None  # None: not answered
    counter: Counter | None
    state: AirspaceState
    steps: tuple[PlanStep, ...]
    simulated: bool


def derive(case: Case, tasking: Tasking, request: AirspaceRequest) -> FlightPlan:
    """The request as the case now stands."""
    named = case.ordered.get(tasking.id)
    aircraft = named.aircraft if named else None
    answer = first_step(request.history, *ANSWERS)
    return FlightPlan(
        request_id=request.id,
        kind=request.kind,
        tasking_id=tasking.id,
        tasking_number=tasking.number,
        incident_id=request.incident_id,
        incident_title=tasking.incident_title,
        aircraft_id=request.aircraft_id,
        aircraft_name=aircraft.name if aircraft else "",
        aircraft_model=aircraft.model if aircraft else "",
        airspace=request.airspace,
        filed_at=request.filed_at,
        filed_by=case.person(first_step(request.history, "file")),
        answer_due_at=request.answer_due_at,
        answer=answer.action if answer else "",
        answered_by=case.person(answer),
        answered_in_s=(answer.at - request.filed_at).total_seconds() if answer else None,
        late=answer.at > request.answer_due_at if answer else None,
        counter=request.counter,
        state=request.state,
        steps=tuple(
            PlanStep(action=step.action, state=step.state, by=by)
            for step in request.history
            if (by := case.person(step)) is not None
        ),
        simulated=request.simulated,
    )


def form(paper: FlightPlan) -> Form:
    """The form to print."""
    block = paper.airspace
    datum = words.DATUM[block.datum]
    asked = (
        Cell(key="kind", label="申请类别", text=words.AIRSPACE_KIND[paper.kind]),
        Cell(key="tasking_number", label="任务书", text=paper.tasking_number),
        Cell(key="aircraft", label="航空器", text=f"{paper.aircraft_name} {paper.aircraft_id}".strip()),
        Cell(key="aircraft_model", label="机型", text=words.said(paper.aircraft_model)),
        Cell(key="incident_title", label="任务性质", text=f"抢险救灾：{paper.incident_title}", wide=True),
        Cell(key="centre", label="作业区中心", text=words.place(block.centre), wide=True),
        Cell(key="radius_m", label="作业区半径", text=f"{block.radius_m / 1000:.1f} km"),
        Cell(
            key="corridor_half_width_m",
            label="航线宽度",
            text=f"{block.corridor_half_width_m * 2 / 1000:g} km",
        ),
        Cell(key="corridor_from", label="航线起点", text=words.place(block.corridor_from), wide=True),
        Cell(key="floor_m", label="下限", text=f"{block.floor_m:.0f} m（{datum}）"),
        Cell(key="ceiling_m", label="上限", text=f"{block.ceiling_m:.0f} m（{datum}）"),
        Cell(key="active_from", label="使用自", text=words.moment(block.active_from)),
        Cell(key="active_until", label="使用至", text=words.moment(block.active_until)),
    )
    filed, by = paper.filed_by, paper.answered_by
    answered = (
        Cell(key="filed_at", label="申请时间", text=words.moment(paper.filed_at)),
        Cell(key="filed_by", label="申请人", text=filed.told if filed else words.NONE),
        Cell(key="answer_due_at", label="应答时限", text=words.moment(paper.answer_due_at)),
        Cell(key="answered_in_s", label="批复用时", text=_took(paper)),
        Cell(key="answer", label="批复", text=_answer(paper)),
        Cell(key="answered_by", label="批复人", text=by.told if by else words.NONE),
        Cell(key="reason", label="批复说明", text=words.said(_reason(paper)), wide=True),
    )
    rows = tuple(
        (
            words.moment(step.by.at),
            words.AIRSPACE_ACTION.get(step.action, step.action),
            words.AIRSPACE_STATE[AirspaceState(step.state)],
            step.by.told,
            BY_TASKING.get(step.by.reason, step.by.reason) or "—",
        )
        for step in paper.steps
    )
    return Form(
        title=f"{words.AIRSPACE_KIND[paper.kind]}申请",
        sections=(
            Grid(title="申请", cells=asked),
            Grid(title="批复", cells=answered),
            Table(
                title="办理经过",
                heads=("时间", "步骤", "状态", "经办", "说明"),
                rows=rows,
                widths=(0.23, 0.13, 0.18, 0.22, 0.24),
            ),
        ),
        signatures=(
            Signature(label="申请人", name=filed.name if filed else ""),
            Signature(label="空管", name=by.name if by else "", at=words.moment(by.at) if by else ""),
        ),
        notes=(
            "依据《通用航空飞行管制条例》第十六条：紧急救护、抢险救灾，飞行前 1 小时提出，飞行前 15 分钟批复。",
        ),
        drill=paper.simulated,
    )


def _took(paper: FlightPlan) -> str:
    if paper.answered_in_s is None:
        return "—"
    return f"{words.span(paper.answered_in_s)}（{'超时' if paper.late else '按时'}）"


def _answer(paper: FlightPlan) -> str:
    if not paper.answer:
        return words.AIRSPACE_STATE[paper.state]
    return words.AIRSPACE_ACTION[paper.answer]


def _reason(paper: FlightPlan) -> str:
    if paper.counter is not None:
        return paper.counter.reason
    return paper.answered_by.reason if paper.answered_by else ""


def own_requests(case: Case, tasking: Tasking) -> tuple[AirspaceRequest, ...]:
    """The requests of a tasking in the order of their filing."""
    found = (case.world.requests.get(each) for each in tasking.airspace_request_ids)
    return tuple(request for request in found if request is not None)
