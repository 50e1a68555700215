"""费用结算: hours flown, water dropped, rate and amount of one tasking, and who signed them. Written when it is settled.

The rate is the one in force when the order was given (rates.py). Only hours between take-off and landing are recorded
of a tasking, so only they are charged; standby and ferry are settled by contract apart from taskings.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from dispatch.hours import both_signed
from dispatch.kinds import TaskingAction
from dispatch.papers import flights, words
from dispatch.papers.case import Case, Person, last_step
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.papers.rates import BASIS_WORDS, Rate
from dispatch.papers.water import Signed, signature_lines, signed_of
from dispatch.records import Tasking

FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedSortie:
    """One flight and what it costs; None: no rate is known, or it has not landed."""

    number: int
    air_s: float | None
    yuan: str | None  # exact, two decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The bill. Money is CNY as decimal text, each sortie rounded to the fen, the total their sum."""

    tasking_id: str
    tasking_number: str
    incident_id: str
    incident_title: str
    operator_id: str
    operator_name: str
    aircraft_id: str
    aircraft_name: str
    aircraft_model: str
    rate: Rate | None
    sorties: tuple[ChargedSortie, ...]
    air_s: float
    top_up_s: float  # paid beyond what was flown, up to the contract's least hours
    top_up_yuan: str | None
    yuan: str | None
    drops: int | None
    litres: float | None
    by_track: int | None  # of the drops, those confirmed from the track; the others were told
    signed: tuple[Signed, ...]
    unilateral: bool  # settled without both signatures; `settled_by` says why
    settled_by: Person | None
    simulated: bool


def derive(case: Case, tasking: Tasking) -> Settlement | None:
    """The bill as the case now stands; None until it is settled."""
    settled = last_step(tasking.history, TaskingAction.SETTLE)
    if settled is None:
        return None
    named = case.ordered.get(tasking.id)
    aircraft = named.aircraft if named else None
    rate = named.rate if named else None
    flown = flights.sorties(tasking)
    charged = tuple(
        ChargedSortie(number=sortie.number, air_s=sortie.air_s, yuan=charge(rate, sortie.air_s))
        for sortie in flown
    )
    top_up_s = _top_up_s(rate, flights.air_s(flown))
    amounts = [each.yuan for each in charged]
    if top_up_s:
        amounts.append(charge(rate, top_up_s))
    known = bool(amounts) and None not in amounts
    return Settlement(
        tasking_id=tasking.id,
        tasking_number=tasking.number,
        incident_id=tasking.incident_id,
        incident_title=tasking.incident_title,
        operator_id=tasking.operator_id,
        operator_name=named.operator.name if named and named.operator else "",
        aircraft_id=tasking.aircraft_id,
        aircraft_name=aircraft.name if aircraft else "",
        aircraft_model=aircraft.model if aircraft else "",
        rate=rate,
        sorties=charged,
        air_s=flights.air_s(flown),
        top_up_s=top_up_s,
        top_up_yuan=charge(rate, top_up_s) if top_up_s else None,
        yuan=str(sum((Decimal(a) for a in amounts if a is not None), Decimal(0))) if known else None,
        drops=flights.drops(flown),
        litres=flights.litres(flown),
        by_track=flights.by_track(flown),
        signed=signed_of(case, tasking),
        unilateral=not both_signed(tasking),
        settled_by=case.person(settled),
        simulated=tasking.simulated,
    )


def _top_up_s(rate: Rate | None, air_s: float) -> float:
    """Seconds paid though not flown; none of a tasking that never flew."""
    return 0.0 if rate is None or not air_s else max(0.0, rate.minimum_h * 3600 - air_s)


def charge(rate: Rate | None, air_s: float | None) -> str | None:
    """What a time in the air costs, CNY rounded to the fen; None where rate or time is unknown."""
    if rate is None or air_s is None:
        return None
    hours = Decimal(round(air_s)) / 3600
    return str((hours * Decimal(str(rate.yuan_per_hour))).quantize(FEN, rounding=ROUND_HALF_UP))


def form(paper: Settlement) -> Form:
    """The form to print."""
    what = (
        Cell(key="operator", label="承运单位", text=words.both(paper.operator_name, paper.operator_id)),
        Cell(key="tasking_number", label="任务书", text=paper.tasking_number),
        Cell(key="aircraft", label="航空器", text=f"{paper.aircraft_name} {paper.aircraft_id}".strip()),
        Cell(key="aircraft_model", label="机型", text=words.said(paper.aircraft_model)),
        Cell(key="incident_title", label="任务事件", text=paper.incident_title, wide=True),
        Cell(key="rate", label="单价", text=_rate(paper.rate)),
        Cell(key="basis", label="计价依据", text=_basis(paper.rate)),
        *_contracted(paper.rate),
        Cell(key="drops", label="投水", text=words.buckets(paper.drops, paper.by_track)),
        Cell(
            key="litres",
            label="水量",
            text=words.NONE if paper.litres is None else f"{paper.litres / 1000:.1f} t",
        ),
        *_without(paper),
    )
    rows = tuple((f"第 {s.number} 次", words.span(s.air_s), money(s.yuan)) for s in paper.sorties)
    if paper.top_up_s:
        rows += (("最低小时补足", words.span(paper.top_up_s), money(paper.top_up_yuan)),)
    by = paper.settled_by
    return Form(
        title="费用结算单",
        sections=(
            Grid(title="结算对象", cells=what),
            Table(
                title="飞行小时",
                heads=("架次", "空中时间", "金额（元）"),
                rows=(*rows, ("合计", words.span(paper.air_s + paper.top_up_s), money(paper.yuan))),
                widths=(0.3, 0.35, 0.35),
            ),
        ),
        signatures=(
            *signature_lines(paper.signed),
            Signature(label="结算", name=by.told if by else "", at=words.moment(by.at) if by else ""),
        ),
        notes=("计起飞至落地的飞行时间，不足合同最低小时的补足；待命费、调机费按合同另计。",),
        drill=paper.simulated,
    )


def _contracted(rate: Rate | None) -> tuple[Cell, ...]:
    """What the contract says besides the hour; charged apart from taskings."""
    if rate is None:
        return ()
    minimum = (
        (Cell(key="minimum_h", label="每次任务最低", text=f"{rate.minimum_h:g} h"),) if rate.minimum_h else ()
    )
    said = (
        ("standby_day_yuan", "待命费（另计）", rate.standby_day_yuan, "元/天"),
        ("transit_hour_yuan", "调机费（另计）", rate.transit_hour_yuan, "元/h"),
    )
    return (
        *minimum,
        *(Cell(key=key, label=label, text=f"{yuan:,.2f} {unit}") for key, label, yuan, unit in said if yuan),
    )


def _without(paper: Settlement) -> tuple[Cell, ...]:
    if not paper.unilateral:
        return ()
    by = paper.settled_by
    why = f"未经双方签认，由{by.told if by else words.NONE}单方结算：{words.said(by.reason if by else '')}"
    return (Cell(key="unilateral", label="单方结算", text=why, wide=True),)


def money(yuan: str | None) -> str:
    """An amount with thousands apart."""
    return words.NONE if yuan is None else f"{Decimal(yuan):,.2f}"


def _rate(rate: Rate | None) -> str:
    return words.NONE if rate is None else f"{rate.yuan_per_hour:,.2f} 元/h"


def _basis(rate: Rate | None) -> str:
    if rate is None:
        return words.NONE
    return f"{BASIS_WORDS[rate.basis]} {rate.name} {rate.reference}".strip()
