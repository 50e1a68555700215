"""Seals on words that travel over a third site: nobody on the way can point, ask or answer in the name of another.

Signed are who says it, to whom, when, and the word. Times of one origin, kind of word and reader grow, so a word that was
sealed once cannot be said again (`REPLAYED`); that is forgotten after FORGET, lest a clock that was set back silences its
site for good. Hands come several times a second: their certificate goes along once in TELL_EVERY, and is remembered.

Without a seal are taken: a piece of a file, whose file is checked by the hash in its sealed entry; and the word of a hub
that a question about the past cannot be passed on, which it might as well have kept to itself.
"""

from datetime import datetime, timedelta
from typing import Any

from adapters.clock import Clock
from adapters.link.past_policy import micros
from adapters.link.seals import Seals
from dispatch.errors import Refused
from protocols.codec.link import FilePart, PastPart, RoomHands, WordPassed
from protocols.codec.link_passed import signed_bytes

TELL_EVERY = timedelta(seconds=10)
FORGET = timedelta(minutes=10)
MOST_REMEMBERED = 1_024  # (origin, kind, reader), and certificates; full: the oldest is let go


class WordSeals:
    """One site's. `seals` None: nothing can be sealed or checked, so nothing passes."""

    def __init__(self, seals: Seals | None, clock: Clock) -> None:
        self._seals, self._clock = seals, clock
        self._told: dict[str, tuple[datetime, bytes]] = {}  # by reader: when it had which certificate of ours
        self._certificates: dict[str, bytes] = {}  # by origin: the last that was good
        self._last: dict[tuple[str, str, str], tuple[int, datetime]] = {}
        self._said_us = 0

    def seal(self, passed: WordPassed) -> WordPassed:
        """The word as it leaves here."""
        if self._seals is None or isinstance(passed.word, FilePart):
            return passed
        now = self._clock()
        self._said_us = max(self._said_us + 1, micros(now))
        dated = WordPassed(origin=passed.origin, to=passed.to, path=(), word=passed.word, at_us=self._said_us)
        return WordPassed(
            origin=dated.origin,
            to=dated.to,
            path=passed.path,
            word=dated.word,
            at_us=dated.at_us,
            signature=self._seals.sign(signed_bytes(dated)),
            certificate=self._certificate(passed, now),
        )

    def check(self, passed: WordPassed) -> None:
        """Raises Refused: CERTIFICATE, TAMPERED or REPLAYED."""
        word, now = passed.word, self._clock()
        if isinstance(word, FilePart) or (_says_nothing(word) and not passed.signature):
            return
        if self._seals is None:
            raise Refused(
                "CERTIFICATE", "there is no certificate here to check seals with", field="certificate"
            )
        certificate = passed.certificate or self._certificates.get(passed.origin, b"")
        self._seals.verify(passed.origin, certificate, passed.signature, signed_bytes(passed), now)
        _keep(self._certificates, passed.origin, certificate)
        key = (passed.origin, type(word).__name__, passed.to)
        last = self._last.get(key)
        if last is not None and passed.at_us <= last[0] and timedelta(0) <= now - last[1] < FORGET:
            raise Refused("REPLAYED", "it was said before", field="at_us")
        self._last.pop(key, None)
        _keep(self._last, key, (passed.at_us, now))

    def _certificate(self, passed: WordPassed, now: datetime) -> bytes:
        assert self._seals is not None  # noqa: S101  # who calls this seals with it
        certificate = self._seals.certificate
        if isinstance(passed.word, RoomHands):
            at, told = self._told.get(passed.to, (now, b""))
            if told == certificate and timedelta(0) <= now - at < TELL_EVERY:
                return b""
            _keep(self._told, passed.to, (now, certificate))
        return certificate


def _says_nothing(word: Any) -> bool:
    return (
        isinstance(word, PastPart) and bool(word.code) and not word.rows and word.through_us == word.from_us
    )


def _keep(table: dict[Any, Any], key: Any, value: Any) -> None:
    if key not in table and len(table) >= MOST_REMEMBERED:
        del table[next(iter(table))]
    table[key] = value
