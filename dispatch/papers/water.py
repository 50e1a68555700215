"""Loads and signatures as papers show them: each with who told it, how it is known, and what it said before."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.drop_kinds import WaterAct, WaterSource
from dispatch.hours import PARTIES
from dispatch.kinds import Role
from dispatch.papers import words
from dispatch.papers.case import Case
from dispatch.papers.form import Signature, Table
from dispatch.records import Tasking

PARTY = {Role.BASE: "驻防站", Role.OPERATOR: "承运单位"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLoad:
    """One pick-up or drop. `said_before`: what corrections changed, in words; `struck`: it counts nowhere."""

    act: WaterAct
    sortie: int
    at: datetime
    litres: float
    source: WaterSource
    told_by: str
    struck: bool
    said_before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature and what it stands for. `voided_at`: what was signed has changed since."""

    role: Role
    account: str
    name: str
    at: datetime
    air_s: float
    drops: int
    litres: float
    digest: str
    voided_at: datetime | None


def logged(case: Case, tasking: Tasking) -> tuple[LoggedLoad, ...]:
    """All loads of a tasking by time."""
    made = (
        LoggedLoad(
            act=each.act,
            sortie=each.sortie,
            at=each.at,
            litres=each.litres,
            source=each.source,
            told_by=case.names.get(each.by, each.by),
            struck=each.struck,
            said_before="；".join(
                f"{words.second(change.before_at)} {change.before_litres:.0f} L，"
                f"{case.names.get(change.by, change.by)}{'划销' if change.struck else '更正'}：{change.reason}"
                for change in each.changes
            ),
        )
        for each in tasking.water
    )
    return tuple(sorted(made, key=lambda one: (one.at, one.act, one.litres)))


def signed_of(case: Case, tasking: Tasking) -> tuple[Signed, ...]:
    """Every signature, the voided ones too, oldest first."""
    return tuple(
        Signed(
            role=each.role,
            account=each.by,
            name=case.names.get(each.by, each.by),
            at=each.at,
            air_s=each.air_s,
            drops=each.drops,
            litres=each.litres,
            digest=each.digest,
            voided_at=each.voided_at,
        )
        for each in tasking.signatures
    )


def signature_lines(signed: tuple[Signed, ...]) -> tuple[Signature, ...]:
    """A line for each party, with the signature that holds; voided ones below, marked."""
    lines = []
    for party in PARTIES:
        own = [each for each in signed if each.role is party]
        holds = next((each for each in reversed(own) if each.voided_at is None), None)
        lines.append(
            Signature(
                label=PARTY[party],
                name=f"{holds.name}（{words.ROLE[holds.role]}）" if holds else "",
                at=words.moment(holds.at) if holds else "",
            )
        )
        lines += [
            Signature(
                label=f"{PARTY[party]}（作废）",
                name=each.name,
                at=f"{words.moment(each.at)} · {words.clock(each.voided_at)} 起作废",
            )
            for each in own
            if each.voided_at is not None
        ]
    return tuple(lines)


def load_table(loads: tuple[LoggedLoad, ...]) -> tuple[Table, ...]:
    """The loads as a table; none, no table."""
    if not loads:
        return ()
    rows = tuple(
        (
            words.second(each.at),
            f"第 {each.sortie} 次",
            words.WATER_ACT[each.act] + ("（划销）" if each.struck else ""),
            f"{each.litres:.0f} L",
            words.WATER_SOURCE[each.source],
            each.told_by,
            each.said_before or "—",
        )
        for each in loads
    )
    return (
        Table(
            title="取水与投水",
            heads=("时间", "架次", "动作", "水量", "依据", "确认人", "更正前"),
            rows=rows,
            widths=(0.16, 0.09, 0.13, 0.1, 0.12, 0.12, 0.28),
        ),
    )
