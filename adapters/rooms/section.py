"""`[conference]` of site.toml: the conference system, how it is called, and where it pulls (docs/consultation.md)."""

from typing import Annotated

import msgspec
from msgspec import Meta


class ConferenceSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture of ours that the conference system may show; `{room}` and `{incident}` in `url` are filled in."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    url: Annotated[str, Meta(min_length=1, max_length=500)]


class ConferenceSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The conference system of the closed network (adapters/rooms/conference.py). Empty `url`: none."""

    url: str = ""
    secret: str = ""  # file; its bytes sign what we send
    ca: str = ""  # PEM; whose certificate it shows. Required with https
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 8.0
    source: Annotated[tuple[ConferenceSource, ...], Meta(max_length=16)] = ()
    rtsp_port: Annotated[int, Meta(ge=0, le=65535)] = 0  # where it pulls video and the map; 0: nowhere
    rtsp_listen: Annotated[tuple[str, ...], Meta(min_length=1, max_length=8)] = (
        "127.0.0.1",
    )  # own addresses, each named
    rtsp_host: Annotated[str, Meta(max_length=253)] = ""  # how it reaches us; empty: the first of them
    rtsp_login: str = ""  # file with user:password, by which it signs in
    rtsp_udp_port: Annotated[int, Meta(ge=0, le=65534)] = 0  # and the next: for datagrams; 0: TCP alone
    rtsp_md5: bool = True  # MD5 beside SHA-256: most systems know nothing else
    offer_hours: Annotated[float, Meta(ge=0.02, le=24)] = 4.0  # then what was offered for a call is over


EXAMPLE = """\
[conference]
# url = "https://mcu.local/ganying"  # the conference system: asked to call for a consultation. Empty: none
# secret = "conference.secret" # at least 16 bytes, which sign the call and the paths of what it may pull
# ca = "ca.crt"                # whose certificate it shows
# rtsp_port = 554              # where it pulls video and the room's map, in the clear; 0: nowhere
# rtsp_listen = ["10.36.0.5"]  # own addresses, each named
# rtsp_host = ""               # how it reaches us; empty: the first of them
# rtsp_login = "conference.login"    # user:password, at least 12 characters
# rtsp_udp_port = 0            # even, and the next: for datagrams; 0: over TCP alone
# rtsp_md5 = true              # beside SHA-256: most systems know nothing else
# offer_hours = 4.0            # then what was offered for a call is over

"""
