"""The key with which a site signs its journal's head: one Ed25519 key per site, made at the first start.

It lies in the data folder's `keys`, readable by the server's user alone. Who has it can rebuild a journal that
verifies, so an exported head kept elsewhere is the stronger witness. Signing itself is protocols/chain.py.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.errors import Malformed

KEY_FILE = "keys/journal-ed25519.pem"


def load_or_create(data: Path) -> Ed25519PrivateKey:
    """The site's key in its data folder, made if there is none. Raises Malformed if the file is not such a key."""
    file = data / KEY_FILE
    if (found := load(data)) is not None:
        return found
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = file.with_suffix(".part")  # renamed when whole: a crash must not leave half a key
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    return key


def load(data: Path) -> Ed25519PrivateKey | None:
    """The site's key, None if it has none yet. Raises Malformed if the file is not such a key."""
    file = data / KEY_FILE
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise Malformed("keys", f"{file}: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Malformed("keys", f"{file} is not an Ed25519 key")
    return key


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes that verify this key's signatures."""
    return key.public_key().public_bytes_raw()
