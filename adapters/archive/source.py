"""The archive opened for reading, wherever it is: for the reader's process and for the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.archive.files import FileSource
from adapters.archive.query import Source
from adapters.archive.rows import RowSource
from adapters.archive.settings import ArchiveSettings
from adapters.store.archive import ArchiveTable


class Reading:
    """An archive that may be asked again and again."""

    def __init__(self, settings: ArchiveSettings) -> None:
        self._files = None if settings.url else FileSource(settings.root)
        self._table = ArchiveTable(settings.url) if settings.url else None

    @contextmanager
    def source(self) -> Iterator[Source]:
        """One state of it, as far as the store can promise that. Raises StoreError."""
        if self._files is not None:
            yield self._files
        elif self._table is not None:
            with self._table.snapshot() as snapshot:
                yield RowSource(snapshot)

    def close(self) -> None:
        """Let go of a database."""
        if self._table is not None:
            self._table.close()
