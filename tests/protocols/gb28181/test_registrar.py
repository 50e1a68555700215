"""Digest, the registrar and repeated requests, with time as an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gb28181 import digest, sip, words
from protocols.gb28181.digest import (
    Algorithm,
    Challenge,
    Nonces,
    read_challenge,
    read_credentials,
    response_of,
)
from protocols.gb28181.errors import BadGb
from protocols.gb28181.guard import Guard
from protocols.gb28181.registrar import Account, Challenged, Registered, Registrar, Source
from protocols.gb28181.sip import SipMessage
from protocols.gb28181.transactions import Answering, Asking
from protocols.gb28181.words import Chance, Us

DEVICE = "36010000001320000001"
REALM = "3601000000"
HERE = Source(host="10.0.0.9", port=5060)
PASSWORD = "s3cret"
TEXT = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\,='), min_size=1, max_size=30
)


@pytest.mark.parametrize(
    ("said", "password", "response"),
    [
        (  # RFC 2617 §3.5
            'username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
            'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="x"',
            "Circle Of Life",
            "6629fae49393a05397450978507c4ef1",
        ),
        (  # RFC 7616 §3.9.1
            'username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
            'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="x"',
            "Circle of Life",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ],
)
def test_digests_are_those_of_the_standards(said: str, password: str, response: str) -> None:
    assert response_of(read_credentials("Digest " + said), "GET", password) == response


@given(TEXT, TEXT, TEXT, st.sampled_from(Algorithm), st.booleans())
def test_a_challenge_is_answered_as_it_is_checked(
    user: str, password: str, nonce: str, algorithm: Algorithm, qop: bool
) -> None:
    asked = Challenge(realm=REALM, nonce=nonce, algorithm=algorithm, qop=qop)
    assert read_challenge(asked.text()) == asked
    text = digest.answer(asked, user=user, password=password, method="REGISTER", uri="sip:x", cnonce="c")
    told = read_credentials(text)
    assert told.response == response_of(told, "REGISTER", password)
    assert told.response != response_of(told, "REGISTER", password + "x")


@given(st.text(max_size=200))
def test_what_comes_as_authorization_raises_its_own_error(text: str) -> None:
    for read in (read_credentials, read_challenge):
        try:
            read("Digest " + text)
        except BadGb as error:
            assert error.code in ("BAD_DIGEST", "DIGEST_ALGORITHM")


def registrar(**how: object) -> Registrar:
    account = Account(id=DEVICE, name="x", password=PASSWORD, **how)  # type: ignore[arg-type]  # a test's choice
    return Registrar([account], realm=REALM, keepalive_s=60, nonces=Nonces(b"k" * 32))


def asked(authorization: str = "", *, who: str = DEVICE, expires_s: int = 3_600, cseq: int = 1) -> SipMessage:
    us = Us(id=who, domain=REALM, host=HERE.host, port=HERE.port)
    chance = Chance(branch="z9hG4bKa", tag="t", call_id="c")
    return sip.parse(
        words.register(
            us,
            "36010000002000000001",
            REALM,
            "UDP",
            chance=chance,
            cseq=cseq,
            expires_s=expires_s,
            authorization=authorization,
        )
    )


def answered(challenge: Challenge, *, who: str = DEVICE, password: str = PASSWORD) -> str:
    return digest.answer(challenge, user=who, password=password, method="REGISTER", uri="sip:x", cnonce="c")


def challenge_of(book: Registrar, now_s: float, source: Source = HERE, who: str = DEVICE) -> Challenge:
    made = book.register(asked(who=who), source, now_s)
    assert isinstance(made, Challenged)
    return made.challenge


@pytest.mark.parametrize("algorithm", Algorithm)
def test_who_knows_the_password_is_in_and_goes_when_it_is_silent(algorithm: Algorithm) -> None:
    book = registrar(algorithm=algorithm)
    made = book.register(asked(answered(challenge_of(book, 100))), HERE, 101)
    assert isinstance(made, Registered)
    assert (made.new, made.expires_s) == (True, 3_600)
    device = book.known(DEVICE, HERE)
    book.kept_alive(device, HERE, 160)
    assert book.due(340) == []
    assert book.due(341) == [device]
    assert (device.online, device.why) == (False, "no_keepalive")
    with pytest.raises(BadGb, match="not registered"):
        book.known(DEVICE, HERE)


def test_a_nonce_is_good_once_for_one_device_at_one_address_for_a_minute() -> None:
    book = registrar()
    challenge = challenge_of(book, 100)
    text = answered(challenge)
    elsewhere = Source(host="10.6.6.6", port=5060)
    for source, now_s, code in ((elsewhere, 101, "NONCE_FOREIGN"), (HERE, 162, "NONCE_OLD")):
        again = book.register(asked(text), source, now_s)
        assert isinstance(again, Challenged)
        assert (again.code, again.challenge.stale) == (code, True)
    assert isinstance(book.register(asked(text), HERE, 102), Registered)
    replayed = book.register(asked(text), HERE, 103)
    assert isinstance(replayed, Challenged)
    assert replayed.code == "NONCE_USED"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"password": "guessed"}, "WRONG_DIGEST"),
        ({"who": "36010000001320000009"}, "OTHER_ID"),  # its own name over a request for another
    ],
)
def test_a_forged_register_is_refused_by_name_and_changes_nothing(how: dict[str, str], code: str) -> None:
    book = registrar()
    book.register(asked(answered(challenge_of(book, 100))), HERE, 100)
    with pytest.raises(BadGb) as bad:
        book.register(asked(answered(challenge_of(book, 110), **how)), HERE, 110)
    assert bad.value.code == code
    assert book.known(DEVICE, HERE).seen_s == 100


def test_an_unknown_id_is_challenged_like_any_other_and_then_refused() -> None:
    book = registrar()
    who = "36010000001320000009"
    challenge = challenge_of(book, 100, who=who)
    with pytest.raises(BadGb) as bad:
        book.register(asked(answered(challenge, who=who, password=""), who=who), HERE, 100)
    assert bad.value.code == "UNKNOWN_DEVICE"


def test_a_flood_costs_its_sender_and_no_other() -> None:
    guard = Guard()
    heard = sum(guard.allows("10.6.6.6", 10 + n / 10_000, known=False) for n in range(10_000))
    assert heard <= 60 + 20 + 1
    assert all(guard.allows("10.0.0.9", 11 + n / 100, known=True) for n in range(100))
    spoofed = sum(guard.allows(f"10.{n >> 8}.{n & 255}.1", 12.0, known=False) for n in range(10_000))
    assert spoofed <= 400


def test_a_request_is_said_again_until_it_is_answered() -> None:
    asking, sent, heard = Asking(), [], []
    asking.ask(("z9hG4bKa", "REGISTER"), b"x", now_s=0, send=sent.append, heard=heard.append, reliable=False)
    for tenth in range(1, 330):
        asking.due(tenth / 10)
    assert len(sent) == 11  # at 0, 0.5, 1.5, 3.5, then each 4 s (RFC 3261 §17.1.2.2), up to 32 s
    assert heard == [None]
    request = asked()
    asking.ask(("z9hG4bKa", "REGISTER"), b"x", now_s=0, send=sent.append, heard=heard.append, reliable=False)
    assert asking.answered(sip.parse(sip.response_to(request, 200, "OK")), 0.1)
    assert not asking.answered(sip.parse(sip.response_to(request, 200, "OK")), 0.2)
    assert len(asking) == 0


def test_a_repeated_request_is_given_its_first_answer() -> None:
    answering, request = Answering(), asked()
    key = Answering.key(request, "10.0.0.9")
    assert answering.before(key, 0) is None
    answering.keep(key, b"200", 0)
    assert answering.before(key, 31) == b"200"
    assert answering.before(Answering.key(request, "10.6.6.6"), 1) is None
    assert answering.before(key, 33) is None
