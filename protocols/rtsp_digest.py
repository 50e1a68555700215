"""Digest authentication as RTSP clients speak it: RFC 7616 with MD5 and SHA-256, and RFC 2617 without `qop`. Pure.

Both challenges carry one nonce, which is good on one connection alone; so an answer overheard is of no use on another.
MD5 is there because most conference systems know nothing else; it hides the password, not the pictures.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from dispatch.errors import Malformed

REALM = "ganying"
MOST_HEADER = 2_048
_PART = re.compile(r'\s*([A-Za-z0-9_-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)')
_HASHES: dict[str, Callable[[bytes], "hashlib._Hash"]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Whom the conference system says it is."""

    user: str
    password: str


def challenges(nonce: str, *, md5: bool = True) -> tuple[tuple[str, str], ...]:
    """The WWW-Authenticate headers, the stronger first."""
    names = ("SHA-256", "MD5") if md5 else ("SHA-256",)
    return tuple(
        ("WWW-Authenticate", f'Digest realm="{REALM}", nonce="{nonce}", algorithm={name}, qop="auth"')
        for name in names
    )


def holds(
    login: Login, method: str, header: str, nonce: str, *, md5: bool = True, realm: str = REALM
) -> str | None:
    """The `uri` that an Authorization header was made for, or None where it does not hold. Raises Malformed."""
    said = _parts(header)
    name = said.get("algorithm", "MD5").upper()
    digest = _HASHES.get(name)
    if digest is None or (name == "MD5" and not md5):
        return None

    def of(*parts: str) -> str:
        return digest(":".join(parts).encode()).hexdigest()

    uri, qop = said.get("uri", ""), said.get("qop", "")
    known = of(login.user, realm, login.password)
    asked = of(method, uri)
    if qop == "auth":
        expected = of(known, nonce, said.get("nc", ""), said.get("cnonce", ""), qop, asked)
    elif not qop and name == "MD5":
        expected = of(known, nonce, asked)
    else:
        return None
    right = hmac.compare_digest(expected.encode(), said.get("response", "").lower().encode())
    named = hmac.compare_digest(login.user.encode(), said.get("username", "").encode())
    return uri if right and named and said.get("nonce") == nonce and said.get("realm") == realm else None


def _parts(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "digest" or len(header) > MOST_HEADER:
        raise Malformed("rtsp.authorization", "is no Digest")
    made: dict[str, str] = {}
    at = 0
    while at < len(rest):
        found = _PART.match(rest, at)
        if found is None or found[1].lower() in made:
            raise Malformed("rtsp.authorization", "its parts are not NAME=VALUE, once each")
        quoted = found[2]
        made[found[1].lower()] = found[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = found.end()
    return made
