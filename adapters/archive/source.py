"""The archive opened for reading, wherever it is: for the reader's process and for the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.archive import names, segment
from adapters.archive.files import FileSource
from adapters.archive.ordering import instants
from adapters.archive.query import Source
from adapters.archive.rows import RowSource
from adapters.archive.settings import ArchiveSettings
from adapters.store.archive import ArchiveTable


class Reading:
    """An archive that may be asked again and again."""

    def __init__(self, settings: ArchiveSettings) -> None:
        self._root = None if settings.url else settings.root
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

    def oldest_us(self) -> int | None:
        """When the oldest report was made, as far as names and headers tell; None: there is none. Raises StoreError."""
        if self._table is not None:
            return min((row.from_us for row in self._table.headers()), default=None)
        assert self._root is not None  # noqa: S101  # files, where it is no table
        held = names.contents(self._root)
        found = [filed.from_us for filed in held.filed]
        for pending in held.segments:
            first = next(segment.batches(pending.path), None)
            if first is not None and first.num_rows:
                found.append(int(instants(first).min()))
        return min(found, default=None)

    def close(self) -> None:
        """Let go of a database."""
        if self._table is not None:
            self._table.close()
