"""What leaves for a partner by one lane: our rows for it, our rows for the sites beyond it, rows held for it. No IO."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.link import carried, classes
from adapters.link.seals import Seals
from dispatch.consent_records import SentRow
from dispatch.world import World
from protocols.codec.link import LinkRow
from protocols.rows import Row

_HEADER = tuple(Row.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The time that terms are judged at, and what rows for sites beyond the partner are sealed with."""

    at: datetime
    seals: Seals | None


def own(
    world: World, rows: Sequence[Row], through: int, sites: Sequence[str], now: Now, *, relays: bool
) -> tuple[list[LinkRow], int]:
    """Of our rows up to `through`, what the first of `sites` may have and what the others, beyond it; how far we got.

    Where it is not agreed that the first `relays`, the others are told of agreements alone: that one is over, too.
    Each row is judged for each site, so fewer are taken at once where there are many.
    """
    if len(sites) > 1:
        most = max(1, carried.JUDGED_ROWS // len(sites))
        if len(rows) > most:
            rows, through = rows[:most], min(through, rows[most - 1].seq)
    leaving: list[LinkRow] = []
    reached = through
    for site in sites:
        its = rows
        if site != sites[0] and not relays:
            its = [row for row in rows if classes.is_agreement(row.kind)]
        mine, so_far = carried.outgoing(world, its, site, through, now.at)
        reached = min(reached, so_far)
        leaving += _dressed(mine, "" if site == sites[0] else site, now.seals)
    return sorted((row for row in leaving if row.seq <= reached), key=lambda row: (row.seq, row.to)), reached


def _dressed(rows: Iterable[Row], to: str, seals: Seals | None) -> list[LinkRow]:
    dressed = [
        LinkRow(
            **{name: getattr(row, name) for name in _HEADER}, object_class=classes.class_of(row.kind), to=to
        )
        for row in rows
    ]
    if not to:
        return dressed
    return [seals.seal(row) for row in dressed] if seals is not None else []


def noted(going: Sequence[LinkRow], rows: Sequence[Row], partner: str) -> Iterator[tuple[str, SentRow]]:
    """For the audit, of what leaves over `partner`: for which site, and what. `rows` are the same as they stand here."""
    for row, sent in zip(going, carried.sent_rows(going, rows), strict=True):
        yield row.to or partner, sent
