"""Secrets of people: password hashes, second factors, session tokens, and the key that seals what must be read back.

Passwords are hashed with Argon2id in worker threads, never on the reactor. Second-factor secrets (TOTP, RFC 6238)
lie in the journal sealed with the site's key file, so a stolen journal alone signs nobody in. Of a session token
only the SHA-256 is kept. Who may act under which role is dispatch/access.py's; who tries too often is
adapters/web/lockout.py's.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from dispatch.errors import Busy, Malformed
from dispatch.records import Account

T = TypeVar("T")

MIN_PASSWORD = 10  # characters; ours, above the 8 of NIST SP 800-63B §5.1.1.2
MAX_PASSWORD = 256
# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 passes, 1 lane; 45 ms a try on the machines we measured.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex(16))  # checked for unknown accounts, so that they take as long

_READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without 0 O 1 l i I o

WORKERS = 2
MAX_WAITING = 64  # checks; full: Busy at once, 64 x 45 ms is already longer than anybody waits

TOTP_STEP_S = 30  # RFC 6238 §5.2
TOTP_WINDOW = 1  # steps either way, RFC 6238 §5.2
SEAL_NONCE_BYTES = 12  # NIST SP 800-38D §8.2


def check_password(password: str) -> str:
    """A new password, good enough to be hashed. Raises Malformed."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Malformed("password", f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return password


def check_new_password(password: str, account: str, field: str) -> str:
    """A password that a person chooses: long enough, of three kinds of characters, without the account's name.

    GB/T 22239-2019 8.1.4.1 a) asks for complexity and leaves the figures open; these are ours. Raises Malformed.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Malformed(field, f"must have {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    if not mixed(password):
        raise Malformed(field, "must have three of: small letters, capitals, digits, other characters")
    if len(account) >= 4 and account.casefold() in password.casefold():
        raise Malformed(field, "must not hold the account's name")
    return password


def mixed(password: str) -> bool:
    """Whether it has characters of at least three kinds."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isascii() or not c.isalnum())
    return sum(any(kind(letter) for letter in password) for kind in kinds) >= 3


def one_time_password() -> str:
    """A password to be handed over once and changed at the first sign-in; 69 bits, easy to read out."""
    while True:
        letters = "".join(secrets.choice(_READABLE) for _ in range(12))
        password = "-".join((letters[:4], letters[4:8], letters[8:]))
        if mixed(password):
            return password


def hash_password(password: str) -> str:
    """Argon2id with its parameters. Takes tens of milliseconds: not on the reactor."""
    return _hasher.hash(check_password(password))


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def new_token() -> str:
    """A session token of 256 random bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What the journal keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class SiteSecret:
    """The site's sealing key, 256 bits in a file only its owner reads."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    @classmethod
    def open(cls, path: Path) -> "SiteSecret":
        """The key in `path`, made there on first use. Raises Malformed for a file that is not one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
            if len(key) != 32:
                raise Malformed("secret.key", f"{path} does not hold 32 bytes") from None
            return cls(key)
        key = AESGCM.generate_key(bit_length=256)
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())  # before anything sealed with it can be in the journal
        return cls(key)

    def seal(self, secret: str, account: str) -> bytes:
        """`secret` for this account's record only: moved to another account it does not open."""
        nonce = os.urandom(SEAL_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, secret.encode(), account.encode())

    def unseal(self, sealed: bytes, account: str) -> str:
        """The secret. Raises Malformed where the key or the account is another one."""
        try:
            opened = self._aead.decrypt(
                sealed[:SEAL_NONCE_BYTES], sealed[SEAL_NONCE_BYTES:], account.encode()
            )
        except (InvalidTag, ValueError):
            raise Malformed("totp_sealed", f"{account}'s secret is sealed with another key") from None
        return opened.decode()


def new_totp() -> str:
    """A second-factor secret, base32, 160 bits (RFC 4226 §4 R6)."""
    return pyotp.random_base32()


def otpauth_uri(secret: str, account: str, site_name: str) -> str:
    """What an authenticator app scans."""
    return pyotp.TOTP(secret, interval=TOTP_STEP_S).provisioning_uri(name=account, issuer_name=site_name)


class Accounts:
    """Checks factors. Holds the worker threads and which code of each account was used last."""

    def __init__(self, data: Path, reactor: IReactorFromThreads) -> None:
        self.secret = SiteSecret.open(data / "secret.key")
        self._reactor = reactor
        self._pool = ThreadPool(minthreads=0, maxthreads=WORKERS, name="passwords")
        self._stopped = False
        self._waiting = 0
        self._used: dict[str, int] = {}  # account -> last time step; bounded by the number of accounts

    def stop(self) -> None:
        """Stop the workers; waits for the checks under way."""
        self._stopped = True
        if self._pool.started:
            self._pool.stop()

    def _run(self, work: Callable[..., T], *args: object) -> "Deferred[T]":
        if self._stopped or self._waiting >= MAX_WAITING:
            return fail(Busy())
        if not self._pool.started:
            self._pool.start()
        self._waiting += 1

        def done(result: T) -> T:
            self._waiting -= 1
            return result

        waiting: Deferred[T] = deferToThreadPool(self._reactor, self._pool, work, *args)
        return waiting.addBoth(done)

    def hash(self, password: str) -> "Deferred[str]":
        """Hash a new password in a worker. Fails with Malformed or Busy."""
        return self._run(hash_password, password)

    def matches(self, account: Account | None, password: str) -> "Deferred[bool]":
        """Whether the password is the account's; an unknown account takes as long and is False. Fails with Busy."""
        known = account is not None and bool(account.password_hash) and not account.disabled
        stored = account.password_hash if account is not None and known else _NOBODY

        def judge(same: bool) -> bool:
            return same and known

        return self._run(_matches, stored, password).addCallback(judge)

    def code_step(
        self, account: Account, code: str, now: datetime, opened_last: datetime | None
    ) -> int | None:
        """The time step whose code this is, None if it is of no step near `now` or was used before.

        `opened_last` is the account's latest sign-in in the journal: codes up to then are old after a restart too.
        """
        totp = pyotp.TOTP(self.secret.unseal(account.totp_sealed, account.name), interval=TOTP_STEP_S)
        present = int(now.timestamp()) // TOTP_STEP_S
        opened_step = int(opened_last.timestamp()) // TOTP_STEP_S if opened_last is not None else -1
        used = self._used.get(account.name, opened_step)
        for step in range(present - TOTP_WINDOW, present + TOTP_WINDOW + 1):
            if step > used and secrets.compare_digest(totp.at(step * TOTP_STEP_S).encode(), code.encode()):
                return step
        return None

    def use_code(self, account: Account, step: int) -> None:
        """The code of a step, and all before it, are used up."""
        self._used[account.name] = step
