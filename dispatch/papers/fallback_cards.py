"""The fallback sheet's lines of run cards: what is still to be told and done by hand."""

from datetime import datetime

from dispatch.papers import words
from dispatch.papers.form import Table
from dispatch.papers.run_card_sheet import condition
from dispatch.records import Incident
from dispatch.run_card import Clock, clock
from dispatch.run_card_records import AppliedItem


def lines(incidents: list[Incident], now: datetime) -> tuple[Table, ...]:
    """What the applied cards still want told and done, with room to tick; none where no card was applied."""

    def row(incident: Incident, one: AppliedItem, at: Clock) -> tuple[str, ...]:
        due = "—" if at.due_at is None else words.clock(at.due_at)[6:]
        late = at.due_at is not None and at.due_at <= now
        return (
            incident.title,
            words.ITEM_SORT[one.item.sort],
            f"{one.item.text}\n{condition(one.item)}".strip(),
            f"{due}{' 超时' if late else ''}",
            "□",
        )

    rows = []
    for each in incidents:
        card = each.run_card
        for one in card.items if card is not None else ():
            if one.done_at is None:
                at = clock(each, card.border_m if card is not None else None, one.item, now)
                if at.holds is not False or (at.starts_at is not None and at.starts_at > now):
                    rows.append(row(each, one, at))
    if not rows:
        return ()
    return (
        Table(
            title="预案未办事项",
            heads=("事件", "类别", "事项", "到时", "办"),
            rows=tuple(rows),
            widths=(0.24, 0.1, 0.46, 0.13, 0.07),
        ),
    )
