"""Fetching the tracks of a cut: asked once, resumed anywhere, never before what is urgent; packed columns that say no lies."""

import zlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Malformed
from protocols.codec import link
from protocols.codec.link_past import (
    CALLSIGNS,
    COLUMNS,
    MAX_PAST_ROWS,
    PastAsk,
    PastPart,
    PastRows,
    packed,
    read_rows,
)
from protocols.link_greeting import CAPABILITIES, PAST
from protocols.link_left_out import LeftOut
from protocols.link_outputs import PartnerPast, Send
from protocols.link_past import FIRST_BYTES, LEAST_BYTES, MOST_BYTES, MOST_GAPS, Gap, PastFetch
from protocols.link_past_serve import PastServe, Read
from tests.protocols.link_pair import START, Pair

S = 1_000_000
SECOND = timedelta(seconds=1)


def rows_at(*times: int, callsign: str = "GY7001") -> PastRows:
    size = len(times)
    columns: dict[str, Any] = {name: np.zeros(size, dtype) for name, dtype in COLUMNS.items()}
    columns["address"][:] = 0x78F001
    columns["at_us"][:] = times
    columns["callsign"][:] = 1
    return PastRows(columns=columns, callsigns=(callsign,) if size else ())


def part_of(rows: PastRows, from_us: int, through_us: int, number: int = 1) -> PastPart:
    return PastPart(
        number=number, from_us=from_us, through_us=through_us, rows=len(rows), packed=packed(rows)
    )


# The columns


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_columns_come_out_as_they_went_in(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 40))
    draw = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    columns: dict[str, Any] = {
        name: draw.integers(0, 256, size * np.dtype(dtype).itemsize, np.uint8).view(dtype)
        for name, dtype in COLUMNS.items()
    }
    columns |= {
        "address": draw.integers(1, 2**24, size).astype("<u4"),
        "at_us": draw.integers(5, 900, size),
        "lon_e7": draw.integers(-1_800_000_000, 1_800_000_001, size).astype("<i4"),
        "lat_e7": draw.integers(-900_000_000, 900_000_001, size).astype("<i4"),
        "altitude_m": draw.normal(0, 1e4, size).astype("<f4"),
        "squawk": draw.integers(-1, 7778, size).astype("<i2"),
        "callsign": draw.integers(0, 3, size).astype("<u2"),
    }
    words = ("赣鹰01", "CES 1")[: max(0, size)]
    columns["callsign"] %= len(words) + 1
    sent = PastRows(columns=columns, callsigns=words)
    message = link.decode(link.encode(part_of(sent, 5, 900)))
    assert isinstance(message, PastPart)
    came = read_rows(message)
    for name in COLUMNS:
        assert came.columns[name].tobytes() == columns[name].tobytes(), name
    assert not size or came.callsigns == words


def lies() -> list[tuple[str, PastPart]]:
    good = part_of(rows_at(10, 20), 10, 30)

    def with_column(name: str, values: Any) -> PastPart:
        rows = rows_at(10, 20)
        rows.columns[name][:] = values
        return part_of(rows, 10, 30)

    return [
        ("past_part.at_us", replace(good, through_us=20)),
        ("past_part.at_us", replace(good, from_us=11)),
        ("past_part.address", with_column("address", 0)),
        ("past_part.address", with_column("address", 1 << 24)),
        ("past_part.callsign", with_column("callsign", 2)),
        ("past_part.lon_e7", with_column("lat_e7", 900_000_001)),
        ("past_part.lon_e7", with_column("altitude_m", np.inf)),
        ("past_part.squawk", with_column("squawk", 7778)),
        ("past_part.bits", replace(good, packed={**good.packed, "bits": b"no zlib"})),
        ("past_part.bits", replace(good, packed={**good.packed, "bits": zlib.compress(bytes(1 << 24))})),
        ("past_part.bits", replace(good, rows=3)),
        ("past_part.callsigns", replace(good, packed={**good.packed, CALLSIGNS: zlib.compress(b"x" * 900)})),
        ("past_part.callsigns", replace(good, packed={**good.packed, CALLSIGNS: zlib.compress(b"a\nb\nc")})),
    ]


@pytest.mark.parametrize("lie", range(len(lies())))
def test_a_part_that_says_what_cannot_be_is_malformed(lie: int) -> None:
    field, part = lies()[lie]
    names = list(COLUMNS)
    if part.rows == 3:
        field = f"past_part.{names[0]}"  # the first column that is looked at
    with pytest.raises(Malformed) as caught:
        read_rows(part)
    assert caught.value.field == field


def test_too_many_rows_are_refused_before_a_column_is_opened() -> None:
    part = replace(part_of(rows_at(10), 10, 30), rows=MAX_PAST_ROWS + 1)
    with pytest.raises(Malformed):
        link.decode(link.encode(part))
    with pytest.raises(Malformed):
        link.decode(link.encode(PastAsk(number=1, from_us=5, to_us=5, most_bytes=1)))


# Asking


class Archive:
    """A sender whose reports are known, answering a few at a time; and a receiver's disk."""

    def __init__(self, times: list[int]) -> None:
        self.times = sorted(times)
        self.disk: list[int] = []

    def answer(self, ask: PastAsk, most: int) -> PastPart:
        within = [each for each in self.times if ask.from_us <= each < ask.to_us]
        through = within[most] if len(within) > most else ask.to_us
        through = max(through, ask.from_us + 1)
        rows = rows_at(*[each for each in within if each < through])
        return part_of(rows, ask.from_us, through, ask.number)


@given(
    times=st.lists(st.integers(100, 999), unique=True, max_size=30),
    steps=st.lists(
        st.sampled_from(["ask", "answer", "write", "fail", "cut", "restart", "again"]), max_size=80
    ),
    most=st.integers(1, 6),
)
@settings(max_examples=120, deadline=None)
def test_whatever_breaks_every_report_of_the_gap_is_written_once(
    times: list[int], steps: list[str], most: int
) -> None:
    sender, now = Archive(times), START
    fetch = PastFetch()
    fetch.missed(100, 1000)
    asked: list[PastAsk] = []
    came: list[PastPart] = []

    def do(step: str) -> None:
        nonlocal fetch, now
        now += SECOND
        if step == "ask" and (ask := fetch.next(now)) is not None:
            fetch.asked(ask, now)
            asked.append(ask)
        elif step == "answer" and asked:
            part = sender.answer(asked.pop(0), most)
            if fetch.heard(part, now):
                came.append(part)
        elif step == "again" and came:
            assert not fetch.heard(came[-1], now)  # the same answer twice
        elif step == "write" and came:
            part = came.pop(0)
            sender.disk += read_rows(part).columns["at_us"].tolist()
            fetch.written(part, part.rows, now)
        elif step == "fail" and came:
            came.clear()
            fetch.not_written("NOT_STORED", now)
        elif step == "cut":
            asked.clear()
            fetch.lost(now)
        elif step == "restart":
            asked.clear()
            came.clear()
            fetch = PastFetch(fetch.gaps)

    for step in steps:
        do(step)
    for _ in range(400):
        for step in ("ask", "answer", "write"):
            do(step)
        now += timedelta(seconds=30)
    assert fetch.gaps == ()
    assert sender.disk == sender.times


def test_the_newest_cut_comes_first_and_what_came_of_the_older_is_not_lost() -> None:
    fetch, now = PastFetch(), START
    fetch.missed(100, 200)
    first = fetch.next(now)
    assert first is not None
    fetch.asked(first, now)
    part = PastPart(number=first.number, from_us=100, through_us=150)
    assert fetch.heard(part, now)
    fetch.missed(300, 400)
    newer = fetch.next(now)
    assert newer is not None
    assert (newer.from_us, newer.to_us) == (300, 400)
    fetch.written(part, 0, now)
    assert [(gap.from_us, gap.to_us) for gap in fetch.gaps] == [(150, 200), (300, 400)]


def test_a_gap_that_is_told_late_takes_its_place_and_overlaps_none() -> None:
    fetch, now = PastFetch(), START
    fetch.missed(300, 400)
    ask = fetch.next(now)
    assert ask is not None
    fetch.asked(ask, now)
    assert fetch.missed(200, 350)
    assert not fetch.missed(250, 280)
    assert fetch.missed(150, 180)
    assert [(gap.from_us, gap.to_us) for gap in fetch.gaps] == [(150, 180), (200, 300), (300, 400)]
    assert fetch.heard(
        PastPart(number=ask.number, from_us=300, through_us=400), now
    )  # it goes on being asked


def test_what_found_no_room_on_the_line_is_told_once_it_has_room_or_has_had_none_for_long() -> None:
    left, now = LeftOut(), START
    assert left.due(now) is None
    for second in range(3):
        left.add(7, now + second * SECOND)
    assert left.due(now + 11 * SECOND) is None
    told = left.due(now + 12 * SECOND)
    assert told is not None
    assert (told.rows, told.to_us - told.from_us) == (21, 6_000_000)
    left.add(1, now + 13 * SECOND)  # it did not go out
    told = left.due(now + 23 * SECOND)
    assert told is not None
    assert (told.rows, told.to_us - told.from_us) == (22, 17_000_000)
    left.told()
    assert left.due(now + 60 * SECOND) is None
    for second in range(300):
        left.add(1, now + second * SECOND)
        assert left.due(now + second * SECOND) is None
    left.add(1, now + 300 * SECOND)
    assert left.due(now + 300 * SECOND) is not None


def test_what_is_told_why_nothing_comes_ends_there_or_waits() -> None:
    fetch, now = PastFetch(), START
    fetch.missed(100, 400)
    for code, through in (("ARCHIVE_BEGINS", 200), ("ARCHIVE_AWAY", 200)):
        ask = fetch.next(now)
        assert ask is not None
        fetch.asked(ask, now)
        part = PastPart(number=ask.number, from_us=ask.from_us, through_us=through, code=code)
        if fetch.heard(part, now):
            fetch.written(part, 0, now)
    assert [(each.from_us, each.to_us, each.code) for each in fetch.told(now).ended] == [
        (100, 200, "ARCHIVE_BEGINS")
    ]
    told = fetch.told(now)
    assert (told.state, told.code, told.missing_us) == ("waiting", "ARCHIVE_AWAY", 200)
    assert fetch.next(now + SECOND) is None
    ask = fetch.next(now + timedelta(seconds=31))
    assert ask is not None
    fetch.asked(ask, now)
    refused = PastPart(number=ask.number, from_us=200, through_us=400, code="NO_CONSENT")
    assert fetch.heard(refused, now)
    fetch.written(refused, 0, now)
    assert fetch.gaps == ()
    assert fetch.told(now).ended[0].code == "NO_CONSENT"


def test_gaps_are_bounded_in_age_and_number() -> None:
    fetch = PastFetch()
    for number in range(MOST_GAPS + 2):
        fetch.missed(number * 10, number * 10 + 5)
    assert fetch.given_up == 2
    fetch.bounded(43)
    assert [(gap.from_us, gap.to_us) for gap in fetch.gaps][:2] == [(43, 45), (50, 55)]
    assert fetch.told(START).ended[0].code == "TOO_OLD"
    assert not fetch.missed(52, 55)  # lies among them


def test_an_age_limit_that_moves_on_neither_shifts_what_is_asked_nor_fills_the_list_for_people() -> None:
    fetch, now = PastFetch((Gap(from_us=0, to_us=1000, begun_us=0),)), START
    fetch.bounded(100)
    ask = fetch.next(now)
    assert ask is not None
    fetch.asked(ask, now)
    for limit in (110, 120):
        fetch.bounded(limit)
    part = PastPart(number=ask.number, from_us=100, through_us=200)
    assert fetch.heard(part, now)
    fetch.bounded(130)
    fetch.written(part, 0, now)
    for limit in (210, 220, 230):
        fetch.bounded(limit)
    assert [(gap.from_us, gap.to_us) for gap in fetch.gaps] == [(230, 1000)]
    assert [(each.from_us, each.to_us) for each in fetch.told(now).ended] == [(200, 230), (0, 100)]


def test_a_part_is_as_large_as_the_line_carries() -> None:
    fetch, now = PastFetch((Gap(from_us=0, to_us=10**9, begun_us=0),)), START

    def exchange(took_s: float, held_ms: int = 0) -> int:
        nonlocal now
        ask = fetch.next(now)
        assert ask is not None
        fetch.asked(ask, now)
        now += timedelta(seconds=took_s)
        full = {"at_us": bytes(ask.most_bytes)}
        part = PastPart(
            number=ask.number, from_us=ask.from_us, through_us=ask.from_us + 1, held_ms=held_ms, packed=full
        )
        assert fetch.heard(part, now)
        fetch.written(part, 0, now)
        return ask.most_bytes

    sizes = [exchange(0.65, held_ms=0) for _ in range(12)]  # a satellite's round trip, a fast line
    assert sizes[0] == FIRST_BYTES
    assert sizes[-1] == MOST_BYTES
    assert exchange(9.0, held_ms=8_400) == MOST_BYTES  # it waited over there, not on the line
    slow = [exchange(0.65 + fetch_size / 32_000) for fetch_size in [MOST_BYTES] * 10]
    assert slow[-1] == LEAST_BYTES


# Answering


def test_an_answer_is_read_ahead_and_read_again_when_the_terms_change() -> None:
    serve, now = PastServe(), START
    serve.asked(PastAsk(number=7, from_us=100, to_us=400, most_bytes=50), now)
    assert serve.wanted() == (100, 400, 50)
    serve.read(Read(from_us=100, through_us=200, rows=3))
    part = serve.answer(now + SECOND)
    assert part is not None
    assert (part.number, part.through_us, part.held_ms) == (7, 200, 1000)
    serve.left(part)
    assert serve.answer(now) is None
    assert serve.wanted() == (200, 400, 50)
    serve.read(Read(from_us=200, through_us=400, rows=2))
    serve.asked(PastAsk(number=8, from_us=200, to_us=400, most_bytes=50), now)
    assert serve.wanted() is None
    assert serve.answer(now) is not None
    serve.forget()
    assert serve.answer(now) is None
    assert serve.wanted() == (200, 400, 50)
    serve.read(Read(from_us=200, through_us=400, code="NO_CONSENT"))
    part = serve.answer(now)
    assert part is not None
    assert (part.code, part.rows) == ("NO_CONSENT", 0)
    serve.lost()
    assert serve.wanted() is None
    assert serve.answer(now) is None


# Below everything else


def test_what_was_read_for_a_longer_question_does_not_answer_a_shorter_one() -> None:
    """It begins where the other did, and comes while that is being read."""
    serve, now = PastServe(), START
    serve.asked(PastAsk(number=1, from_us=100, to_us=900, most_bytes=1000), now)
    assert serve.wanted() == (100, 900, 1000)
    serve.asked(PastAsk(number=2, from_us=100, to_us=500, most_bytes=1000), now)
    serve.read(Read(from_us=100, through_us=900))
    assert serve.answer(now) is None
    assert serve.wanted() == (100, 500, 1000)


def test_nothing_of_the_past_leaves_while_a_row_waits_or_the_line_is_full() -> None:
    pair = Pair()
    pair.heal()
    ours = pair.sites[0].session
    part = part_of(rows_at(10), 10, 30)
    assert ours.peering.can(PAST, ours.identity)
    assert ours.past(part, congested=True) == []
    pair.write(0, shared=True)
    assert ours.past(part, congested=False) == []
    pair.settle()
    (sent,) = ours.past(part, congested=False)
    assert isinstance(sent, Send)
    (heard,) = pair.sites[1].session.receive(sent.data, pair.now)
    assert isinstance(heard, PartnerPast)
    assert pair.sites[1].session.bytes_in["history"] == len(sent.data)
    pair.cut()
    assert ours.past(part, congested=False) == []


def test_to_a_partner_that_cannot_nothing_of_the_past_is_said() -> None:
    pair = Pair()
    for site in pair.sites[1:]:
        site.session.identity = replace(
            site.session.identity, capabilities=tuple(each for each in CAPABILITIES if each != PAST)
        )
    pair.heal()
    assert pair.sites[0].session.past(part_of(rows_at(10), 10, 30), congested=False) == []
