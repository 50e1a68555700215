"""`[video]` of site.toml."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from dispatch.errors import Malformed


class VideoSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Video from aircraft, drones and teams (adapters/video, docs/video.md)."""

    listen: str = "127.0.0.1"  # host of the ports at which senders are waited for
    first_port: Annotated[int, Meta(ge=1024, le=65535)] = 21000  # streams may name ports from here
    last_port: Annotated[int, Meta(ge=1024, le=65535)] = 21199  # to here
    streams_per_process: Annotated[int, Meta(ge=1, le=16)] = 4
    # name -> file with user:password; for SRT stream id:passphrase, for pushed RTMP application:key
    logins: Mapping[str, str] = {}
    srt_latency_ms: Annotated[int, Meta(ge=20, le=8_000)] = 120  # how long SRT may wait for what was lost
    ffmpeg: str = ""  # the site's own executable; empty: the one that comes with us
    # where senders that nobody registered are listened for, and the networks they may be in
    discovery_ports: Annotated[tuple[int, ...], Meta(max_length=64)] = ()
    discovery_from: Annotated[tuple[str, ...], Meta(max_length=64)] = ()
    discovery_aircraft: Mapping[str, str] = {}  # address -> aircraft that sends from there
    discovery_senders: Annotated[int, Meta(ge=1, le=64)] = 16  # one more, and the oldest is forgotten
    record: bool = True  # what comes in is kept in the data folder (docs/video_recording.md)
    record_segment_s: Annotated[float, Meta(ge=5, le=600)] = 60.0  # a file's length, to the next key frame
    record_days: Annotated[int, Meta(ge=1, le=36_500)] = 30  # then the oldest goes
    record_max_gigabytes: Annotated[float, Meta(ge=0, le=1_000_000)] = 200.0  # and over it; 0: no limit
    record_keep_free_gigabytes: Annotated[float, Meta(ge=0, le=1_000_000)] = 2.0  # recording stops before
    record_incident_days: Annotated[int, Meta(ge=0, le=36_500)] = 365  # of aircraft tasked to an incident


def check_discovery(video: VideoSection) -> None:
    """Raises Malformed."""
    for port in video.discovery_ports:
        if not video.first_port <= port <= video.last_port:
            raise Malformed("video.discovery_ports", f"{port} is not from first_port to last_port")
    if video.discovery_ports and not video.discovery_from:
        raise Malformed("video.discovery_from", "names the networks of senders")
    for network in video.discovery_from:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise Malformed("video.discovery_from", str(error)) from None
