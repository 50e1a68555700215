"""A segment that is being written. Blocking; every method may raise OSError, and what was whole before stays whole."""

import contextlib
import fcntl
import os
from pathlib import Path

from adapters.video.recording import places
from adapters.video.recording.footprints import look_of
from protocols.video_segment import (
    KLV,
    PICTURE,
    US,
    KeyAt,
    LookAt,
    SegmentIndex,
    SegmentInfo,
    begun,
    record,
)
from protocols.video_sets import PictureFormat

LOOK_EVERY_US = 2 * US  # where the camera looks is told by some twenty packets a second
INDEX_EVERY_US = 5 * US  # what a crash leaves to be read through again
SYNC_EVERY_US = 5 * US  # what a cut of power may cost, beyond what the disk itself loses


class SegmentFile:
    """Begins with a key frame."""

    def __init__(
        self, root: Path, info: SegmentInfo, made: PictureFormat | None, from_us: int, epoch: int
    ) -> None:
        self.epoch = epoch
        self.from_us = self.to_us = from_us
        self.path = _free(root, info.stream_id, from_us)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._info, self._format = info, made
        self._keys: list[KeyAt] = []
        self._looks: list[LookAt] = []
        self._units = self._size = 0
        self._indexed_us = self._synced_us = from_us
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write(begun(info, from_us))
        except OSError:
            self.abandon()
            raise

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    def picture(self, at_us: int, body: bytes, *, key: bool) -> None:
        """One access unit."""
        begin = self._size
        self._write(record(PICTURE, at_us, body, key=key))
        if key:
            self._keys.append(KeyAt(at_us, begin))
        self._units += 1
        self.to_us = max(self.to_us, at_us)
        if at_us - self._synced_us >= SYNC_EVERY_US:
            os.fdatasync(self._file)
            self._synced_us = at_us
        if key and (at_us - self._indexed_us >= INDEX_EVERY_US or len(self._keys) == 1):
            places.put_index(self.path, self.index(still_open=True))
            self._indexed_us = at_us

    def klv(self, at_us: int, body: bytes) -> None:
        """What came beside the pictures."""
        self._write(record(KLV, at_us, body))
        if not self._looks or at_us - self._looks[-1].at_us >= LOOK_EVERY_US:
            look = look_of(at_us, body)
            if look is not None:
                self._looks.append(look)

    def index(self, *, still_open: bool) -> SegmentIndex:
        """As far as it is written."""
        made = self._format
        return SegmentIndex(
            info=self._info,
            from_us=self.from_us,
            to_us=self.to_us,
            size=self._size,
            units=self._units,
            codec=made.codec if made else "",
            width=made.width if made else 0,
            height=made.height if made else 0,
            open=still_open,
            keys=tuple(self._keys),
            looks=tuple(self._looks),
        )

    def close(self) -> None:
        """Nothing more comes."""
        try:
            os.fdatasync(self._file)
            places.put_index(self.path, self.index(still_open=False), lasting=True)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """As it is; whoever keeps house closes it. One without a picture goes."""
        with contextlib.suppress(OSError):
            os.close(self._file)
        if not self._units:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
                places.index_path(self.path).unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        """All of it, or what was written of it is taken back."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)


def _free(root: Path, stream_id: str, from_us: int) -> Path:
    """A name that is not taken: a clock that was put back may come to the same microsecond twice."""
    path = places.segment_path(root, stream_id, from_us)
    while path.exists():
        from_us += 1
        path = places.segment_path(root, stream_id, from_us)
    return path
