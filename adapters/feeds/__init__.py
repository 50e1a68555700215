"""Feeds: sockets from which surveillance comes, as sightings for the picture. `feed.Feed` is the door."""

from adapters.feeds.config import FeedConfig, FeedKind, Transport
from adapters.feeds.status import FeedStatus

__all__ = ["FeedConfig", "FeedKind", "FeedStatus", "Transport"]
