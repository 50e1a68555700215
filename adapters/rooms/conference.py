"""Voice and picture: the conference system that the site has already is asked to call, and our pictures are offered to it.

    -> POST url   X-Ganying-Time, X-Ganying-Signature as the telephone gateway's (adapters/callout/gateway.py)
       {"id", "event": "call", "room", "title", "incident", "sites", "called_by", "simulated",
        "sources": [{"name", "url", "kind", "until"}]}
    <- 200, 202; 409: it had this id already, which is as good

`kind` is `page` for the addresses of the site's file, `video` and `map` for what it may pull by RTSP until `until`
(adapters/rooms/sources): a path that is good for this call alone.

Nothing configured: none of this is there, and the console shows no button.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from adapters.callout.gateway import Gateway, NotTaken
from adapters.callout.settings import LEAST_SECRET_BYTES, Settings
from adapters.clock import Clock
from adapters.config import Config, is_loopback
from adapters.rooms.section import ConferenceSource
from adapters.rooms.sources import settings as sources_settings
from adapters.rooms.sources.settings import SourceSettings
from dispatch.conference_records import MAP, ConferenceCall
from dispatch.errors import Malformed, Refused
from dispatch.room_records import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceSettings:
    """`[conference]` with its files read."""

    gateway: Settings
    sources: tuple[ConferenceSource, ...]
    pulled: SourceSettings | None = None


def settings_of(config: Config) -> ConferenceSettings | None:
    """None where there is none. Raises Malformed naming `conference.KEY`."""
    section = config.conference
    if not section.url:
        return None
    parts = urlsplit(section.url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
        raise Malformed("conference.url", "is not http(s)://host[:port]/path")
    if parts.scheme == "http" and not is_loopback(host):
        raise Malformed("conference.url", f"to {host} it is https: rooms name people and places")
    if parts.scheme == "https" and not section.ca:
        raise Malformed("conference.ca", "is missing: whose certificate the gateway shows")
    try:
        secret = config.path(section.secret).read_bytes().strip() if section.secret else b""
    except OSError as error:
        raise Malformed("conference.secret", f"cannot be read: {error.strerror}") from None
    if len(secret) < LEAST_SECRET_BYTES:
        raise Malformed(
            "conference.secret", f"is a file of at least {LEAST_SECRET_BYTES} bytes, which sign for us"
        )
    never = timedelta(0)
    gateway = Settings(
        url=section.url,
        host=host,
        secret=secret,
        ca=config.path(section.ca) if parts.scheme == "https" else None,
        signature="",
        voice=False,
        wait=never,
        code_valid=never,
        report_within=never,
        timeout_s=section.timeout_s,
        attempts=1,
    )
    return ConferenceSettings(
        gateway=gateway, sources=section.source, pulled=sources_settings.settings_of(config, secret)
    )


class Conference:
    """The conference system as a client reaches it."""

    def __init__(self, settings: ConferenceSettings, clock: Clock, reactor: Any) -> None:
        self._settings, self._clock = settings, clock
        self._gateway = Gateway(settings.gateway, reactor)

    @property
    def pulled(self) -> SourceSettings | None:
        """Where it pulls what a desk offers; None: nowhere."""
        return self._settings.pulled

    @property
    def offered(self) -> tuple[str, ...]:
        """Which of our pictures it may show, by name."""
        return tuple(source.name for source in self._settings.sources)

    async def call(
        self, room: Room, called_by: str, call_id: str, offered: ConferenceCall | None = None
    ) -> None:
        """Have it call; `offered`: what it may pull. Raises Refused(CONFERENCE_DOWN or CONFERENCE_REFUSED)."""
        body = self.body(room, called_by, call_id, offered)
        taken = await self._gateway.post(body, int(self._clock().timestamp()))
        if isinstance(taken, NotTaken):
            code = "CONFERENCE_REFUSED" if taken.for_good else "CONFERENCE_DOWN"
            raise Refused(
                code, f"the conference system did not take the call: {taken.why}", field="conference"
            )

    def body(self, room: Room, called_by: str, call_id: str, offered: ConferenceCall | None = None) -> bytes:
        """One call as the gateway reads it."""
        return msgspec.json.encode(
            {
                "id": call_id,
                "event": "call",
                "room": room.id,
                "title": room.title,
                "incident": room.incident_id,
                "sites": room.sites,
                "called_by": called_by,
                "simulated": room.simulated,
                "sources": [
                    {
                        "name": source.name,
                        "url": source.url.replace("{room}", room.id).replace("{incident}", room.incident_id),
                        "kind": "page",
                    }
                    for source in self._settings.sources
                ]
                + self._paths(offered),
            }
        )

    def _paths(self, offered: ConferenceCall | None) -> list[dict[str, str]]:
        pulled = self._settings.pulled
        if offered is None or pulled is None:
            return []
        return [
            {
                "name": source.name,
                "url": pulled.url(offered.id, offered.room_id, source.id),
                "kind": "map" if source.id == MAP else "video",
                "until": offered.until.isoformat(),
            }
            for source in offered.sources
        ]

    async def close(self) -> None:
        """Let the connections go."""
        await self._gateway.close()
