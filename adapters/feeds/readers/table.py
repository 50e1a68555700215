"""The table kind of feed -> reader."""

from collections.abc import Callable, Mapping

from adapters.feeds.config import FeedKind
from adapters.feeds.readers import Line, Reader
from adapters.feeds.readers.modes import ModeSReader
from adapters.feeds.readers.sbs import SbsReader
from dispatch.errors import Malformed

READERS: Mapping[FeedKind, Callable[[Line], Reader]] = {
    FeedKind.BEAST: ModeSReader,
    FeedKind.AVR: ModeSReader,
    FeedKind.SBS: SbsReader,
}


def reader_of(kind: FeedKind) -> Callable[[Line], Reader]:
    """What makes readers of this kind. Raises Malformed for a kind that this version does not read."""
    made = READERS.get(kind)
    if made is None:
        raise Malformed("feed.kind", f"{kind} is not read by this version")
    return made
