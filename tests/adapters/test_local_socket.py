"""The command line's way into a running server."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from adapters.local_socket import LocalSocket, call, path_of
from dispatch.errors import GanyingError, Malformed
from tests.adapters.cli.test_account import SITE, ganying
from tests.adapters.web.running import Running


@pytest_twisted.async_yield_fixture
async def site(tmp_path: Path) -> AsyncIterator[Running]:
    """A running site without its local socket."""
    running = await Running.start(tmp_path)
    yield running
    await running.stop()


@pytest_twisted.ensureDeferred
async def test_beside_a_running_server_commands_go_through_its_socket(site: Running) -> None:
    (site.folder / "site.toml").write_text(SITE.format(factor="off"), "utf-8")
    (site.folder / "pw").write_text("Correct horse battery")
    local = LocalSocket(site.desk, site.site.config, site.site.accounts)
    local.start(reactor)
    try:
        assert path_of(site.site.config.data).stat().st_mode & 0o777 == 0o600
        made = await deferToThread(
            ganying, site.folder, "account", "add", "wang", "--role", "observer", "--password-file", "pw"
        )
        assert (made.returncode, made.stderr) == (0, "")
        body = {"account": "wang", "password": "Correct horse battery"}
        assert (await site.http("POST", "session", body)).status == 200
        with pytest.raises(Malformed, match="another server"):
            LocalSocket(site.desk, site.site.config, site.site.accounts).start(reactor)
    finally:
        await local.stop()
    assert not path_of(site.site.config.data).exists()


@pytest_twisted.ensureDeferred
async def test_nonsense_on_the_socket_is_answered_and_harms_nobody(site: Running) -> None:
    data = site.site.config.data
    local = LocalSocket(site.desk, site.site.config, site.site.accounts)
    local.start(reactor)

    def throw(noise: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(20)
            line.connect(str(path_of(data)))
            line.sendall(noise)
            return line.recv(4096)

    def refused(request: dict[str, object]) -> str:
        try:
            call(data, request)
        except GanyingError as error:
            return error.field
        return "accepted"

    try:
        assert b"not JSON" in await deferToThread(throw, b"\x00\x00\x00\x03{{{")
        assert await deferToThread(throw, b"\xff\xff\xff\xff") == b""
        assert await deferToThread(refused, {"do": "dance"}) == "do"
        assert await deferToThread(refused, {"do": "get_account", "name": "nobody"}) == "name"
        save = {"do": "save_account", "account": {"name": 3}, "version_seen": 0}
        assert await deferToThread(refused, save) == "account"
        assert (await deferToThread(call, data, {"do": "ping"}))["site"] == "36"
    finally:
        await local.stop()


@pytest_twisted.ensureDeferred
async def test_a_socket_left_by_a_killed_server_is_replaced(site: Running) -> None:
    path = path_of(site.site.config.data)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert call(site.site.config.data, {"do": "ping"}) is None
    local = LocalSocket(site.desk, site.site.config, site.site.accounts)
    local.start(reactor)
    try:
        assert (await deferToThread(call, site.site.config.data, {"do": "ping"}))["state"] == "ok"
    finally:
        await local.stop()


def test_a_folder_too_deep_for_a_socket_has_it_in_the_temp_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    assert path_of(deep).parent != deep
    assert path_of(deep) == path_of(deep)
    assert path_of(deep) != path_of(tmp_path / ("e" * 120))
