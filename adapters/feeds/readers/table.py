"""The table kind of feed -> reader."""

from collections.abc import Callable, Mapping

from adapters.feeds.config import FeedConfig, FeedKind
from adapters.feeds.readers import Line, Reader
from adapters.feeds.readers.asterix import AsterixReaders
from adapters.feeds.readers.cot import CotReader
from adapters.feeds.readers.jt808 import Jt808Readers
from adapters.feeds.readers.modes import ModeSReader
from adapters.feeds.readers.nmea import NmeaReader
from adapters.feeds.readers.sbs import SbsReader
from dispatch.errors import Malformed

READERS: Mapping[FeedKind, Callable[[Line], Reader]] = {
    FeedKind.BEAST: ModeSReader,
    FeedKind.AVR: ModeSReader,
    FeedKind.SBS: SbsReader,
    FeedKind.NMEA: NmeaReader,
    FeedKind.COT: CotReader,
}
# Kinds whose lines share something: made once for a feed, and then for each of its lines.
SHARING: Mapping[FeedKind, Callable[[FeedConfig], Callable[[Line], Reader]]] = {
    FeedKind.ASTERIX: AsterixReaders,
    FeedKind.JT808: Jt808Readers,
}


def reader_of(config: FeedConfig) -> Callable[[Line], Reader]:
    """What makes the readers of a feed. Raises Malformed for a kind that this version does not read."""
    sharing = SHARING.get(config.kind)
    if sharing is not None:
        return sharing(config)
    made = READERS.get(config.kind)
    if made is None:
        raise Malformed("feed.kind", f"{config.kind} is not read by this version")
    return made
