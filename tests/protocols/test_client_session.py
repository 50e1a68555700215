"""The console's dialogue and outbox, without a socket."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocols.client_session import MAX_BACKLOG_BYTES, MAX_PENDING, ClientSession, Outbox, Phase, SessionOver
from protocols.codec.client import MAX_MESSAGE_BYTES, Hello, Ping, Subscribe
from protocols.gen import client_pb2

SAY = client_pb2.ClientMessage
HELLO = SAY(hello=client_pb2.Hello(token="t", resume_after=7, epoch="e")).SerializeToString()
PING = SAY(ping=client_pb2.Ping(at_us=3)).SerializeToString()
SUBSCRIBE = SAY(subscribe=client_pb2.Subscribe(tracks=True)).SerializeToString()
COMMAND = SAY(command=client_pb2.Command(command_id="k")).SerializeToString()


def opened() -> ClientSession:
    session = ClientSession()
    session.receive(HELLO)
    session.welcomed(9)
    return session


def test_hello_comes_first_and_once() -> None:
    session = ClientSession()
    assert session.receive(HELLO) == Hello(token="t", resume_after=7, epoch="e")
    assert session.phase is Phase.GREETED
    with pytest.raises(SessionOver, match="OUT_OF_TURN"):
        session.receive(HELLO)


@pytest.mark.parametrize("data", [SUBSCRIBE, COMMAND])
def test_nothing_is_asked_before_the_welcome(data: bytes) -> None:
    for said in ((), (HELLO,)):
        session = ClientSession()
        for each in said:
            session.receive(each)
        with pytest.raises(SessionOver, match="OUT_OF_TURN"):
            session.receive(data)


def test_an_open_session_keeps_what_was_subscribed() -> None:
    session = opened()
    assert session.receive(SUBSCRIBE) == Subscribe(viewport=None, tracks=True)
    assert session.subscribed == Subscribe(viewport=None, tracks=True)
    assert session.receive(PING) == Ping(at_us=3)
    session.pending = MAX_PENDING
    assert session.crowded


def test_after_the_end_nothing_is_read() -> None:
    session = opened()
    session.over()
    with pytest.raises(SessionOver, match="OVER"):
        session.receive(PING)


def test_a_message_over_the_limit_ends_it() -> None:
    with pytest.raises(SessionOver, match="TOO_LARGE"):
        opened().receive(b"x" * (MAX_MESSAGE_BYTES + 1))


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([HELLO, PING, SUBSCRIBE, COMMAND]), max_size=6))
def test_no_bytes_do_more_than_end_the_session(said: list[bytes]) -> None:
    session = ClientSession()
    for data in said:
        with contextlib.suppress(SessionOver):
            session.receive(data)
        if session.phase is Phase.GREETED:
            session.welcomed(0)


class SlowReader(RuleBasedStateMachine):
    """A socket that blocks and unblocks at will: order holds, memory is bounded, tracks never overtake."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.promised: list[bytes] = []
        self.outbox = Outbox(self.sent.append)
        self.number = 0
        self.over = False

    @rule(size=st.sampled_from([10, 1000, MAX_BACKLOG_BYTES // 2]))
    def record(self, size: int) -> None:
        if self.over:
            return
        self.number += 1
        message = b"%08d" % self.number + bytes(size)
        try:
            self.outbox.must(message)
            self.promised.append(message)
        except SessionOver:
            self.outbox.drop()
            self.over = True

    @rule()
    def track(self) -> None:
        if self.over:
            return
        had = len(self.sent)
        if self.outbox.may(b"track"):
            assert self.sent.pop() == b"track"
            assert self.sent == self.promised  # nothing promised is still waiting behind it
        else:
            assert len(self.sent) == had

    @rule()
    def block(self) -> None:
        self.outbox.block()

    @rule()
    def unblock(self) -> None:
        self.outbox.unblock()

    @invariant()
    def promises_are_kept_in_order(self) -> None:
        assert self.sent == self.promised[: len(self.sent)]
        assert self.outbox.waiting_bytes <= MAX_BACKLOG_BYTES
        if not self.outbox.blocked and not self.over:
            assert self.sent == self.promised


TestSlowReader = SlowReader.TestCase


def test_a_socket_that_blocks_again_while_it_is_emptied_stops_the_emptying() -> None:
    sent: list[bytes] = []

    def send(message: bytes) -> None:
        sent.append(message)
        outbox.block()

    outbox = Outbox(send)
    outbox.block()
    for message in (b"a", b"b", b"c"):
        outbox.must(message)
    outbox.unblock()
    assert sent == [b"a"]
    outbox.unblock()
    outbox.unblock()
    assert sent == [b"a", b"b", b"c"]
    assert outbox.waiting_bytes == 0
