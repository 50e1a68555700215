"""Every kind of tampering with a journal shows, and an untouched one verifies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from dispatch.kinds import Role
from protocols.chain import (
    GENESIS,
    Audit,
    Damage,
    Head,
    head_is_signed,
    seal,
    sign_head,
    verify,
    verify_heads,
)
from protocols.rows import Row, Sealed

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
OF = {"site": "36", "epoch": "e1"}


def row(seq: int, body: bytes = b"", **more: Any) -> Row:
    """Row `seq` of site 36's own."""
    fields: dict[str, Any] = {
        "seq": seq,
        "at": AT + timedelta(seconds=seq),
        "origin": "36",
        "origin_seq": seq,
        "command_id": f"k{seq}",
        "part": 0,
        "actor": "diaodu",
        "role": Role.DISPATCHER,
        "kind": "IncidentReported",
        "body": body or b"body %d" % seq,
    }
    return Row(**{**fields, **more})


def chained(*rows: Row, previous: bytes = GENESIS) -> list[Sealed]:
    """The rows, sealed one after the other."""
    found = []
    for each in rows:
        found.append(seal(previous, each, b"ask"))
        previous = found[-1].digest
    return found


def journal(length: int = 9) -> list[Sealed]:
    """An untouched journal."""
    return chained(*(row(seq) for seq in range(1, length + 1)))


def head_at(sealed: Sealed) -> Head:
    """A signed head at that row."""
    return sign_head(Head(seq=sealed.row.seq, digest=sealed.digest, at=AT), KEY, **OF)


def damages(rows: list[Sealed], **more: Any) -> list[tuple[Damage, int]]:
    """What verify finds, and where."""
    return [(finding.damage, finding.seq) for finding in verify(rows, **more)]


def test_an_untouched_journal_verifies() -> None:
    rows = journal()
    heads = [head_at(rows[3]), head_at(rows[8])]
    assert damages(rows, heads=heads) == []
    assert list(verify_heads(heads, PUBLIC, **OF)) == []


@pytest.mark.parametrize(
    "edit",
    [
        {"body": b"other"},
        {"at": AT},
        {"origin": "43"},
        {"command_id": "other"},
        {"part": 1},
        {"actor": "other"},
        {"role": Role.DUTY_CHIEF},
        {"role": None},
        {"kind": "IncidentAdvanced"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edited_row_is_found_and_named(edit: dict[str, Any]) -> None:
    rows = journal()
    rows[4] = replace(rows[4], row=replace(rows[4].row, **edit))
    assert damages(rows) == [(Damage.EDITED_ROW, 5)]


def test_an_edited_body_with_its_hash_made_to_fit_is_found() -> None:
    rows = journal()
    rows[4] = replace(
        rows[4], row=replace(rows[4].row, body=b"x"), body_sha256=seal(b"", row(5, b"x")).body_sha256
    )
    assert damages(rows) == [(Damage.EDITED_ROW, 5)]


@given(byte=st.integers(0), bit=st.integers(0, 7), seq=st.integers(1, 9))
def test_any_flipped_bit_of_any_body_is_found(byte: int, bit: int, seq: int) -> None:
    rows = journal()
    body = bytearray(rows[seq - 1].row.body)
    body[byte % len(body)] ^= 1 << bit
    rows[seq - 1] = replace(rows[seq - 1], row=replace(rows[seq - 1].row, body=bytes(body)))
    assert damages(rows) == [(Damage.EDITED_ROW, seq)]


def test_a_row_taken_out_is_found() -> None:
    rows = journal()
    assert damages(rows[:3] + rows[5:]) == [(Damage.MISSING_ROW, 4)]


def test_rows_changed_over_are_found() -> None:
    rows = journal()
    rows[3], rows[4] = rows[4], rows[3]
    assert (Damage.BAD_ORDER, 4) in damages(rows)


def test_a_body_that_is_gone_is_found_unless_it_was_purged() -> None:
    rows = journal()
    rows[4] = replace(rows[4], row=replace(rows[4].row, body=b""), body_missing=True)
    assert damages(rows) == [(Damage.MISSING_BODY, 5)]
    assert list(Audit(purged={5}).feed(rows)) == []


def test_a_cut_tail_shows_against_a_head() -> None:
    rows = journal()
    assert damages(rows[:6]) == []  # the chain alone cannot know
    assert damages(rows[:6], heads=[head_at(rows[8])]) == [(Damage.CUT_TAIL, 7)]


def test_a_rebuilt_chain_shows_against_a_head() -> None:
    rows = journal()
    rebuilt = chained(*(each.row if each.row.seq != 5 else row(5, b"rewritten") for each in rows))
    assert damages(rebuilt) == []  # whoever rewrites everything makes it fit
    assert damages(rebuilt, heads=[head_at(rows[8])]) == [(Damage.REBUILT_CHAIN, 9)]


@pytest.mark.parametrize(
    "change", [{"seq": 8}, {"digest": bytes(32)}, {"at": AT + timedelta(1)}, {"signature": b""}]
)
def test_a_changed_head_is_forged(change: dict[str, Any]) -> None:
    head = replace(head_at(journal()[8]), **change)
    assert not head_is_signed(head, PUBLIC, **OF)
    assert [finding.damage for finding in verify_heads([head], PUBLIC, **OF)] == [Damage.FORGED_HEAD]


def test_a_head_of_another_site_journal_or_key_is_forged() -> None:
    head = head_at(journal()[8])
    assert not head_is_signed(head, PUBLIC, site="43", epoch="e1")
    assert not head_is_signed(head, PUBLIC, site="36", epoch="e2")
    assert not head_is_signed(head, Ed25519PrivateKey.generate().public_key().public_bytes_raw(), **OF)
    assert not head_is_signed(head, b"short", **OF)


def test_a_walk_in_portions_finds_what_a_walk_in_one_finds() -> None:
    rows = journal()
    audit = Audit(heads=[head_at(rows[8])])
    found = [*audit.feed(rows[:4]), *audit.feed(rows[4:6]), *audit.finish()]
    assert [(finding.damage, finding.seq) for finding in found] == [(Damage.CUT_TAIL, 7)]
    assert damages(rows[4:], previous=rows[3].digest, after=4) == []


@given(left=st.text(), right=st.text(), cut=st.integers(0))
def test_no_two_headers_chain_alike(left: str, right: str, cut: int) -> None:
    """What moves from one field to its neighbour changes the digest."""
    whole = left + right
    at = cut % (len(whole) + 1)
    one, other = row(1, actor=left, command_id=right), row(1, actor=whole[:at], command_id=whole[at:])
    assert (seal(GENESIS, one).digest == seal(GENESIS, other).digest) == (left == whole[:at])
