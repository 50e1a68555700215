"""The stage of the tests here: with `way` each test runs by pipes and by a broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred

from tests.adapters.scale.stage import Stage
from tests.nats_server import NatsServer


@pytest.fixture(scope="module", params=["pipes", "broker"])
def running_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A site by each way with its workers, started once for a module."""
    server: NatsServer | None = None
    if request.param == "broker":
        server = NatsServer()
        server.start()
    made = Stage(tmp_path_factory.mktemp("site"), request.param, server)
    pytest_twisted.blockon(ensureDeferred(made.start()))
    yield made
    pytest_twisted.blockon(ensureDeferred(made.stop()))
    if server is not None:
        server.close()


@pytest.fixture
def stage(running_stage: Stage) -> Stage:
    """The same with an empty picture."""
    running_stage.forget()
    return running_stage


@pytest.fixture
def far(tmp_path: Path, broker: NatsServer) -> Iterator[Stage]:
    """A site whose workers are on a broker; nothing is started."""
    made = Stage(tmp_path / "site", "broker", broker)
    yield made
    pytest_twisted.blockon(ensureDeferred(made.stop()))
