"""Feeds: sockets from which surveillance comes, as sightings for the picture. `Feed` is the door."""

from adapters.feeds.config import FeedConfig, FeedKind, FeedStatus
from adapters.feeds.feed import Feed

__all__ = ["Feed", "FeedConfig", "FeedKind", "FeedStatus"]
