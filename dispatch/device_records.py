"""Phones that sign what their crew does, and how an act came from one.

Frozen records, as records.py. A device is known by its public key alone; the private one cannot leave the phone.
"""

from dataclasses import dataclass
from datetime import datetime

from dispatch.kinds import ActFlag


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStamp:
    """How an act came. `pressed_at` is the device's own clock, `clock_ahead_s` how far it was before ours on arrival."""

    device_id: str = ""  # empty: of no known device
    seq: int = 0  # the device's own count of its acts, from 1
    pressed_at: datetime
    clock_ahead_s: float = 0.0
    signed: bool = False
    flags: tuple[ActFlag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A phone of an account. Its acts are taken in the order of its own count, each once."""

    id: str
    account: str
    name: str  # as its browser calls itself, or as people do
    public_key: bytes  # ECDSA P-256, uncompressed point (SEC 1 §2.3.3)
    enrolled_at: datetime
    seen_at: datetime  # of its last sign-in or act
    last_seq: int = 0
    missed: tuple[int, ...] = ()  # counts below `last_seq` that never came, the latest MISSED of them
    revoked_at: datetime | None = None
    revoked_by: str = ""
    reason: str = ""
    ended_tokens: tuple[str, ...] = ()  # digests of the sessions that its revocation closed
