"""What becomes of a batch that came in: rows for us, rows to be held for others, rows that are turned away. No IO.

For us is what its owner says and the agreement with the owner allows; it may have come over a third site, then its
seal is checked. For others is what is sealed and may be passed on. A row of a kind that this version does not know
is kept under a mark if its owner is right and it is about a class of object we take (adapters/store/unread.py).
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from adapters.link import carried, classes
from adapters.link.seals import Seals
from adapters.store import unread
from adapters.store.transit import Passing
from dispatch.consent_facts import ConsentEnded
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.facts import Fact
from dispatch.world import World
from protocols.codec import link
from protocols.codec.link import Batch, LinkRow
from protocols.link_lanes import RELAYED, Lane, lane_of
from protocols.link_outputs import Deliver
from protocols.link_relay import Routes
from protocols.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What is the same for every partner: the way to each site, the seals, and whose rows are taken at all."""

    routes: Routes
    seals: Seals | None
    known: Collection[str]  # sites of [[partner]], however reached


@dataclass(slots=True)
class Sorted:
    """A batch, sorted."""

    ours: list[Row] = field(default_factory=list)
    passing: list[Passing] = field(default_factory=list)
    facts: dict[int, Fact] = field(default_factory=dict)  # of `ours`, by the row's number
    kept_unread: int = 0
    turned_away: list[tuple[int, GanyingError]] = field(default_factory=list)


def sort(house: House, world: World, batch: Deliver, partner: str, now: datetime) -> Sorted:
    """Sort what site `partner` sent."""
    found = Sorted()
    for_us: dict[str, list[Row]] = {}
    for row in batch.rows:
        try:
            onward = _check_way(house, batch.lane, row, partner, now)
            if onward != world.site:
                if not classes.is_agreement(row.kind):
                    _check_agreed(world, (partner, onward), now)
                found.passing.append(_passing(house.routes, row, onward))
            elif classes.unknown_but_welcome(world, row.kind, row.object_class, row.origin):
                found.ours.append(replace(row, kind=unread.MARK + row.kind))
                found.kept_unread += 1
            else:
                for_us.setdefault(row.origin, []).append(row)
        except (Malformed, Refused) as error:
            found.turned_away.append((row.seq, error))
    for origin, its in for_us.items():
        taken, turned_away = carried.incoming(world, its, origin)
        found.ours += (row for row, _ in taken)
        found.facts.update((row.seq, fact) for row, fact in taken)
        found.turned_away += turned_away
    found.ours.sort(key=lambda row: row.seq)
    return found


def _check_way(house: House, lane: Lane, row: LinkRow, partner: str, now: datetime) -> str:
    """The site it is for next. Raises Refused."""
    site, relayed = house.routes.site, lane in RELAYED
    if row.unknown_role:
        raise Refused("ROLE", f"role {row.unknown_role} is none that we know", field="role")
    if not relayed and (row.origin != partner or row.path):
        raise Refused("NOT_OWNER", f"a row of site {row.origin[:40]!r}", field="origin")
    if row.to in ("", site) and not relayed:
        return site
    onward = house.routes.judge(row, partner)
    if onward == site and row.origin not in house.known:
        raise Refused("UNKNOWN_SITE", f"site {row.origin[:40]!r} is no partner here", field="origin")
    if house.seals is None:
        raise Refused("CERTIFICATE", "there is no certificate here to check seals with", field="signer")
    house.seals.check(row, now)
    return onward


def _check_agreed(world: World, sites: tuple[str, str], now: datetime) -> None:
    for site in sites:
        if not classes.relaying_agreed(world, site, now):
            raise Refused("RELAY", f"the consent with site {site} does not allow passing it on", field="to")


def _passing(routes: Routes, row: LinkRow, onward: str) -> Passing:
    leaving = routes.passed_on(row)
    alone = Batch(after=row.seq - 1, through=row.seq, rows=(leaving,))
    return Passing(
        onward=onward,
        lane=int(lane_of(row.object_class, relayed=True)),
        origin=row.origin,
        origin_seq=row.origin_seq,
        destination=row.to,
        envelope=link.encode(alone),
        ends_copies=row.kind == ConsentEnded.__name__,
    )


def opened(number: int, envelope: bytes) -> LinkRow:
    """A row that was held, under the number it has here. Raises Malformed."""
    batch = link.decode(envelope)
    if not isinstance(batch, Batch) or len(batch.rows) != 1:
        raise Malformed("envelope", "is no row")
    return replace(batch.rows[0], seq=number)
