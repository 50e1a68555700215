"""TLS contexts over real OpenSSL in memory: who gets in, who is turned away, and what a file's fault is called."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from OpenSSL import SSL
from twisted.internet.ssl import CertificateOptions

from adapters.cli.ca import init_authority, issue_certificate
from adapters.tls import (
    feed_client_context,
    link_client_context,
    link_server_context,
    peer_site,
    server_context,
    site_of,
)
from dispatch.errors import Malformed, Refused

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    init_authority(folder, "federation", NOW)
    issue_certificate(folder, "36", NOW, site="36")
    issue_certificate(folder, "43", NOW, site="43")
    issue_certificate(folder, "web", NOW, hosts=["localhost", "127.0.0.1"])
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    init_authority(folder, "somebody else", NOW)
    issue_certificate(folder, "43", NOW, site="43")
    return folder


def shake(server: CertificateOptions, client: CertificateOptions) -> tuple[SSL.Connection, SSL.Connection]:
    """Run a handshake in memory until both have finished or one refused (SSL.Error)."""
    ends = SSL.Connection(server.getContext(), None), SSL.Connection(client.getContext(), None)
    ends[0].set_accept_state()
    ends[1].set_connect_state()
    for _ in range(10):
        for end, peer in (ends[::-1], ends):
            with contextlib.suppress(SSL.WantReadError):
                end.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                peer.bio_write(end.bio_read(65536))
    return ends


def test_two_sites_of_one_authority_know_each_other(ca: Path) -> None:
    server = link_server_context(ca / "36.crt", ca / "36.key", ca / "ca.crt")
    client = link_client_context(ca / "43.crt", ca / "43.key", ca / "ca.crt")
    listening, dialling = shake(server, client)
    assert site_of(listening.get_peer_certificate().to_cryptography()) == "43"
    assert site_of(dialling.get_peer_certificate().to_cryptography()) == "36"
    assert listening.get_protocol_version_name() in ("TLSv1.2", "TLSv1.3")


def test_a_peer_of_another_authority_is_turned_away(ca: Path, other: Path) -> None:
    server = link_server_context(ca / "36.crt", ca / "36.key", ca / "ca.crt")
    stranger = link_client_context(other / "43.crt", other / "43.key", ca / "ca.crt")
    with pytest.raises(SSL.Error):
        shake(server, stranger)


def test_a_server_of_another_authority_is_not_spoken_to(ca: Path, other: Path) -> None:
    impostor = link_server_context(other / "43.crt", other / "43.key", other / "ca.crt")
    client = link_client_context(ca / "36.crt", ca / "36.key", ca / "ca.crt")
    with pytest.raises(SSL.Error):
        shake(impostor, client)


def test_a_link_without_a_certificate_is_turned_away(ca: Path) -> None:
    server = link_server_context(ca / "36.crt", ca / "36.key", ca / "ca.crt")
    with pytest.raises(SSL.Error):
        shake(server, CertificateOptions())


def test_a_server_only_certificate_cannot_dial_a_link(ca: Path) -> None:
    server = link_server_context(ca / "36.crt", ca / "36.key", ca / "ca.crt")
    web = link_client_context(ca / "web.crt", ca / "web.key", ca / "ca.crt")
    with pytest.raises(SSL.Error):
        shake(server, web)


def test_several_authorities_may_stand_in_one_file(ca: Path, other: Path, tmp_path: Path) -> None:
    both = tmp_path / "both.crt"
    both.write_bytes((ca / "ca.crt").read_bytes() + (other / "ca.crt").read_bytes())
    server = link_server_context(ca / "36.crt", ca / "36.key", both)
    client = link_client_context(other / "43.crt", other / "43.key", ca / "ca.crt")
    listening, _ = shake(server, client)
    assert site_of(listening.get_peer_certificate().to_cryptography()) == "43"


@pytest.mark.parametrize(
    ("certificate", "key", "field"),
    [("none.crt", "36.key", "certificate"), ("36.key", "36.key", "certificate"), ("36.crt", "43.key", "key")],
)
def test_a_wrong_file_is_named(ca: Path, certificate: str, key: str, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        server_context(ca / certificate, ca / key)
    assert caught.value.field == field


def test_a_plain_connection_has_no_site() -> None:
    with pytest.raises(Refused) as caught:
        peer_site(object())
    assert caught.value.code == "CERTIFICATE"


def test_a_certificate_file_may_hold_its_chain(ca: Path, tmp_path: Path) -> None:
    chain = tmp_path / "chain.crt"
    chain.write_bytes((ca / "36.crt").read_bytes() + (ca / "ca.crt").read_bytes())
    server = link_server_context(chain, ca / "36.key", ca / "ca.crt")
    client = link_client_context(ca / "43.crt", ca / "43.key", ca / "ca.crt")
    _, dialling = shake(server, client)
    assert len(dialling.get_peer_cert_chain()) == 2


@pytest.mark.parametrize(
    ("host", "name", "heard"),
    [
        ("localhost", "web", True),
        ("LOCALHOST.", "web", True),
        ("127.0.0.1", "web", True),
        ("other.example", "web", False),
        ("127.0.0.2", "web", False),
        ("localhost", "43", False),  # a site's certificate names no host
    ],
)
def test_a_source_that_is_dialled_must_show_its_name(ca: Path, host: str, name: str, heard: bool) -> None:
    server = server_context(ca / f"{name}.crt", ca / f"{name}.key")
    creator = feed_client_context(host, ca=ca / "ca.crt", certificate=None, key=None)
    connection = creator.clientConnectionForTLS(None)
    ends = SSL.Connection(server.getContext(), None), connection
    ends[0].set_accept_state()
    ends[1].set_connect_state()
    refused = False
    for _ in range(10):
        for end, peer in (ends[::-1], ends):
            try:
                end.do_handshake()
            except SSL.WantReadError:
                pass
            except SSL.Error:
                refused = True
            with contextlib.suppress(SSL.WantReadError):
                peer.bio_write(end.bio_read(65536))
    assert refused is not heard
