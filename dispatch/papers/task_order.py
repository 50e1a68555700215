"""飞行任务书: what an aircraft is ordered to do, who ordered it, and what the operator answered. Written with the order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.geo import Position
from dispatch.kinds import AmendmentState, RefusalReason, TaskingAction, TaskKind
from dispatch.papers import words
from dispatch.papers.case import Case, Ordered, Person, first_step
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.papers.traffic_sheet import TrafficSheet, sheet_for, traffic_grid
from dispatch.records import Tasking
from dispatch.tasking_records import Amendment, Terms

_A = TaskingAction


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedLine:
    """One amendment as it is printed. `changes`: what was to change, from what to what."""

    number: int
    at: datetime
    by: Person
    reason: str
    changes: tuple[str, ...]
    state: AmendmentState
    answered_by: str
    answered_at: datetime | None
    answer_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """The order. Flying it is the flight log's."""

    tasking_id: str
    tasking_number: str
    incident_id: str
    incident_title: str
    incident_position: Position
    task: TaskKind | None  # which of the tasks of the incident it serves; None: not said
    people: int  # to be lifted out of the incident; 0: nobody is
    run_card_name: str  # that the incident was worked by when it was ordered; empty: none
    landing_site_id: str
    landing_site_name: str
    landing_site_position: Position | None
    aircraft_id: str
    aircraft_name: str
    aircraft_model: str
    operator_id: str
    operator_name: str
    base_id: str
    base_name: str
    water_point_id: str
    water_point_name: str
    water_point_position: Position | None
    water_depth_m: float | None
    hospital_id: str
    hospital_name: str
    out_turns: tuple[Position, ...]
    back_turns: tuple[Position, ...]
    take_off_at: datetime
    on_scene_at: datetime
    land_at: datetime
    planned_drops: int
    litres_per_drop: float
    remark: str
    amendments: tuple[AmendedLine, ...]
    traffic: TrafficSheet | None  # None: no incident airspace was made
    adopted_by: Person | None
    ordered_by: Person | None
    answer: str  # accept, refuse; empty: none
    answered_by: Person | None
    refusal: RefusalReason | None
    ended: str  # recall or expire, before or in flight
    ended_by: Person | None
    simulated: bool


def derive(case: Case, tasking: Tasking) -> TaskOrder | None:
    """The order as the case now stands; None until it is given."""
    order = first_step(tasking.history, _A.ORDER)
    named = case.ordered.get(tasking.id)
    if order is None or named is None:
        return None
    answer = first_step(tasking.history, _A.ACCEPT, _A.REFUSE)
    ended = first_step(tasking.history, _A.RECALL, _A.EXPIRE)
    return TaskOrder(
        tasking_id=tasking.id,
        tasking_number=tasking.number,
        incident_id=tasking.incident_id,
        incident_title=tasking.incident_title,
        incident_position=tasking.incident_position,
        task=tasking.task,
        people=tasking.people,
        run_card_name=case.cards.get(tasking.id, ""),
        landing_site_id=tasking.landing_site_id,
        aircraft_id=tasking.aircraft_id,
        operator_id=tasking.operator_id,
        **_names(named),
        base_id=tasking.base_id,
        water_point_id=tasking.water_point_id,
        hospital_id=tasking.hospital_id,
        out_turns=tasking.out_turns,
        back_turns=tasking.back_turns,
        take_off_at=tasking.take_off_at,
        on_scene_at=tasking.on_scene_at,
        land_at=tasking.land_at,
        planned_drops=tasking.drops,
        litres_per_drop=tasking.litres_per_drop,
        remark=tasking.remark,
        amendments=tuple(_line(case, each) for each in tasking.amendments),
        traffic=sheet_for(case.areas.get(tasking.id), tasking, named.aircraft),
        adopted_by=case.person(first_step(tasking.history, _A.ADOPT)),
        ordered_by=case.person(order),
        answer=answer.action if answer else "",
        answered_by=case.person(answer),
        refusal=tasking.refusal,
        ended=ended.action if ended else "",
        ended_by=case.person(ended),
        simulated=tasking.simulated,
    )


TERM = {
    "base_id": "起降基地",
    "water_point_id": "取水点",
    "hospital_id": "收治医院",
    "incident_position": "目标坐标",
    "take_off_at": "计划起飞",
    "on_scene_at": "计划到场",
    "land_at": "计划落地",
    "drops": "计划桶数",
    "remark": "备注",
    "turns": "航线转弯点",
}
AMENDMENT_STATE = {
    AmendmentState.OPEN: "待机组确认，原内容仍有效",
    AmendmentState.ACKNOWLEDGED: "机组已确认",
    AmendmentState.DECLINED: "机组未接受",
    AmendmentState.REPLACED: "已被新变更替代",
    AmendmentState.LAPSED: "未确认，已失效",
}


def _line(case: Case, amendment: Amendment) -> AmendedLine:
    role = words.ROLE[amendment.role]
    name = case.names.get(amendment.by, amendment.by)
    return AmendedLine(
        number=amendment.number,
        at=amendment.at,
        by=Person(account=amendment.by, name=name, role=role, at=amendment.at),
        reason=amendment.reason,
        changes=tuple(
            f"{TERM[name]}：{_term(amendment.before, name)} → {_term(amendment.after, name)}"
            for name in amendment.changed
        ),
        state=amendment.state,
        answered_by=case.names.get(amendment.answered_by, amendment.answered_by),
        answered_at=amendment.answered_at,
        answer_reason=amendment.answer_reason,
    )


def _term(terms: Terms, name: str) -> str:
    """One of the terms in words. Places by their id: a name may change later, and the paper must not."""
    value = getattr(terms, name)
    if isinstance(value, datetime):
        return words.moment(value)
    if isinstance(value, Position):
        return words.place(value)
    return str(value) or "无"


def _names(named: Ordered) -> dict[str, Any]:
    aircraft, base, water, hospital = named.aircraft, named.base, named.water_point, named.hospital
    site = named.landing_site
    return {
        "aircraft_name": aircraft.name if aircraft else "",
        "aircraft_model": aircraft.model if aircraft else "",
        "base_name": base.name if base else "",
        "water_point_name": water.name if water else "",
        "water_point_position": water.position if water else None,
        "water_depth_m": water.depth_m if water else None,
        "operator_name": named.operator.name if named.operator else "",
        "hospital_name": hospital.name if hospital else "",
        "landing_site_name": site.name if site else "",
        "landing_site_position": site.position if site else None,
    }


def form(paper: TaskOrder) -> Form:
    """The form to print."""
    flying = (
        Cell(key="aircraft", label="航空器", text=f"{paper.aircraft_name} {paper.aircraft_id}".strip()),
        Cell(key="aircraft_model", label="机型", text=words.said(paper.aircraft_model)),
        Cell(key="operator", label="承运单位", text=words.both(paper.operator_name, paper.operator_id)),
        Cell(key="base", label="起降基地", text=f"{paper.base_name} {paper.base_id}".strip()),
        Cell(key="take_off_at", label="计划起飞", text=words.moment(paper.take_off_at)),
        Cell(key="on_scene_at", label="计划到场", text=words.moment(paper.on_scene_at)),
        Cell(key="land_at", label="计划落地", text=words.moment(paper.land_at)),
        Cell(key="work", label="计划作业", text=_work(paper)),
    )
    target = (
        Cell(key="task", label="任务类型", text=words.NONE if paper.task is None else words.TASK[paper.task]),
        Cell(key="run_card", label="执行预案", text=words.said(paper.run_card_name)),
        Cell(key="incident_title", label="任务事件", text=paper.incident_title, wide=True),
        Cell(key="incident_id", label="事件编号", text=paper.incident_id, wide=True),
        Cell(key="incident_position", label="现场坐标", text=words.place(paper.incident_position), wide=True),
        *_water(paper),
        *_turns(paper),
        *_remark(paper),
    )
    ordered, answered = paper.ordered_by, paper.answered_by
    acts = (
        Cell(key="adopted_by", label="拟派", text=paper.adopted_by.told if paper.adopted_by else words.NONE),
        Cell(key="ordered_by", label="下达", text=ordered.told if ordered else words.NONE),
        Cell(key="ordered_at", label="下达时间", text=words.moment(ordered.at if ordered else None)),
        Cell(key="answer", label="应答", text=_answer(paper)),
        Cell(key="answered_by", label="应答人", text=answered.told if answered else words.NONE),
        Cell(key="answered_at", label="应答时间", text=words.moment(answered.at if answered else None)),
        *_ended(paper),
    )
    return Form(
        title="飞行任务书",
        sections=(
            Grid(title="任务", cells=target),
            Grid(title="飞行", cells=flying),
            *traffic_grid(paper.traffic),
            Grid(title="下达与应答", cells=acts),
            *_amendments(paper),
        ),
        signatures=(
            Signature(label="调度员", name=paper.adopted_by.name if paper.adopted_by else ""),
            Signature(
                label="值班长",
                name=ordered.name if ordered else "",
                at=words.moment(ordered.at) if ordered else "",
            ),
            Signature(label="机长"),
        ),
        notes=("空域以空管批准为准，超时不视为同意。", "机长可随时说明理由拒绝或中止任务。"),
        drill=paper.simulated,
    )


def _remark(paper: TaskOrder) -> tuple[Cell, ...]:
    return (Cell(key="remark", label="备注", text=paper.remark, wide=True),) if paper.remark else ()


def _amendments(paper: TaskOrder) -> tuple[Table, ...]:
    if not paper.amendments:
        return ()
    rows = tuple(
        (
            str(each.number),
            f"{words.moment(each.at)}\n{each.by.told}",
            "\n".join(each.changes),
            each.reason,
            "\n".join(
                filter(
                    None,
                    (
                        AMENDMENT_STATE[each.state],
                        f"{each.answered_by} {words.moment(each.answered_at)}" if each.answered_at else "",
                        each.answer_reason,
                    ),
                )
            ),
        )
        for each in paper.amendments
    )
    return (
        Table(
            title="变更",
            heads=("号", "时间与人员", "变更内容", "理由", "机组确认"),
            rows=rows,
            widths=(0.05, 0.22, 0.35, 0.16, 0.22),
        ),
    )


def _work(paper: TaskOrder) -> str:
    if paper.people:
        return f"转移 {paper.people} 人"
    if not paper.planned_drops:
        return "—"
    return f"{paper.planned_drops} 桶 × {paper.litres_per_drop:.0f} L"


def _water(paper: TaskOrder) -> tuple[Cell, ...]:
    made = []
    if paper.water_point_id:
        depth = "" if paper.water_depth_m is None else f"，水深 {paper.water_depth_m:g} m"
        text = f"{paper.water_point_name} {paper.water_point_id}{depth}".strip()
        made.append(Cell(key="water_point", label="取水点", text=text, wide=True))
        if paper.water_point_position is not None:
            at = words.place(paper.water_point_position)
            made.append(Cell(key="water_point_position", label="取水点坐标", text=at, wide=True))
    if paper.landing_site_id:
        at = "" if paper.landing_site_position is None else f"，{words.place(paper.landing_site_position)}"
        text = f"{paper.landing_site_name} {paper.landing_site_id}{at}".strip()
        made.append(Cell(key="landing_site", label="起降点", text=text, wide=True))
    if paper.hospital_id:
        text = f"{paper.hospital_name} {paper.hospital_id}".strip()
        made.append(Cell(key="hospital", label="收治医院", text=text, wide=True))
    return tuple(made)


def _turns(paper: TaskOrder) -> tuple[Cell, ...]:
    ways = (("out_turns", "去程绕飞点", paper.out_turns), ("back_turns", "返程绕飞点", paper.back_turns))
    return tuple(
        Cell(key=key, label=label, text="；".join(words.place(turn) for turn in turns), wide=True)
        for key, label, turns in ways
        if turns
    )


def _answer(paper: TaskOrder) -> str:
    if not paper.answer:
        return "未应答"
    told = words.TASKING_ACTION[TaskingAction(paper.answer)]
    return told if paper.refusal is None else f"{told}（{words.REFUSAL[paper.refusal]}）"


def _ended(paper: TaskOrder) -> tuple[Cell, ...]:
    by = paper.ended_by
    if by is None:
        return ()
    told = f"{words.TASKING_ACTION[TaskingAction(paper.ended)]}，{by.told}，{words.moment(by.at)}"
    return (
        Cell(key="ended", label="终止", text=told, wide=True),
        Cell(key="ended_reason", label="理由", text=words.said(by.reason), wide=True),
    )
