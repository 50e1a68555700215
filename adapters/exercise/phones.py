"""A simulated telephone gateway and the phones behind it: takes the site's texts, reports them delivered, and answers
as scripted crews would. It speaks what docs/sms.md says and knows nothing else of the site.

    site -> POST /send, signed      <- 202, 409 when it has the id already
    2 s later                       -> POST gateway/sms: delivered
    a scripted crew's own time later -> POST gateway/sms: 1 CODE
"""

# mypy: disable-error-code="no-untyped-call"
# reason: twisted.web is not annotated

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import Site

from adapters.exercise.doors import Declined, Unreachable
from adapters.exercise.seats import ACCEPT_WAITS_S
from adapters.exercise.settings import Phones

log = structlog.get_logger()

DELIVERED_AFTER_S = 2.0
MOST_KNOWN = 10_000  # ids; a demonstration sends some dozens
_ASKS = re.compile(r"回1 ([0-9]{4})接受")
Event = dict[str, str]


class _Message(msgspec.Struct):
    id: str
    kind: str
    to: str
    text: str


class SimulatedGateway(Resource):
    """One gateway. `bring` hands events to the site as the gateway's account."""

    isLeaf = True  # noqa: N815  # Twisted's name

    def __init__(
        self, phones: Phones, bring: Callable[[Event], Awaitable[None]], patience: float, reactor: Any
    ) -> None:
        super().__init__()
        self._phones, self._bring, self._patience, self._reactor = phones, bring, patience, reactor
        self._known: set[str] = set()
        self._port: Any = None

    def start(self) -> None:
        """Listen."""
        listen = self._phones.listen
        self._port = self._reactor.listenTCP(listen.port, Site(self), interface=listen.host)

    async def stop(self) -> None:
        """Listen no more."""
        if self._port is not None:
            await self._port.stopListening()

    def render_POST(self, request: Any) -> bytes:  # noqa: N802  # Twisted's name
        """One text or call of the site's."""
        body = request.content.read(65_536)
        at = request.getHeader("X-Ganying-Time") or ""
        wanted = hmac.new(self._phones.secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"sha256={wanted}", request.getHeader("X-Ganying-Signature") or ""):
            request.setResponseCode(401)
            return b"{}"
        try:
            message = msgspec.json.decode(body, type=_Message)
        except msgspec.MsgspecError:
            request.setResponseCode(400)
            return b"{}"
        request.setResponseCode(409 if message.id in self._known else 202)
        if message.id not in self._known and len(self._known) < MOST_KNOWN:
            self._known.add(message.id)
            self._take(message)
        return msgspec.json.encode({"gateway_id": f"sim-{len(self._known)}"})

    def _take(self, message: _Message) -> None:
        log.info("a simulated phone rings", to=f"…{message.to[-4:]}", kind=message.kind)
        self._later(DELIVERED_AFTER_S, {"type": "report", "id": message.id, "state": "delivered"})
        asked = _ASKS.search(message.text)
        urged = "未应答" in message.text and message.to in self._phones.when_urged
        if asked is not None and (urged or message.to in self._phones.answering):
            answer = {
                "type": "reply",
                "id": f"mo-{message.id}",
                "number": message.to,
                "text": f"1 {asked[1]}",
            }
            self._later(ACCEPT_WAITS_S * self._patience, answer)

    def _later(self, wait_s: float, event: Event) -> None:
        self._reactor.callLater(wait_s, lambda: Deferred.fromCoroutine(self._say(event)).addErrback(_defect))

    async def _say(self, event: Event) -> None:
        try:
            await self._bring(event)
        except (Declined, Unreachable) as why:
            log.info("the site did not take what a phone said", event_id=event["id"], why=str(why))


def _defect(failure: Any) -> None:
    log.error("defect in the simulated gateway", traceback=failure.getTraceback())
