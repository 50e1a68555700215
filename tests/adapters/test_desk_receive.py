"""What a partner's rows become here: verbatim, once, in order, or refused as a whole."""

from dataclasses import replace
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults

from dispatch.errors import GanyingError, Malformed, Refused
from protocols.rows import Row
from tests.adapters.desks import EPOCH_43, open_desk, outcome, partner_rows, report, titles


@pytest_twisted.ensureDeferred
async def test_a_partners_rows_are_kept_verbatim_and_folded(journal_url: str) -> None:
    """Their time, actor, numbers and bytes; our own row numbers."""
    theirs = partner_rows(1, 2, 5)
    async with open_desk(journal_url) as desk:
        await desk.ask(report(1))
        assert await desk.receive("43", EPOCH_43, 0, 57, theirs) == 57
        kept = await desk.rows_after(1, 10)
        assert [row.seq for row in kept] == [2, 3, 4]
        assert kept == [replace(row, seq=mine.seq) for row, mine in zip(theirs, kept, strict=True)]
        assert titles(desk) == ["1号火场", "43的1号火场", "43的2号火场", "43的5号火场"]
        assert desk.cursor("43").have == 57
    async with open_desk(journal_url) as desk:
        assert desk.cursor("43") == replace(desk.cursor("43"), epoch=EPOCH_43, have=57)
        assert len(desk.world.incidents) == 4


@pytest_twisted.ensureDeferred
async def test_rows_received_twice_are_kept_once(journal_url: str) -> None:
    """Again, overlapping, both in one batch of the desk."""
    async with open_desk(journal_url) as desk:
        have = await gatherResults(
            [
                desk.receive("43", EPOCH_43, 0, 20, partner_rows(1, 2)),
                desk.receive("43", EPOCH_43, 0, 20, partner_rows(1, 2)),
                desk.receive("43", EPOCH_43, 10, 30, partner_rows(2, 3)),
            ]
        )
        assert have == [20, 20, 30]
        assert await desk.receive("43", EPOCH_43, 0, 10, partner_rows(1)) == 30
        assert [row.origin_seq for row in await desk.rows_after(0, 10)] == [1, 2, 3]


@pytest_twisted.ensureDeferred
async def test_an_empty_batch_moves_the_cursor(journal_url: str) -> None:
    """Everything withheld is also an answer, and it survives a restart."""
    async with open_desk(journal_url) as desk:
        assert await desk.receive("43", EPOCH_43, 0, 400, []) == 400
    async with open_desk(journal_url) as desk:
        assert desk.cursor("43").have == 400
        assert desk.through == 0


@pytest_twisted.ensureDeferred
async def test_a_kind_from_a_newer_version_is_kept_and_passed_over(journal_url: str) -> None:
    """It stays in the journal byte by byte, is counted, and does not stop what follows; a restart agrees."""
    first, strange, last = partner_rows(1, 2, 3)
    strange = replace(strange, kind="WeatherForecastIssued", body=b"\xff\x00whatever")
    async with open_desk(journal_url) as desk:
        assert await desk.receive("43", EPOCH_43, 0, 30, [first, strange, last]) == 30
        assert desk.undecodable == 1
        assert len(desk.world.incidents) == 2
        assert (await desk.rows_after(1, 1))[0].body == strange.body
    async with open_desk(journal_url) as desk:
        assert len(desk.world.incidents) == 2
        assert desk.undecodable == 1
        assert desk.findings == ()


def _spoil(**fields: Any) -> list[Row]:
    first, second = partner_rows(1, 2)
    return [first, replace(second, **fields)]


@pytest.mark.parametrize(
    ("rows", "code", "field"),
    [
        (_spoil(origin="36"), "MALFORMED", "rows[1].origin"),
        (_spoil(origin="11"), "MALFORMED", "rows[1].origin"),
        (_spoil(seq=10), "MALFORMED", "rows[1].seq"),
        (_spoil(seq=999), "MALFORMED", "rows[1].seq"),
        (_spoil(origin_seq=0), "MALFORMED", "rows[1].origin_seq"),
        (_spoil(origin_seq=2**63), "MALFORMED", "rows[1].origin_seq"),
        (_spoil(part=-1), "MALFORMED", "rows[1].part"),
        (_spoil(part=2**31), "MALFORMED", "rows[1].part"),
        (_spoil(actor="a\x00b"), "MALFORMED", "rows[1].actor"),
        (_spoil(command_id="x" * 200), "MALFORMED", "rows[1].command_id"),
        (_spoil(kind=""), "MALFORMED", "rows[1].kind"),
        (_spoil(body=bytes(4 * 1024 * 1024 + 1)), "MALFORMED", "rows[1].body"),
        (_spoil(origin_seq=1), "JOURNAL_DIVERGED", "rows"),
        (_spoil(command_id="theirs-1"), "JOURNAL_DIVERGED", "rows"),
        (partner_rows(1) * 1001, "MALFORMED", "rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest_twisted.ensureDeferred
async def test_a_bad_batch_is_refused_whole_and_harms_nobody(
    journal_url: str, rows: list[Row], code: str, field: str
) -> None:
    """A typed error that names the field; nothing of the batch is kept; a dispatcher's ask beside it succeeds."""
    async with open_desk(journal_url) as desk:
        refused = desk.receive("43", EPOCH_43, 0, 30, rows).addErrback(lambda failure: failure.value)
        error, answer = await gatherResults([refused, desk.ask(report(1))])
        assert isinstance(error, GanyingError)
        assert (error.code, error.field) == (code, field)
        assert answer.through == 1
        assert desk.cursor("43").have == 0
        assert desk.through == 1


@pytest_twisted.ensureDeferred
async def test_a_batch_that_does_not_join_is_refused(journal_url: str) -> None:
    """A gap would be a loss that nobody sees."""
    async with open_desk(journal_url) as desk:
        await desk.receive("43", EPOCH_43, 0, 10, partner_rows(1))
        error = await outcome(desk.receive("43", EPOCH_43, 20, 30, partner_rows(3)))
        assert isinstance(error, Refused)
        assert error.code == "GAP"
        assert desk.cursor("43").have == 10


@pytest_twisted.ensureDeferred
async def test_another_journal_under_the_same_site_is_refused(journal_url: str) -> None:
    """A partner that began anew would number other facts with numbers we hold."""
    async with open_desk(journal_url) as desk:
        await desk.receive("43", EPOCH_43, 0, 10, partner_rows(1))
        error = await outcome(desk.receive("43", "another", 0, 10, partner_rows(1)))
        assert isinstance(error, Refused)
        assert error.code == "EPOCH_CHANGED"


@pytest_twisted.ensureDeferred
async def test_a_partner_that_rewrote_a_row_is_found_out(journal_url: str) -> None:
    """Same number, other text."""
    async with open_desk(journal_url) as desk:
        await desk.receive("43", EPOCH_43, 0, 10, partner_rows(1))
        error = await outcome(desk.receive("43", EPOCH_43, 0, 20, partner_rows(1, 2, title="改过的")))
        assert isinstance(error, Refused)
        assert error.code == "JOURNAL_DIVERGED"
        assert titles(desk) == ["43的1号火场"]


@pytest_twisted.ensureDeferred
async def test_nobody_speaks_for_this_site(journal_url: str) -> None:
    """A partner that calls itself us is refused."""
    async with open_desk(journal_url) as desk:
        error = await outcome(desk.receive("36", EPOCH_43, 0, 10, partner_rows(1, site="36")))
        assert isinstance(error, Malformed)


@pytest_twisted.ensureDeferred
async def test_acknowledgements_survive_a_restart(journal_url: str) -> None:
    """They never go back, and never beyond what we have."""
    async with open_desk(journal_url) as desk:
        await gatherResults([desk.ask(report(number)) for number in range(5)])
        desk.acked("43", 3)
        desk.acked("43", 2)
        desk.acked("43", 99)
        assert desk.cursor("43").acked == 3
    async with open_desk(journal_url) as desk:
        assert desk.cursor("43").acked == 3
