"""Workers of a site, by pipes and by a broker: the same things happen."""

import pytest_twisted

from adapters.scale import workers as workers_module
from tests import recordings
from tests.adapters.scale.stage import Stage, heard_directly, told
from tests.adapters.scale.waiting import until


@pytest_twisted.ensureDeferred
async def test_the_picture_is_as_if_the_site_had_heard_it_itself(stage: Stage) -> None:
    data = recordings.petersburg()
    direct, count = await heard_directly(data, source="hill")
    await stage.send("hill", data)
    await until(lambda: stage.count("hill") == count)
    assert told(stage.picture) == told(direct)
    assert len(stage.picture) == 11


@pytest_twisted.ensureDeferred
async def test_two_workers_both_deliver(stage: Stage) -> None:
    one, other = recordings.petersburg()[:40_000], recordings.toulouse()
    _, ones = await heard_directly(one, source="hill")
    _, others = await heard_directly(other, source="ridge")
    await stage.send("hill", one)
    await stage.send("ridge", other)
    await until(lambda: stage.count("hill") == ones and stage.count("ridge") == others)
    assert ones > 0 < others
    assert {source.name for source in stage.picture.roster.sources} == {"hill", "ridge"}


@pytest_twisted.ensureDeferred
async def test_one_feed_heard_by_two_workers_is_two_sources(stage: Stage) -> None:
    data = recordings.petersburg()[:20_000]
    await stage.send("hill", data)
    await stage.send("ridge", data)
    await until(lambda: stage.count("hill") == stage.count("ridge") > 100)
    assert {track.sources for track in stage.picture.tracks()} == {2}


@pytest_twisted.ensureDeferred
async def test_workers_feeds_stand_among_the_sites_with_their_counts(stage: Stage) -> None:
    await until(lambda: stage.status("hill").bytes == stage.sent["hill"])
    before = stage.status("hill")
    await stage.send("hill", recordings.petersburg())
    await until(lambda: stage.status("hill").frames == before.frames + 13_954)
    hill = stage.status("hill")
    assert (hill.kind, hill.transport, hill.valid - before.valid) == ("beast", "tcp", 13_948)
    assert hill.positions == before.positions + 728
    assert hill.address == f"{stage.worker_of('hill')}: 127.0.0.1:{stage.ports['hill']}"
    assert hill.last_heard_at_s is not None


@pytest_twisted.ensureDeferred
async def test_a_killed_worker_is_back_and_goes_on(stage: Stage) -> None:
    data = recordings.petersburg()[:20_000]
    await stage.send("hill", data)
    await until(lambda: stage.count("hill") > 100)
    worker = stage.scale.workers.by_name[stage.worker_of("hill")]
    first = worker.epoch
    await stage.kill_worker("hill")
    await until(lambda: worker.epoch != first)
    await stage.listening("hill")
    before = stage.count("hill")
    await stage.send("hill", data)
    await until(lambda: stage.count("hill") > before + 100)
    clocks = {seen.clock_id for seen in stage.of("hill")}
    assert len(clocks) == 2  # its receivers' counters are not those of its first life
    await until(lambda: stage.service(worker.name).state == "ok")


@pytest_twisted.ensureDeferred
async def test_a_worker_that_says_nothing_is_said_to_be_down(stage: Stage, monkeypatch: "object") -> None:
    assert stage.service(stage.worker_of("hill")).state == "ok"
    state = stage.scale.workers.by_name[stage.worker_of("hill")].state
    silent = state(1e10)
    assert silent.state == "down"
    assert "silent" in silent.detail
    assert workers_module.SILENT_S < workers_module.HUNG_S
