"""What is where in the recordings' folder.

    recordings/36-VID-7K3F/2026-11-27/103000-1795775400000000.gyv     a segment (protocols/video_segment.py)
                                      103000-1795775400000000.json    its index
     stream      day and time of day (UTC) of its first picture, and that moment in microseconds since 1970

A segment is locked (flock) by whoever writes it; one that is `open` and not locked was left by a process that died.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from protocols.video_segment import SegmentIndex, read_index, write_index

SEGMENT, INDEX, PART = ".gyv", ".json", ".part"
CATALOGUE = "catalogue.sqlite"
_NAME = re.compile(r"\d{6}-(\d{1,17})\.gyv")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# a segment that began so long ago may still hold the moment: it is cut at the first key frame after its time
REACH = timedelta(hours=26)


def segment_path(root: Path, stream_id: str, from_us: int) -> Path:
    """Where a segment that begins then is written."""
    at = _EPOCH + timedelta(microseconds=from_us)
    return root / stream_id / f"{at:%Y-%m-%d}" / f"{at:%H%M%S}-{from_us}{SEGMENT}"


def index_path(segment: Path) -> Path:
    """Its index."""
    return segment.with_suffix(INDEX)


def began_us(segment: Path) -> int:
    """When it begins, by its name."""
    found = _NAME.fullmatch(segment.name)
    if found is None:
        raise ValueError(segment.name)
    return int(found[1])


def put_index(segment: Path, index: SegmentIndex, *, lasting: bool = False) -> None:
    """Whole or not at all. Raises OSError. `lasting`: on the disk before it counts."""
    path = index_path(segment)
    part = path.with_suffix(PART)
    with part.open("wb") as file:
        file.write(write_index(index))
        if lasting:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)


def get_index(segment: Path) -> SegmentIndex | None:
    """None: there is none, or it cannot be read."""
    try:
        return read_index(index_path(segment).read_bytes())
    except OSError:
        return None


def day_folders(root: Path) -> Iterator[Path]:
    """All of all streams."""
    for stream in _folders(root):
        yield from (each for each in _folders(stream) if _DAY.fullmatch(each.name))


def segments(folder: Path) -> list[Path]:
    """Of one day folder, in order of time."""
    with contextlib.suppress(OSError):
        found = [folder / each.name for each in os.scandir(folder) if _NAME.fullmatch(each.name)]
        return sorted(found, key=began_us)
    return []


def reaching(root: Path, stream_id: str, from_us: int, to_us: int) -> Iterator[tuple[Path, SegmentIndex]]:
    """Segments of a stream that hold something of [from_us, to_us), in order of time."""
    first = _EPOCH + timedelta(microseconds=from_us) - REACH
    last = _EPOCH + timedelta(microseconds=to_us)
    days = sorted(
        each.name
        for each in _folders(root / stream_id)
        if f"{first:%Y-%m-%d}" <= each.name <= f"{last:%Y-%m-%d}"
    )
    for day in days:
        found = segments(root / stream_id / day)
        for place, path in enumerate(found):
            if began_us(path) >= to_us:
                break
            # closed when the next one began, by the clock of the same site
            if place + 1 < len(found) and began_us(found[place + 1]) < from_us:
                continue
            index = get_index(path)
            # the index of one that grows is some seconds behind it
            if index is not None and index.from_us < to_us and (index.open or index.to_us >= from_us):
                yield path, index


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as listing:
            return [folder / each.name for each in listing if each.is_dir(follow_symlinks=False)]
    except OSError:
        return []
