"""A site whose workers are on a broker: the broker gone, the site gone, clocks off, strangers, floods."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from adapters.scale import marks as marks_file
from adapters.scale import refill as refill_module
from adapters.scale.subjects import Origin, Subjects
from dispatch.kinds import SourceKind
from dispatch.sighting import AddressBatch, Sighting
from protocols.codec import sightings
from protocols.codec.sightings import SightingBatch, SiteBeat
from tests import recordings
from tests.adapters.scale.pretend import Pretend, one
from tests.adapters.scale.stage import Stage
from tests.adapters.scale.waiting import until
from tests.nats_server import NatsServer


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refill_module, "CLOCKS_S", 0.1)
    monkeypatch.setattr(refill_module, "LOOK_S", 0.05)


class Workers:
    """Pretended workers of one test."""

    def __init__(self, broker: NatsServer) -> None:
        self.broker = broker
        self.all: list[Pretend] = []

    async def made(self, **more: Any) -> Pretend:
        """One that has its line."""
        worker = Pretend(self.broker, **more)
        worker.start()
        self.all.append(worker)
        await until(lambda: worker.up)
        return worker


@pytest.fixture
def workers(broker: NatsServer) -> Iterator[Workers]:
    made = Workers(broker)
    yield made
    for worker in made.all:
        pytest_twisted.blockon(worker.uplink.stop())


def numbers(stage: Stage) -> Counter[int]:
    """Of the things that came, with how often."""
    made: Counter[int] = Counter()
    for seen in stage.of("hill"):
        if isinstance(seen, AddressBatch):
            made.update(seen.address.tolist())
        else:
            made[int(seen.own_key.partition(":")[2])] += 1
    return made


def past(stage: Stage) -> set[int]:
    """Those that came as history."""
    return {
        int(seen.own_key.partition(":")[2])
        for seen in stage.seen
        if isinstance(seen, Sighting) and seen.backfill
    }


async def settled(stage: Stage) -> None:
    """Until the site has read back all there was."""
    refill = stage.scale.refill
    assert refill is not None
    marks = stage.scale.marks
    await until(lambda: marks.stream and refill.left == 0 and not marks.heard.missing)


@pytest_twisted.ensureDeferred
async def test_without_its_broker_a_site_has_what_it_hears_itself(far: Stage, workers: Workers) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    worker.sees(1)
    await until(lambda: numbers(far) == {1: 1})
    assert far.service("broker").state == "ok"
    assert far.broker is not None
    far.broker.kill()
    await until(lambda: far.service("broker").state == "down")
    assert far.service("broker").detail
    worker.sees(2)
    await far.send("own", recordings.petersburg())
    await until(lambda: far.count("own") > 1000)
    await deferToThread(far.broker.start)
    await until(lambda: numbers(far)[2] == 1)
    assert far.service("broker").state == "ok"
    assert b"ganying_broker_up" in far.metrics.text()


@pytest_twisted.ensureDeferred
async def test_a_site_starts_and_goes_on_while_its_broker_is_not_there(far: Stage, workers: Workers) -> None:
    assert far.broker is not None
    far.broker.kill()
    await far.start(workers=False)
    await until(lambda: "Connect call failed" in far.service("broker").detail)
    await far.send("own", recordings.petersburg()[:20_000])
    await until(lambda: far.count("own") > 100)


@pytest_twisted.ensureDeferred
async def test_a_site_that_was_away_reads_back_what_it_missed_and_takes_nothing_twice(
    far: Stage, workers: Workers
) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    worker.sees(*range(50))
    await until(lambda: len(numbers(far)) == 50)
    await far.scale.stop()
    worker.sees(*range(50, 90))
    await until(lambda: worker.uplink.ring.unconfirmed == 0 and len(worker.uplink.ring) == 0)
    far.begin_anew()
    far.scale.start()
    await until(lambda: far.scale.broker is not None and far.scale.broker.state.up)
    worker.sees(*range(90, 100))
    await until(lambda: len(numbers(far)) == 50)
    await settled(far)
    assert numbers(far) == dict.fromkeys(range(50, 100), 1)
    assert far.scale.workers.by_name["w1"].replayed == 40
    assert past(far) == set(range(50, 90))  # its feed was heard live before: what it had missed is history
    assert {int(track.id.partition(":")[2]) for track in far.picture.tracks()} == set(range(90, 100))
    assert len(far.picture.history) == 50


@pytest_twisted.ensureDeferred
async def test_what_is_read_back_before_its_source_is_heard_again_is_the_present_if_young(
    far: Stage, workers: Workers
) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    await far.scale.stop()
    worker.sees(7)
    await until(lambda: worker.uplink.ring.sent == 1 and worker.uplink.ring.unconfirmed == 0)
    far.begin_anew()
    far.scale.start()
    await until(lambda: numbers(far) == {7: 1})
    assert past(far) == set()
    track = far.picture.get("jt808:000000000007")
    assert track is not None
    assert track.position_at_s is not None
    assert 0 < time.time() - track.position_at_s < 30  # its own time, not ours


@pytest_twisted.ensureDeferred
async def test_a_killed_site_reads_back_what_it_had_taken_and_not_filed(far: Stage, workers: Workers) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    worker.sees(*range(10))
    await until(lambda: len(numbers(far)) == 10)
    filed = far.scale._marks_now()
    worker.sees(*range(10, 20))
    await until(lambda: len(numbers(far)) == 20)
    await far.scale.stop()
    marks_file.save(far.config.data, filed)  # as far as the last write before the kill
    far.begin_anew()
    far.scale.start()
    await until(lambda: len(numbers(far)) == 10)
    await settled(far)
    assert numbers(far) == dict.fromkeys(range(10, 20), 1)


@pytest_twisted.ensureDeferred
async def test_columns_read_back_are_history_and_move_nothing(far: Stage, workers: Workers) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    await far.scale.stop()
    worker.sees_rows(range(100))
    await until(lambda: worker.uplink.ring.sent == 100 and worker.uplink.ring.unconfirmed == 0)
    far.begin_anew()
    far.scale.start()
    await until(lambda: far.scale.broker is not None and far.scale.broker.state.up)
    worker.sees_rows(range(200, 210))
    await until(lambda: len(far.picture.history) == 110)
    assert numbers(far) == dict.fromkeys(range(200, 210), 1)
    chunks = far.picture.history.drain()
    assert sum(len(chunk) for chunk in chunks) == 110
    assert {each for chunk in chunks for each in chunk.ids} >= {
        f"icao24:{number:06x}" for number in range(100)
    }
    assert len(far.picture) == 10
    assert far.scale.workers.by_name["w1"].filed == 100


@pytest_twisted.ensureDeferred
async def test_a_flood_costs_the_oldest_is_counted_and_read_back_in_peace(
    far: Stage, workers: Workers
) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    worker.sees(0)
    await until(lambda: len(numbers(far)) == 1)
    inbox = far.scale.inbox
    inbox._limit_bytes = 2_000
    sent: list[bytes] = []
    body = worker.uplink.ring.put

    def put(feed: str, data: bytes, count: int, now_s: float) -> None:
        sent.append(data)
        body(feed, data, count, now_s)

    worker.uplink.ring.put = put  # type: ignore[method-assign]
    worker.sees(*range(1, 200))
    most = 0
    for number, data in enumerate(
        sent[:150]
    ):  # as the broker's thread would, while the site is busy elsewhere
        inbox.from_broker(Origin("w1", "hill"), sightings.numbered(data, number + 2))
        most = max(most, inbox.held_bytes)
    assert 1_000 < most <= 2_000
    assert inbox.dropped > 100
    inbox._limit_bytes = 1 << 20
    await until(lambda: len(numbers(far)) == 200)
    await settled(far)
    assert set(numbers(far).values()) == {1}
    assert far.service("broker").figures["dropped_messages"] == inbox.dropped


@pytest_twisted.ensureDeferred
async def test_a_stream_that_was_lost_is_begun_anew(far: Stage, workers: Workers) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    await settled(far)
    worker.sees(1, 2, 3)
    await until(lambda: len(numbers(far)) == 3)
    refill, marks, server = far.scale.refill, far.scale.marks, far.broker
    assert refill is not None
    assert server is not None
    await until(lambda: marks.through == 3)
    first = marks.stream
    server.kill()
    await until(lambda: not worker.up)
    shutil.rmtree(server.folder / "jetstream")
    await deferToThread(server.start)
    await until(lambda: marks.stream != first)
    await until(lambda: worker.up)
    worker.sees(4)
    await until(lambda: marks.through == 1)
    assert numbers(far) == dict.fromkeys((1, 2, 3, 4), 1)


@pytest_twisted.ensureDeferred
async def test_a_broker_that_keeps_nothing_is_said_and_live_is_live(tmp_path: Path) -> None:
    server = NatsServer(jetstream=False)
    server.start()
    stage, workers = Stage(tmp_path / "site", "broker", server), Workers(server)
    try:
        await stage.start(workers=False)
        worker = await workers.made()
        worker.sees(1)
        await until(lambda: numbers(stage) == {1: 1})
        await until(lambda: stage.service("broker").state == "degraded")
        assert "no JetStream" in stage.service("broker").detail
    finally:
        await stage.stop()
        for each in workers.all:
            await each.uplink.stop()
        server.close()


@pytest_twisted.ensureDeferred
async def test_a_worker_whose_clock_is_an_hour_off_is_said_and_what_it_sees_is_now(
    far: Stage, workers: Workers
) -> None:
    await far.start(workers=False)
    worker = await workers.made(off_s=3600.0)
    worker.sees(1)  # before any echo: it came live, so it was made just now
    await until(lambda: numbers(far) == {1: 1})
    await until(lambda: worker.uplink.echo)
    worker.beat()
    seen = far.scale.workers.by_name["w1"]
    await until(lambda: seen.skew.offset_us is not None)
    worker.sees(2)
    worker.sees_rows([3])
    await until(lambda: len(numbers(far)) == 3)
    for track in far.picture.tracks():
        assert track.position_at_s is not None
        assert abs(time.time() - track.position_at_s) < 30
    assert len(far.picture) == 3
    state = far.service("w1")
    assert state.state == "degraded"
    assert "+3600.0 s off" in state.detail
    assert abs(state.figures["clock_off_ms"] - 3_600_000) < 1000
    far.scale._marks_now()
    assert abs(far.scale.marks.offsets_us["w1"] - 3_600_000_000) < 1_000_000


def _batch(**changed: Any) -> bytes:
    said = {"worker": "w1", "feed": "hill", "epoch": 1, "sequence": 1, "made_at_s": time.time()}
    content = changed.pop("content", (one(1),))
    return sightings.encode(SightingBatch(**said | changed, content=content))


@pytest_twisted.ensureDeferred
async def test_hostile_messages_are_counted_and_the_rest_goes_on(far: Stage, workers: Workers) -> None:
    await far.start(workers=False)
    worker = await workers.made()
    line = worker.uplink.broker
    assert line is not None
    subjects = Subjects("36")
    hill = subjects.sightings("w1", "hill")
    hostile = [
        (hill, b""),
        (hill, b"\xff" * 100),
        (hill, bytes(1_000_001)),
        (hill, _batch(worker="w2")),
        (hill, _batch(feed="ridge")),
        (hill, _batch(sequence=0)),
        (hill, _batch(content=(one(1, kind=SourceKind.PARTNER),))),
        (hill, sightings.encode(SiteBeat(site="36", at_us=1))),
        (subjects.beat("w1"), b"\x12\x00"),
        (subjects.beat("w2"), _batch()),
    ]

    async def publish(client: Any) -> None:
        for subject, data in hostile:
            await client.publish(subject, data)
        await client.publish(subjects.sightings("stranger", "hill"), _batch(worker="stranger"))

    await line.call(publish)
    worker.sees(5)
    await until(lambda: numbers(far) == {5: 1})
    known = far.scale.workers.by_name
    # beats have a subject of their own, and may come after what was sent later
    await until(lambda: (known["w1"].errors + known["w2"].errors).total() == len(hostile))
    await until(lambda: bool(far.scale.workers.strangers))
    assert set(known["w1"].errors + known["w2"].errors) == {
        "message",
        "body",
        "worker",
        "batch.feed",
        "batch.sequence",
        "source_kind",
        "worker_beat.worker",
    }
    assert far.scale.workers.strangers == {"stranger": 1}
    assert "unknown workers speak: stranger" in far.service("broker").detail
    assert far.service("w1").state == "down"  # it has sent no beat that can be read
    assert far.scale.inbox.defects == 0


def _permissions() -> str:
    """Of the broker that docs/nats.conf sets up."""
    text = (Path(__file__).parents[3] / "docs" / "nats.conf").read_text()
    return text[text.index("authorization {") :]


@pytest_twisted.ensureDeferred
async def test_the_broker_of_the_docs_lets_each_say_its_own_and_nothing_else(tmp_path: Path) -> None:
    server = NatsServer(settings=_permissions())
    server.start()
    secrets = {name: tmp_path / name for name in ("site36", "w1", "w2")}
    for (name, file), password in zip(secrets.items(), ("SITE", "W1", "W2"), strict=True):
        file.write_text(f"{name}:{password}")
    stage = Stage(tmp_path / "site", "broker", server, more=f'credentials = "{secrets["site36"]}"\n')
    workers = Workers(server)
    try:
        await stage.start(workers=False)
        worker = await workers.made(credentials=secrets["w1"])
        worker.sees(1)
        await until(lambda: numbers(stage) == {1: 1})
        await settled(stage)
        assert stage.service("broker").state == "ok", stage.service("broker").detail
        await until(lambda: worker.uplink.echo)
        await stage.scale.stop()
        worker.sees(2)
        await until(lambda: worker.uplink.ring.sent == 2 and worker.uplink.ring.unconfirmed == 0)
        stage.begin_anew()
        stage.scale.start()
        await until(lambda: numbers(stage) == {2: 1})
        false = await workers.made(credentials=secrets["w2"])  # who says that it is w1
        false.sees(3)
        line = false.uplink.broker
        assert line is not None
        await until(lambda: "ermissions" in line.state.detail)
        worker.sees(4)
        await until(lambda: numbers(stage) == {2: 1, 4: 1})
        assert stage.service("broker").state == "ok", stage.service("broker").detail
    finally:
        await stage.stop()
        for each in workers.all:
            await each.uplink.stop()
        server.close()
