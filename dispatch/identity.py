"""Who is who: people say which keys are one real thing (身份登记), and the picture follows.

An `Identity` names a thing and lists its keys: `icao24:780abc`, `jt808:13912345678`, `cot:ANDROID-589520cc`,
`radar:025/007/1234`, `phone:li`, and the words `registration:B-70K3` and `callsign:CSN3127`, which count only for
sources that state no stronger key already listed. A key belongs to one identity at most. `apart` lists keys that
people have said are *not* this thing, so that the same proposal (matching.py) is not made twice. An aircraft of the
fleet lends its identity its address and its registration.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from immutables import Map

from dispatch import access
from dispatch.commands import Ask
from dispatch.errors import Malformed, Refused
from dispatch.facts import Fact
from dispatch.ids import derive
from dispatch.kinds import AircraftKind, ThingKind
from dispatch.records import Aircraft, Identity
from dispatch.resource_commands import SaveIdentity
from dispatch.resource_facts import IdentitySaved
from dispatch.sighting import ICAO24
from dispatch.world import World

REGISTRATION, CALLSIGN = "registration", "callsign"
SCHEMES = frozenset(
    (ICAO24, REGISTRATION, CALLSIGN, "jt808", "cot", "radar", "track", "nmea", "phone", "report", "partner")
)
KEY_LIMIT = 32  # keys of one identity
APART_LIMIT = 256  # declined proposals of one identity; the oldest is forgotten
KEY_CHARACTERS = 80
_KEY = re.compile(r"^([a-z0-9]{1,16}):([\x21-\x7e]{1,64})\Z")
_HEX = re.compile(r"^[0-9a-f]{6}\Z")
_KIND = {AircraftKind.HELICOPTER: ThingKind.HELICOPTER, AircraftKind.FIXED_WING: ThingKind.AIRPLANE}


def check_key(key: str, field: str) -> str:
    """A key as it is kept: scheme:value. Raises Malformed naming `field`."""
    match = _KEY.match(key)
    if match is None or len(key) > KEY_CHARACTERS:
        raise Malformed(field, f"{key[:80]!r} is not scheme:value without blanks, such as icao24:780abc")
    scheme, value = match.groups()
    if scheme not in SCHEMES:
        raise Malformed(field, f"{scheme!r} is not one of {', '.join(sorted(SCHEMES))}")
    if scheme == ICAO24 and not _HEX.match(value):
        raise Malformed(field, f"{value!r} is not six lower-case hex digits")
    if scheme in (REGISTRATION, CALLSIGN):
        return f"{scheme}:{word(value)}"
    return key


def word(text: str) -> str:
    """A registration or callsign as it is compared: capitals, no blanks."""
    return "".join(text.split()).upper()


def decide_save(world: World, ask: Ask, command: SaveIdentity) -> tuple[Fact, ...]:
    """Create (version_seen 0, id empty) or change an identity. Raises Malformed, Forbidden, Refused(CHANGED, KEY_TAKEN)."""
    if ask.role is not None:
        access.require(ask, access.SAVE_IDENTITY, "changing identities")
    asked = command.identity
    identity_id = asked.id or derive(world.site, "IDN", f"{ask.actor}\0{ask.command_id}")
    present = world.identities.get(identity_id)
    if present is not None and present.site != world.site:
        raise Refused("NOT_OWNER", f"{identity_id} belongs to site {present.site}", field="id")
    if asked.id and present is None:
        raise Malformed("id", f"no identity {asked.id}")
    access.check_version(command.version_seen, present.version if present else 0, identity_id)
    if not asked.name.strip():
        raise Malformed("name", "is empty")
    keys = _keys(asked.keys, "keys", KEY_LIMIT)
    if not keys and not asked.retired:
        raise Malformed("keys", "an identity in use has at least one key")
    if asked.aircraft_id and asked.aircraft_id not in world.aircraft:
        raise Malformed("aircraft_id", f"no aircraft {asked.aircraft_id!r}")
    if not asked.retired:
        _check_free(world, identity_id, keys, asked.aircraft_id)
    apart = tuple(key for key in _keys(asked.apart, "apart", None) if key not in keys)[-APART_LIMIT:]
    saved = replace(
        asked,
        id=identity_id,
        site=world.site,
        name=asked.name.strip(),
        keys=keys,
        apart=apart,
        version=command.version_seen + 1,
        history=present.history if present else (),
    )
    return (IdentitySaved(identity=saved),)


def _keys(keys: Iterable[str], field: str, limit: int | None) -> tuple[str, ...]:
    checked = tuple(dict.fromkeys(check_key(key, f"{field}[{place}]") for place, key in enumerate(keys)))
    if limit is not None and len(checked) > limit:
        raise Malformed(field, f"{len(checked)} keys, at most {limit}")
    return checked


def _check_free(world: World, identity_id: str, keys: tuple[str, ...], aircraft_id: str) -> None:
    wanted = {*keys, *_lent(world.aircraft.get(aircraft_id))}
    for other in world.identities.values():
        if other.id == identity_id or other.retired:
            continue
        taken = wanted & {*other.keys, *_lent(world.aircraft.get(other.aircraft_id))}
        if taken:
            raise Refused("KEY_TAKEN", f"{min(taken)} belongs to {other.id} {other.name}", field="keys")


def _lent(aircraft: Aircraft | None) -> tuple[str, ...]:
    """The keys that an aircraft of the fleet has by its own record."""
    if aircraft is None:
        return ()
    keys = [f"{REGISTRATION}:{word(aircraft.id)}"]
    if aircraft.icao24:
        keys.append(f"{ICAO24}:{aircraft.icao24}")
    return tuple(keys)


class Label(NamedTuple):
    """How people call a thing, and what it is."""

    kind: ThingKind | None
    name: str | None


_UNKNOWN = Label(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The identities and the fleet of one world as look-ups: key → thing id, thing id → label."""

    by_key: Mapping[str, str]
    labels: Mapping[str, Label]
    apart: frozenset[frozenset[str]]  # pairs of keys that people have said are two things
    by_word: bool  # whether any registration or callsign is listed

    def resolve(self, key: str, registration: str, callsign: str) -> str:
        """The thing a row belongs to: by its key, else by what it states, else the key itself."""
        found = self.by_key.get(key)
        if found is None and self.by_word and registration:
            found = self.by_key.get(f"{REGISTRATION}:{word(registration)}")
        if found is None and self.by_word and callsign:
            found = self.by_key.get(f"{CALLSIGN}:{word(callsign)}")
        return key if found is None else found

    def label(self, thing_id: str) -> Label:
        """What people say a thing is; nothing where they have not."""
        return self.labels.get(thing_id, _UNKNOWN)

    def labelled(self, before: "Registry") -> Iterable[str]:
        """The things whose label is not what it was."""
        for thing_id in {*self.labels, *before.labels}:
            if self.label(thing_id) != before.label(thing_id):
                yield thing_id


NOBODY = Registry(by_key={}, labels={}, apart=frozenset(), by_word=False)


def registry(identities: Map[str, Identity], fleet: Map[str, Aircraft]) -> Registry:
    """The look-ups of a world. An aircraft without an identity is known by its address, else by its registration."""
    by_key: dict[str, str] = {}
    labels: dict[str, Label] = {}
    apart: set[frozenset[str]] = set()
    for aircraft in fleet.values():
        keys = _lent(aircraft)
        thing_id = keys[-1]
        by_key.update(dict.fromkeys(keys, thing_id))
        labels[thing_id] = Label(_KIND[aircraft.kind], aircraft.name)
    for identity in identities.values():
        apart.update(frozenset((own, other)) for own in identity.keys for other in identity.apart)
        if identity.retired:
            continue
        linked = fleet.get(identity.aircraft_id)
        by_key.update(dict.fromkeys((*identity.keys, *_lent(linked)), identity.id))
        kind = identity.thing_kind or (None if linked is None else _KIND[linked.kind])
        labels[identity.id] = Label(kind, identity.name)
    words = any(key.startswith((f"{REGISTRATION}:", f"{CALLSIGN}:")) for key in by_key)
    return Registry(by_key=by_key, labels=labels, apart=frozenset(apart), by_word=words)
