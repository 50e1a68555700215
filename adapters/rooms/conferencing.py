"""The conference system of a site, whole: it is called (conference.py), and pulls what is offered (sources/)."""

from typing import Any

from twisted.internet.defer import Deferred, DeferredList

from adapters.clock import Clock
from adapters.config import Config
from adapters.metrics import Metrics
from adapters.rooms import conference
from adapters.rooms.map_picture.room_maps import RoomMaps
from adapters.rooms.sources.sources import Sources
from adapters.video.video import Video
from dispatch.picture import TrackPicture


class Conferencing:
    """Start it after the site's video; stop it before. Where none is configured `called` is None and nothing listens."""

    def __init__(
        self,
        *,
        config: Config,
        desk: Any,
        video: Video,
        picture: TrackPicture,
        clock: Clock,
        metrics: Metrics,
        reactor: Any,
    ) -> None:
        settings = conference.settings_of(config)
        self.called = None if settings is None else conference.Conference(settings, clock, reactor)
        self.sources: Sources | None = None
        self._maps = RoomMaps(
            desk=desk, picture=picture, clock=clock, config=config, metrics=metrics, reactor=reactor
        )
        if settings is not None and settings.pulled is not None:
            self.sources = Sources(
                settings=settings.pulled,
                desk=desk,
                video=video,
                maps=self._maps,
                clock=clock,
                metrics=metrics,
                reactor=reactor,
            )

    def start(self) -> None:
        """Listen, where it may pull."""
        if self.sources is not None:
            self.sources.start()

    def stop(self) -> "Deferred[Any]":
        """Nothing is pulled any more, nobody called."""
        ends = [self._maps.stop()] + ([] if self.sources is None else [self.sources.stop()])
        if self.called is not None:
            ends.append(Deferred.fromCoroutine(self.called.close()))
        return DeferredList(ends)
