"""A certified partner, site 43, that speaks what it likes to a real link over real TLS."""

# mypy: disable-error-code="no-untyped-call,call-overload,no-any-return"
# reason: twisted's endpoints are annotated in part

from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, wrapClientTLS

from adapters.clock import utc_now
from adapters.link.socket import DiallingFactory
from adapters.tls import link_client_context
from protocols.codec import link
from protocols.codec.link import Greet, Part
from tests.adapters.link.sites import AGREEMENT, until


class Intruder:
    """A certified partner that speaks what it likes."""

    def __init__(self) -> None:
        self.socket: Any = None
        self.heard: list[Any] = []
        self.gone = False

    def opened(self, socket: Any) -> None:
        self.socket = socket

    def received(self, _: Any, data: bytes) -> None:
        self.heard.append(link.decode(data))

    def line_changed(self, socket: Any) -> None:
        pass

    def closed(self, _socket: Any, _why: str) -> None:
        self.gone = True

    async def dial(self, ca: Path, port: int) -> None:
        context: Any = link_client_context(ca / "43.crt", ca / "43.key", ca / "ca.crt")
        factory = DiallingFactory(self, "36", f"wss://127.0.0.1:{port}/link", reactor)
        endpoint = wrapClientTLS(context, TCP4ClientEndpoint(reactor, "127.0.0.1", port))
        await endpoint.connect(factory)
        await until(lambda: self.socket, "the intruder's socket")

    def greet(self, site: str = "43", **more: Any) -> None:
        greet = Greet(
            site=site,
            name="",
            version=link.VERSION,
            agreement=AGREEMENT,
            have=0,
            have_epoch="",
            epoch="hostile",
            head=100,
            at=utc_now(),
        )
        self.socket.send(link.encode(replace(greet, **more)))

    def parted(self) -> str:
        return next((each.code for each in self.heard if isinstance(each, Part)), "")
