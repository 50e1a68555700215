"""Files of consultations, kept by their hash under the site's data folder; a partner's are fetched when somebody opens them (over_links.py).

What a file is called and who may have it is the room's affair; here bytes are looked at before they are kept: what
says that it is an image or a PDF begins like one, what says that it is text is text.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from dispatch.errors import Malformed, NotStored, Refused
from dispatch.room_checks import FILE_TYPES, MAX_FILE_BYTES

MOST_BYTES = 2_000_000_000  # of all of them together; a proposed figure
LEAST_FREE = 1_000_000_000  # of the disk, left to the journal
_STARTS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "application/pdf": b"%PDF-",
}


class RoomFiles:
    """The folder. Every method may block: never on the reactor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None

    def keep(self, data: bytes, media_type: str) -> str:
        """Store and give the SHA-256. Raises Malformed, Refused (NO_ROOM_ON_DISK) or NotStored."""
        check(data, media_type)
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            if path.exists():
                os.utime(path)  # it is wanted anew
                return digest
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = self._bytes()
            if held + len(data) > MOST_BYTES or shutil.disk_usage(self._folder).free < LEAST_FREE:
                raise Refused("NO_ROOM_ON_DISK", "there is no place for more files", field="file")
            beside = path.with_suffix(".part")
            with beside.open("wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(path)
        except OSError as error:
            raise NotStored(f"the file could not be kept: {error.strerror}") from None
        self._held = held + len(data)
        return digest

    def bytes_of(self, digest: str) -> bytes | None:
        """What is kept under a hash, None where nothing is."""
        try:
            return self._path(digest).read_bytes()
        except OSError:
            return None

    def renew(self, digest: str) -> None:
        """It is wanted anew; nothing where there is none."""
        with contextlib.suppress(OSError):
            os.utime(self._path(digest))

    def piece(self, digest: str, offset: int, length: int) -> bytes:
        """So many bytes from `offset` on, fewer at the end; none where there is no such file."""
        try:
            with self._path(digest).open("rb") as kept:
                kept.seek(offset)
                return kept.read(length)
        except OSError:
            return b""

    def has(self, digest: str) -> bool:
        """Whether it is here."""
        return self._path(digest).exists()

    def all(self, before: float | None = None) -> frozenset[str]:
        """The hashes of what is kept; with `before` (Unix seconds) of what was last handed over before. Raises OSError."""
        return frozenset(
            each.name
            for each in self._folder.glob("??/*")
            if each.is_file() and not each.suffix and (before is None or each.stat().st_mtime < before)
        )

    def forget(self, digests: Iterable[str]) -> int:
        """Remove these from the disk; how many there were. Raises OSError for the first that stays."""
        count = 0
        for digest in digests:
            path = self._path(digest)
            if path.exists():
                path.unlink()
                count += 1
        self._held = None
        return count

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _bytes(self) -> int:
        if self._held is None:
            self._held = sum(each.stat().st_size for each in self._folder.rglob("*") if each.is_file())
        return self._held


def check(data: bytes, media_type: str) -> None:
    """Size, type, and that the bytes are of it. Raises Malformed."""
    if media_type not in FILE_TYPES:
        raise Malformed("type", f"is one of {', '.join(sorted(FILE_TYPES))}")
    if not 0 < len(data) <= MAX_FILE_BYTES:
        raise Malformed("file", f"{len(data)} bytes, 1 to {MAX_FILE_BYTES}")
    start = _STARTS.get(media_type)
    if start is not None:
        if not data.startswith(start) or (media_type == "image/webp" and data[8:12] != b"WEBP"):
            raise Malformed("file", f"is no {media_type}")
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("file", "is not text in UTF-8") from None
    if "\0" in text:
        raise Malformed("file", "is not text")
