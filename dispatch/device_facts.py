"""What happens to the devices of people in the field."""

from dataclasses import dataclass

from dispatch.device_records import ActStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnrolled:
    """Somebody signed in on a phone that signs; its key is known from here on."""

    device_id: str
    account: str
    name: str
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRevoked:
    """A phone was lost or put away: its key and its sessions (SessionClosed beside this) end."""

    device_id: str
    reason: str
    token_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStamped:
    """The act before this in the same command came from a device; so it came. Stays at this site."""

    stamp: ActStamp
    tasking_id: str = ""
    water_ids: tuple[str, ...] = ()  # loads that came so
    hours: bool = False  # the signature of its hours came so


DeviceFact = DeviceEnrolled | DeviceRevoked | ActStamped
