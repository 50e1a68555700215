"""What is asked about aircraft, places and things."""

from dataclasses import dataclass

from dispatch.records import Identity, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResource:
    """Create or change one resource; `version_seen` 0 creates."""

    resource: Resource
    version_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveIdentity:
    """Create (an empty id, `version_seen` 0) or change an identity."""

    identity: Identity
    version_seen: int


ResourceCommand = SaveResource | SaveIdentity
