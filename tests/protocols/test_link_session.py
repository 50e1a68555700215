"""The link's dialogue, played by two sessions against each other and by one against hostile bytes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.geo import Position
from protocols.codec import link
from protocols.codec.link import MAX_ROWS, Ack, Batch, Beat, Greet, LinkRow, LinkTrack, Part
from protocols.link_lanes import CREDIT, Have, Lane
from protocols.link_outbox import ROW_BYTES, UNDER_WAY_BYTES, UNSAID, Outbox
from protocols.link_outputs import Close, Deliver, Pause, Send
from protocols.link_session import Identity, LinkSession
from protocols.link_state import LIFECYCLE, LinkState
from tests.protocols.link_pair import START, Pair

WINDOW = CREDIT[Lane.ORDERS].batches  # what our own Greet allows
TRACK = LinkTrack(icao24="780001", position=Position(lon_deg=115.9, lat_deg=28.7), age_ms=200)


def level(pair: Pair) -> None:
    for mine, theirs in (pair.sites, pair.sites[::-1]):
        for lane in ("yes", "chat"):
            assert theirs.copies(lane) == mine.shared(lane)
        assert theirs.duplicates == 0
        assert mine.session.state is LinkState.LIVE
        assert mine.session.queue == 0
        assert mine.session.lag(pair.now) == timedelta(0)


def test_a_shared_row_crosses_and_is_acknowledged_only_after_its_commit() -> None:
    pair = Pair()
    pair.heal()
    pair.write(0, shared=True)
    pair.read(0)
    pair.carry(0)
    while not pair.sites[1].pending:
        pair.carry(0)
    pair.carry(1)
    assert pair.sites[0].partner_acked == 0
    pair.settle()
    assert pair.sites[0].partner_acked == 1
    level(pair)


def test_withheld_rows_never_travel_but_the_cursor_passes_them() -> None:
    pair = Pair()
    for _ in range(300):
        pair.write(0, shared=False)
    pair.write(0, shared=True)
    pair.write(0, shared=False)
    pair.heal()
    assert pair.sites[1].copies() == [301]
    assert pair.sites[1].cursor == ("epoch-36", 302)
    level(pair)


def test_withheld_rows_alone_cost_one_message_a_beat() -> None:
    pair = Pair()
    pair.heal()
    before = pair.sent[0]
    for _ in range(50):
        pair.write(0, shared=False)
        pair.settle()
    assert pair.sent[0] == before
    pair.heal()
    assert pair.sites[1].cursor == ("epoch-36", 50)


def test_two_days_of_rows_catch_up_within_the_window() -> None:
    pair = Pair()
    for _ in range(1000):
        pair.write(0, shared=True)
    pair.connect()
    for _ in range(200):
        pair.read(0)
        pair.carry(0)
        pair.carry(1)
        assert len(pair.sites[1].pending) <= WINDOW
        assert len(pair.lines[0]) <= WINDOW + 2
    assert len(pair.sites[1].pending) == WINDOW  # nothing was committed, so nothing more was sent
    pair.heal()
    level(pair)


def test_large_rows_are_cut_into_several_batches() -> None:
    pair = Pair()
    for _ in range(20):
        pair.write(0, shared=True, size=300_000)
    pair.heal()
    level(pair)


def test_a_row_too_large_to_travel_stops_the_link_and_says_so() -> None:
    pair = Pair()
    pair.write(0, shared=True, size=ROW_BYTES + 1)
    pair.connect()
    pair.settle()
    assert pair.sites[0].closed == "ROW_TOO_LARGE"
    assert [site.session.state for site in pair.sites] == [LinkState.REFUSED, LinkState.REFUSED]


def test_a_journal_that_cannot_be_read_is_asked_again_at_the_next_tick() -> None:
    pair = Pair()
    pair.heal()
    pair.write(0, shared=True)
    want = pair.sites[0].wants.popleft()
    assert pair.sites[0].session.rows_available(want, (), want.after, pair.now) == []
    pair.pass_time(0.5)
    pair.settle()
    level(pair)


def test_a_partner_with_a_cursor_of_another_epoch_gets_everything_from_the_start() -> None:
    pair = Pair()
    for _ in range(5):
        pair.write(0, shared=True)
    pair.sites[1].cursors[Lane.ORDERS] = ("an older journal", 4)
    pair.heal()
    level(pair)


def test_a_partner_that_holds_more_than_we_have_is_refused_and_shown() -> None:
    pair = Pair()
    pair.write(0, shared=True)
    pair.heal()
    pair.cut()
    pair.sites[0].rows.clear()  # our tail is lost, the epoch is the same
    pair.sites[0].restart()
    pair.connect()
    pair.settle()
    assert pair.sites[0].session.state is LinkState.REFUSED
    assert pair.sites[0].session.reason == "HAVE_AHEAD"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agreement": "another"}, "AGREEMENT"),
        ({"site": "42"}, "SITE_MISMATCH"),
        ({"version": 2}, "VERSION"),
        ({"epoch": ""}, "VERSION"),
    ],
)
def test_a_greeting_that_does_not_match_is_refused_with_its_code(
    change: dict[str, object], code: str
) -> None:
    pair = Pair()
    pair.connect()
    greet = link.decode(pair.lines[1][0])
    assert isinstance(greet, Greet)
    values = {name: getattr(greet, name) for name in greet.__slots__} | change
    pair.lines[1][0] = link.encode(Greet(**values))
    pair.carry(1)
    ours = pair.sites[0]
    assert (ours.session.state, ours.session.reason, ours.closed) == (LinkState.REFUSED, code, code)
    pair.carry(0)  # our Greet
    pair.carry(0)  # and our Part, which the other shows as well
    assert pair.sites[1].session.state is LinkState.REFUSED
    assert pair.sites[1].session.reason == code


def test_a_certificate_of_another_site_is_refused_before_anything_is_said() -> None:
    session = Pair().sites[0].session
    outputs = session.connected(have={Lane.ORDERS: Have()}, head=0, certified_site="42", now=START)
    assert [type(each) for each in outputs] == [Send, Close]
    assert isinstance(outputs[0], Send)
    assert isinstance(link.decode(outputs[0].data), Part)
    assert session.state is LinkState.REFUSED


def test_a_refused_link_is_tried_again_and_recovers() -> None:
    pair = Pair()
    pair.sites[1].agreement = "old"
    pair.sites[1].restart()
    pair.connect()
    pair.settle()
    assert pair.sites[0].session.state is LinkState.REFUSED
    pair.cut()
    assert pair.sites[0].session.state is LinkState.REFUSED  # still shown
    pair.sites[1].agreement = pair.sites[0].agreement
    pair.sites[1].restart()
    pair.write(1, shared=True)
    pair.heal()
    level(pair)


def test_a_silent_partner_is_given_up_after_three_beats() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    outputs = session.tick(pair.now + timedelta(seconds=5.9))
    assert not any(isinstance(each, Close) for each in outputs)
    outputs = session.tick(pair.now + timedelta(seconds=6.1))
    assert Close(code="SILENT", detail="nothing heard for 6 s") in outputs


def test_somebody_who_never_greets_is_given_up() -> None:
    session = Pair().sites[0].session
    session.connected(have={Lane.ORDERS: Have()}, head=0, certified_site="43", now=START)
    outputs = session.tick(START + timedelta(seconds=7))
    assert isinstance(outputs[-1], Close)


def test_beats_keep_a_quiet_link_alive_and_tell_the_clock_skew() -> None:
    pair = Pair()
    pair.sites[1].skew = timedelta(seconds=3.5)
    pair.heal()
    for _ in range(10):
        pair.pass_time(2.1)
        pair.settle()
    level(pair)
    assert pair.sites[0].session.skew.offset_us == 3_500_000
    assert pair.sites[1].session.skew.offset_us == -3_500_000


def test_tracks_are_thinned_to_one_a_second_and_dropped_when_the_line_is_full() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    sent = 0
    for tenth in range(50):
        now = pair.now + timedelta(seconds=tenth / 10)
        sent += len(session.tracks_available([TRACK], now, congested=False))
    assert sent == 5
    later = pair.now + timedelta(seconds=60)
    assert session.tracks_available([TRACK], later, congested=True) == []
    assert session.counts["tracks_dropped"] == 1


def test_a_track_arrives_with_its_age_whatever_the_clocks_say() -> None:
    pair = Pair()
    pair.sites[1].skew = timedelta(minutes=-3)
    pair.heal()
    pair.heal()
    pair.carry_out(0, pair.sites[0].session.tracks_available([TRACK], pair.at(0), congested=False))
    pair.now += timedelta(seconds=0.3)
    pair.settle()
    ((track, age),) = pair.sites[1].tracks[-1].tracks
    assert track == TRACK
    assert age == timedelta(seconds=0.5)


def test_a_flood_of_tracks_is_dropped_and_counted() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    frame = link.encode(link.LinkTracks(at=pair.now, tracks=(TRACK,)))
    for _ in range(100):
        session.receive(frame, pair.now)
    assert session.counts["tracks_received"] == 1
    assert session.counts["tracks_refused"] == 99


def test_nothing_is_said_or_heard_after_the_end() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    assert isinstance(session.receive(b"\xff", pair.now)[-1], Close)
    assert session.receive(link.encode(Beat(at_us=1, echo_us=0, echo_age_us=0)), pair.now) == []
    assert session.tick(pair.now) == []
    assert session.journal_at(99, pair.now) == []
    assert session.part("STOPPING", "") == []


def test_a_stale_commit_or_read_of_an_older_connection_is_ignored() -> None:
    pair = Pair()
    pair.write(0, shared=True)
    pair.connect()
    pair.carry(0)
    pair.carry(1)
    want = pair.sites[0].wants.popleft()
    pair.cut()
    pair.connect()
    assert pair.sites[0].session.rows_available(want, (), 1, pair.now) == []
    assert pair.sites[1].session.committed(want.conversation, Lane.ORDERS, 1, pair.now) == []


PROTOCOL_BREACHES: list[Callable[[Pair], bytes]] = [
    lambda pair: link.encode(Batch(after=pair.sites[0].cursor[1] + 5, through=99, rows=())),
    lambda pair: link.encode(Ack(through=77)),
    lambda pair: link.encode(
        Greet(site="43", name="", version=1, agreement="", have=0, have_epoch="", epoch="e", head=0, at=START)
    ),
    lambda pair: b"",
    lambda pair: b"\x00" * 100,
    lambda pair: link.encode(Part(code="X", detail=""))[:-1] + b"\x80",
]


@pytest.mark.parametrize("breach", PROTOCOL_BREACHES)
def test_a_breach_of_the_dialogue_ends_it_as_malformed_and_the_next_one_works(
    breach: Callable[[Pair], bytes],
) -> None:
    pair = Pair()
    pair.write(1, shared=True)
    pair.heal()
    pair.carry_out(0, pair.sites[0].session.receive(breach(pair), pair.now))
    assert pair.sites[0].closed == "MALFORMED"
    pair.settle()
    pair.cut()
    pair.write(1, shared=True)
    pair.heal()
    level(pair)


def test_more_batches_than_the_window_are_a_breach() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    for number in range(WINDOW):
        outputs = session.receive(link.encode(Batch(after=number, through=number + 1, rows=())), pair.now)
        assert isinstance(outputs[0], Deliver)
    outputs = session.receive(link.encode(Batch(after=WINDOW, through=WINDOW + 1, rows=())), pair.now)
    assert isinstance(outputs[-1], Close)


def test_a_partner_that_does_not_say_how_many_gets_four_batches() -> None:
    """As before there was a word for it; and never more than we like, whatever it says."""
    for said, sent in ((0, UNSAID), (2, 2), (9, 9), (2**32 - 1, WINDOW)):
        pair = Pair()
        for _ in range(WINDOW * MAX_ROWS + 1):
            pair.write(0, shared=True)
        pair.connect()
        pair.lines[1].append(_with_credit(pair.lines[1].popleft(), said))
        for _ in range(200):
            pair.read(0)
            pair.carry(0)
            pair.carry(1)
        assert len(pair.sites[1].pending) == sent


def _with_credit(frame: bytes, credit: int) -> bytes:
    greet = link.decode(frame)
    assert isinstance(greet, Greet)
    return link.encode(replace(greet, lanes=tuple(replace(each, credit=credit) for each in greet.lanes)))


def test_large_rows_do_not_use_the_whole_credit() -> None:
    """Beyond four batches no more bytes are under way than would have been with four."""
    outbox = Outbox(0, window=WINDOW)
    size = UNDER_WAY_BYTES // 6
    sent = 0
    for number in range(1, 40):
        outbox.take([_row(number, size)], number)
        sent += len(outbox.next_batches())
    assert sent == 7  # six hold just less, the seventh is what goes beyond
    outbox.acknowledged(1)
    assert len(outbox.next_batches()) == 1


def test_more_bytes_than_the_window_are_a_breach() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    for number in range(1, UNSAID + 1):
        batch = Batch(after=number - 1, through=number, rows=(_row(number, UNDER_WAY_BYTES // 2),))
        assert isinstance(session.receive(link.encode(batch), pair.now)[0], Deliver)
    more = Batch(after=UNSAID, through=UNSAID + 1, rows=(_row(UNSAID + 1, 10),))
    assert isinstance(session.receive(link.encode(more), pair.now)[-1], Close)


def _row(number: int, size: int) -> LinkRow:
    return LinkRow(
        seq=number,
        at=START,
        origin="43",
        origin_seq=number,
        command_id=str(number),
        part=0,
        actor="43",
        role=None,
        kind="yes",
        body=b"x" * size,
    )


@given(frames=st.lists(st.binary(max_size=200), max_size=5), greeted=st.booleans())
def test_random_bytes_never_raise(frames: list[bytes], greeted: bool) -> None:
    pair = Pair()
    pair.connect()
    if greeted:
        pair.heal()
    for frame in frames:
        pair.sites[0].session.receive(frame, pair.now)


@given(data=st.data())
def test_a_flipped_byte_in_a_real_frame_never_raises(data: st.DataObject) -> None:
    pair = Pair()
    for _ in range(3):
        pair.write(1, shared=True)
    pair.connect()
    pair.carry(0)
    pair.read(1)
    frames = [frame for frame in pair.lines[1] if frame]
    frame = bytearray(data.draw(st.sampled_from(frames)))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    pair.sites[0].session.receive(bytes(frame), pair.now)


STEPS = st.sampled_from(
    ["share", "chat", "withhold", "carry", "commit", "read", "connect", "cut", "restart", "time"]
)


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 1)), max_size=120))
def test_whatever_breaks_in_between_everything_arrives_once_and_in_order(
    steps: list[tuple[str, int]],
) -> None:
    pair = Pair()
    for step, index in steps:
        match step:
            case "share" | "withhold" | "chat":
                pair.write(index, shared=step != "withhold", chat=step == "chat")
            case "time":
                pair.pass_time(1.0)
            case "connect" | "cut":
                getattr(pair, step)()
            case _:
                getattr(pair, step)(index)
        for mine, theirs in (pair.sites, pair.sites[::-1]):  # never out of order, never twice, never too much
            for lane in ("yes", "chat"):
                copies = theirs.copies(lane)
                assert copies == mine.shared(lane)[: len(copies)]
            for number in theirs.copies("chat"):  # nothing speaks of what its reader has not got
                earlier = [each for each in mine.shared("yes") if each < number]
                assert theirs.copies("yes")[: len(earlier)] == earlier
    pair.heal()
    level(pair)


def test_an_order_passes_thousands_of_waiting_lines_of_chat() -> None:
    pair = Pair()
    for _ in range(2_000):  # as many as it takes to see that it does not matter how many
        pair.sites[0].write(shared=True, chat=True, size=300)
    pair.connect()
    for _ in range(30):
        pair.read(0)
        pair.carry(0)
        pair.carry(1)
    pair.write(0, shared=True)
    frames_before = pair.sent[0]
    while not pair.sites[1].copies("yes"):
        pair.read(0)
        pair.carry(0)
        pair.carry(1)
        pair.commit(1)
    assert pair.sent[0] - frames_before < 30
    assert len(pair.sites[1].copies("chat")) < 500
    pair.heal()
    level(pair)


def test_a_full_line_holds_chat_back_but_not_orders() -> None:
    pair = Pair()
    pair.heal()
    pair.sites[0].session.line_full(True)
    pair.write(0, shared=True, chat=True)
    pair.write(0, shared=True)
    pair.settle()
    assert (pair.sites[1].copies("yes"), pair.sites[1].copies("chat")) == ([2], [])
    pair.carry_out(0, pair.sites[0].session.line_full(False))
    pair.settle()
    level(pair)


@pytest.mark.parametrize("older", [0, 1])
def test_minors_talk_and_an_upgrade_brings_nothing_twice_and_loses_nothing(older: int) -> None:
    pair = Pair()
    pair.sites[older].minor = 0
    pair.sites[older].restart()
    for index in (0, 1):
        for number in range(100):
            pair.write(index, shared=True, chat=number % 3 == 0)
    pair.heal()
    level(pair)
    pair.cut()
    pair.sites[older].minor = 1
    pair.sites[older].restart()
    for index in (0, 1):
        pair.write(index, shared=True, chat=True)
        pair.write(index, shared=True)
    pair.heal()
    for mine, theirs in (pair.sites, pair.sites[::-1]):
        assert sorted(theirs.copies()) == mine.shared()  # what came again was known by its number
        assert mine.session.state is LinkState.LIVE


def test_a_partner_that_goes_back_to_an_older_dialogue_is_refused_and_shown() -> None:
    for identity, code in (
        ({"spoken": (1, 1)}, "DOWNGRADE"),
        ({"spoken": (1, 1), "accept_older": True}, ""),
        ({"spoken": (1, 0)}, ""),
    ):
        pair = Pair()
        pair.sites[1].minor = 0
        pair.sites[1].restart()
        session = pair.sites[0].session
        session.identity = replace(session.identity, **identity)
        pair.connect()
        pair.settle()
        assert session.reason == code
        assert session.state is (LinkState.REFUSED if code else LinkState.LIVE)


def test_a_message_of_a_newer_minor_is_passed_over_and_counted() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    assert session.receive(bytes([0xF2, 0x3F, 2, 1, 2]), pair.now) == []  # field 1022, two bytes
    assert session.counts["unknown_message"] == 1
    assert session.state is LinkState.LIVE


def test_a_partner_that_sends_too_much_is_left_unread_for_a_while() -> None:
    pair = Pair()
    pair.heal()
    session = pair.sites[0].session
    frame = link.encode(Beat(at_us=1, echo_us=0, echo_age_us=0))
    outputs = [output for _ in range(5_000) for output in session.receive(frame, pair.now)]
    assert outputs == [Pause(seconds=0.5)]
    assert session.counts["paused"] == 1


def test_every_state_is_reached_and_none_is_final() -> None:
    assert LIFECYCLE.states() == frozenset(LinkState)
    assert not any(LIFECYCLE.final(state) for state in LinkState)


def test_a_session_counts_connections_that_came_to_nothing() -> None:
    identity = Identity(site="36", name="", agreement="a", epoch="e")
    session = LinkSession(identity=identity, partner="43")
    for _ in range(3):
        session.connected(have={Lane.ORDERS: Have()}, head=0, certified_site="43", now=START)
        session.lost(START)
    assert session.fruitless == 3
