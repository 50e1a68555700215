"""A client of a site's public HTTP doors, as a script needs it: sign in, read lists, act. On Twisted's agent.

Answers of 200 and 201 come back read; everything else raises `Declined` with the server's stable code. Lists are
followed over their pages. No answer at all is `Unreachable`. Nothing here knows what it is used for.
"""

from io import BytesIO
from typing import Any, TypeVar

import msgspec
from twisted.internet import error
from twisted.internet.interfaces import IReactorTCP

# the two that twisted.web.client raises without exporting them
from twisted.web._newclient import RequestNotSent, RequestTransmissionFailed
from twisted.web.client import (
    Agent,
    FileBodyProducer,
    HTTPConnectionPool,
    PartialDownloadError,
    ResponseFailed,
    readBody,
)
from twisted.web.http_headers import Headers

from protocols.json_answers import Page

T = TypeVar("T")

_NO_ANSWER = (
    error.ConnectError,
    error.ConnectionClosed,
    PartialDownloadError,
    RequestNotSent,
    RequestTransmissionFailed,
    ResponseFailed,
    error.TimeoutError,
)

CONNECT_S = 5.0
PAGE = 200
MAX_PAGES = 500  # 100,000 records: beyond that it is not our server


class Declined(Exception):
    """The server answered, and the answer is no."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code


class Unreachable(Exception):
    """There was no answer, or only part of one."""


class Doors:
    """One site's /api/v1. Connections are kept and shared by all seats."""

    def __init__(self, reactor: IReactorTCP, url: str) -> None:
        self._base = url.rstrip("/") + "/api/v1/"
        pool: Any = HTTPConnectionPool
        agent: Any = Agent
        self._pool = pool(reactor)
        self._agent = agent(reactor, connectTimeout=CONNECT_S, pool=self._pool)

    async def sign_in(self, account: str, password: str, role: str) -> str:
        """A token. Raises Declined."""
        body = {"account": account, "password": password, "role": role}
        answer = await self.call("POST", "session", "", body)
        token: str = answer["token"]
        return token

    async def everything(self, token: str, path: str, kind: type[T]) -> list[T]:
        """All records behind a list door, as `kind`. Raises Declined, msgspec.ValidationError."""
        found: list[T] = []
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            query = f"?limit={PAGE}" + (f"&cursor={cursor}" if cursor else "")
            answer = await self.call("GET", path + query, token)
            page = msgspec.convert(answer, Page[kind], strict=False)  # type: ignore[valid-type]  # a type as a value
            found.extend(page.items)
            cursor = page.next
            if not cursor:
                break
        return found

    async def call(self, method: str, path: str, token: str, body: Any = None, key: str = "") -> Any:
        """One request; the JSON of its answer. Raises Declined or Unreachable."""
        headers = Headers({"Accept": ["application/json"]})
        if token:
            headers.addRawHeader("Authorization", f"Bearer {token}")
        if key:
            headers.addRawHeader("Idempotency-Key", key)
        producer = None
        if body is not None:
            headers.addRawHeader("Content-Type", "application/json")
            body_of: Any = FileBodyProducer
            producer = body_of(BytesIO(msgspec.json.encode(body)))
        try:
            url = (self._base + path).encode()
            response = await self._agent.request(method.encode(), url, headers, producer)
            raw = await readBody(response)
        except _NO_ANSWER as reason:
            raise Unreachable(str(reason)) from reason
        answer = msgspec.json.decode(raw) if raw else None
        if response.code not in (200, 201, 202, 204):
            told = answer if isinstance(answer, dict) else {}
            raise Declined(response.code, str(told.get("code", "")), str(told.get("detail", "")))
        return answer

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.closeCachedConnections()
