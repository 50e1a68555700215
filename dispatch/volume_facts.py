"""What happened to airspace volumes."""

from dataclasses import dataclass

from dispatch.volume_records import Volume


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumesImported:
    """Volumes of a file as they now are: those that are new and those that changed."""

    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSaved:
    """A volume as it now is. `changed` names what is said otherwise; of a new one nothing."""

    volume: Volume
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeWithdrawn:
    """A volume is on no map any more."""

    volume_id: str
    version: int
    reason: str
