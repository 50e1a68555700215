"""Doors as data: one row per method and path, from which requests are routed and openapi.json is written."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from werkzeug.routing import BaseConverter, Map, Rule

from adapters.web.sessions import new_key
from adapters.web.site import Principal, Site
from dispatch.commands import Ask, Command
from dispatch.device_records import ActStamp
from dispatch.errors import GanyingError, Malformed
from protocols.json_alerts import ALERT_ID_PATTERN
from protocols.json_doors import NoQuery, Nothing

PREFIX = "/api/v1"
ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read and checked: what a door works on."""

    site: Site
    principal: Principal | None
    path: Mapping[str, str]
    query: Any
    body: Any
    raw: bytes
    key: str  # Idempotency-Key, empty if none was sent
    address: str
    stamp: ActStamp | None = None  # of a phone that signs
    known_tag: str = ""  # If-None-Match

    @property
    def who(self) -> Principal:
        """Who asks; doors that need nobody never call this."""
        if self.principal is None:
            raise LookupError("this door takes callers without a session")
        return self.principal

    def ask(self, command: Command, part: str = "") -> Ask:
        """The command under this caller's name, role and key."""
        return Ask(
            actor=self.who.account.name,
            role=self.who.session.role,
            command_id=(self.key or new_key()) + part,
            command=command,
            operator_id=self.who.account.operator_id,
            device_id=self.who.session.device_id,
            stamp=self.stamp,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """An answer that a caller need not be sent twice: gzipped unless not `packed`, under a tag; `body` None where the
    caller has it."""

    tag: str
    body: bytes | None
    packed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """An answer that lies in a file, sent piece by piece as the caller takes it. `name`: as it is kept; `kind`: content type, else the door's."""

    file: BinaryIO
    size: int
    name: str
    kind: str = ""


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A row of the table. `answers` None: 204. `open`: without a session."""

    method: str
    path: str  # below PREFIX, in werkzeug's spelling
    name: str
    text: str
    handler: Handler
    answers: Any = None
    status: int = 200
    takes: type = Nothing
    query: type = NoQuery
    open: bool = False
    raw: tuple[
        str, ...
    ] = ()  # the body is handed over raw, sent as one of these or, not `strict`, as anything else
    raw_shape: Mapping[str, Any] = field(default_factory=dict, hash=False)  # JSON schema of such a body
    strict: bool = True
    sends: str = "application/json"  # content type; a handler may make the bytes itself
    always: bool = False  # also in a session that is locked, or whose password must be changed first
    sighting: bool = False  # hands over what was measured: no command, so no Idempotency-Key
    tagged: bool = False  # answers Tagged
    failed: "Callable[[Site, Principal | None, GanyingError], None] | None" = None  # told of what it refused
    statuses: tuple[int, ...] = field(default=())  # beyond those that follow from the row itself

    @property
    def writes(self) -> bool:
        """Whether it changes anything: then it takes an Idempotency-Key."""
        return self.method in ("POST", "PUT", "DELETE") and not self.open and not self.sighting


class _IdConverter(BaseConverter):
    # `resources/{kind}/import` and its like are doors of their own, no ids
    regex = r"(?!(?:import|export|export\.xlsx|columns|rows)$)" + ID_PATTERN


class _AlertConverter(BaseConverter):
    # named after tracks, which are named after what their sources say, slashes and all
    regex = ALERT_ID_PATTERN
    part_isolating = False


def routes(doors: tuple[Door, ...]) -> Map:
    """The table as a router; endpoints are the rows."""
    return Map(
        [Rule(door.path, endpoint=door, methods=[door.method]) for door in doors],
        converters={"id": _IdConverter, "alert": _AlertConverter},
        strict_slashes=False,
        merge_slashes=False,
    )


def read_key(values: list[str]) -> str:
    """An Idempotency-Key header: 1 to 64 printable ASCII characters. Raises Malformed."""
    if not values:
        return ""
    key = values[0].strip()
    if len(values) > 1 or not 1 <= len(key) <= 64 or not all(" " <= letter <= "~" for letter in key):
        raise Malformed("Idempotency-Key", "is not 1 to 64 printable ASCII characters")
    return key
