"""The resource below /api/v1: route, sign-in check, body, door, answer. Every failure leaves as problem+json.

One request is at most one command. A caller who hangs up does not undo it: the answer is kept by its key.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web is not annotated

from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import structlog
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from twisted.web.static import NoRangeStaticProducer
from werkzeug.exceptions import MethodNotAllowed, NotFound

from adapters.accounts import token_digest
from adapters.web.devices import heard, revoked, stamp_of, was_revoked
from adapters.web.problems import HttpError, defect, headers_of, problem_of, status_of
from adapters.web.sessions import check_session, principal_of
from adapters.web.site import Principal, Site
from adapters.web.table import PREFIX, Call, Door, Filed, Tagged, read_key, routes
from dispatch.errors import Forbidden, GanyingError, Malformed
from protocols import act_signature
from protocols.json_answers import write
from protocols.json_doors import read, read_query

log = structlog.get_logger(__name__)

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Api(Resource):
    """All doors."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, site: Site, doors: tuple[Door, ...]) -> None:
        super().__init__()
        self._site = site
        self._map = routes(doors)
        self._requests = site.metrics.counter(
            "ganying_http_requests", "HTTP requests by door and status", ("door", "status")
        )

    def render(self, request: Any) -> int:
        """Answer later; a defect is logged and answered 500."""
        running = Deferred.fromCoroutine(self._serve(request))
        running.addErrback(lambda failure: log.error("answer not written", exc_info=failure.value))
        return NOT_DONE_YET

    async def _serve(self, request: Any) -> None:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        door: Door | None = None
        principal: Principal | None = None
        arguments: dict[str, str] = {}
        headers: dict[str, str] = {}
        try:
            door, arguments = self._route(request)
            principal = None if door.open else authenticate(self._site, request)
            if principal is not None and not door.always:
                check_session(self._site, principal, acts=door.writes)
            answer = await door.handler(self._call(door, principal, arguments, request))
            if isinstance(answer, Filed):
                self._requests.labels(door.name, "200").inc()
                send_file(request, answer, answer.kind or door.sends, gone=bool(gone))
                return
            status, body = (door.status, _body_of(answer)) if door.answers else (204, b"")
            headers = {"Content-Type": door.sends}
            if isinstance(answer, Tagged):
                status, headers = _tagged(answer, headers)
        except GanyingError as error:
            status, body, headers = _failed(error)
            if door is not None and principal is not None:
                await self._audit(door, principal, arguments, error)
            if door is not None and door.failed is not None:
                door.failed(self._site, principal, error)
        except Exception:  # a defect in a door must not take the connection, nor tell its inside
            log.exception("defect in a door", door=door.name if door else "")
            status, body, headers = _failed(defect())
        self._requests.labels(door.name if door else "none", str(status)).inc()
        if not gone:
            respond(request, status, body, headers)

    async def _audit(
        self, door: Door, principal: Principal, arguments: dict[str, str], error: GanyingError
    ) -> None:
        """Write down who was refused what: every act, and of what is only read what the role may not."""
        if not door.writes and not isinstance(error, Forbidden):
            return
        account = principal.account
        what = (door.name, arguments.get("id", ""))
        await self._site.refusals.note(account.name, principal.session.role, account.operator_id, what, error)

    def _route(self, request: Any) -> tuple[Door, dict[str, str]]:
        try:
            path = unquote_to_bytes(request.path).decode()
        except UnicodeDecodeError:
            raise HttpError(404, "NOT_FOUND", "no such door") from None
        method = request.method.decode("ascii", "replace").upper()
        try:
            door, arguments = self._map.bind("").match(
                path.removeprefix(PREFIX) or "/", method="GET" if method == "HEAD" else method
            )
        except MethodNotAllowed as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            raise HttpError(
                405, "METHOD_NOT_ALLOWED", f"this door takes {allowed}", headers={"Allow": allowed}
            ) from None
        except NotFound:
            raise HttpError(404, "NOT_FOUND", "no such door") from None
        return door, dict(arguments)

    def _call(self, door: Door, principal: Principal | None, arguments: dict[str, str], request: Any) -> Call:
        raw = request.content.read()
        stamp = None
        if principal is not None and door.writes:
            path = request.path.decode("ascii", "replace")
            act = act_signature.read(_signature_headers(request), door.method, path, raw)
            stamp = None if act is None else stamp_of(self._site, principal, act)
        return Call(
            site=self._site,
            principal=principal,
            path=arguments,
            query=read_query(_query(request), door.query),
            body=_body(door, request, raw),
            raw=raw,
            key=read_key(_headers(request, "idempotency-key")) if door.writes else "",
            stamp=stamp,
            known_tag=(_headers(request, "if-none-match") or [""])[0][:80],
            address=str(getattr(request.getClientAddress(), "host", "")),
        )


def _tagged(answer: Tagged, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    if answer.body is None:
        return 304, {"ETag": answer.tag}
    packed = {"Content-Encoding": "gzip"} if answer.packed else {}
    return 200, {**headers, "ETag": answer.tag, **packed}


def _body_of(answer: Any) -> bytes:
    if isinstance(answer, Tagged):
        return answer.body or b""
    return answer if isinstance(answer, bytes) else write(answer)


def _headers(request: Any, name: str) -> list[str]:
    values = request.requestHeaders.getRawHeaders(name.encode(), [])
    return [value.decode("latin-1") for value in values]


def _signature_headers(request: Any) -> dict[str, str]:
    found = {}
    for name in act_signature.HEADERS:
        values = _headers(request, name)
        if len(values) > 1:
            raise Malformed(name, "is given twice")
        if values:
            found[name] = values[0].strip()
    return found


def _query(request: Any) -> dict[str, str]:
    _, _, text = request.uri.partition(b"?")
    try:
        pairs = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, max_num_fields=32, errors="strict", encoding="utf-8"
        )
    except (UnicodeDecodeError, ValueError):
        raise Malformed("query", "is not readable") from None
    values: dict[str, str] = {}
    for key, value in pairs:
        if key in values:
            raise Malformed(key, "is given twice")
        values[key] = value
    return values


def _body(door: Door, request: Any, raw: bytes) -> Any:
    if door.method not in ("POST", "PUT"):
        return None
    kind = (_headers(request, "content-type") or [""])[0].partition(";")[0].strip().lower()
    wanted = door.raw or ("application/json",)
    if raw and kind not in wanted and (door.strict or not door.raw):
        said = ", ".join(wanted)
        raise HttpError(415, "WRONG_CONTENT_TYPE", f"send {said}", headers={"Accept": said})
    return None if door.raw else read(raw, door.takes)


def authenticate(site: Site, request: Any) -> Principal:
    """Who the Bearer token is. Raises HttpError 401."""
    values = _headers(request, "authorization")
    scheme, _, token = (values[0] if len(values) == 1 else "").partition(" ")
    principal, now = None, site.clock()
    if scheme.lower() == "bearer" and token:
        principal = principal_of(site.desk.world, token.strip(), now)
        if principal is None and was_revoked(site.desk.world, token_digest(token.strip())):
            raise revoked()
    if principal is None:
        raise HttpError(
            401, "UNAUTHENTICATED", "no session: POST session first", headers={"WWW-Authenticate": "Bearer"}
        )
    heard(site, principal, now)
    return principal


def _failed(error: GanyingError) -> tuple[int, bytes, dict[str, str]]:
    headers = {"Content-Type": "application/problem+json", **headers_of(error)}
    return status_of(error), write(problem_of(error)), headers


def send_file(request: Any, answer: Filed, kind: str, *, gone: bool) -> None:
    """A file, a piece whenever the caller has taken the one before; closed at the end, whoever goes first."""
    if gone:
        answer.file.close()
        return
    request.setResponseCode(200)
    request.responseHeaders.removeHeader("Server")
    for name, value in {
        "Content-Type": kind,
        "Cache-Control": "no-store",
        "Content-Length": str(answer.size),
        "Content-Disposition": f'attachment; filename="{answer.name}"',
        **SECURITY_HEADERS,
    }.items():
        request.setHeader(name, value)
    if request.method == b"HEAD":
        answer.file.close()
        request.finish()
        return
    NoRangeStaticProducer(request, answer.file).start()


def respond(request: Any, status: int, body: bytes, headers: dict[str, str]) -> None:
    """Write a whole answer; nothing of the API is ever cached."""
    request.setResponseCode(status)
    request.responseHeaders.removeHeader("Server")
    sent = {"Content-Type": "application/json", "Cache-Control": "no-store", **SECURITY_HEADERS, **headers}
    if status in (204, 304):
        del sent["Content-Type"]
    else:
        sent["Content-Length"] = str(len(body))
    for name, value in sent.items():
        request.setHeader(name, value)
    request.write(body)
    request.finish()
