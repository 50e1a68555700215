"""Who may speak on the broker and whom we believe: TLS, files with secrets, permissions."""

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.protocol import Factory, Protocol

from adapters.cli.ca import init_authority, issue_certificate
from adapters.scale.broker import Broker
from adapters.scale.credentials import BrokerAddress
from dispatch.errors import Malformed
from tests.adapters.scale.waiting import reactor, until
from tests.nats_server import NatsServer

NOW = datetime.now(UTC)
Lines = Callable[[BrokerAddress], Broker]


@pytest.fixture
def line() -> Iterator[Lines]:
    made: list[Broker] = []

    def make(address: BrokerAddress) -> Broker:
        made.append(Broker(address, name="test", reactor=reactor, subscriptions={"t.>": lambda *_: None}))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        pytest_twisted.blockon(each.stop())


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    init_authority(folder, "site", NOW)
    issue_certificate(folder, "broker", NOW, hosts=["127.0.0.1"])
    issue_certificate(folder, "elsewhere", NOW, hosts=["10.9.9.9"])
    issue_certificate(folder, "w1", NOW, client=True)
    return folder


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stranger")
    init_authority(folder, "somebody else", NOW)
    return folder


def serving(settings: str, **more: Any) -> NatsServer:
    server = NatsServer(settings=settings, **more)
    server.start()
    return server


def tls(ca: Path, name: str = "broker", more: str = "") -> str:
    return f'tls {{ cert_file: "{ca / name}.crt", key_file: "{ca / name}.key" {more} }}'


@pytest_twisted.ensureDeferred
async def test_only_the_broker_of_our_authority_at_its_own_address_is_believed(
    ca: Path, stranger: Path, line: Lines
) -> None:
    server, wrong = serving(tls(ca)), serving(tls(ca, "elsewhere"))
    try:
        good = line(BrokerAddress(urls=(server.url.replace("nats", "tls"),), ca=ca / "ca.crt"))
        other_authority = line(BrokerAddress(urls=(server.url,), ca=stranger / "ca.crt"))
        other_address = line(BrokerAddress(urls=(wrong.url,), ca=ca / "ca.crt"))
        await until(lambda: good.state.up)
        await until(lambda: "CERTIFICATE_VERIFY_FAILED" in other_authority.state.detail)
        await until(lambda: "CERTIFICATE_VERIFY_FAILED" in other_address.state.detail)
    finally:
        server.close()
        wrong.close()


@pytest_twisted.ensureDeferred
async def test_our_certificate_opens_a_broker_that_asks_for_one(ca: Path, line: Lines) -> None:
    server = serving(tls(ca, more=f', ca_file: "{ca / "ca.crt"}", verify: true'))
    try:
        address = BrokerAddress(
            urls=(server.url,), ca=ca / "ca.crt", certificate=ca / "w1.crt", key=ca / "w1.key"
        )
        shown = line(address)
        await until(lambda: shown.state.up)
        not_shown = line(BrokerAddress(urls=(server.url,), ca=ca / "ca.crt"))
        await until(lambda: not_shown.state.detail not in ("", "not tried yet"))
        assert not not_shown.state.up
    finally:
        server.close()


class _Pretender(Protocol):
    """Says that it is a broker, without TLS, and keeps what it is told."""

    def connectionMade(self) -> None:  # noqa: N802  # Twisted's name
        info = {"server_id": "x", "version": "2.10.0", "max_payload": 1048576, "auth_required": True}
        self.transport.write(b"INFO " + json.dumps(info).encode() + b"\r\n")
        self.factory.callers += 1  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        self.factory.told += data  # type: ignore[union-attr]


@pytest_twisted.ensureDeferred
async def test_no_password_goes_to_a_broker_that_does_not_offer_tls(
    ca: Path, tmp_path: Path, line: Lines
) -> None:
    factory: Any = Factory.forProtocol(_Pretender)
    factory.callers, factory.told = 0, b""
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    secret = tmp_path / "broker.txt"
    secret.write_text("w1:tiptop-secret")
    secret.chmod(0o600)
    url = f"tls://127.0.0.1:{port.getHost().port}"
    ours = line(BrokerAddress(urls=(url,), ca=ca / "ca.crt", credentials=secret))
    await until(lambda: factory.callers >= 2 and "does not offer TLS" in ours.state.detail)
    assert factory.told == b""
    await ours.stop()
    await port.stopListening()


def _nkey(kind: int, key: bytes) -> str:
    """A public key as NATS writes it."""
    raw = bytes([kind]) + key
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _seed(kind: int, key: Ed25519PrivateKey) -> str:
    raw = bytes([18 << 3 | kind >> 5, (kind & 31) << 3]) + key.private_bytes_raw()
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _jwt(signer: Ed25519PrivateKey, issuer: str, subject: str, name: str, said: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"iat": int(time.time()), "iss": issuer, "sub": subject, "name": name, "nats": said}
    claims["jti"] = (
        base64.b32encode(hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
    )
    body = f"{part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{part(claims)}"
    return f"{body}.{base64.urlsafe_b64encode(signer.sign(body.encode())).decode().rstrip('=')}"


OPERATOR, ACCOUNT, USER = 14 << 3, 0, 20 << 3  # first letters O, A and U in base 32


class Jwts:
    """An operator, its account and a user, as `nsc` makes them."""

    def __init__(self) -> None:
        operator, account, self.user = (Ed25519PrivateKey.generate() for _ in range(3))
        names = [
            _nkey(kind, key.public_key().public_bytes_raw())
            for kind, key in ((OPERATOR, operator), (ACCOUNT, account), (USER, self.user))
        ]
        self.operator = _jwt(operator, names[0], names[0], "O", {"type": "operator", "version": 2})
        limits = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
        account_says = {"type": "account", "version": 2, "limits": limits | {"wildcards": True}}
        self.account = _jwt(operator, names[0], names[1], "A", account_says)
        user_says = {"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1}
        self.user_jwt = _jwt(account, names[1], names[2], "U", user_says)
        self.account_name = names[1]

    def creds(self, key: Ed25519PrivateKey | None = None) -> str:
        """The .creds file of the user, or one with another's seed."""
        return (
            f"-----BEGIN NATS USER JWT-----\n{self.user_jwt}\n------END NATS USER JWT------\n\n"
            "************************* IMPORTANT *************************\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{_seed(USER, key or self.user)}\n------END USER NKEY SEED------\n"
        )


@pytest_twisted.ensureDeferred
async def test_a_creds_file_opens_a_broker_with_operators(tmp_path: Path, line: Lines) -> None:
    jwts = Jwts()
    server = serving(
        f"operator: {jwts.operator}\nresolver: MEMORY\nresolver_preload: {{ {jwts.account_name}: {jwts.account} }}",
        jetstream=False,
    )
    good, bad = tmp_path / "good.creds", tmp_path / "bad.creds"
    good.write_text(jwts.creds())
    bad.write_text(jwts.creds(Ed25519PrivateKey.generate()))
    try:
        right = line(BrokerAddress(urls=(server.url,), credentials=good))
        await until(lambda: right.state.up)
        wrong = line(BrokerAddress(urls=(server.url,), credentials=bad))
        await until(lambda: "uthorization" in wrong.state.detail)
    finally:
        server.close()


def _broken_creds() -> dict[str, str]:
    good = Jwts().creds()
    seed = good.split("SEED-----\n")[1].split("\n")[0]
    return {
        "empty": "",
        "two words": "user password",
        "no seed": good.split("-----BEGIN USER")[0],
        "short seed": good.replace(seed, seed[:-4]),
        "bent seed": good.replace(seed, seed[:20] + ("A" if seed[20] != "A" else "B") + seed[21:]),
        "not base 32": good.replace(seed, "!" * len(seed)),
        "an account's seed": good.replace(seed, _seed(ACCOUNT, Ed25519PrivateKey.generate())),
    }


@pytest.mark.parametrize("how", _broken_creds())
def test_credentials_that_are_none_are_refused_and_not_repeated(tmp_path: Path, how: str) -> None:
    text = _broken_creds()[how]
    file = tmp_path / "broker.txt"
    file.write_text(text)
    with pytest.raises(Malformed) as refusal:
        BrokerAddress(urls=("nats://127.0.0.1:1",), credentials=file)
    assert refusal.value.field == "broker.credentials"
    assert not [word for word in text.split() if len(word) > 12 and word in str(refusal.value)]


def test_a_token_alone_is_a_credential(tmp_path: Path) -> None:
    file = tmp_path / "broker.txt"
    file.write_text("s3cr3t-token\n")
    address = BrokerAddress(urls=("nats://127.0.0.1:1",), credentials=file)
    assert address.options == {"token": "s3cr3t-token"}
    assert "s3cr3t" not in repr(address)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"urls": ("tls://127.0.0.1:1",)}, "broker.ca"),
        ({"certificate": Path("a")}, "broker.key"),
        ({"certificate": Path("a"), "key": Path("b")}, "broker.ca"),
        ({"ca": Path("none")}, "broker.ca"),
        ({"credentials": Path("none")}, "broker.credentials"),
    ],
)
def test_an_address_that_cannot_be_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as refusal:
        BrokerAddress(**{"urls": ("nats://127.0.0.1:1",)} | said)
    assert refusal.value.field == field
