"""What a partner may have of the past, as the process that reads the archive is told it; and whether it still holds.

Going through a province's taskings of two days takes longer than a turn of the reactor, so it is done in a thread, over
the world as it is: a value. It is done anew when anything it was made of has changed: the consents and labels at once,
since a part must not leave that they forbid; taskings and incidents within FRESH_FOR, for all they can do is to add.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import shapely
from shapely.geometry.base import BaseGeometry

from dispatch import consent_policy
from dispatch.track_sharing import PastShown, shown_between
from dispatch.world import World

US = 1_000_000
FRESH_FOR = timedelta(seconds=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """A policy as it is told, under its key, and what it was made of."""

    key: str
    body: bytes
    from_us: int
    to_us: int
    world: World
    made_at: datetime
    terms: object

    def holds(self, world: World, partner: str, now: datetime) -> bool:
        """Whether what leaves by it may leave now."""
        same = (
            world.consents is self.world.consents
            and world.labels is self.world.labels
            and world.shared is self.world.shared
        )
        return same and consent_policy.terms_towards(world, partner, now) is self.terms

    def serves(self, world: World, from_us: int, to_us: int, now: datetime) -> bool:
        """Whether it says everything of a time."""
        fresh = world is self.world or timedelta(0) <= now - self.made_at < FRESH_FOR
        return fresh and self.from_us <= from_us and to_us <= self.to_us


def instant(at_us: int) -> datetime:
    """Microseconds since 1970 as a time."""
    return _EPOCH + timedelta(microseconds=at_us)


def micros(at: datetime) -> int:
    """A time as microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def tell(
    world: World, partner: str, span_us: tuple[int, int], *, now: datetime, area: BaseGeometry | None
) -> Told:
    """The policy of a time. Raises Refused NO_CONSENT. Takes some microseconds for each tasking."""
    from_us, to_us = span_us
    terms = consent_policy.terms_towards(world, partner, now)
    shown = shown_between(world, partner, instant(from_us), instant(to_us), now)
    body = _body(shown, area)
    key = sha256(partner.encode() + b"\0" + body).hexdigest()
    told = json.dumps({"kind": "policy", "key": key}).encode()[:-1] + b", " + body[1:]
    return Told(
        key=key, body=told, from_us=from_us, to_us=to_us, world=world, made_at=now, terms=terms
    )  # fmt: skip


def _body(shown: PastShown, area: BaseGeometry | None) -> bytes:
    each = sorted((one.address, micros(one.from_at), micros(one.to_at), one.anywhere) for one in shown.shown)
    banded = any(not one[3] for one in each)
    return json.dumps(
        {
            "every_us": round(shown.every_s * US),
            "coarse": shown.coarse,
            "address": [one[0] for one in each],
            "from_us": [one[1] for one in each],
            "to_us": [one[2] for one in each],
            "anywhere": [one[3] for one in each],
            "area": shapely.to_wkb(area, hex=True) if area is not None and banded else "",
        }
    ).encode()
