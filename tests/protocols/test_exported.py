"""Heads as lines of a file: what was written reads back, anything else is refused by line and field."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Malformed
from protocols.chain import Head
from protocols.exported import head_lines, read_heads

HEAD = Head(seq=7, digest=b"d" * 32, at=datetime(2026, 11, 24, 3, 0, 0, 5, tzinfo=UTC), signature=b"s" * 64)
OF: dict[str, Any] = {"site": "36", "epoch": "e1", "public_key": b"p" * 32}


def line(**change: Any) -> bytes:
    """One good line with something changed."""
    return json.dumps({**json.loads(next(head_lines([HEAD], **OF))), **change}).encode()


def test_heads_read_back_as_they_were_written() -> None:
    text = "".join(head_lines([HEAD, HEAD], **OF)).encode()
    read = read_heads(text)
    assert (read.site, read.epoch, read.public_key, read.heads) == ("36", "e1", b"p" * 32, (HEAD, HEAD))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b"", "head"),
        (b"\n\n", "head"),
        (b"not json", "head[1]"),
        (b"[1]", "head[1]"),
        (b"[" * 100_000, "head[1]"),
        (line(seq="7"), "head[1].seq"),
        (line(at="yesterday"), "head[1].at"),
        (line(at="2026-11-24T03:00:00"), "head[1].at"),
        (line(digest="zz"), "head[1].digest"),
        (line(signature="00"), "head[1].signature"),
        (line(public_key=None), "head[1].public_key"),
        (line() + b"\n" + line(epoch="e2"), "head[2]"),
    ],
)
def test_a_bad_line_is_named(text: bytes, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_heads(text)
    assert caught.value.field == field


@given(text=st.binary(max_size=300))
def test_random_bytes_are_refused_and_never_crash(text: bytes) -> None:
    with pytest.raises(Malformed):
        read_heads(text)
