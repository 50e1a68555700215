"""Reading a site's own rows on for a partner costs what is read, however long the journal has become."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from adapters.store.journal import Store
from protocols.chain import GENESIS, seal
from protocols.rows import Row, Sealed
from tests.adapters.desks import partner_rows

ROWS = 4_000
AT_ONCE = 32
STEP = 100  # instructions of SQLite's machine between two calls


def _sealed(count: int) -> list[Sealed]:
    (like,) = partner_rows(1, site="36")
    found: list[Sealed] = []
    digest = GENESIS
    for number in range(1, count + 1):
        row = Row(
            **{name: getattr(like, name) for name in Row.__slots__}
            | {"seq": number, "origin_seq": number, "command_id": f"key-{number}"}
        )
        found.append(seal(digest, row, b""))
        digest = found[-1].digest
    return found


def test_a_page_of_own_rows_does_not_cost_the_whole_journal(tmp_path: Path) -> None:
    """Counted in instructions of the database: at the end as in the beginning, and far below one for each row."""
    store = Store(f"sqlite:///{tmp_path / 'journal.sqlite'}", "36")
    store.reopen()
    store.append(_sealed(ROWS))
    store.commit()
    store.close()
    calls = 0

    def count() -> int:
        nonlocal calls
        calls += 1
        return 0

    def connected(connection: Any, _record: object) -> None:
        connection.set_progress_handler(count, STEP)

    event.listen(Engine, "connect", connected)
    try:
        read = Store.read(f"sqlite:///{tmp_path / 'journal.sqlite'}", "36")
        assert read is not None
        costs = []
        for after in (0, ROWS // 2, ROWS - AT_ONCE):
            before = calls
            rows = read.own_rows_of(["IncidentReported", "IncidentShared"], after, AT_ONCE)
            costs.append((calls - before) * STEP)
            assert [row.seq for row in rows] == list(range(after + 1, after + AT_ONCE + 1))
        read.close()
    finally:
        event.remove(Engine, "connect", connected)
    assert max(costs) < ROWS, costs
