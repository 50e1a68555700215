"""How a broker is reached: addresses, who we are, whom we believe. What is secret comes from files and goes nowhere else.

A credentials file holds one of three things: `user:password`, a token, or NATS's own .creds (a JWT and the seed of
the key that signs for it). With `ca` the line is TLS or there is no line: nothing is said to a server that offers less.
"""

import base64
import binascii
import ssl
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.errors import Malformed

log = structlog.get_logger()

MAX_FILE_BYTES = 65_536
_BEGIN_JWT = "-----BEGIN NATS USER JWT-----"
_BEGIN_SEED = "-----BEGIN USER NKEY SEED-----"
_SEED, _USER = 18 << 3, 20 << 3  # first letters S and U of nkeys, in base 32
_SEED_BYTES = 36  # two of kind, 32 of seed, two of checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """`[broker]`, checked. Raises Malformed naming the key; nothing secret is in its text form."""

    urls: tuple[str, ...]
    credentials: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    options: dict[str, Any] = field(init=False, repr=False, compare=False)  # for nats.connect

    def __post_init__(self) -> None:
        for url in self.urls:
            check_url(url, "broker.url")
        if (self.certificate is None) != (self.key is None):
            raise Malformed("broker.key", "certificate and key go together")
        if self.certificate is not None and self.ca is None:
            raise Malformed("broker.ca", "a certificate is shown only to a server that we know")
        if self.ca is None and any(url.startswith("tls:") for url in self.urls):
            raise Malformed("broker.ca", "tls needs the authority of the broker's certificate")
        object.__setattr__(self, "options", {**_login(self.credentials), **self._tls()})

    @property
    def shown(self) -> str:
        """The addresses, for people."""
        return ", ".join(self.urls)

    def _tls(self) -> dict[str, Any]:
        if self.ca is None:
            return {}
        try:
            context = ssl.create_default_context(cafile=str(self.ca))
        except (OSError, ssl.SSLError) as error:
            raise Malformed("broker.ca", f"cannot be read: {error}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate is not None:
            try:
                context.load_cert_chain(self.certificate, self.key)
            except (OSError, ssl.SSLError) as error:
                raise Malformed("broker.certificate", f"cannot be used: {error}") from None
        return {"tls": context}


def check_url(url: str, name: str) -> None:
    """`nats://host:port` or `tls://host:port`. Raises Malformed; a password in it is refused, for urls are shown."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("nats", "tls") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise Malformed(name, "is not nats://HOST:PORT") from None
    if parts.username is not None or parts.password is not None:
        raise Malformed(name, "holds a name or password; put it into the credentials file")
    if not good or parts.path or parts.query:
        raise Malformed(name, "is not nats://HOST:PORT or tls://HOST:PORT")


def _login(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            log.warning("others may read the broker's credentials", file=str(path))
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed("broker.credentials", f"cannot be read: {type(error).__name__}") from None
    if _BEGIN_JWT in text:
        return _signed_login(text)
    if not text or len(text.split()) != 1:
        raise Malformed("broker.credentials", "holds no user:password, token or .creds")
    user, colon, password = text.partition(":")
    return {"user": user, "password": password} if colon else {"token": text}


def _signed_login(text: str) -> dict[str, Any]:
    lines = [line.strip() for line in text.splitlines()]
    try:
        jwt = lines[lines.index(_BEGIN_JWT) + 1]
        seed = lines[lines.index(_BEGIN_SEED) + 1]
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (ValueError, IndexError, binascii.Error):
        raise Malformed("broker.credentials", "is a .creds file without its parts") from None
    if len(raw) != _SEED_BYTES or raw[0] & 0xF8 != _SEED or ((raw[0] & 7) << 5) | (raw[1] >> 3) != _USER:
        raise Malformed("broker.credentials", "holds no user's seed")
    if binascii.crc_hqx(raw[:-2], 0) != int.from_bytes(raw[-2:], "little"):
        raise Malformed("broker.credentials", "holds a seed with a wrong checksum")
    key = Ed25519PrivateKey.from_private_bytes(raw[2:34])
    return {
        "user_jwt_cb": jwt.encode,
        "signature_cb": lambda nonce: base64.b64encode(key.sign(nonce.encode())),
    }
