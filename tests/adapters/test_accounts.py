"""Secrets of people."""

import stat
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList

from adapters.accounts import (
    MAX_WAITING,
    Accounts,
    SiteSecret,
    hash_password,
    new_token,
    otpauth_uri,
    token_digest,
)
from dispatch.errors import Busy, Malformed
from dispatch.kinds import Role
from dispatch.records import Account


def test_a_password_is_hashed_with_argon2id_and_never_the_same_twice() -> None:
    one, two = hash_password("long enough pw"), hash_password("long enough pw")
    assert one.startswith("$argon2id$")
    assert one != two


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_password_outside_its_length_is_refused(password: str) -> None:
    with pytest.raises(Malformed, match="password"):
        hash_password(password)


def test_a_sealed_secret_opens_for_its_account_and_key_only(tmp_path: Path) -> None:
    secret = SiteSecret.open(tmp_path / "secret.key")
    sealed = secret.seal("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "li")
    assert b"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" not in sealed
    assert SiteSecret.open(tmp_path / "secret.key").unseal(sealed, "li") == "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    for opener, account, text in (
        (secret, "wang", sealed),
        (SiteSecret.open(tmp_path / "other.key"), "li", sealed),
        (secret, "li", sealed[:-1]),
        (secret, "li", b""),
    ):
        with pytest.raises(Malformed, match="totp_sealed"):
            opener.unseal(text, account)


def test_the_key_file_is_its_owners_alone_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    SiteSecret.open(tmp_path / "secret.key")
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    (tmp_path / "short.key").write_bytes(b"abc")
    with pytest.raises(Malformed, match=r"secret\.key"):
        SiteSecret.open(tmp_path / "short.key")


def test_tokens_differ_and_their_digest_does_not_tell_them() -> None:
    assert new_token() != new_token()
    assert token_digest("a token") != "a token"
    assert len(token_digest("\ud800")) == 64


def test_the_enrolment_address_names_site_and_account() -> None:
    uri = otpauth_uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "li", "江西")
    assert uri.startswith("otpauth://totp/")
    assert "secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" in uri


@pytest_twisted.ensureDeferred
async def test_checks_beyond_what_may_wait_are_told_busy_and_the_others_answered(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path, reactor)
    li = Account(
        name="li", display_name="李", roles=(Role.DISPATCHER,), password_hash=hash_password("long enough pw")
    )
    try:
        asked = [accounts.matches(li, "long enough pw") for _ in range(MAX_WAITING + 3)]
        results = await DeferredList(asked, consumeErrors=True)
        assert [ok for ok, _ in results] == [True] * MAX_WAITING + [False] * 3
        assert all(value is True for ok, value in results if ok)
        assert all(value.check(Busy) for ok, value in results if not ok)
        assert await accounts.matches(li, "another password") is False
        assert await accounts.matches(None, "long enough pw") is False
    finally:
        accounts.stop()
    stopped: Deferred[bool] = accounts.matches(li, "long enough pw")
    with pytest.raises(Busy):
        await stopped
