"""扑火报告单: what was done about an incident from the air, and how it ended. Written when it is contained or closed.

For incidents that are no fires the same paper is the rescue report (航空救援报告单).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dispatch.geo import Position
from dispatch.kinds import FIRES, IncidentAction, IncidentKind, IncidentState, Role
from dispatch.papers import flights, words
from dispatch.papers.case import Case, Person, first_step, last_step
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.records import Tasking

_A = IncidentAction
WRITTEN_IN = frozenset({IncidentState.CONTAINED, IncidentState.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class AircraftWork:
    """What one tasking came to. `drops` None: not recorded; the planned figures stand beside."""

    tasking_number: str
    aircraft_id: str
    aircraft_name: str
    aircraft_model: str
    operator_id: str
    sorties: int
    air_s: float
    first_take_off_at: datetime | None
    first_on_scene_at: datetime | None
    last_landed_at: datetime | None
    planned_drops: int
    planned_litres: float
    drops: int | None
    litres: float | None
    by_track: int | None
    first_drop_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FireReport:
    """The report. Times from the report of the incident on."""

    incident_id: str
    kind: IncidentKind
    level: int
    title: str
    place: str
    position: Position
    reported_at: datetime
    confirmed_by: Person | None
    first_take_off_at: datetime | None
    first_on_scene_at: datetime | None
    contained_by: Person | None
    closed_by: Person | None
    closed_as: str  # close or stand_down; empty: not yet
    flare_ups: int
    area_m2: float | None
    aircraft: tuple[AircraftWork, ...]
    sorties: int
    air_s: float
    drops: int | None  # of those aircraft whose drops are recorded
    litres: float | None
    by_track: int | None  # of the drops, those confirmed from the track; the others were told
    first_drop_at: datetime | None
    unrecorded: tuple[str, ...]  # taskings sent with water of whose drops nobody has said anything
    note: str
    simulated: bool


def derive(case: Case) -> FireReport | None:
    """The report as the case now stands; None while it goes on."""
    incident = case.incident
    if incident is None or incident.state not in WRITTEN_IN:
        return None
    flown = [_work(case, tasking) for tasking in case.taskings()]
    works = tuple(work for work in flown if work is not None)
    closed = last_step(incident.history, _A.CLOSE, _A.STAND_DOWN)
    return FireReport(
        incident_id=incident.id,
        kind=incident.kind,
        level=incident.level,
        title=incident.title,
        place=incident.place,
        position=incident.position,
        reported_at=incident.reported_at,
        confirmed_by=case.person(first_step(incident.history, _A.CONFIRM)),
        first_take_off_at=min((w.first_take_off_at for w in works if w.first_take_off_at), default=None),
        first_on_scene_at=min((w.first_on_scene_at for w in works if w.first_on_scene_at), default=None),
        contained_by=case.person(last_step(incident.history, _A.CONTAIN)),
        closed_by=case.person(closed),
        closed_as=closed.action if closed else "",
        flare_ups=sum(1 for step in incident.history if step.action == _A.FLARE_UP),
        area_m2=incident.fire.area_m2 if incident.fire else None,
        aircraft=works,
        sorties=sum(work.sorties for work in works),
        air_s=sum(work.air_s for work in works),
        drops=_total(work.drops for work in works),
        litres=_total(work.litres for work in works),
        by_track=_total(work.by_track for work in works),
        first_drop_at=min((w.first_drop_at for w in works if w.first_drop_at), default=None),
        unrecorded=tuple(w.tasking_number for w in works if w.planned_drops and w.drops is None),
        note=incident.note,
        simulated=incident.simulated,
    )


def _work(case: Case, tasking: Tasking) -> AircraftWork | None:
    flown = flights.sorties(tasking)
    if not flown:
        return None
    named = case.ordered.get(tasking.id)
    aircraft = named.aircraft if named else None
    return AircraftWork(
        tasking_number=tasking.number,
        aircraft_id=tasking.aircraft_id,
        aircraft_name=aircraft.name if aircraft else "",
        aircraft_model=aircraft.model if aircraft else "",
        operator_id=tasking.operator_id,
        sorties=len(flown),
        air_s=flights.air_s(flown),
        first_take_off_at=flown[0].take_off_at,
        first_on_scene_at=next((s.on_scene_at for s in flown if s.on_scene_at), None),
        last_landed_at=flown[-1].landed_at,
        planned_drops=tasking.drops * len(flown),
        planned_litres=tasking.drops * tasking.litres_per_drop * len(flown),
        drops=flights.drops(flown),
        litres=flights.litres(flown),
        by_track=flights.by_track(flown),
        first_drop_at=min((s.first_drop_at for s in flown if s.first_drop_at), default=None),
    )


N = TypeVar("N", int, float)


def _total(values: Iterable[N | None]) -> N | None:
    """The sum of what is recorded; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def form(paper: FireReport) -> Form:
    """The form to print."""
    fire = paper.kind in FIRES
    confirmed, contained, closed = paper.confirmed_by, paper.contained_by, paper.closed_by
    what = (
        Cell(key="title", label="事件名称", text=paper.title, wide=True),
        Cell(key="kind", label="事件类型", text=words.INCIDENT_KIND[paper.kind]),
        Cell(key="level", label="等级", text=words.LEVELS.get(paper.level, str(paper.level))),
        Cell(key="place", label="地点", text=words.said(paper.place), wide=True),
        Cell(key="position", label="坐标 WGS-84", text=words.place(paper.position), wide=True),
    )
    times = (
        Cell(key="reported_at", label="接报", text=words.moment(paper.reported_at)),
        Cell(key="confirmed_at", label="核实", text=_by(confirmed)),
        Cell(key="first_take_off_at", label="首机起飞", text=words.moment(paper.first_take_off_at)),
        Cell(key="first_on_scene_at", label="首机到场", text=words.moment(paper.first_on_scene_at)),
        Cell(key="contained_at", label="控制", text=_by(contained)),
        Cell(key="closed_at", label=_ending(paper), text=_by(closed)),
        *_disposition(closed),
    )
    result = [
        Cell(key="sorties", label="出动", text=f"{len(paper.aircraft)} 份任务书，{paper.sorties} 次起落"),
        Cell(key="air_s", label="空中时间", text=words.span(paper.air_s)),
    ]
    if fire:
        result += [
            Cell(key="drops", label="实际投水", text=_dropped(paper), wide=True),
            Cell(key="first_drop_at", label="首次投水", text=words.moment(paper.first_drop_at)),
            Cell(
                key="litres",
                label="实际水量",
                text=words.NONE if paper.litres is None else f"{paper.litres / 1000:.1f} t",
            ),
            Cell(key="area_m2", label="过火面积", text=words.hectares(paper.area_m2)),
            Cell(key="flare_ups", label="复燃", text=f"{paper.flare_ups} 次"),
        ]
    result.append(Cell(key="note", label="备注", text=words.said(paper.note), wide=True))
    return Form(
        title="扑火报告单" if fire else "航空救援报告单",
        sections=(
            Grid(title="事件", cells=what),
            Grid(title="经过", cells=times),
            Table(
                title="航空器",
                heads=("任务书", "航空器", "机型", "起落", "空中时间", "首次到场", "计划投水", "实际投水"),
                rows=tuple(
                    (
                        work.tasking_number,
                        f"{work.aircraft_name} {work.aircraft_id}".strip(),
                        work.aircraft_model or "—",
                        str(work.sorties),
                        words.span(work.air_s),
                        words.clock(work.first_on_scene_at),
                        f"{work.planned_litres / 1000:.1f} t" if work.planned_drops else "—",
                        _work_dropped(work),
                    )
                    for work in paper.aircraft
                ),
                widths=(0.13, 0.18, 0.12, 0.07, 0.13, 0.14, 0.11, 0.12),
            ),
            Grid(title="结果", cells=tuple(result)),
        ),
        signatures=tuple(
            _signature(role, contained, closed) for role in (Role.OBSERVER, Role.DISPATCHER, Role.DUTY_CHIEF)
        ),
        drill=paper.simulated,
    )


def _dropped(paper: FireReport) -> str:
    missing = (
        f"；{'、'.join(paper.unrecorded)} 未记录" if paper.unrecorded and paper.drops is not None else ""
    )
    return words.buckets(paper.drops, paper.by_track) + missing


def _work_dropped(work: AircraftWork) -> str:
    if work.drops is None or work.litres is None:
        return words.NONE if work.planned_drops else "—"
    return f"{work.drops} 桶 {work.litres / 1000:.1f} t"


def _signature(role: Role, contained: Person | None, closed: Person | None) -> Signature:
    """Who closed it signs under his role; so does the observer who called it contained."""
    label = words.ROLE[role]
    for person in (closed, contained if role is Role.OBSERVER else None):
        if person is not None and person.role == label:
            return Signature(label=label, name=person.name, at=words.moment(person.at))
    return Signature(label=label)


def _by(person: Person | None) -> str:
    """When, and who."""
    return words.NONE if person is None else f"{words.moment(person.at)} {person.name}".strip()


def _disposition(closed: Person | None) -> tuple[Cell, ...]:
    """What whoever closed it has said of how it ended."""
    if closed is None or not closed.reason:
        return ()
    return (Cell(key="disposition", label="处置结论", text=closed.reason, wide=True),)


def _ending(paper: FireReport) -> str:
    return "撤收" if paper.closed_as == _A.STAND_DOWN else "结束"
