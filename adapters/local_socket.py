"""The server's own door for its command line: a unix socket in the data folder, for this machine's owner alone.

Commands that touch a site go through the one writer. Beside a running server that is this socket; before the first
start the command line opens the journal itself (adapters/cli/account.py shows how). Whoever may open the socket
(mode 0600) is the site's owner, so asks run as the site itself, under the name `cli:<os user>`.

    -> length (4 bytes, big end first), JSON {"do": "save_account", ...}
    <- length, JSON {"ok": true, ...} or {"ok": false, "code": ..., "detail": ..., "field": ...}
"""

import hashlib
import json
import os
import socket
import struct
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.protocols.basic import Int32StringReceiver

from adapters.accounts import Accounts
from adapters.clock import utc_now
from adapters.config import Config
from adapters.desk import Desk
from adapters.tls import ends_at
from dispatch import enrol
from dispatch.account_commands import SaveAccount
from dispatch.commands import Ask
from dispatch.enrol_commands import EnrolCommand, InviteSite, ShutOutSite, WithdrawInvitation
from dispatch.errors import GanyingError, Malformed, Unknown
from dispatch.fleet import TABLES
from dispatch.records import Account, Resource
from dispatch.resource_commands import SaveResource
from protocols.json_enrol import InvitationAnswer, JoinedAnswer

log = structlog.get_logger(__name__)

NAME = "desk.sock"
MAX_PATH_BYTES = 100  # sockaddr_un has 108 with its end, unix(7); macOS 104
MAX_MESSAGE_BYTES = 1_048_576  # the largest is an account or a resource; over it the connection ends
MAX_CLIENTS = 16  # command lines at once; over it: closed at once
WAIT_S = 30.0  # a command line waits this long for an answer
_LENGTH = struct.Struct("!I")
_KINDS: dict[str, type[Resource]] = {name: kind for kind, name in TABLES.items()}

Request = dict[str, Any]


def path_of(data: Path) -> Path:
    """Where a site's socket is: in its data folder, or, where that path is too long for a socket, in the temp folder."""
    path = data / NAME
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ganying-{digest}.sock"


class Errands:
    """What the command line may ask of a desk, whether it is the server's or its own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._doors: dict[str, Callable[[Request], Awaitable[Request]]] = {
            "ping": self._ping,
            "get_account": self._get_account,
            "list_accounts": self._list_accounts,
            "save_account": self._save_account,
            "list_resources": self._list_resources,
            "import_resources": self._import_resources,
            "save_resource": self._save_resource,
            "list_enrolment": self._list_enrolment,
            "invite_site": self._invite_site,
            "withdraw_invitation": self._withdraw_invitation,
            "shut_out_site": self._shut_out_site,
        }

    async def run(self, request: Request) -> Request:
        """The answer. Raises a GanyingError."""
        door = self._doors.get(str(request.get("do")))
        if door is None:
            raise Malformed("do", f"is none of {', '.join(self._doors)}")
        return await door(request)

    async def _ping(self, _: Request) -> Request:
        return {"site": self._desk.world.site, "state": self._desk.state, "seq": self._desk.world.seq}

    async def _get_account(self, request: Request) -> Request:
        account = self._desk.world.accounts.get(str(request.get("name")))
        if account is None:
            raise Unknown("name", f"no account {request.get('name')}")
        return {"account": msgspec.to_builtins(account)}

    async def _list_accounts(self, _: Request) -> Request:
        return {"accounts": [msgspec.to_builtins(each) for each in self._desk.world.accounts.values()]}

    async def _save_account(self, request: Request) -> Request:
        account = _convert(request, "account", Account)
        await self._ask(request, SaveAccount(account=account, version_seen=_version(request)))
        return {"version": self._desk.world.accounts[account.name].version}

    async def _list_resources(self, request: Request) -> Request:
        kind = str(request.get("kind"))
        if kind not in _KINDS:
            raise Malformed("kind", f"is none of {', '.join(_KINDS)}")
        records = getattr(self._desk.world, kind).values()
        return {"resources": [msgspec.to_builtins(record) for record in records]}

    async def _import_resources(self, request: Request) -> Request:
        """Many of one kind: those that are new or changed are saved, and each that is refused is named."""
        kind = _KINDS.get(str(request.get("kind")))
        if kind is None:
            raise Malformed("kind", f"is none of {', '.join(_KINDS)}")
        saved, refused = 0, []
        for number, resource in enumerate(_convert(request, "resources", tuple[kind, ...])):  # type: ignore[valid-type]  # a class from the table
            present = getattr(self._desk.world, str(request["kind"])).get(resource.id)
            if present is not None and replace(resource, version=present.version) == present:
                continue
            command = SaveResource(resource=resource, version_seen=present.version if present else 0)
            try:
                await self._ask({**request, "key": f"{str(request.get('key', ''))[:56]}:{number}"}, command)
                saved += 1
            except GanyingError as error:
                refused.append({**_failure(error), "id": resource.id})
        return {"saved": saved, "refused": refused}

    async def _save_resource(self, request: Request) -> Request:
        kind = _KINDS.get(str(request.get("kind")))
        if kind is None:
            raise Malformed("kind", f"is none of {', '.join(_KINDS)}")
        resource = _convert(request, "resource", kind)
        await self._ask(request, SaveResource(resource=resource, version_seen=_version(request)))
        return {"id": resource.id}

    async def _list_enrolment(self, _: Request) -> Request:
        world, now = self._desk.world, utc_now()
        return {
            "invitations": [
                msgspec.to_builtins(InvitationAnswer.of(each, now)) for each in world.invitations.values()
            ],
            "joined": [
                msgspec.to_builtins(JoinedAnswer.of(each, ends_at(each.certificate)))
                for each in world.joined_sites.values()
            ],
        }

    async def _invite_site(self, request: Request) -> Request:
        command = _convert(request, "invitation", InviteSite)
        await self._ask(request, command)
        made = enrol.invitation_of(self._desk.world, command.secret_sha256)
        return {} if made is None else {"id": made.id, "expires_at": made.expires_at.isoformat()}

    async def _withdraw_invitation(self, request: Request) -> Request:
        command = WithdrawInvitation(
            invitation_id=str(request.get("id")), reason=str(request.get("reason", ""))
        )
        await self._ask(request, command)
        return {}

    async def _shut_out_site(self, request: Request) -> Request:
        command = ShutOutSite(site=str(request.get("site")), reason=str(request.get("reason", "")))
        await self._ask(request, command)
        return {}

    async def _ask(self, request: Request, command: SaveAccount | SaveResource | EnrolCommand) -> None:
        actor, key = str(request.get("actor", ""))[:64], str(request.get("key", ""))[:64]
        if not actor.startswith("cli:") or not key:
            raise Malformed("actor", "is not cli:<user>, or the key is missing")
        await self._desk.ask(Ask(actor=actor, role=None, command_id=key, command=command))


def _version(request: Request) -> int:
    version = request.get("version_seen")
    if not isinstance(version, int):
        raise Malformed("version_seen", "is not a number")
    return version


def _convert(request: Request, field: str, cls: type[Any]) -> Any:
    try:
        return msgspec.convert(request.get(field), cls)
    except msgspec.ValidationError as error:
        raise Malformed(field, str(error)) from None


def _failure(error: GanyingError) -> Request:
    return {"ok": False, "code": error.code, "detail": error.detail, "field": error.field}


class _Connection(Int32StringReceiver):
    """One command line."""

    MAX_LENGTH = MAX_MESSAGE_BYTES
    factory: "_Factory"

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        """Few at a time."""
        self.factory.open += 1
        if self.factory.open > MAX_CLIENTS and self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Any = None) -> None:  # noqa: ARG002, N802 (Twisted's name)
        """Gone."""
        self.factory.open -= 1

    def stringReceived(self, string: bytes) -> None:  # noqa: N802 (Twisted's name)
        """One request."""
        Deferred.fromCoroutine(self._serve(string)).addErrback(
            lambda failure: log.error("local answer not written", traceback=failure.getTraceback())
        )

    async def _serve(self, data: bytes) -> None:
        try:
            request = msgspec.json.decode(data, type=dict[str, Any])
            answer = {"ok": True, **await self.factory.errands.run(request)}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            answer = _failure(Malformed("", f"not JSON: {error}"))
        except GanyingError as error:
            answer = _failure(error)
        except Exception:  # a defect in one errand must not take the socket from the next
            log.exception("defect in a local command")
            answer = {"ok": False, "code": "DEFECT", "detail": "a defect of the server", "field": ""}
        if self.connected:
            self.sendString(msgspec.json.encode(answer))  # type: ignore[no-untyped-call]  # twisted


class _Factory(Factory):
    """Connections and what they may ask."""

    protocol = _Connection  # type: ignore[assignment]  # twisted wants its own factory type in the protocol
    noisy = False

    def __init__(self, errands: Errands) -> None:
        self.errands = errands
        self.open = 0


class LocalSocket:
    """The server's end."""

    def __init__(self, desk: Desk, config: Config, accounts: Accounts) -> None:
        self._path = path_of(config.data)
        self._errands = Errands(desk)
        self._accounts = accounts
        self._port: Any = None

    def start(self, reactor: Any) -> None:
        """Listen. A socket left by a server that was killed is replaced; one that answers is not."""
        if _answers(self._path):
            raise Malformed("site.data", f"another server is running on {self._path.parent}")
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)  # the socket is born for its owner only
        try:
            self._port = reactor.listenUNIX(str(self._path), _Factory(self._errands), mode=0o600)
        finally:
            os.umask(before)

    async def _stop(self) -> None:
        if self._port is not None:
            await self._port.stopListening()
            self._port = None
            self._path.unlink(missing_ok=True)

    def stop(self) -> "Deferred[None]":
        """Close; the file goes too."""
        return Deferred.fromCoroutine(self._stop())


def _answers(path: Path) -> bool:
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def call(data: Path, request: Request) -> Request | None:
    """Ask a running server; None where none is running. Raises Malformed with the server's own words."""
    path = path_of(data)
    if not path.exists():
        return None
    if path.stat().st_uid not in (os.getuid(), 0):  # in a temp folder anybody could have laid it
        raise Malformed("config", f"{path} belongs to another user")
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(WAIT_S)
        try:
            line.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return None  # left by a server that was killed
        except PermissionError:
            raise Malformed("config", f"{path} belongs to another user") from None
        body = json.dumps(request).encode()
        line.sendall(_LENGTH.pack(len(body)) + body)
        answer: Request = json.loads(_read(line, _LENGTH.unpack(_read(line, 4))[0]))
    if not answer.pop("ok", False):
        raise failed(answer)
    return answer


def failed(answer: Request) -> GanyingError:
    """The server's error as one of ours."""
    return GanyingError(
        str(answer.get("code")), str(answer.get("detail")), field=str(answer.get("field", ""))
    )


def _read(line: socket.socket, size: int) -> bytes:
    made = b""
    while len(made) < size:
        part = line.recv(size - len(made))
        if not part:
            raise Malformed("config", "the server closed the line without an answer")
        made += part
    return made
