"""Feeds over TLS, both ways round, and peers that do not read what they are sent."""

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed_reactor
from twisted.internet import ssl as twisted_ssl
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread

from adapters import tls
from adapters.cli.ca import init_authority, issue_certificate
from adapters.feeds import feed as feed_module
from adapters.feeds import tcp
from tests.adapters.feeds.test_feed import Running, dial, running, squitter, until

__all__ = ["running"]  # a fixture

reactor: Any = installed_reactor


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    now = datetime.now(UTC)
    init_authority(folder, "feeds", now)
    issue_certificate(folder, "here", now, hosts=["localhost"])
    issue_certificate(folder, "station", now, site="43")
    issue_certificate(folder, "other", now, hosts=["other.example"])
    return folder


def said(ca: Path, name: str) -> dict[str, Path]:
    return {"certificate": ca / f"{name}.crt", "key": ca / f"{name}.key"}


def secured(ca: Path, name: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca / "ca.crt"))
    if name is not None:
        context.load_cert_chain(ca / f"{name}.crt", ca / f"{name}.key")
    return context


def talk(port: int, context: ssl.SSLContext, data: bytes) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        secure.sendall(data)
        secure.recv(1)  # an authority's refusal comes after the handshake has seemed to succeed


@pytest_twisted.ensureDeferred
async def test_who_shows_a_certificate_of_the_authority_is_heard_and_others_are_not(
    running: Running, ca: Path
) -> None:
    feed = await running.start(transport="tls", ca=ca / "ca.crt", idle_timeout_s=1.0, **said(ca, "here"))
    assert feed.port is not None
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await deferToThread(talk, feed.port, secured(ca, None), squitter(0))
    assert running.seen == []
    hearing = deferToThread(talk, feed.port, secured(ca, "station"), squitter(0))
    await until(lambda: len(running.seen) == 1)
    assert feed.status().transport == "tls"
    await feed.stop()
    hearing.addErrback(lambda _: None)
    await hearing


class _Station(Protocol):
    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        self.transport.write(squitter(0))


def listening(ca: Path, name: str, *, mutual: bool) -> Any:
    factory = Factory.forProtocol(_Station)
    certificate, key = said(ca, name).values()
    context: twisted_ssl.CertificateOptions = (
        tls.link_server_context(certificate, key, ca / "ca.crt")
        if mutual
        else tls.server_context(certificate, key)
    )
    return reactor.listenSSL(0, factory, context, interface="127.0.0.1")


@pytest.mark.parametrize("mutual", [False, True])
@pytest_twisted.ensureDeferred
async def test_a_source_is_dialled_by_its_name_and_shown_our_certificate(
    running: Running, ca: Path, mutual: bool
) -> None:
    station = listening(ca, "here", mutual=mutual)
    own = said(ca, "station") if mutual else {}
    feed = await running.start(
        transport="tls", connect=f"localhost:{station.getHost().port}", ca=ca / "ca.crt", **own
    )
    await until(lambda: len(running.seen) == 1)
    await feed.stop()
    await station.stopListening()


@pytest.mark.parametrize("name", ["station", "other"])
@pytest_twisted.ensureDeferred
async def test_a_source_of_another_name_is_not_believed(
    running: Running, ca: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Nor is a site: Twisted alone would take its certificate for any host's."""
    monkeypatch.setattr(feed_module, "FIRST_RETRY_S", 0.02)
    station = listening(ca, name, mutual=False)
    feed = await running.start(
        transport="tls", connect=f"localhost:{station.getHost().port}", ca=ca / "ca.crt"
    )
    await until(lambda: feed.counts.connections_total >= 2)
    assert running.seen == []
    assert "verify failed" in feed.status().last_error
    await feed.stop()
    await station.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_peer_that_does_not_read_its_answers_is_dropped_and_counted(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "UNREAD_BYTES", 20_000)
    feed = await running.start()
    with dial(feed):
        await until(lambda: feed.status().connected)
        (reader,) = feed.readers()
        assert reader.line.send is not None

        def told() -> bool:
            if reader.line.send is not None and feed.status().connected:
                reader.line.send(bytes(10_000))
            return feed.counts.peers_dropped == 1

        await until(told)
    assert not feed.status().connected
    assert feed.status().last_error == "it does not read its answers"
