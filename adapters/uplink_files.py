"""Stills that were sent to the field, kept by their hash under the site's data folder, as files of consultations are.

What no message names goes at the start: left by a crash, or handed over and never sent.
"""

from pathlib import Path

import structlog

from adapters.rooms.files import RoomFiles
from dispatch import uplink
from dispatch.world import World

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
