"""Stills that were sent to the field, kept by their hash under the site's data folder, as files of consultations are.

What no message names goes at the start: left by a crash, or handed over and never sent. Where the place is full (rooms.files.MOST_BYTES)
it goes at once, once it has lain for UNSENT_S: whoever hands over and never sends takes no place from those who send.
"""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from adapters.rooms.files import RoomFiles
from dispatch import uplink
from dispatch.errors import NotStored, Refused
from dispatch.world import World

UNSENT_S = 3600.0  # a proposed figure; the form sends within minutes
JPEG = "image/jpeg"
log = structlog.get_logger()


def files(data: Path) -> RoomFiles:
    """The folder; at most rooms.files.MOST_BYTES."""
    return RoomFiles(data / "uplinks")


def forget_unnamed(kept: RoomFiles, world: World) -> None:
    """Blocks; before the doors open."""
    try:
        count = kept.forget(kept.all() - uplink.pictures_named(world))
    except OSError as error:
        log.error("pictures sent to nobody could not be removed", why=str(error))
        return
    if count:
        log.info("pictures sent to nobody removed", count=count)


def keep(kept: RoomFiles, data: bytes, world: Callable[[], World]) -> str:
    """Store a still and give its SHA-256; `world` as it is when place must be made. Blocks. Raises Malformed, Refused (NO_ROOM_ON_DISK) or NotStored."""
    try:
        return kept.keep(data, JPEG)
    except Refused:
        try:
            count = kept.forget(kept.all(before=time.time() - UNSENT_S) - uplink.pictures_named(world()))
        except OSError as error:
            raise NotStored(f"there is no place, and none could be made: {error.strerror}") from None
        if not count:
            raise
    log.info("pictures sent to nobody removed for want of place", count=count)
    return kept.keep(data, JPEG)


def size_of(kept: RoomFiles, digest: str) -> int | None:
    """Of a still that is about to be sent, which keeps it from being let go meanwhile; None where there is none. Blocks."""
    kept.renew(digest)
    found = kept.bytes_of(digest)
    return None if found is None else len(found)
