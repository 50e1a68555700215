"""A console for tests: speaks the dialogue over a real socket and keeps what it was sent."""

from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS

from protocols.gen import client_pb2, video_pb2

WAIT_S = 60  # of a busy machine


class Talker(WebSocketClientProtocol):
    """One console under test's hand. `heard` is every message, `closed` fires when the socket ends."""

    sends: Any = client_pb2.ClientMessage
    hears: Any = client_pb2.ServerMessage

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.closed: Deferred[None] = Deferred()
        self.ready: Deferred[Talker] = Deferred()
        self._waiting: list[tuple[Callable[[Any], bool], Deferred[Any]]] = []
        self._listening: list[tuple[str, Callable[[Any], None]]] = []

    def onOpen(self) -> None:  # noqa: N802 (autobahn's name)
        self.ready.callback(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's names)
        assert isBinary
        message = self.hears.FromString(payload)
        self.heard.append(message)
        for kind, told in self._listening:
            if message.WhichOneof("body") == kind:
                told(getattr(message, kind))
        for waiting in tuple(self._waiting):
            wanted, deferred = waiting
            if wanted(message):
                self._waiting.remove(waiting)
                deferred.callback(message)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803 (autobahn's names)
        self.closed.callback(None)

    def say(self, **body: Any) -> None:
        self.sendMessage(self.sends(**body).SerializeToString(), isBinary=True)

    def listen(self, kind: str, told: Callable[[Any], None]) -> None:
        """Hand over every message of a kind from here on, before anybody who waits for one."""
        self._listening.append((kind, told))

    async def hear(
        self, kind: str, wanted: Callable[[Any], bool] = lambda _: True, *, new: bool = False
    ) -> Any:
        """The first message of a kind that is wanted, among those heard or to come; only to come if `new`."""

        def fits(message: Any) -> bool:
            return bool(message.WhichOneof("body") == kind and wanted(getattr(message, kind)))

        if not new:
            for message in self.heard:
                if fits(message):
                    return getattr(message, kind)
        deferred: Deferred[Any] = Deferred()
        self._waiting.append((fits, deferred))
        deferred.addTimeout(WAIT_S, reactor)
        return getattr(await deferred, kind)

    async def hello(self, token: str, *, resume_after: int = 0, epoch: str = "") -> Any:
        """Sign in; the first Records."""
        self.say(hello=client_pb2.Hello(token=token, resume_after=resume_after, epoch=epoch))
        await self.hear("welcome")
        return await self.hear("records")

    async def gone(self) -> None:
        """Until the socket is closed."""
        await self.closed.addTimeout(WAIT_S, reactor)


class Watcher(Talker):
    """A viewer of video."""

    sends = video_pb2.VideoAsk
    hears = video_pb2.VideoTold

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[Any] = []  # of those heard; tests look at them many times a second
        self.listen("picture", self.pictures.append)


async def watch(port: int, token: str) -> Watcher:
    """A viewer who is signed in."""
    made = await talk(port, protocols=("ganying-video.v1",), path="/ws/video", kind=Watcher)
    assert isinstance(made, Watcher)
    made.say(hello=video_pb2.VideoHello(token=token))
    await made.hear("welcome")
    return made


async def talk(
    port: int,
    *,
    protocols: tuple[str, ...] = ("ganying.v1",),
    tls: Any = None,
    path: str = "/ws",
    kind: type[Talker] = Talker,
) -> Talker:
    """A console whose socket is open; `tls` are the client's options for wss."""
    scheme = "wss" if tls is not None else "ws"
    factory = WebSocketClientFactory(f"{scheme}://127.0.0.1:{port}{path}", protocols=list(protocols))
    made: list[Talker] = []

    def build(addr: Any) -> Talker:
        talker = kind()
        talker.factory = factory
        made.append(talker)
        return talker

    factory.buildProtocol = build
    endpoint: Any = HostnameEndpoint(reactor, "127.0.0.1", port)
    await (endpoint if tls is None else wrapClientTLS(tls, endpoint)).connect(factory)
    return await made[0].ready.addTimeout(WAIT_S, reactor)
