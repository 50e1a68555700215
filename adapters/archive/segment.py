"""A segment: an Arrow stream that is appended to once a second and read by anybody meanwhile.

After `append` returns, the batch is on disk. A kill or a power cut costs what was not appended and nothing else:
readers take whole batches from the beginning and stop where the stream does.
"""

# mypy: disable-error-code="import-untyped"
# reason: pyarrow is not annotated

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from adapters.archive.columns import SCHEMA

_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")


class OpenSegment:
    """A new segment at `path`. Raises OSError as files do; after one, `abandon` it and open another."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self.rows = 0
        self.size = 0  # bytes that are surely on disk
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._sink = io.BytesIO()  # Arrow writes here, we to the file: a short write must not pass unseen
        self._stream = pa.ipc.new_stream(self._sink, SCHEMA, options=_OPTIONS)

    def append(self, batch: Any) -> None:
        """Write a batch of SCHEMA and wait until it is on disk."""
        self._stream.write_batch(batch)
        self._write_out()
        self.rows += batch.num_rows

    def close(self) -> None:
        """End the stream."""
        self._stream.close()
        self._write_out()
        os.close(self._file)

    def abandon(self) -> None:
        """Let go of it after a failure, cut back to the last whole batch; readers would stop there anyway."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self.size)
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _write_out(self) -> None:
        made = self._sink.getbuffer()
        try:
            done = 0
            while done < len(made):
                done += os.write(self._file, made[done:])
        finally:
            made.release()
        os.fdatasync(self._file)
        self.size += done
        self._sink.seek(0)
        self._sink.truncate()


def batches(path: Path) -> Iterator[Any]:
    """The whole record batches of a segment, wherever it ends. Raises FileNotFoundError."""
    with pa.OSFile(str(path)) as source:  # not mapped: a file cut short under a mapping kills its reader
        try:
            stream = pa.ipc.open_stream(source)
            while True:
                yield stream.read_next_batch()
        except (StopIteration, pa.ArrowException, OSError, EOFError):
            return  # the end, or where the power was cut


def table(path: Path) -> Any:
    """All of a segment as one table with one dictionary to a column. Raises FileNotFoundError."""
    return pa.Table.from_batches(list(batches(path)), SCHEMA).unify_dictionaries()
