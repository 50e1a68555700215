"""Digest authentication (RFC 2617, RFC 7616, RFC 3261 §22): both sides of it.

A nonce is a code over when, for whom and from where it was made, so nothing is kept of who only asks: a flood costs
no memory. One that was answered rightly is remembered until it is too old, and is good for one REGISTER.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

from protocols.gb28181.errors import BadGb

NONCE_S = 60
MOST_USED = 20_000  # answered nonces remembered: three hundred a second; full: the oldest is forgotten, so its age counts
_PARAMETER = re.compile(
    r'([A-Za-z0-9_-]{1,32})\s{0,4}=\s{0,4}(?:"([^"\\\x00-\x1f]{0,300})"|([^",\s]{1,300}))\s{0,4}(?:,|$)\s{0,4}'
)


class Algorithm(StrEnum):
    """What a digest is made with. GB/T 28181-2016 asks for MD5; SHA-256 is RFC 7616's."""

    MD5 = "MD5"
    SHA256 = "SHA-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a registrar asks for."""

    realm: str
    nonce: str
    algorithm: Algorithm = Algorithm.MD5
    qop: bool = True
    opaque: str = ""
    stale: bool = False

    def text(self) -> str:
        """As WWW-Authenticate says it."""
        parts = [f'realm="{self.realm}"', f'nonce="{self.nonce}"', f"algorithm={self.algorithm}"]
        parts += ['qop="auth"'] if self.qop else []
        parts += ["stale=true"] if self.stale else []
        return "Digest " + ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a device answers."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm
    qop: str
    nc: str
    cnonce: str


def _parameters(text: str) -> dict[str, str]:
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest" or len(text) > 2_000:
        raise BadGb("BAD_DIGEST", "authorization", "is no digest")
    said: dict[str, str] = {}
    at, rest = 0, rest.strip()
    while at < len(rest):
        found = _PARAMETER.match(rest, at)
        if found is None or found[1].lower() in said:
            raise BadGb("BAD_DIGEST", "authorization", "cannot be read")
        said[found[1].lower()] = found[2] if found[2] is not None else found[3]
        at = found.end()
    return said


def _algorithm(text: str) -> Algorithm:
    found = next((each for each in Algorithm if each.lower() == (text or "MD5").lower()), None)
    if found is None:
        raise BadGb("DIGEST_ALGORITHM", "algorithm", f"{text[:20]!r} is not spoken here")
    return found


def read_challenge(text: str) -> Challenge:
    """Of WWW-Authenticate. Raises BadGb."""
    said = _parameters(text)
    if not said.get("nonce") or "realm" not in said:
        raise BadGb("BAD_DIGEST", "www-authenticate", "names no realm or nonce")
    return Challenge(
        realm=said["realm"],
        nonce=said["nonce"],
        algorithm=_algorithm(said.get("algorithm", "")),
        qop="auth" in re.split(r"[,\s]+", said.get("qop", "")),
        opaque=said.get("opaque", ""),
        stale=said.get("stale", "").lower() == "true",
    )


def read_credentials(text: str) -> Credentials:
    """Of Authorization. Raises BadGb."""
    said = _parameters(text)
    for name in ("username", "realm", "nonce", "uri", "response"):
        if not said.get(name):
            raise BadGb("BAD_DIGEST", "authorization", f"{name} is missing")
    qop = said.get("qop", "")
    if qop and (qop != "auth" or not said.get("cnonce") or not said.get("nc")):
        raise BadGb("BAD_DIGEST", "authorization", "qop is not auth with nc and cnonce")
    return Credentials(
        username=said["username"],
        realm=said["realm"],
        nonce=said["nonce"],
        uri=said["uri"],
        response=said["response"].lower(),
        algorithm=_algorithm(said.get("algorithm", "")),
        qop=qop,
        nc=said.get("nc", ""),
        cnonce=said.get("cnonce", ""),
    )


def _hash(algorithm: Algorithm, text: str) -> str:
    data = text.encode()
    if algorithm is Algorithm.SHA256:
        return hashlib.sha256(data).hexdigest()
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # what the standard and its devices speak


def response_of(told: Credentials, method: str, password: str) -> str:
    """What whoever knows the password answers (RFC 7616 §3.4.1)."""
    one = _hash(told.algorithm, f"{told.username}:{told.realm}:{password}")
    two = _hash(told.algorithm, f"{method}:{told.uri}")
    middle = f"{told.nonce}:{told.nc}:{told.cnonce}:{told.qop}" if told.qop else told.nonce
    return _hash(told.algorithm, f"{one}:{middle}:{two}")


def answer(challenge: Challenge, *, user: str, password: str, method: str, uri: str, cnonce: str) -> str:
    """Authorization for a challenge."""
    told = Credentials(
        username=user,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        response="",
        algorithm=challenge.algorithm,
        qop="auth" if challenge.qop else "",
        nc="00000001" if challenge.qop else "",
        cnonce=cnonce if challenge.qop else "",
    )
    parts = [
        f'username="{user}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{response_of(told, method, password)}"',
        f"algorithm={challenge.algorithm}",
    ]
    parts += [f'cnonce="{cnonce}"', "qop=auth", "nc=00000001"] if challenge.qop else []
    parts += [f'opaque="{challenge.opaque}"'] if challenge.opaque else []
    return "Digest " + ", ".join(parts)


class Nonces:
    """Made and recognized with a key that lives as long as the process."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._used: OrderedDict[str, None] = OrderedDict()

    def make(self, now_s: float, who: str, host: str) -> str:
        """For one device at one address."""
        stamp = f"{int(now_s * 1000):012x}"
        return stamp + self._code(stamp, who, host)

    def _code(self, stamp: str, who: str, host: str) -> str:
        return hmac.new(self._key, f"{stamp}\0{who}\0{host}".encode(), hashlib.sha256).hexdigest()[:32]

    def check(self, nonce: str, now_s: float, who: str, host: str) -> None:
        """Raises BadGb(NONCE_FOREIGN, NONCE_OLD, NONCE_USED)."""
        stamp, code = nonce[:12], nonce[12:]
        if not re.fullmatch(r"[0-9a-f]{44}", nonce) or not hmac.compare_digest(
            code, self._code(stamp, who, host)
        ):
            raise BadGb("NONCE_FOREIGN", "nonce", "was not made here for this device and address")
        if not 0 <= now_s - int(stamp, 16) / 1000 + 1 <= NONCE_S + 1:
            raise BadGb("NONCE_OLD", "nonce", f"is older than {NONCE_S} s")
        if nonce in self._used:
            raise BadGb("NONCE_USED", "nonce", "was answered before")

    def used(self, nonce: str) -> None:
        """It was answered rightly."""
        self._used[nonce] = None
        while len(self._used) > MOST_USED:
            self._used.popitem(last=False)


def same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())
