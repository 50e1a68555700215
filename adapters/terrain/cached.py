"""Unpacked tiles, kept in the data folder so that they can be memory-mapped: made once for each state of a file."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def path_of(source: Path, cache: Path, suffix: str, how: str = "") -> Path:
    """Where the unpacked form of a file is kept: another size, time or way of reading is another name."""
    stat = source.stat()
    said = f"{source.resolve()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{how}"
    return cache / (hashlib.sha256(said.encode()).hexdigest()[:32] + suffix)


def kept(target: Path, parts: Iterable[bytes]) -> None:
    """Write it whole or not at all."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    try:
        with unfinished.open("wb") as file:
            for part in parts:
                file.write(part)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def drop_others(cache: Path, used: Iterable[Path]) -> None:
    """What belongs to no present file is removed."""
    wanted = set(used)
    if not cache.is_dir():
        return
    for path in cache.iterdir():
        if path.suffix in (".hgt", ".f4", ".part") and path not in wanted:
            path.unlink(missing_ok=True)
