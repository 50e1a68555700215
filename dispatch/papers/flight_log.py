"""飞行日志: what was flown for one tasking, sortie by sortie. Written with each landing."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import CrewDuty, TaskingAction, TaskingState
from dispatch.papers import flights, words
from dispatch.papers.case import Aboard, Away, Case, Person, last_step
from dispatch.papers.flights import Sortie
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.papers.water import (
    LoggedLoad,
    Signed,
    load_table,
    logged,
    signature_lines,
    signed_of,
)
from dispatch.records import Tasking
from dispatch.world import DOWN

ON_THE_GROUND = frozenset(
    {TaskingState.LANDED, TaskingState.DOWN, TaskingState.SETTLED, TaskingState.ARCHIVED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightLog:
    """The log. Planned times are of the first sortie."""

    tasking_id: str
    tasking_number: str
    incident_id: str
    incident_title: str
    aircraft_id: str
    aircraft_name: str
    aircraft_model: str
    operator_id: str
    operator_name: str
    base_id: str
    base_name: str
    water_point_name: str
    planned_take_off_at: datetime
    planned_on_scene_at: datetime
    planned_land_at: datetime
    sorties: tuple[Sortie, ...]
    air_s: float
    work_s: float
    drops: int | None
    litres: float | None
    by_track: int | None  # of the drops, those confirmed from the track; the others were told
    loads: tuple[LoggedLoad, ...]  # those that are struck out too
    planned_drops: int
    litres_per_drop: float
    crew: tuple[Aboard, ...]
    away: tuple[Away, ...]  # diversions, technical stops, emergency landings
    landed_by: Person | None
    signed: tuple[Signed, ...]
    simulated: bool


def derive(case: Case, tasking: Tasking) -> FlightLog | None:
    """The log as the case now stands; None in the air and before."""
    flown = flights.sorties(tasking)
    if tasking.state not in ON_THE_GROUND or not flown:
        return None
    named = case.ordered.get(tasking.id)
    aircraft = named.aircraft if named else None
    base = named.base if named else None
    water = named.water_point if named else None
    return FlightLog(
        tasking_id=tasking.id,
        tasking_number=tasking.number,
        incident_id=tasking.incident_id,
        incident_title=tasking.incident_title,
        aircraft_id=tasking.aircraft_id,
        aircraft_name=aircraft.name if aircraft else "",
        aircraft_model=aircraft.model if aircraft else "",
        operator_id=tasking.operator_id,
        operator_name=named.operator.name if named and named.operator else "",
        base_id=tasking.base_id,
        base_name=base.name if base else "",
        water_point_name=water.name if water else "",
        planned_take_off_at=tasking.take_off_at,
        planned_on_scene_at=tasking.on_scene_at,
        planned_land_at=tasking.land_at,
        sorties=flown,
        air_s=flights.air_s(flown),
        work_s=sum(sortie.work_s or 0.0 for sortie in flown),
        drops=flights.drops(flown),
        litres=flights.litres(flown),
        by_track=flights.by_track(flown),
        loads=logged(case, tasking),
        planned_drops=tasking.drops,
        litres_per_drop=tasking.litres_per_drop,
        crew=case.aboard.get(tasking.id, ()),
        away=case.away.get(tasking.id, ()),
        landed_by=case.person(last_step(tasking.history, *DOWN)),
        signed=signed_of(case, tasking),
        simulated=tasking.simulated,
    )


def form(paper: FlightLog) -> Form:
    """The form to print."""
    what = (
        Cell(key="aircraft", label="航空器", text=f"{paper.aircraft_name} {paper.aircraft_id}".strip()),
        Cell(key="aircraft_model", label="机型", text=words.said(paper.aircraft_model)),
        Cell(key="operator", label="承运单位", text=words.both(paper.operator_name, paper.operator_id)),
        Cell(key="base", label="起降基地", text=f"{paper.base_name} {paper.base_id}".strip()),
        Cell(key="incident_title", label="任务事件", text=paper.incident_title, wide=True),
        Cell(key="crew", label="机组", text=words.said(_crew(paper.crew)), wide=True),
        Cell(key="water_point_name", label="取水点", text=paper.water_point_name or "—"),
        Cell(key="planned", label="计划作业", text=_planned(paper)),
        Cell(key="planned_take_off_at", label="计划起飞", text=words.moment(paper.planned_take_off_at)),
        Cell(key="planned_land_at", label="计划落地", text=words.moment(paper.planned_land_at)),
    )
    rows = tuple(
        (
            str(sortie.number),
            words.clock(sortie.take_off_at),
            words.clock(sortie.on_scene_at),
            words.clock(sortie.off_scene_at),
            words.clock(sortie.landed_at),
            words.span(sortie.air_s),
            words.span(sortie.work_s),
            words.NONE if sortie.drops is None else str(sortie.drops),
        )
        for sortie in paper.sorties
    )
    totals = (
        Cell(key="air_s", label="空中时间合计", text=words.span(paper.air_s)),
        Cell(key="work_s", label="作业时间合计", text=words.span(paper.work_s)),
        Cell(key="drops", label="投水合计", text=words.buckets(paper.drops, paper.by_track)),
        Cell(
            key="litres",
            label="水量合计",
            text=words.NONE if paper.litres is None else f"{paper.litres / 1000:.1f} t",
        ),
        *(
            Cell(
                key=f"return_{sortie.number}",
                label=f"第 {sortie.number} 次返航",
                text=f"{words.TASKING_ACTION[TaskingAction(sortie.return_cause)]}：{words.said(sortie.return_reason)}",
                wide=True,
            )
            for sortie in paper.sorties
            if sortie.return_cause and (sortie.return_cause != TaskingAction.DIVERT or sortie.return_reason)
        ),
        *(
            Cell(
                key=f"away_{number}",
                label=words.TASKING_ACTION[each.action],
                text=" ".join(
                    (words.clock(each.at), each.place, words.DIVERSION_CAUSE.get(each.cause, ""))
                ).strip(),
                wide=True,
            )
            for number, each in enumerate(paper.away, start=1)
        ),
    )
    by = paper.landed_by
    captains = "、".join(one.name for one in paper.crew if one.duty is CrewDuty.CAPTAIN)
    return Form(
        title="飞行日志",
        sections=(
            Grid(title="任务", cells=what),
            Table(
                title="架次（北京时间）",
                heads=("次", "起飞", "到场", "离场", "落地", "空中", "作业", "投水"),
                rows=rows,
                widths=(0.06, 0.14, 0.14, 0.14, 0.14, 0.14, 0.14, 0.1),
            ),
            Grid(title="合计", cells=totals),
            *load_table(paper.loads),
        ),
        signatures=(
            Signature(
                label="机长", name=captains or (by.name if by else ""), at=words.moment(by.at) if by else ""
            ),
            Signature(label="飞行观察员"),
            *signature_lines(paper.signed),
        ),
        drill=paper.simulated,
    )


def _crew(crew: tuple[Aboard, ...]) -> str:
    return "、".join(f"{one.name}（{words.CREW_DUTY[one.duty]}）" for one in crew)


def _planned(paper: FlightLog) -> str:
    return f"{paper.planned_drops} 桶 × {paper.litres_per_drop:.0f} L" if paper.planned_drops else "—"
