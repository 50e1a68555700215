"""A partner's rows of a kind that this version does not know: kept verbatim under a mark, folded by a later version.

The mark says that whether the partner may say it could not be asked when it came: so it is asked when it is read.
"""

from collections.abc import Callable

import structlog

from dispatch import partner
from dispatch.errors import GanyingError, Malformed
from dispatch.facts import Recorded
from dispatch.world import World
from protocols.codec import facts as codec
from protocols.rows import Sealed

MARK = "?"  # before the kind's name; no kind of ours begins so

log = structlog.get_logger()


def fold_later(
    world: World, sealed: Sealed, fold: Callable[[World, Recorded], World]
) -> tuple[World, Recorded | None]:
    """The world after such a row: the same while its kind is still not known, or if the partner may not say it."""
    row, kind = sealed.row, sealed.row.kind.removeprefix(MARK)
    if kind not in codec.KINDS or sealed.body_missing or sealed.unreadable:
        return world, None
    try:
        fact = codec.decode(kind, row.body)
        partner.check_received(world, fact, row.origin)
        recorded = Recorded(
            seq=row.seq,
            at=row.at,
            origin=row.origin,
            origin_seq=row.origin_seq,
            command_id=row.command_id,
            part=row.part,
            actor=row.actor,
            role=row.role,
            fact=fact,
        )
        return fold(world, recorded), recorded
    except Exception as error:  # whatever a body makes the reader or the fold do, its place is this row
        why = error.detail if isinstance(error, GanyingError | Malformed) else repr(error)
        log.warning("partner's row stays unread", seq=row.seq, kind=kind, why=why)
        return world, None
