"""火情接报单: what was reported, by whom, and what verifying it came to. Written with the report."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.geo import Position
from dispatch.kinds import FIRES, IncidentAction, IncidentKind
from dispatch.papers import words
from dispatch.papers.case import MOST_HEARD, Case, Heard, Person, first_step, last_step
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.records import FireStated

DISPOSITIONS = {
    IncidentAction.CONFIRM: "属实，转处置",
    IncidentAction.DISMISS: "排除",
    IncidentAction.MERGE: "并入其他事件",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRecord:
    """The alarm as it is known, and its disposition; later steps of the incident are no part of it."""

    incident_id: str
    kind: IncidentKind
    code: str
    level: int
    title: str
    place: str
    position: Position
    stated_datum: str
    elevation_m: float
    reported_at: datetime
    reported_by: Person | None
    alarms: tuple[Heard, ...]  # of other systems and of the public; none: a person reported it here
    vouched_by: Person | None  # who verified a report from the public
    life_at_risk: bool
    fire: FireStated | None
    note: str
    disposition: str  # confirm, dismiss, merge; empty: not verified yet
    verified_by: Person | None
    merged_into: str
    answered_in_s: float | None  # from the report to its disposition
    corrected_by: Person | None  # who last put right what was reported, and why
    simulated: bool


def derive(case: Case) -> AlarmRecord | None:
    """The record as the case now stands."""
    incident = case.incident
    if incident is None:
        return None
    decided = first_step(incident.history, *DISPOSITIONS)
    return AlarmRecord(
        incident_id=incident.id,
        kind=incident.kind,
        code=incident.code,
        level=incident.level,
        title=incident.title,
        place=incident.place,
        position=incident.position,
        stated_datum=incident.stated_datum,
        elevation_m=incident.elevation_m,
        reported_at=incident.reported_at,
        reported_by=case.person(first_step(incident.history, "report")),
        alarms=case.alarms.get(incident.id, ()),
        vouched_by=case.person(first_step(incident.history, "verify")),
        life_at_risk=incident.life_at_risk,
        fire=incident.fire,
        note=incident.note,
        disposition=decided.action if decided else "",
        verified_by=case.person(decided),
        merged_into=incident.merged_into,
        answered_in_s=(decided.at - incident.reported_at).total_seconds() if decided else None,
        corrected_by=case.person(last_step(incident.history, "correct")),
        simulated=incident.simulated,
    )


def form(paper: AlarmRecord) -> Form:
    """The form to print."""
    what = (
        Cell(key="kind", label="事件类型", text=words.INCIDENT_KIND[paper.kind]),
        Cell(key="level", label="等级", text=words.LEVELS.get(paper.level, str(paper.level))),
        Cell(key="code", label="事件代码", text=words.said(paper.code)),
        Cell(key="life_at_risk", label="人员受威胁", text=words.yes(paper.life_at_risk)),
        Cell(key="title", label="事件名称", text=paper.title, wide=True),
        Cell(key="place", label="地点", text=words.said(paper.place), wide=True),
        Cell(key="position", label="坐标 WGS-84", text=words.place(paper.position), wide=True),
        Cell(key="elevation_m", label="海拔", text=f"{paper.elevation_m:.0f} m"),
        Cell(key="stated_datum", label="报告坐标系", text=paper.stated_datum.upper()),
    )
    reporter, verifier = paper.reported_by, paper.verified_by
    heard: tuple[Cell, ...] = (
        Cell(key="reported_at", label="接报时间", text=words.moment(paper.reported_at)),
        Cell(key="reported_by", label="接报人", text=reporter.told if reporter else words.NONE),
        Cell(key="note", label="报告内容", text=words.said(paper.note), wide=True),
    )
    decided = (
        Cell(key="disposition", label="核实结果", text=_disposition(paper)),
        Cell(key="answered_in_s", label="核实用时", text=words.span(paper.answered_in_s)),
        Cell(key="verified_by", label="核实人", text=verifier.told if verifier else words.NONE),
        Cell(key="verified_at", label="核实时间", text=words.moment(verifier.at if verifier else None)),
        Cell(key="reason", label="说明", text=words.said(verifier.reason if verifier else ""), wide=True),
    )
    if paper.vouched_by is not None:
        by = paper.vouched_by
        told = f"{by.told}，{words.moment(by.at)}，{words.said(by.reason)}"
        heard = (*heard, Cell(key="vouched_by", label="公众报告核验", text=told, wide=True))
    if paper.corrected_by is not None:
        by = paper.corrected_by
        told = f"{by.told}，{words.moment(by.at)}，{_corrected(by.reason)}"
        heard = (*heard, Cell(key="corrected_by", label="更正", text=told, wide=True))
    sections: list[Grid | Table] = [Grid(title="事件", cells=what), Grid(title="接报", cells=heard)]
    if paper.alarms:
        sections.append(_alarms(paper.alarms))
    if paper.kind in FIRES:
        sections.append(Grid(title="火情", cells=_fire(paper.fire)))
    sections.append(Grid(title="核实", cells=decided))
    return Form(
        title="火情接报单" if paper.kind in FIRES else "警情接报单",
        sections=tuple(sections),
        signatures=(
            Signature(label="接报人", name=reporter.name if reporter else ""),
            Signature(
                label="核实人",
                name=verifier.name if verifier else "",
                at=words.moment(verifier.at) if verifier else "",
            ),
            Signature(label="值班长"),
        ),
        drill=paper.simulated,
    )


def _corrected(reason: str) -> str:
    """What was corrected, in Chinese words, and why: the step has the names and the reason."""
    names, _, why = reason.partition("：")
    return f"{'、'.join(words.CORRECTED.get(each, each) for each in names.split(', '))}：{why}"


def _alarms(alarms: tuple[Heard, ...]) -> Table:
    return Table(
        title="报警来源" if len(alarms) < MOST_HEARD else f"报警来源（最先的 {MOST_HEARD} 条）",
        heads=("种类", "来源与编号", "观测", "收到", "内容"),
        rows=tuple(
            (
                words.ALARM_KIND[each.kind],
                f"{each.source}\n{each.own_id}".strip(),
                words.clock(each.observed_at),
                words.clock(each.received_at),
                each.text,
            )
            for each in alarms
        ),
        widths=(0.14, 0.28, 0.13, 0.13, 0.32),
    )


def _disposition(paper: AlarmRecord) -> str:
    if not paper.disposition:
        return "待核实"
    told = DISPOSITIONS[IncidentAction(paper.disposition)]
    return f"{told}：{paper.merged_into}" if paper.merged_into else told


def _fire(fire: FireStated | None) -> tuple[Cell, ...]:
    def figure(value: float | None, unit: str) -> str:
        return words.NONE if value is None else f"{value:g} {unit}"

    fuel = None if fire is None else fire.fuel
    return (
        Cell(key="area_m2", label="过火面积", text=words.hectares(fire.area_m2 if fire else None)),
        Cell(key="wind_mps", label="风速", text=figure(fire.wind_mps if fire else None, "m/s")),
        Cell(key="fuel", label="可燃物", text=words.NONE if fuel is None else words.FUEL[fuel]),
        Cell(key="slope_deg", label="坡度", text=figure(fire.slope_deg if fire else None, "°")),
    )
