"""What the archive is told: where, for how long, how much. Made of site.toml, carried to its processes as JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapters.config import Config

FOLDER = "archive"
BYTES_A_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    """`url` empty: files in `folder`; else rows in that database, and `folder` is not used."""

    folder: str
    url: str
    days: int
    max_bytes: int  # 0: as much as comes
    keep_free_bytes: int
    readers: int  # processes that answer questions at the same time
    enabled: bool = True

    @property
    def root(self) -> Path:
        """The folder of files."""
        return Path(self.folder)

    def as_json(self) -> dict[str, Any]:
        """For another process. Holds the database's URL: never on a command line."""
        return asdict(self)


def settings_of(config: Config) -> ArchiveSettings:
    """The archive's part of a site.toml."""
    told = config.archive
    return ArchiveSettings(
        folder=str(config.data / FOLDER),
        url=config.database_url if told.store == "database" else "",
        days=told.days,
        max_bytes=int(told.max_gigabytes * BYTES_A_GIGABYTE),
        keep_free_bytes=int(told.keep_free_gigabytes * BYTES_A_GIGABYTE),
        readers=told.readers,
        enabled=told.enabled,
    )
