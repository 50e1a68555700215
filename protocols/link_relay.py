"""Rows of third sites: what their origin signs, where they go next, and what is not passed on.

    43 ---- 36 ---- 42        43 says what 42 may have, signed; 36 holds it until 42 has acknowledged it

A row that travels over a third site is sealed by its origin with the key of its site certificate: whoever passes it
on can read it, but neither alter nor invent it. The path is not sealed: each site that passes a row on adds itself.
Keys and certificates are read in adapters/link/seals.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from dispatch.errors import Refused
from protocols.codec.link_rows import LinkRow
from protocols.rows import to_us

MAX_HOPS = 8  # sites that may pass a row on
TAG = b"ganying-relay-1"  # names the encoding; another one would need another


class Passing(Protocol):
    """What may be passed on: a row, or a word of a consultation."""

    @property
    def origin(self) -> str:
        """Whose it is."""

    @property
    def to(self) -> str:
        """The site it is for."""

    @property
    def path(self) -> tuple[str, ...]:
        """The sites that passed it on."""


def signed_bytes(row: LinkRow) -> bytes:
    """What the origin signs: all but the path and the numbers that each site gives anew."""
    values: tuple[object, ...] = (
        row.origin,
        row.origin_seq,
        row.to,
        to_us(row.at),
        row.command_id,
        row.part,
        row.actor,
        "" if row.role is None else row.role.value,
        row.kind,
        row.object_class,
    )
    parts = [TAG, *(str(value).encode() for value in values), row.body]
    return b"".join(
        b"%d:%b," % (len(part), part) for part in parts
    )  # lengths: no two rows give the same bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Over which partner each site is reached, and which partners have agreed that third sites' rows are passed on."""

    site: str
    next_to: Mapping[str, str]  # site -> partner; a partner's own is itself
    relaying: frozenset[str]

    def beyond(self, partner: str) -> tuple[str, ...]:
        """The sites we reach over `partner`."""
        return tuple(to for to, over in self.next_to.items() if over == partner != to)

    def judge(self, row: Passing, partner: str) -> str:
        """Where a row or word that came from `partner` goes: this site's id, or the partner that has it next.

        Raises Refused: PATH, LOOP, HOPS, RELAY or NO_ROUTE, each named on the link page.
        """
        came_from = row.path[-1] if row.path else row.origin
        if came_from != partner:
            raise Refused("PATH", f"site {partner} sent what site {came_from[:20]!r} had last", field="path")
        if self.site in (row.origin, *row.path) or len(set(row.path)) != len(row.path):
            raise Refused("LOOP", "the row has been here", field="path")
        if len(row.path) > MAX_HOPS:
            raise Refused("HOPS", f"{len(row.path)} sites passed it on, at most {MAX_HOPS}", field="path")
        if row.to == self.site:
            return self.site
        onward = self.next_to.get(row.to)
        if onward is None:
            raise Refused("NO_ROUTE", f"site {row.to[:20]!r} is not reached from here", field="to")
        if not {partner, onward} <= self.relaying:
            raise Refused("RELAY", "the agreements do not allow passing it on", field="to")
        if onward in (row.origin, *row.path):
            raise Refused("LOOP", f"site {onward} has had it", field="path")
        if len(row.path) >= MAX_HOPS:
            raise Refused("HOPS", f"{len(row.path)} sites passed it on, at most {MAX_HOPS}", field="path")
        return onward

    def passed_on(self, row: LinkRow) -> LinkRow:
        """The row as it leaves here."""
        return replace(row, path=(*row.path, self.site))


def routes(site: str, partners: Iterable[tuple[str, str, bool]]) -> Routes:
    """From (site, via, relay) of each configured partner."""
    listed = tuple(partners)
    return Routes(
        site=site,
        next_to={each: via or each for each, via, _ in listed},
        relaying=frozenset(each for each, via, relay in listed if relay and not via),
    )
