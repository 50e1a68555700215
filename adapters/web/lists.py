"""Parts of lists: stable under change, because a cursor names the last item's place in the order, not a count."""

import heapq
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from adapters.web.table import Call
from dispatch.errors import Unknown
from dispatch.views import visible
from protocols.json_answers import Page
from protocols.json_doors import PageQuery

T = TypeVar("T")
Key = tuple[int, str]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def newest_first(at: datetime, record_id: str) -> Key:
    """The order of things that happen."""
    return -int((at - _EPOCH).total_seconds() * 1_000_000), record_id


def by_id(record_id: str) -> Key:
    """The order of things that are."""
    return 0, record_id


def _read(cursor: str) -> Key | None:
    if not cursor:
        return None
    at, tilde, record_id = cursor.partition("~")
    return (-int(at), record_id) if tilde else (0, cursor)


def _write(key: Key) -> str:
    at, record_id = key
    return f"{-at}~{record_id}" if at else record_id


def page(items: Iterable[T], key: Callable[[T], Key], query: PageQuery) -> Page[T]:
    """The items after the cursor, at most `limit`."""
    after = _read(query.cursor)
    rest = (item for item in items if after is None or key(item) > after)
    found = heapq.nsmallest(query.limit + 1, rest, key=key)
    more = len(found) > query.limit
    shown = found[: query.limit]
    return Page(items=shown, next=_write(key(shown[-1])) if more else None)


def shown(call: Call, table: str) -> Iterable[Any]:
    """The records of a table that the caller may see."""
    relations, viewer = call.site.relations(), call.who.viewer
    records = getattr(call.site.desk.world, table).values()
    return (record for record in records if visible(relations, viewer, table, record))


def one(call: Call, table: str, record_id: str) -> Any:
    """A record that the caller may see. Raises Unknown."""
    record = getattr(call.site.desk.world, table).get(record_id)
    if record is None or not visible(call.site.relations(), call.who.viewer, table, record):
        raise Unknown("id", f"no {record_id} among {table}")
    return record
