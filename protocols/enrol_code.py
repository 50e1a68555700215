"""The invitation as people read it out: where to come, the secret, whose authority to believe, and a check.

    10.36.0.1:9037/7K3F-9QZX-1C0V-2M8D-4T6W-YB5H-3G7J-N9PR-0KZS
    \\_ address __/ \\____ secret ____/ \\_ the authority's _/ \\__/ check

The letters are Crockford's base 32 (dispatch/ids.py: no I, L, O, U); small letters, blanks and the look-alikes O, I and
L are understood. Secret and fingerprint have 80 bits each: the one is good once and for a day, against an authority
that refuses a caller after a few wrong tries; for the other somebody would need a second authority with the same 80
bits of its SHA-256. The check (20 bits over everything before it, the address too) finds a slip of the tongue before
anything is sent. Pure.
"""

import hashlib
import re
from dataclasses import dataclass

from dispatch.errors import Malformed
from dispatch.ids import ALPHABET

SECRET_BYTES = FINGERPRINT_BYTES = 10
CHECK_LETTERS = 4
MAX_TEXT = 300
_LETTERS = (SECRET_BYTES + FINGERPRINT_BYTES) * 8 // 5
_ALIKE = str.maketrans("OIL", "011")
_HOST = re.compile(r"^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,252}))\Z")
_SCHEME = "ganying://"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolCode:
    """`host` is a name or address (IPv6 in brackets); `fingerprint` the first 80 bits of the authority's SHA-256."""

    host: str
    port: int
    secret: bytes
    fingerprint: bytes

    def __str__(self) -> str:
        letters = _letters(self.secret + self.fingerprint)
        letters += _check(self._address, letters)
        return f"{self._address}/{'-'.join(letters[at : at + 4] for at in range(0, len(letters), 4))}"

    def __repr__(self) -> str:
        """Without the secret: what is printed may be kept."""
        return f"EnrolCode({self._address})"

    @property
    def _address(self) -> str:
        return f"{self.host.lower()}:{self.port}"

    @property
    def secret_sha256(self) -> str:
        """What the inviting site keeps of the secret, hex."""
        return secret_sha256(self.secret)


def secret_sha256(secret: bytes) -> str:
    """Hex. Plain SHA-256 is enough for 80 random bits; it is passwords that need more."""
    return hashlib.sha256(secret).hexdigest()


def fingerprint(authority_der: bytes) -> bytes:
    """The authority's certificate in a code."""
    return hashlib.sha256(authority_der).digest()[:FINGERPRINT_BYTES]


def read(text: str) -> EnrolCode:
    """A code as somebody typed it. Raises Malformed (`code`)."""
    if len(text) > MAX_TEXT:
        raise Malformed("code", f"{len(text)} characters, at most {MAX_TEXT}")
    text = text.strip()
    if text.lower().startswith(_SCHEME):
        text = text[len(_SCHEME) :]
    address, slash, rest = text.partition("/")
    if not slash:
        raise Malformed("code", "is not HOST:PORT/XXXX-XXXX-…")
    host, port = read_address(address)
    letters = re.sub(r"[\s-]", "", rest).upper().translate(_ALIKE)
    if len(letters) != _LETTERS + CHECK_LETTERS or set(letters) - set(ALPHABET):
        raise Malformed(
            "code", f"needs nine groups of four letters after the /, there are {len(letters)} letters"
        )
    body, check = letters[:-CHECK_LETTERS], letters[-CHECK_LETTERS:]
    if _check(f"{host}:{port}", body) != check:
        raise Malformed("code", "something is mistyped: the last group does not fit the rest")
    number = 0
    for letter in body:
        number = number << 5 | ALPHABET.index(letter)
    data = number.to_bytes(SECRET_BYTES + FINGERPRINT_BYTES)
    return EnrolCode(host=host, port=port, secret=data[:SECRET_BYTES], fingerprint=data[SECRET_BYTES:])


def read_address(text: str) -> tuple[str, int]:
    """`host:port`, the host in small letters. Raises Malformed (`code`)."""
    host, _, port = re.sub(r"\s", "", text).lower().rpartition(":")
    if not _HOST.match(host) or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise Malformed("code", f"{text[:80]!r} is not host:port")
    return host, int(port)


def _letters(data: bytes) -> str:
    number = int.from_bytes(data)
    count = len(data) * 8 // 5
    return "".join(ALPHABET[number >> (5 * (count - 1 - at)) & 31] for at in range(count))


def _check(address: str, letters: str) -> str:
    digest = hashlib.sha256(f"ganying-enrol-1\0{address}\0{letters}".encode()).digest()
    number = int.from_bytes(digest[:4]) >> 12
    return "".join(ALPHABET[number >> (5 * (CHECK_LETTERS - 1 - at)) & 31] for at in range(CHECK_LETTERS))
