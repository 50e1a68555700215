"""Video over a link: what goes out, what waits, what is left out; and what a partner may send."""

from datetime import UTC, datetime, timedelta

from protocols.codec.link_video import PIECE_BYTES, VideoPiece
from protocols.link_video import (
    HOLD,
    LEAST_WINDOW,
    MOST_FAULTS,
    MOST_UNIT_BYTES,
    MOST_WAITING_BYTES,
    RECEIVED_A_SECOND,
    Came,
    VideoReceiver,
    VideoSender,
)

NOW = datetime(2026, 11, 27, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def feeding() -> VideoSender:
    sender = VideoSender()
    sender.open(1)
    return sender


def pulling() -> VideoReceiver:
    receiver = VideoReceiver()
    pull = receiver.pull("43-VID-1", NOW)
    assert pull is not None
    assert pull.feed == 1
    return receiver


def piece(
    unit: int, data: bytes = b"x", *, key: bool = True, feed: int = 1, offset: int = 0, size: int = 0
) -> VideoPiece:
    return VideoPiece(feed=feed, unit=unit, offset=offset, size=size or len(data), key=key, data=data)


def passed(sender: VideoSender, receiver: VideoReceiver, now: datetime) -> list[Came]:
    """Everything that may go out, taken at once."""
    came = []
    for each in sender.pieces(now):
        heard = receiver.heard(each, now)
        sender.took(receiver.taken, now)
        if heard is not None:
            came.append(heard)
    return came


def test_a_picture_of_many_pieces_arrives_whole() -> None:
    sender, receiver = feeding(), pulling()
    picture = bytes(range(256)) * 700
    sender.put(1, picture, key=True, now=NOW)
    (came,) = passed(sender, receiver, NOW)
    assert came == Came(stream_id="43-VID-1", message=picture, key=True, gap=True)
    assert sender.under_way == 0


def test_nothing_goes_out_beyond_the_window_until_something_is_taken() -> None:
    sender = feeding()
    sender.put(1, bytes(1_000_000), key=True, now=NOW)
    first = list(sender.pieces(NOW))
    assert sum(len(each.data) for each in first) == sender.window
    assert list(sender.pieces(NOW)) == []
    sender.took(2 * PIECE_BYTES, NOW)
    assert len(list(sender.pieces(NOW))) >= 2


def test_a_line_on_which_things_wait_gets_a_window_of_one_piece_and_a_free_one_a_wider() -> None:
    slow, fast = feeding(), feeding()
    now, taken_slow, taken_fast = NOW, 0, 0
    for number in range(40):
        for sender in (slow, fast):
            sender.put(1, bytes(200_000), key=True, now=now)
        taken_slow += sum(len(each.data) for each in slow.pieces(now))
        taken_fast += sum(len(each.data) for each in fast.pieces(now))
        fast.took(taken_fast, now + 20 * MS)
        slow.took(taken_slow, now + 20 * MS * (number + 1))  # a queue that grows
        now += timedelta(seconds=2)
    assert slow.window == LEAST_WINDOW
    assert fast.window > 8 * LEAST_WINDOW


def test_with_one_piece_at_a_time_and_things_waiting_still_it_rests() -> None:
    sender = feeding()
    now, taken = NOW, 0
    for _ in range(40):  # every piece is taken a second late, but the first
        sender.put(1, bytes(200_000), key=True, now=now)
        sent = sum(len(each.data) for each in sender.pieces(now))
        taken += sent
        now += timedelta(seconds=1) if taken > sent else 20 * MS
        sender.took(taken, now)
    assert sender.window == LEAST_WINDOW
    now += timedelta(seconds=3)
    sender.put(1, bytes(200_000), key=True, now=now)
    taken += sum(len(each.data) for each in sender.pieces(now))
    sender.took(taken, now + timedelta(seconds=1))
    assert list(sender.pieces(now + timedelta(seconds=2))) == []
    assert list(sender.pieces(now + timedelta(seconds=3))) != []


def test_what_has_waited_too_long_is_left_out_up_to_the_next_key_frame() -> None:
    sender, receiver = feeding(), pulling()
    sender.put(1, bytes(sender.window), key=True, now=NOW)
    assert len(list(sender.pieces(NOW))) > 0  # under way, not taken: the line is full
    now = NOW
    for _ in range(40):
        now += 40 * MS
        sender.put(1, b"delta", key=False, now=now)
    assert sender.waiting_bytes == 0
    sender.put(1, b"key", key=True, now=now)
    sender.put(1, b"after", key=False, now=now)
    sender.took(sender.under_way, now)
    sent = [(each.data, each.key) for each in sender.pieces(now)]
    assert sent == [(b"key", True), (b"after", False)]
    assert sender.counts(1) == (3, 40)
    receiver.heard(piece(1), NOW)
    assert receiver.heard(piece(42, b"key"), now) == Came(
        stream_id="43-VID-1", message=b"key", key=True, gap=True
    )


def test_a_key_frame_that_is_half_sent_is_finished_on_a_poor_line() -> None:
    """Else a line that needs longer for one than they are apart would never show any."""
    sender, receiver = feeding(), pulling()
    now, came = NOW, []
    for number in range(60):
        sender.put(1, bytes(100_000), key=True, now=now)
        for _ in range(4):
            sender.put(1, bytes(5_000), key=False, now=now)
        for each in [next(iter(sender.pieces(now)), None)]:  # one piece in the time of a whole group
            if each is not None:
                heard = receiver.heard(each, now)
                sender.took(receiver.taken, now)
                came += [] if heard is None else [heard]
        now += timedelta(seconds=1)
        assert sender.waiting_bytes <= MOST_WAITING_BYTES, number
    assert len(came) >= 5
    assert all(each.key for each in came)


def test_memory_is_bounded_when_a_partner_takes_nothing() -> None:
    sender = feeding()
    for number in range(500):
        sender.put(1, bytes(60_000), key=number % 25 == 0, now=NOW)
        list(sender.pieces(NOW))
    assert sender.waiting_bytes <= MOST_WAITING_BYTES
    assert sender.under_way <= 64 * PIECE_BYTES


def test_what_a_partner_cannot_have_taken_opens_no_window() -> None:
    sender = feeding()
    sender.put(1, bytes(1_000_000), key=True, now=NOW)
    list(sender.pieces(NOW))
    under_way = sender.under_way
    sender.took(1 << 60, NOW)
    assert sender.under_way == under_way


def test_pieces_of_feeds_that_nobody_asked_for_are_counted_and_go_nowhere() -> None:
    receiver = pulling()
    assert receiver.heard(piece(1, feed=7), NOW) is None
    assert receiver.refused == {"VIDEO_NOT_ASKED": 1}


def test_after_the_end_pieces_under_way_are_no_fault_and_later_ones_are() -> None:
    receiver = pulling()
    receiver.stop("43-VID-1", NOW)
    receiver.heard(piece(1), NOW + timedelta(seconds=1))
    assert not receiver.refused
    receiver.heard(piece(2), NOW + timedelta(seconds=20))
    assert receiver.refused == {"VIDEO_AFTER_END": 1}


def test_an_oversized_unit_is_refused_by_its_head_and_too_many_hold_the_stream() -> None:
    receiver = pulling()
    for number in range(1, MOST_FAULTS + 1):
        assert receiver.heard(piece(number, size=MOST_UNIT_BYTES + 1), NOW) is None
    assert receiver.refused["VIDEO_TOO_LARGE"] == MOST_FAULTS
    assert receiver.held("43-VID-1")
    assert receiver.pull("43-VID-1", NOW) is None
    assert receiver.pull("43-VID-1", NOW + HOLD) is not None


def test_a_gap_is_no_picture_until_the_next_key_frame() -> None:
    receiver = pulling()
    assert receiver.heard(piece(1), NOW) is not None
    assert receiver.heard(piece(3, key=False), NOW) is None
    assert receiver.heard(piece(4, key=False), NOW) is None
    assert receiver.refused == {"VIDEO_GAP": 2}
    came = receiver.heard(piece(5), NOW)
    assert came is not None
    assert came.gap


def test_pieces_out_of_order_are_no_picture() -> None:
    receiver = pulling()
    receiver.heard(piece(1, b"ab", size=4), NOW)
    assert receiver.heard(piece(1, b"cd", offset=3, size=4), NOW) is None
    assert receiver.heard(piece(1, b"ab", size=4), NOW) is None
    assert receiver.refused == {"VIDEO_ORDER": 2}


def test_a_flood_is_dropped_beyond_so_many_bytes_a_second() -> None:
    receiver = pulling()
    data = bytes(PIECE_BYTES)
    for number in range(1, RECEIVED_A_SECOND // PIECE_BYTES + 100):
        receiver.heard(piece(number, data), NOW)
    assert receiver.refused == {"VIDEO_TOO_MUCH": 99}
    assert receiver.heard(piece(10_000, data), NOW + timedelta(seconds=1)) is not None
