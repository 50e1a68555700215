"""Branches, tags and call ids: chance, for words that are pure."""

import secrets

from protocols.gb28181.words import MAGIC, Chance


def token() -> str:
    """Sixteen hexadecimal digits."""
    return secrets.token_hex(8)


def branch() -> str:
    """Of a transaction."""
    return MAGIC + token()


def chance() -> Chance:
    """For one request outside a dialog."""
    return Chance(branch=branch(), tag=token(), call_id=token())
