"""What is asked about airspace volumes."""

from dataclasses import dataclass

from dispatch.volume_kinds import AirspaceClass, AirspaceControl, VolumeKind
from dispatch.volume_records import ActiveTime, HeightLimit, VolumeTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportVolumes:
    """Volumes of a file, new or changed since it was last read; the same file and feature is the same volume."""

    volumes: tuple[VolumeTerms, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveVolume:
    """A new volume, drawn by hand."""

    terms: VolumeTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendVolume:
    """Change what is said of a volume; None: as before. The footprint stays: another one is another volume."""

    volume_id: str
    version_seen: int
    name: str | None = None
    kind: VolumeKind | None = None
    airspace_class: AirspaceClass | None = None
    control: AirspaceControl | None = None
    floor: HeightLimit | None = None
    ceiling: HeightLimit | None = None
    permanent: bool | None = None
    times: tuple[ActiveTime, ...] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawVolumes:
    """Take volumes off the map, with a reason; `versions_seen` in the order of the ids."""

    volume_ids: tuple[str, ...]
    versions_seen: tuple[int, ...]
    reason: str


VolumeCommand = ImportVolumes | SaveVolume | AmendVolume | WithdrawVolumes
