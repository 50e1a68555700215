"""A real site whose feeds are decoded elsewhere: in its children, and by a worker on a broker."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import recordings
from tests.journeys.running import GANYING, Client, RunningSite, wait_for
from tests.nats_server import NatsServer
from tests.ports import free_port


def send(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(data)


def feed(port: int, more: str = "") -> str:
    return f'[[feed]]\nname = "hill"\nkind = "beast"\nlisten = "127.0.0.1:{port}"\n{more}'


def listening(client: Client) -> bool:
    return any(each["name"] == "hill" and each["state"] == "listening" for each in health(client)["feeds"])


def health(client: Client) -> Any:
    return client.get("health")


def children_of(pid: int) -> set[int]:
    """Its processes."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {int(each) for each in listed}
    return {each for each in found if b"adapters.scale.child" in Path(f"/proc/{each}/cmdline").read_bytes()}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def account(site: RunningSite) -> None:
    """Somebody who may look."""
    site.command(
        "account", "add", "diaodu", "--role", "dispatcher", "--password-file", str(site.folder / "password")
    )


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(tmp_path: Path, port: int) -> Iterator[RunningSite]:
    made = RunningSite(tmp_path / "site", feed=feed(port), more="[worker]\nprocesses = 1\n")
    account(made)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def test_a_site_decodes_in_its_child_and_makes_it_again_when_it_is_killed(
    site: RunningSite, port: int
) -> None:
    client = site.sign_in("diaodu")
    assert site.process is not None
    wait_for(lambda: listening(client), "the child's feed")
    (child,) = wait_for(lambda: children_of(site.process.pid), "the child")  # type: ignore[union-attr]
    send(port, recordings.petersburg())
    seen = wait_for(lambda: len(client.get("tracks")["features"]) >= 10 and client.get("tracks"), "tracks")
    assert {feature["properties"]["source"] for feature in seen["features"]} == {"hill"}
    workers = [each for each in health(client)["services"] if each["kind"] == "worker"]
    assert workers == [{"name": "process-1", "kind": "worker", "state": "ok"}]
    os.kill(child, signal.SIGKILL)
    (again,) = wait_for(
        lambda: children_of(site.process.pid) - {child},  # type: ignore[union-attr]
        "another child",
    )
    site.kill()
    wait_for(lambda: not alive(again), "the child's end with its killed site")


def test_a_worker_elsewhere_feeds_the_site_and_its_broker_may_die(
    tmp_path: Path, port: int, broker: NatsServer
) -> None:
    own = free_port()
    more = f'[[feed]]\nname = "own"\nkind = "beast"\nlisten = "127.0.0.1:{own}"\n'
    more += f'[broker]\nurl = "{broker.url}"\nworkers = ["w1"]\n'
    site = RunningSite(tmp_path / "site", more=more)
    account(site)
    site.start()
    folder = tmp_path / "worker"
    folder.mkdir()
    (folder / "worker.toml").write_text(
        f'[site]\nid = "36"\nname = "x"\n[worker]\nname = "w1"\n[broker]\nurl = "{broker.url}"\n' + feed(port)
    )
    worker = subprocess.Popen(
        [GANYING, "worker", "--config", folder / "worker.toml"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready w1\n"
        client = site.sign_in("diaodu")
        wait_for(lambda: any(each["name"] == "w1/hill" for each in health(client)["feeds"]), "its feed")
        send(port, recordings.petersburg())
        wait_for(lambda: len(client.get("tracks")["features"]) >= 10, "tracks")
        assert health(client)["status"] == "ok"
        broker.kill()
        wait_for(lambda: health(client)["status"] == "degraded", "the site to say so")
        assert {each["name"]: each["state"] for each in health(client)["services"]}["broker"] == "down"
        send(own, recordings.toulouse())
        wait_for(
            lambda: any(each["properties"]["source"] == "own" for each in client.get("tracks")["features"]),
            "what the site hears itself",
        )
        broker.start()
        wait_for(lambda: health(client)["status"] == "ok", "all to be well again")
    finally:
        worker.terminate()
        assert worker.wait(timeout=20) == 0
        assert site.stop() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "worker.name"),
        ('[worker]\nname = "w1"\n[broker]\nurl = "nats://127.0.0.1:1"\n', "no feed is worker w1's"),
        ('[worker]\nname = "w1"\n' + feed(1), "broker.url"),
        (
            '[worker]\nname = "w1"\n[broker]\nurl = "nats://127.0.0.1:1"\nca = "none.pem"\n' + feed(1),
            "broker.ca",
        ),
    ],
)
def test_a_worker_that_cannot_work_says_why(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "worker.toml").write_text('[site]\nid = "36"\nname = "x"\n' + text)
    done = subprocess.run(
        [GANYING, "worker", "--config", tmp_path / "worker.toml"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr
