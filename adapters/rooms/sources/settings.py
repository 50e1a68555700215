"""`[conference] rtsp_*`, read and checked: where the conference system pulls, how it signs in, what signs the paths."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from adapters.config import Config
from dispatch.conference_records import MAP
from dispatch.errors import Malformed
from protocols.rtsp_digest import Login

LEAST_PASSWORD = 12  # characters
CONTROL = "/trackID=0"  # of the one picture that a source has


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a path asks for. `room`: of a map, the room it names."""

    source_id: str
    call_id: str
    room: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """`[conference] rtsp_*` with its files read."""

    listen: tuple[str, ...]
    port: int
    host: str
    udp_port: int
    login: Login
    md5: bool
    valid: timedelta
    secret: bytes

    def url(self, call_id: str, room_id: str, source_id: str) -> str:
        """Where a source is pulled for one call; nobody can make such a path without the secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = f"map/{quote(room_id)}" if source_id == MAP else f"video/{quote(source_id)}"
        query = urlencode({"call": call_id, "key": self._key(call_id, source_id)})
        return f"rtsp://{host}:{self.port}/{path}?{query}"

    def named(self, uri: str) -> Named | None:
        """What a URI asks for, if its key is right for its call."""
        parts = urlsplit(bare(uri))
        _, kind, name = [*parts.path.split("/", 2), "", ""][:3]
        try:
            query = parse_qs(parts.query, max_num_fields=4, strict_parsing=True)
        except ValueError:
            return None
        call_id, key = (query.get(each, [""])[0] for each in ("call", "key"))
        source_id = MAP if kind == "map" else name
        if kind not in ("map", "video") or not hmac.compare_digest(
            self._key(call_id, source_id).encode(), key.encode()
        ):
            return None
        return Named(source_id=source_id, call_id=call_id, room=name if kind == "map" else "")

    def _key(self, call_id: str, source_id: str) -> str:
        said = f"rtsp\0{call_id}\0{source_id}".encode()
        return hmac.new(self.secret, said, hashlib.sha256).hexdigest()[:32]


def bare(uri: str) -> str:
    """Of the source, without what names its one picture."""
    return uri.rstrip("/").removesuffix(CONTROL).rstrip("/")


def settings_of(config: Config, secret: bytes) -> SourceSettings | None:
    """None where nothing is pulled. Raises Malformed naming `conference.KEY`."""
    section = config.conference
    if not section.rtsp_port:
        return None
    for each in section.rtsp_listen:
        try:
            unspecified = ipaddress.ip_address(each).is_unspecified
        except ValueError:
            raise Malformed(
                "conference.rtsp_listen", f"{each[:80]!r} is no address of this machine"
            ) from None
        if unspecified:
            raise Malformed("conference.rtsp_listen", "names each interface: pictures leave in the clear")
    if section.rtsp_udp_port and section.rtsp_udp_port % 2:
        raise Malformed(
            "conference.rtsp_udp_port", "is even: RTP has the even port, RTCP the next (RFC 3550)"
        )
    return SourceSettings(
        listen=section.rtsp_listen,
        port=section.rtsp_port,
        host=section.rtsp_host or section.rtsp_listen[0],
        udp_port=section.rtsp_udp_port,
        login=_login(config),
        md5=section.rtsp_md5,
        valid=timedelta(hours=section.offer_hours),
        secret=secret,
    )


def _login(config: Config) -> Login:
    name = config.conference.rtsp_login
    if not name:
        raise Malformed("conference.rtsp_login", "is missing: the file with user:password")
    try:
        user, _, password = config.path(name).read_text().strip().partition(":")
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed("conference.rtsp_login", f"cannot be read: {error}") from None
    if not user or len(password) < LEAST_PASSWORD:
        raise Malformed(
            "conference.rtsp_login", f"is user:password, the password of at least {LEAST_PASSWORD} characters"
        )
    return Login(user=user, password=password)
