"""The line to a broker, against a real NATS server: up and down, sent and sent again, who is believed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from adapters.scale import broker as broker_module
from adapters.scale.broker import Broker, LineState
from adapters.scale.credentials import BrokerAddress
from adapters.scale.ring import Ring
from dispatch.errors import Malformed
from protocols.codec import sightings
from protocols.codec.sightings import SightingBatch
from tests.adapters.scale.waiting import reactor, until
from tests.nats_server import NatsServer


class Lines:
    """Lines of one test, with what they heard."""

    def __init__(self) -> None:
        self.open: list[Broker] = []
        self.heard: list[tuple[str, bytes]] = []
        self.states: list[LineState] = []

    def line(self, address: BrokerAddress, *, hears: str = "t.>", outbox: Ring | None = None) -> Broker:
        line = Broker(
            address,
            name="test",
            reactor=reactor,
            subscriptions={hears: lambda subject, data: self.heard.append((subject, data))},
            on_state=self.states.append,
            outbox=outbox,
            subject_of=lambda feed: f"t.{feed}",
        )
        line.start()
        self.open.append(line)
        return line

    def numbers(self) -> list[int]:
        """Of the batches heard, repeats included."""
        read = (sightings.decode(data) for subject, data in self.heard if subject.startswith("t."))
        return [batch.sequence for batch in read if isinstance(batch, SightingBatch)]


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines()
    yield made
    for line in made.open:
        pytest_twisted.blockon(line.stop())


def at(server: NatsServer, **more: Any) -> BrokerAddress:
    return BrokerAddress(urls=(server.url,), **more)


def parcel() -> bytes:
    """A message whose number alone counts here."""
    empty = SightingBatch(worker="w" * 32, feed="hill", epoch=1, made_at_s=1.0, content=())
    return sightings.encode(empty)


@pytest_twisted.ensureDeferred
async def test_what_is_put_arrives_numbered_and_is_confirmed(broker: NatsServer, lines: Lines) -> None:
    ring = Ring()
    line = lines.line(at(broker), outbox=ring)
    for _ in range(100):
        ring.put("hill", parcel(), 1, time.monotonic())
    line.wake()
    await until(lambda: len(lines.heard) == 100 and ring.unconfirmed == 0)
    assert lines.numbers() == list(range(1, 101))
    assert (ring.held_bytes, ring.sent, ring.dropped) == (0, 100, 0)
    line.send_beat("t.beat", b"alive")
    await until(lambda: lines.heard[-1] == ("t.beat", b"alive"))


@pytest_twisted.ensureDeferred
async def test_a_killed_broker_is_said_and_nothing_put_meanwhile_is_lost(
    broker: NatsServer, lines: Lines
) -> None:
    ring = Ring(keep_s=600)
    line = lines.line(at(broker), outbox=ring)
    await until(lambda: line.state.up)
    broker.kill()
    await until(lambda: not line.state.up and line.state.detail)
    for _ in range(50):
        ring.put("hill", parcel(), 1, time.monotonic())
        line.wake()
    await deferToThread(broker.start)
    await until(lambda: len(set(lines.numbers())) == 50)
    assert line.state.up
    assert ring.dropped == 0


@pytest_twisted.ensureDeferred
async def test_what_was_on_its_way_to_a_dying_broker_is_sent_again(broker: NatsServer, lines: Lines) -> None:
    ring = Ring(keep_s=600)
    line = lines.line(at(broker), outbox=ring)
    await until(lambda: line.state.up)
    broker.freeze()  # it takes bytes and will never read them
    for _ in range(20):
        ring.put("hill", parcel(), 1, time.monotonic())
    line.wake()
    await until(lambda: ring.unconfirmed)
    broker.kill()
    await until(lambda: not line.state.up)
    await deferToThread(broker.start)
    await until(lambda: set(lines.numbers()) == set(range(1, 21)))


@pytest_twisted.ensureDeferred
async def test_a_broker_that_stands_still_is_given_up_and_found_again(
    broker: NatsServer, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "SILENT_S", 1)
    monkeypatch.setattr(broker_module, "CONNECT_S", 1)
    ring = Ring(keep_s=600)
    line = lines.line(at(broker), outbox=ring)
    await until(lambda: line.state.up)
    broker.freeze()
    for _ in range(20_000):  # more than the sockets' buffers hold
        ring.put("hill", parcel(), 1, time.monotonic())
    line.wake()
    await until(lambda: not line.state.up)
    broker.thaw()
    await until(lambda: line.state.up)
    await until(lambda: set(lines.numbers()) >= set(range(1, 20_001)))
    assert ring.dropped == 0


@pytest_twisted.ensureDeferred
async def test_many_reconnections_leave_no_socket_behind(broker: NatsServer, lines: Lines) -> None:
    line = lines.line(at(broker))
    await until(lambda: line.state.up)

    def sockets() -> int:
        return sum(
            each.is_symlink() and str(each.readlink()).startswith("socket:")
            for each in Path("/proc/self/fd").iterdir()
        )

    before = sockets()
    for _ in range(5):
        broker.kill()
        await until(lambda: not line.state.up)
        await deferToThread(broker.start)
        await until(lambda: line.state.up)
    await until(lambda: sockets() <= before)


@pytest_twisted.ensureDeferred
async def test_work_on_the_line_is_answered_or_fails_with_the_line(broker: NatsServer, lines: Lines) -> None:
    line = lines.line(at(broker))
    await until(lambda: line.state.up)

    async def ask(client: Any) -> int:
        await client.flush()
        return 7

    assert await line.call(ask) == 7

    async def never(client: Any) -> None:
        await client.request("t.nobody-answers", timeout=600)

    broker.kill()
    with pytest.raises(broker_module.LINE_ERRORS):
        await line.call(never)
    await until(lambda: not line.state.up)
    with pytest.raises(broker_module.LINE_ERRORS):
        await line.call(ask)


@pytest_twisted.ensureDeferred
async def test_a_password_from_the_file_opens_the_line_and_a_wrong_one_does_not(
    lines: Lines, tmp_path: Path
) -> None:
    server = NatsServer(settings='authorization { user: w1, password: "correct-horse" }')
    server.start()
    try:
        right, wrong = tmp_path / "right", tmp_path / "wrong"
        right.write_text("w1:correct-horse\n")
        wrong.write_text("w1:xxx\n")
        bad = lines.line(at(server, credentials=wrong))
        await until(lambda: "uthorization" in bad.state.detail)
        good = lines.line(at(server, credentials=right))
        await until(lambda: good.state.up)
        assert "xxx" not in repr(bad.state) + repr(at(server, credentials=wrong))
    finally:
        server.close()


def test_a_url_may_hold_no_password() -> None:
    with pytest.raises(Malformed, match="credentials file") as refusal:
        BrokerAddress(urls=("nats://me:secret@127.0.0.1:4222",))
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["http://a:1", "nats://", "nats://a:b", "nats://a:1/x", "a:1", "nats://a:99999"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Malformed) as refusal:
        BrokerAddress(urls=(url,))
    assert refusal.value.field == "broker.url"
