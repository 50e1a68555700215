"""Cutting many BEAST frames at once: always what beast.py cuts, of any bytes in any pieces."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import avr, avr_batch, beast, beast_batch
from protocols.frames import BadFrame, Frame, ReceiverStatus
from protocols.frames_batch import LONG, MODE_AC, SHORT, Cut
from tests import chunking, recordings
from tests.protocols import test_avr
from tests.protocols.test_beast import frames

SIZES = {MODE_AC: 2, SHORT: 7, LONG: 14}


class Seen(NamedTuple):
    """Frames, what the receiver said of its counter before which frame, and bad runs."""

    frames: list[tuple[int, int, bytes]]
    said: list[tuple[int, bool]]
    bad: Counter[str]


def of_items(items: Iterable[beast.Item]) -> Seen:
    seen = Seen([], [], Counter())
    for item in items:
        if isinstance(item, Frame):
            seen.frames.append((item.ticks or 0, item.signal or 0, item.payload))
        elif isinstance(item, BadFrame):
            seen.bad[item.code] += 1
        elif isinstance(item, ReceiverStatus) and item.gps_clock is not None:
            say(seen, len(seen.frames), item.gps_clock)
    return seen


def of_cuts(cuts: Iterable[Cut]) -> Seen:
    seen = Seen([], [], Counter())
    for cut in cuts:
        before = len(seen.frames)
        for row, gps in cut.said:
            say(seen, before + row, gps)
        for row in map(bytes, cut.rows):
            seen.frames.append((int.from_bytes(row[1:7]), row[7], row[8 : 8 + SIZES[row[0]]]))
        seen.bad.update(cut.bad)
    return seen


def say(seen: Seen, row: int, gps: bool) -> None:
    """Saying the same again changes nothing."""
    if not seen.said or seen.said[-1][1] != gps:
        seen.said.append((row, gps))


def singly(data: bytes) -> Seen:
    deframer = beast.Deframer()
    return of_items(deframer.feed(data) + deframer.close())


def at_once(pieces: Iterable[bytes]) -> Seen:
    deframer = beast_batch.Deframer()
    return of_cuts([*(deframer.feed(piece) for piece in pieces), deframer.close()])


escapes = st.lists(st.sampled_from([b"\x1a", b"1", b"2", b"3", b"4", b"5", b"\x00"]), max_size=200).map(
    b"".join
)
statuses = st.builds(
    lambda kind, body: b"\x1a" + kind + body.replace(b"\x1a", b"\x1a\x1a"),
    st.sampled_from([b"4", b"5"]),
    st.binary(max_size=80),
)
cut_short = st.tuples(frames.map(beast.encode), st.integers(0, 22)).map(lambda made: made[0][: made[1]])
pieces = st.one_of(
    frames.map(beast.encode),
    frames.map(beast.encode),
    statuses,
    cut_short,
    escapes,
    st.binary(max_size=60),
    st.integers(4090, 4100).map(lambda size: b"x" * size),
)


@settings(max_examples=400)
@given(st.lists(pieces, max_size=25), chunking.sizes)
def test_any_stream_in_any_pieces_is_cut_as_it_is_singly(parts: list[bytes], steps: list[int]) -> None:
    data = b"".join(parts)
    assert at_once(chunking.cut(data, steps)) == singly(data)


def test_real_recordings_are_cut_as_they_are_singly() -> None:
    for data in (recordings.petersburg(), recordings.toulouse()):
        assert at_once([data]) == singly(data)
        assert at_once(data[at : at + 4001] for at in range(0, len(data), 4001)) == singly(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x1a" * 65_536,
        b"\x1a1" * 30_000,
        (b"\x1a1" + b"\x1a\x1a" * 9) * 3_000,
        b"\x1a4" * 30_000,
        b"\x1a3" + b"\x1a\x1a" * 30_000,
        b"\x1a\x99" * 30_000,
        bytes(65_536),
    ],
)
def test_hostile_streams_are_cut_as_they_are_singly(data: bytes) -> None:
    assert at_once([data]) == singly(data)


blanks = st.text(" \t\x0b\x0c", max_size=3).map(str.encode)
records = st.builds(
    lambda frame, signal, before, after: (
        before
        + (
            avr.encode(frame)
            if signal is None
            else b"<" + avr.encode(frame)[1:13] + b"%02x" % signal + b"8D406B90;"
        )
        + after
    ),
    test_avr.frames,
    st.none() | st.integers(0, 255),
    blanks,
    blanks,
)
texts = st.one_of(
    records,
    records,
    st.binary(max_size=90),
    st.sampled_from([b";", b"\r\n", b"*7700 ;", b"*77g0;", b"@;", b"a" * 64 + b";", b" " * 65 + b";"]),
)


@settings(max_examples=400)
@given(st.lists(texts, max_size=15), chunking.sizes)
def test_any_text_in_any_pieces_is_read_as_it_is_singly(parts: list[bytes], steps: list[int]) -> None:
    data = b"".join(parts)
    one = avr.Deframer()
    many = avr_batch.Deframer()
    cuts = [*(many.feed(piece) for piece in chunking.cut(data, steps)), many.close()]
    assert of_cuts(cuts) == of_items(one.feed(data) + one.close())
