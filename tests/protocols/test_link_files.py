"""Files of consultations over a link: whole or not at all, over any cuts, and nothing that was not asked for."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Busy
from protocols.codec.link_rooms import PART_BYTES, FileAsk, FilePart
from protocols.link_files import ASK_AGAIN, MOST_WANTED, NOT_WANTED_AFTER, Fetched, FileFetch, NotGiven

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
ROOM = "36-ROM-1"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def piece(data: bytes, ask: FileAsk, length: int = PART_BYTES) -> FilePart:
    return FilePart(
        sha256=ask.sha256, offset=ask.offset, size=len(data), data=data[ask.offset : ask.offset + length]
    )


@given(
    data=st.binary(min_size=1, max_size=400),
    length=st.integers(1, 90),
    cuts=st.lists(st.sampled_from(["lost", "twice", "silent", "good"]), max_size=30),
)
def test_a_file_is_whole_over_any_cuts_and_repeats(data: bytes, length: int, cuts: list[str]) -> None:
    fetch, now, asked = FileFetch(), NOW, []
    fetch.want(ROOM, digest(data), len(data), now)
    for happens in [*cuts, *["good"] * len(data)]:
        now += ASK_AGAIN
        ask = fetch.next(now)
        if ask is None:
            break
        asked.append(ask.offset)
        assert fetch.next(now) is None  # one question at a time
        if happens == "lost":
            fetch.lost()
        elif happens != "silent":
            heard = fetch.heard(piece(data, ask, length))
            if happens == "twice":
                assert fetch.heard(piece(data, ask, length)) is None
            if heard is not None:
                assert heard == Fetched(room_id=ROOM, sha256=digest(data), data=data)
                break
    assert not fetch.wants(now)
    assert asked == sorted(asked)  # never again what is there


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (FilePart(sha256="", offset=0, size=9, data=b"x"), "SIZE"),
        (FilePart(sha256="", offset=0, size=4, data=b"xxxxx"), "SIZE"),
        (FilePart(sha256="", offset=0, size=4, data=b"evil"), "TAMPERED"),
        (FilePart(sha256="", offset=0, refused="NO_CONSENT"), "NO_CONSENT"),
    ],
)
def test_what_is_not_the_file_that_was_named_is_not_given_out(part: FilePart, code: str) -> None:
    fetch, wanted = FileFetch(), digest(b"good")
    fetch.want(ROOM, wanted, 4, NOW)
    fetch.next(NOW)
    said = FilePart(sha256=wanted, offset=part.offset, size=part.size, data=part.data, refused=part.refused)
    assert fetch.heard(said) == NotGiven(sha256=wanted, code=code)
    assert fetch.next(NOW + ASK_AGAIN) is None


def test_pieces_that_nobody_asked_for_and_too_many_wishes_cost_nothing() -> None:
    fetch = FileFetch()
    assert fetch.heard(FilePart(sha256=digest(b"a"), offset=0, size=1, data=b"a")) is None
    for number in range(MOST_WANTED):
        fetch.want(ROOM, digest(bytes([number])), 1, NOW)
    with pytest.raises(Busy):
        fetch.want(ROOM, digest(b"more"), 4, NOW)
    later = NOW + NOT_WANTED_AFTER + timedelta(seconds=1)
    fetch.want(ROOM, digest(b"more"), 4, later)  # what nobody asks about any longer made place
    ask = fetch.next(later)
    assert ask is not None
    assert ask.sha256 == digest(b"more")
