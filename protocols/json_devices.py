"""Bodies and answers of the doors of devices and crews (phones that sign, who flies what)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from dispatch import account_commands, tasking_commands
from dispatch.device_records import Device
from protocols.json_answers import Answered
from protocols.json_doors import Body, Id, Version, Why


class DeviceEnd(Body, frozen=True, kw_only=True):
    """Why a device is revoked."""

    reason: Why

    def command(self, device_id: str) -> account_commands.RevokeDevice:
        """The command for one device."""
        return account_commands.RevokeDevice(device_id=device_id, reason=self.reason)


class CrewAssignment(Body, frozen=True, kw_only=True):
    """An aircraft's whole crew from now on; the versions seen of everybody who joins or leaves it, by id."""

    crew_ids: Annotated[tuple[Id, ...], Meta(max_length=16)]
    versions: Annotated[dict[Id, Version], Meta(max_length=32)]

    def command(self, aircraft_id: str) -> tasking_commands.AssignCrew:
        """The command for one aircraft."""
        return tasking_commands.AssignCrew(
            aircraft_id=aircraft_id,
            crew_ids=self.crew_ids,
            versions_seen=tuple(sorted(self.versions.items())),
        )


class DeviceAnswer(Answered, frozen=True, kw_only=True):
    """A phone that signs. `own`: the caller's session is on it. `acts`: how many the site has of it."""

    id: str
    account: str
    display_name: str
    name: str
    enrolled_at: datetime
    seen_at: datetime
    own: bool
    signed_in: bool
    acts: int
    revoked_at: datetime | None
    revoked_by: str
    reason: str

    @classmethod
    def of(
        cls, device: Device, *, display_name: str, seen_at: datetime, own: bool, signed_in: bool
    ) -> "DeviceAnswer":
        """A device as JSON shows it."""
        return cls(
            id=device.id,
            account=device.account,
            display_name=display_name,
            name=device.name,
            enrolled_at=device.enrolled_at,
            seen_at=seen_at,
            own=own,
            signed_in=signed_in,
            acts=device.last_seq - len(device.missed),
            revoked_at=device.revoked_at,
            revoked_by=device.revoked_by,
            reason=device.reason,
        )


class DevicesAnswer(Answered, frozen=True, kw_only=True):
    """Devices that the caller may see, in use first, the last seen first."""

    items: list[DeviceAnswer]
