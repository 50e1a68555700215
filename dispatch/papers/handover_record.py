"""交接班记录: the record of a shift handover, from its facts alone.

The first revision follows the outgoing signature, the next the incoming one (or the withdrawal); each names the
digest of the one before, and the row that made it, as every paper does (chain.py).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch import duty_facts
from dispatch.duty_records import Handover
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.kinds import (
    HandoverState,
)
from dispatch.papers import words
from dispatch.papers.chain import FIRST, canonical
from dispatch.papers.form import Cell, Form, Grid, Signature, Table
from dispatch.papers.handover_words import said
from dispatch.world import World

MAKES = (duty_facts.HandoverSigned, duty_facts.HandoverTaken, duty_facts.HandoverWithdrawn)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRecord:
    """What the paper says: the handover with the names of who signed, as they were then."""

    handover: Handover
    signed_name: str
    taken_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverPaper:
    """One revision. `seq` is the journal row that made it, `digest` its SHA-256, chained by `previous`."""

    number: str
    site: str
    handover_id: str
    revision: int
    seq: int
    made_at: datetime
    previous: str
    digest: str
    content: HandoverRecord


def papers(site: str, handover_id: str, recorded: Iterable[Recorded]) -> tuple[HandoverPaper, ...]:
    """Every revision of a handover's record; `recorded` are its rows and the accounts of who acted, in order."""
    world, made = World.empty(site), list[HandoverPaper]()
    names: dict[str, str] = {}
    for each in recorded:
        world = fold(world, each)
        handover = world.handovers.get(handover_id)
        account = world.accounts.get(each.actor)
        if account is not None:
            names.setdefault(each.actor, account.display_name or account.name)
        if handover is None or not isinstance(each.fact, MAKES) or handover.signed_at is None:
            continue
        header: dict[str, Any] = {
            "number": f"{site}-{handover.opened_at + words.BEIJING:%Y%m%d-%H%M}-JJ",
            "site": site,
            "handover_id": handover_id,
            "revision": len(made) + 1,
            "seq": each.seq,
            "made_at": each.at,
            "previous": made[-1].digest if made else FIRST,
            "content": HandoverRecord(
                handover=handover,
                signed_name=names.get(handover.signed_by, handover.signed_by),
                taken_name=names.get(handover.taken_by, handover.taken_by),
            ),
        }
        made.append(HandoverPaper(digest=hashlib.sha256(canonical(header)).hexdigest(), **header))
    return tuple(made)


def form(content: HandoverRecord) -> Form:
    """The form to print."""
    one = content.handover
    return Form(
        title="交接班记录",
        sections=(_head(content), _items(one), _changes(one)),
        signatures=(
            Signature(label="交班", name=content.signed_name, at=_moment(one.signed_at)),
            Signature(label="接班", name=content.taken_name, at=_moment(one.taken_at)),
        ),
        notes=("未办事项由系统在交班签字时汇集；接班人逐项阅读后签字，方为交接完成。",),
    )


def _moment(at: datetime | None) -> str:
    return "" if at is None else words.moment(at)


def _head(content: HandoverRecord) -> Grid:
    one = content.handover
    return Grid(
        title="概况",
        cells=(
            Cell(key="state", label="状态", text=words.HANDOVER_STATE[one.state]),
            Cell(key="items", label="未办事项", text=f"{len(one.items) + one.left_out} 项"),
            Cell(key="since", label="本班起", text=words.moment(one.since)),
            Cell(key="due_at", label="本班止", text=words.moment(one.due_at)),
            Cell(
                key="escalated_at",
                label="超时",
                text="未超时" if one.escalated_at is None else f"已提示 {words.moment(one.escalated_at)}",
            ),
            Cell(key="read", label="已读", text=_read(one)),
            Cell(key="remarks", label="交班说明", text=one.remarks or "无", wide=True),
            Cell(key="taken_remarks", label="接班说明", text=one.taken_remarks or "无", wide=True),
        ),
    )


def _read(one: Handover) -> str:
    reader = one.taken_by if one.state is HandoverState.DONE else ""
    count = len({each.key for each in one.reads if not reader or each.account == reader})
    return f"{count}/{len(one.items)} 项"


def _items(one: Handover) -> Table:
    read = {each.key: each for each in one.reads if not one.taken_by or each.account == one.taken_by}
    return Table(
        title="未办事项",
        heads=("类别", "事项", "情况", "时间", "已读"),
        rows=tuple(
            (
                words.HANDOVER_ITEM[item.kind],
                item.title,
                said(item),
                words.clock(item.at),
                words.clock(read[item.key].at)[6:] if item.key in read else "—",
            )
            for item in one.items
        ),
        widths=(0.15, 0.33, 0.26, 0.15, 0.11),
    )


def _changes(one: Handover) -> Table:
    return Table(
        title="两次签字之间的变化",
        heads=("变化", "类别", "事项", "情况"),
        rows=tuple(
            (
                words.HANDOVER_CHANGE[each.kind],
                words.HANDOVER_ITEM[each.item.kind],
                each.item.title,
                said(each.item),
            )
            for each in one.changes
        ),
        widths=(0.12, 0.17, 0.41, 0.3),
    )
