"""GB/T 28181 over HTTP: devices that may register, and upper platforms."""

from datetime import datetime

from protocols.json_answers import Answered


class GbChannelAnswer(Answered, frozen=True, kw_only=True):
    """A channel of a device. `stream_id`: the stream that shows it; empty: none does."""

    id: str
    name: str
    online: bool
    stream_id: str


class GbDeviceAnswer(Answered, frozen=True, kw_only=True):
    """A device that the site's file names. `since`: of this state; null: it never registered since the site began.

    `why`: of one that is gone. `position`: lon, lat as it told last.
    """

    id: str
    name: str
    online: bool
    since: datetime | None
    seen_at: datetime | None
    host: str
    why: str
    version: str
    media: str
    channels: tuple[GbChannelAnswer, ...]
    position: tuple[float, float] | None


class GbWatchedAnswer(Answered, frozen=True, kw_only=True):
    """What an upper platform watches now."""

    stream_id: str
    channel_id: str
    since: datetime
    subject: str
    address: str
    sent: int


class GbPlatformAnswer(Answered, frozen=True, kw_only=True):
    """An upper platform. `channels`: what it may see, channel to stream."""

    id: str
    name: str
    state: str
    since: datetime
    reason: str
    channels: dict[str, str]
    watched: tuple[GbWatchedAnswer, ...]


class Gb28181Answer(Answered, frozen=True, kw_only=True):
    """`id` empty: it is not spoken here. `refused`: what was not believed since the site began, by code."""

    id: str
    devices: tuple[GbDeviceAnswer, ...]
    platforms: tuple[GbPlatformAnswer, ...]
    refused: dict[str, int]
