"""What a relay keeps, and what a viewer that reads slowly is left out of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.client_session import SessionOver
from protocols.video_gop import MOST_CONTROL_BYTES, MOST_GOP_BYTES, MOST_WAITING_BYTES, GopCache, ViewerQueue


def test_who_comes_late_is_sent_everything_since_the_key_frame() -> None:
    kept = GopCache()
    kept.add(b"lost", key=False)
    assert kept.frames == []
    for number in range(5):
        kept.add(b"%d" % number, key=number in (0, 3))
    assert kept.frames == [b"3", b"4"]


def test_a_group_without_an_end_is_not_kept() -> None:
    kept = GopCache()
    kept.add(bytes(MOST_GOP_BYTES), key=True)
    kept.add(b"more", key=False)
    kept.add(b"and more", key=False)
    assert (kept.frames, kept.size, kept.too_long) == ([], 0, 1)
    kept.add(b"key", key=True)
    assert kept.frames == [b"key"]


def test_a_slow_viewer_drops_to_the_next_key_frame_and_is_told_how_much() -> None:
    sent: list[bytes] = []
    queue = ViewerQueue(sent.append)
    queue.watch(1, [b"key", b"second"])
    queue.block()
    half = bytes(MOST_WAITING_BYTES // 2)
    assert queue.unit(1, half, key=False)
    assert queue.unit(1, half, key=False)
    assert not queue.unit(1, b"one too many", key=False)
    assert queue.waiting_bytes == 0
    assert not queue.unit(1, b"of no use without them", key=False)
    assert queue.unit(1, b"next key", key=True)
    queue.unblock()
    assert sent == [b"key", b"second", b"next key"]
    assert queue.counts(1) == (3, 4)


def test_a_key_frame_takes_the_place_of_a_group_that_still_waits() -> None:
    sent: list[bytes] = []
    queue = ViewerQueue(sent.append)
    queue.watch(1, [])
    queue.watch(2, [b"other"])
    queue.block()
    queue.unit(1, b"old", key=True)
    queue.unit(2, b"delta", key=False)
    queue.unit(1, b"new", key=True)
    queue.unblock()
    assert sent == [b"other", b"delta", b"new"]


def test_what_is_no_picture_is_never_left_out_but_has_an_end() -> None:
    sent: list[bytes] = []
    queue = ViewerQueue(sent.append)
    queue.block()
    queue.must(b"first")
    queue.must(bytes(MOST_CONTROL_BYTES - 5))
    with pytest.raises(SessionOver):
        queue.must(b"more")
    queue.unblock()
    assert sent[0] == b"first"


@given(
    st.lists(st.tuples(st.sampled_from(["key", "delta", "block", "unblock", "broken"]), st.integers(1, 2)))
)
def test_no_frame_is_sent_whose_key_frame_was_not(acts: list[tuple[str, int]]) -> None:
    sent: list[bytes] = []
    queue = ViewerQueue(sent.append)
    queue.watch(1, [])
    queue.watch(2, [])
    group = {1: 0, 2: 0}
    place = {1: 0, 2: 0}
    for act, slot in acts:
        if act == "block":
            queue.block()
        elif act == "unblock":
            queue.unblock()
        elif act == "broken":
            queue.broken(slot)
        else:
            key = act == "key"
            group[slot], place[slot] = (group[slot] + 1, 0) if key else (group[slot], place[slot] + 1)
            queue.unit(slot, b"%d %d %d" % (slot, group[slot], place[slot]), key=key)
    queue.unblock()
    before: dict[int, tuple[int, int]] = {}
    for each in sent:
        slot, of, at = map(int, each.split())
        assert at == 0 or before[slot] == (of, at - 1)
        before[slot] = (of, at)
