"""A small site for browser tests: serves webui/dist, speaks ganying.v1 and the doors the page uses, and obeys the test.

    python site_double.py --aircraft 6        prints `ready PORT`
    POST /__control {"do": ...}               cut, restore, silence, speak, gap, hang, unhang, executed, act

It exists so that a test can cut a link in the middle, drop a number or keep an answer back. The real server is tested
by its own tests and by the journeys.
"""

import argparse
import json
import mimetypes
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from autobahn.twisted.resource import WebSocketResource  # noqa: E402
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol  # noqa: E402
from twisted.internet import reactor  # noqa: E402
from twisted.internet.task import LoopingCall  # noqa: E402
from twisted.web.resource import Resource  # noqa: E402
from twisted.web.server import NOT_DONE_YET, Site  # noqa: E402

from protocols.gen import client_pb2, kinds_pb2  # noqa: E402
from tests.webui import past, written  # noqa: E402
from tests.webui.plain_site import NO_CARD, NO_CONFLICTS, PLAIN_SITE  # noqa: E402
from tests.webui.stage import SITE, Stage, now_us  # noqa: E402

DIST = Path(os.environ.get("GANYING_DIST", ROOT / "webui" / "dist"))
ROLES = {
    "diaodu": "dispatcher",
    "zhiban": "duty_chief",
    "tonghang": "operator",
    "kongguan": "atc",
    "erci": "dispatcher",
    "duojue": "dispatcher",
}
PASSWORD = "Correct horse battery"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; "
    "media-src 'self' blob:; img-src 'self'; connect-src 'self' ws://{host}; object-src 'none'; base-uri 'none'"
)


class Double:
    """What the sockets and the doors share."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.sockets: set[Any] = set()
        self.down = False
        self.hanging = False
        self.archive = "ok"  # or the code with which it refuses, or "slow": it never answers
        self.began_s = time.time()
        self.answers: dict[str, tuple[int, Any]] = {}
        self.executed: list[dict[str, Any]] = []
        self.positions: list[dict[str, Any]] = []
        self.verdict = "accepted"
        self.proposals: list[dict[str, Any]] = []
        self.sources: dict[str, list[dict[str, Any]]] = {}
        self.hellos: list[dict[str, Any]] = []

    def tell(self, record: Any, *, jump: int = 0) -> None:
        after = self.stage.through - 1
        for socket in self.open():
            socket.sendMessage(self.stage.records(whole=False, after=after, only=record, jump=jump), True)

    def open(self) -> list[Any]:
        """Sockets that can be spoken to: one that was just dropped is still among the others."""
        return [socket for socket in self.sockets if socket.state == socket.STATE_OPEN]

    def each_second(self) -> None:
        tracks = self.stage.tracks(whole=False) if self.stage.reporting else None
        for socket in self.open():
            socket.sendMessage(self.stage.status(), True)
            if tracks and socket.subscribed:
                socket.sendMessage(tracks, True)

    def control(self, order: dict[str, Any]) -> Any:
        match order["do"]:
            case "reset":
                for socket in list(self.sockets):
                    socket.dropConnection(abort=True)
                self.__init__(Stage(self.stage.flying))  # type: ignore[misc]  # as it was made
            case "cut":
                self.down = True
                for socket in list(self.sockets):
                    socket.dropConnection(abort=True)
            case "restore":
                self.down = False
            case "silence":
                self.stage.reporting, self.stage.silent_since = False, time.time()
            case "speak":
                self.stage.reporting = True
            case "archive":
                self.archive = order["mode"]
            case "hang":
                self.hanging = True
            case "unhang":
                self.hanging = False
            case "gap":
                self.stage.through += 5
                record = self.stage.act("incidents", "36-INC-1", order["action"], {}, "zhiban", "duty_chief")
                self.tell(record, jump=0)
            case "act":
                record = self.stage.act(
                    order["kind"], order["id"], order["action"], {}, order["account"], ROLES[order["account"]]
                )
                self.tell(record)
            case "executed":
                return {"executed": self.executed, "hellos": self.hellos}
            case "feed":
                told = ("do", "name", "silent_s")
                changes = {key: value for key, value in order.items() if key not in told}
                self.stage.feed_changes[order["name"]] = changes
                if "silent_s" in order:
                    self.stage.silenced[order["name"]] = time.time() - order["silent_s"]
                else:
                    self.stage.silenced.pop(order["name"], None)
            case "thing":
                thing = {key: value for key, value in order.items() if key not in ("do", "number")}
                self.stage.things[order["number"]] = thing
            case "cry":
                cried = self.stage.cry(order["alert"])
                for socket in self.open():
                    socket.sendMessage(cried, True)
            case "sources":
                self.sources[order["id"]] = order["items"]
            case "propose":
                self.proposals = order["proposals"]
            case "identify":
                record = self.stage.identify(order["id"], order["body"], "zhiban", "duty_chief")
                self.tell(record)
            case "positions":
                return {"positions": self.positions}
            case "judge":
                self.verdict = order["verdict"]
        return {}


class Socket(WebSocketServerProtocol):
    double: Double
    subscribed = False

    def onConnect(self, request: Any) -> str | None:  # noqa: N802
        return "ganying.v1" if "ganying.v1" in request.protocols else None

    def onOpen(self) -> None:  # noqa: N802
        if self.double.down:
            self.dropConnection(abort=True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        said = client_pb2.ClientMessage.FromString(payload)
        match said.WhichOneof("body"):
            case "hello":
                self.greet(said.hello)
            case "subscribe":
                self.subscribed = said.subscribe.tracks
                if self.subscribed:
                    self.sendMessage(self.double.stage.tracks(whole=True), True)
            case "ping":
                pong = client_pb2.Pong(at_us=said.ping.at_us, server_at_us=now_us())
                self.sendMessage(client_pb2.ServerMessage(pong=pong).SerializeToString(), True)

    def greet(self, hello: Any) -> None:
        account = hello.token.removeprefix("token-")
        stage = self.double.stage
        self.double.hellos.append(
            {"account": account, "resume_after": hello.resume_after, "epoch": hello.epoch}
        )
        welcome = client_pb2.Welcome(
            site=SITE,
            site_name="江西省航空救援指挥调度中心",
            account=account,
            display_name=account,
            role=kinds_pb2.Role.Value(f"ROLE_{ROLES[account].upper()}"),
            operator_id="OP1",
            at_us=now_us(),
            epoch=stage.epoch,
            version="test",
        )
        self.sendMessage(client_pb2.ServerMessage(welcome=welcome).SerializeToString(), True)
        self.sendMessage(stage.alerts(), True)
        resumes = hello.epoch == stage.epoch and 0 < hello.resume_after <= stage.through
        after = hello.resume_after if resumes else 0
        self.sendMessage(stage.records(whole=not resumes, after=after), True)
        self.double.sockets.add(self)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        self.double.sockets.discard(self)


class Doors(Resource):
    """The API's doors that the page uses, the test's own, and the built page."""

    isLeaf = True  # noqa: N815

    def __init__(self, double: Double) -> None:
        super().__init__()
        self.double = double

    def render(self, request: Any) -> Any:
        path = request.path.decode().strip("/")
        if path == "__control":
            return self.say(request, 200, self.double.control(json.load(request.content)))
        if path.startswith("api/v1/"):
            return self.api(request, path.removeprefix("api/v1/"))
        return self.page(request, path)

    def say(self, request: Any, status: int, body: Any) -> bytes:
        request.setResponseCode(status)
        request.setHeader("Content-Type", "application/json")
        return json.dumps(body).encode()

    def problem(self, request: Any, status: int, code: str, **more: Any) -> bytes:
        return self.say(
            request, status, {"code": code, "detail": "said by the double", "status": status, **more}
        )

    def api(self, request: Any, path: str) -> Any:
        if self.double.down:
            request.transport.abortConnection()
            return NOT_DONE_YET
        body = json.load(request.content) if request.method in (b"POST", b"PUT") else {}
        if path == "session":
            return self.session(request, body)
        if path == "guide":
            return self.say(request, 200, {"accounts": []})
        account = (request.getHeader("Authorization") or "").removeprefix("Bearer token-")
        if account not in ROLES:
            return self.problem(request, 401, "UNAUTHENTICATED")
        if path in ("positions", "positions/batch"):
            return self.position(request, path, body, account)
        if path == "history/columns":
            return self.history(request)
        if path == "tracks/sources":
            asked = request.args[b"id"][0].decode()
            return self.say(request, 200, {"items": self.double.sources.get(asked, []), "next": None})
        if path == "identities/proposals":
            return self.say(request, 200, {"items": self.double.proposals})
        if path in PLAIN_SITE:
            return self.say(request, 200, PLAIN_SITE[path])
        if path.endswith(("/limits", "/approach")):
            return self.say(request, 200, {"items": []})
        if path.endswith("/run-card"):
            return self.say(request, 200, NO_CARD | {"incident_id": path.split("/")[1]})
        if path.endswith("/conflicts"):
            return self.say(request, 200, NO_CONFLICTS | {"tasking_id": path.split("/")[1]})
        if paper := written.answer(path, request.uri.decode().partition("?")[2], ROLES[account]):
            request.setHeader("Content-Type", paper[0])
            return paper[1]
        key = request.getHeader("Idempotency-Key") or ""
        if key not in self.double.answers:
            self.double.answers[key] = self.act(path, body, account, key)
        if self.double.hanging:  # done, but the answer is lost on its way
            request.transport.abortConnection()
            return NOT_DONE_YET
        return self.say(request, *self.double.answers[key])

    def history(self, request: Any) -> Any:
        if self.double.archive == "slow":
            return NOT_DONE_YET
        if self.double.archive != "ok":
            return self.problem(request, 409, self.double.archive)
        query = {name.decode(): values[0].decode() for name, values in request.args.items()}
        request.setHeader("Content-Type", "application/x-protobuf")
        return past.columns(self.double.began_s, query)

    def session(self, request: Any, body: dict[str, Any]) -> bytes:
        if request.method == b"DELETE":
            return self.say(request, 200, {})
        if request.method == b"GET":
            account = (request.getHeader("Authorization") or "").removeprefix("Bearer token-")
            return self.say(request, 200, self.opened(account, ROLES.get(account, "")))
        account = body["account"]
        if account not in ROLES or body["password"] != PASSWORD:
            return self.problem(request, 401, "WRONG_CREDENTIALS")
        if account == "erci" and body.get("code") != "123456":
            return self.problem(request, 401, "SECOND_FACTOR_REQUIRED")
        if account == "duojue" and not body.get("role"):
            return self.problem(request, 422, "ROLE_REQUIRED", roles=["dispatcher", "duty_chief"])
        role = body.get("role") or ROLES[account]
        return self.say(request, 200, {"token": f"token-{account}", **self.opened(account, role)})

    def opened(self, account: str, role: str) -> dict[str, Any]:
        """A session that never locks."""
        return {
            "expires_at": "2099-01-01T00:00:00Z",
            "account": account,
            "display_name": account,
            "role": role,
            "roles": [role],
            "locked": False,
            "must_change": False,
            "idle_lock_s": 0,
        }

    def identify(self, identity_id: str, body: dict[str, Any], account: str, key: str) -> tuple[int, Any]:
        stage = self.double.stage
        present = stage.tables["identities"].get(identity_id)
        if present is not None and body["version"] != present.version:
            return 409, {"code": "CHANGED", "detail": "", "field": "version", "version": present.version}
        try:
            record = stage.identify(identity_id, body, account, ROLES[account])
        except ValueError as error:
            return 409, {"code": "KEY_TAKEN", "detail": f"belongs to {error}", "field": "keys"}
        self.double.executed.append({"key": key, "path": "identities", "body": body})
        self.double.tell(record)
        return 201 if present is None else 200, {"id": record.id, "version": record.version}

    def position(self, request: Any, path: str, body: dict[str, Any], account: str) -> Any:
        reports = body["reports"] if path.endswith("batch") else [body]
        self.double.positions += reports
        items = [{"key": f"phone:{account}", "verdict": self.double.verdict} for _ in reports]
        return self.say(request, 202, {"items": items} if path.endswith("batch") else items[0])

    def act(self, path: str, body: dict[str, Any], account: str, key: str) -> tuple[int, Any]:
        parts = path.split("/")
        if parts[0] == "identities":
            return self.identify("/".join(parts[1:]), body, account, key)
        stage = self.double.stage
        role = ROLES[account]
        if parts[0] == "alerts":
            record = stage.handle(unquote("/".join(parts[1:-1])), parts[-1], body, account, role)
        elif parts == ["incidents"]:
            record = stage.report(body, account, role)
        else:
            kind, record_id, action = parts
            table = {"airspace": "requests"}.get(kind, kind)
            present = stage.tables[table][record_id].version
            if body["version"] != present:
                return 409, {
                    "code": "CHANGED",
                    "detail": "changed meanwhile",
                    "field": "version",
                    "version": present,
                }
            try:
                record = stage.act(kind, record_id, action, body, account, role)
            except KeyError:
                return 409, {"code": "NOT_NOW", "detail": f"{action} is not possible now", "field": "action"}
        self.double.executed.append({"key": key, "path": path, "body": body})
        self.double.tell(record)
        return 201 if parts == ["incidents"] else 200, {"id": record.id}

    def page(self, request: Any, path: str) -> Any:
        if self.double.down:
            request.transport.abortConnection()
            return NOT_DONE_YET
        name = "index.html" if path in ("", "phone", "atc") else path
        file = (DIST / name).resolve()
        if not file.is_relative_to(DIST) or not file.is_file():
            request.setResponseCode(404)
            return b""
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        request.setHeader("Content-Type", kind)
        request.setHeader("Content-Security-Policy", POLICY.format(host=request.getHeader("host")))
        request.setHeader("Cache-Control", "no-cache")
        return file.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--aircraft", type=int, default=6)
    double = Double(Stage(parser.parse_args().aircraft))
    factory = WebSocketServerFactory()
    factory.protocol = type("Bound", (Socket,), {"double": double})
    factory.setProtocolOptions(webStatus=False)
    factory.startFactory()

    class Root(Resource):
        def getChild(self, name: bytes, request: Any) -> Resource:  # noqa: N802
            if name == b"ws":
                return WebSocketResource(factory)
            request.postpath = [name, *request.postpath]
            return Doors(double)

    port = reactor.listenTCP(0, Site(Root()), interface="127.0.0.1")
    LoopingCall(double.each_second).start(1.0).addErrback(lambda failure: failure.printTraceback())
    print(f"ready {port.getHost().port}", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
