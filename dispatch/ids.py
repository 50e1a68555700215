"""Names of things: `36-INC-7K3F9QZX`. Derived from the command that makes them, so a retry makes the same one."""

import hashlib
import re

from dispatch.errors import Malformed

# Crockford's base 32: no I, L, O, U, so an id survives being read out over a radio.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10  # 50 bits: a collision among a million ids of one site and kind has odds of about 1 in 2000

_SITE = re.compile(r"^[0-9]{2}(-[A-Z0-9]{1,8})?\Z")  # \Z: `$` would let a last line break through
_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")


def derive(site: str, kind: str, key: str, part: int = 0) -> str:
    """A new id of `kind` (three capitals) at `site`, fixed by the command's key and the part within it."""
    number = int.from_bytes(hashlib.sha256(f"{site}\0{kind}\0{key}\0{part}".encode()).digest()[:8])
    letters = "".join(ALPHABET[(number >> (5 * i)) & 31] for i in range(LENGTH))
    return f"{site}-{kind}-{letters}"


def check_site(text: str, field: str) -> str:
    """A site id: GB/T 2260 province code, with a suffix for bases and vehicles (`36`, `36-YS1`). Raises Malformed."""
    if not _SITE.match(text):
        raise Malformed(field, f"{text!r} is not a site id such as 36 or 36-YS1")
    return text


def check_id(text: str, field: str) -> str:
    """An id from outside: 1 to 64 letters, digits, `.`, `_`, `:`, `-`. Raises Malformed."""
    if not _ID.match(text):
        raise Malformed(field, f"{text[:80]!r} is not an id (1 to 64 letters, digits or . _ : -)")
    return text
