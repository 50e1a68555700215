"""What recording is told: where, for how long, how much. Made of site.toml, carried to other processes as JSON."""

from pathlib import Path

import msgspec

from adapters.config import Config

FOLDER, CLIPS = "recordings", "clips"
BYTES_A_GIGABYTE = 1_000_000_000


class RecordingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`max_bytes` 0: as much as comes."""

    folder: str
    clips: str
    segment_s: float
    days: int
    max_bytes: int
    keep_free_bytes: int
    incident_days: int  # what an aircraft recorded while it was with an incident is kept so long at least
    enabled: bool = True

    @property
    def root(self) -> Path:
        """The folder of segments."""
        return Path(self.folder)


def settings_of(config: Config) -> RecordingSettings:
    """The recordings' part of a site.toml."""
    told = config.video
    return RecordingSettings(
        folder=str(config.data / FOLDER),
        clips=str(config.data / CLIPS),
        segment_s=told.record_segment_s,
        days=told.record_days,
        max_bytes=int(told.record_max_gigabytes * BYTES_A_GIGABYTE),
        keep_free_bytes=int(told.record_keep_free_gigabytes * BYTES_A_GIGABYTE),
        incident_days=told.record_incident_days,
        enabled=told.record,
    )
