"""Identities over HTTP: which keys are one real thing, and proposals of what might be."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch.identity import APART_LIMIT, KEY_CHARACTERS, KEY_LIMIT, SCHEMES
from dispatch.kinds import AltitudeDatum, SourceKind, ThingKind
from dispatch.records import Identity
from dispatch.sighting import ICAO24
from protocols.json_answers import Answered
from protocols.json_doors import END, Body, Note, OptionalId, PageQuery, Version

_OTHERS = "|".join(sorted(SCHEMES - {ICAO24}))
KEY_PATTERN = rf"^({ICAO24}:[0-9a-f]{{6}}|({_OTHERS}):[!-~]{{1,64}})" + END
Key = Annotated[
    str,
    Meta(
        max_length=KEY_CHARACTERS,
        pattern=KEY_PATTERN,
        description="scheme:value without blanks, such as icao24:780abc or jt808:13912345678",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\S")]


class IdentityBody(Body, frozen=True, kw_only=True):
    """A new identity. `apart`: keys that are not this thing, though a proposal said so."""

    name: Name
    thing_kind: ThingKind | None = None
    keys: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=KEY_LIMIT)]
    apart: Annotated[tuple[Key, ...], Meta(max_length=APART_LIMIT)] = ()
    aircraft_id: OptionalId = ""
    note: Note = ""

    def identity(self, identity_id: str, site: str, *, retired: bool = False) -> Identity:
        """The record; id empty for a new one."""
        return Identity(
            id=identity_id,
            site=site,
            name=self.name,
            thing_kind=self.thing_kind,
            keys=self.keys,
            apart=self.apart,
            aircraft_id=self.aircraft_id,
            note=self.note,
            retired=retired,
        )


class IdentityChange(IdentityBody, frozen=True, kw_only=True):
    """The whole of it as it shall be, and the version that was seen. `retired`: its keys are free again."""

    version: Version
    retired: bool = False


class IdentityQuery(PageQuery, frozen=True, kw_only=True):
    """Which identities: `q` in name, key, aircraft or note, in any case; `retired` for those out of use as well."""

    q: Annotated[str, Meta(max_length=80)] = ""
    retired: bool = False


class SeenTrack(Answered, frozen=True, kw_only=True):
    """What is known now of one of the two."""

    id: str
    name: str
    callsign: str
    registration: str
    thing_kind: ThingKind | None
    source: str
    source_kind: SourceKind
    lon_deg: float | None
    lat_deg: float | None
    position_age_s: float | None
    accuracy_m: float | None
    altitude_m: float | None
    altitude_datum: AltitudeDatum | None
    ground_speed_mps: float | None
    track_deg: float | None


class ProposalSide(Answered, frozen=True, kw_only=True):
    """One of the two keys: the identity that has it already, and its track while it is heard."""

    key: str
    identity_id: str
    track: SeenTrack | None


class ProposalAnswer(Answered, frozen=True, kw_only=True):
    """Two keys that might be one thing, why, and how far they are from each other now. People decide."""

    reason: str
    since: datetime
    figures: dict[str, float]
    distance_m: float | None
    sides: tuple[ProposalSide, ProposalSide]


class ProposalsAnswer(Answered, frozen=True, kw_only=True):
    """All proposals of now, the longest-lasting first."""

    items: list[ProposalAnswer]
