"""Three servers that send the same messages to many WebSocket clients, for fanout.py: autobahn's, ours, picows.

    python -m loadtests.fanout_servers KIND CLIENTS TURNS_HZ SECONDS [--apart] FILE…

Each file is one message. A tenth of the clients has its turn TURNS_HZ times a second and is sent every file; each
server does it the way its library offers. `--apart`: each file in a turn of its own. Prints its port, then, after SECONDS with all clients there, one line of
JSON: messages and bytes handed over, and the CPU seconds this process spent meanwhile.
"""

# mypy: disable-error-code="no-untyped-call"
# reason: autobahn is not annotated

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SLOTS = 10


def cpu_s() -> float:
    """CPU seconds of this process, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Tally:
    """What was handed over since `begin`."""

    def __init__(self, payloads: list[bytes], *, apart: bool) -> None:
        self.sets = [[payload] for payload in payloads] if apart else [payloads]
        self.messages = self.bytes = self.missed = 0
        self._turn = 0
        self._before_s = 0.0

    def begin(self) -> None:
        """Count from here."""
        self.messages = self.bytes = self.missed = 0
        self._before_s = cpu_s()

    def turn(self, clients: list[Any]) -> tuple[list[Any], list[bytes]]:
        """Whose turn it is, and what they are sent."""
        self._turn += 1
        payloads = self.sets[self._turn % len(self.sets)]
        told = clients[self._turn // len(self.sets) % SLOTS :: SLOTS]
        self.messages += len(told) * len(payloads)
        self.bytes += len(told) * sum(map(len, payloads))
        return told, payloads

    def end(self) -> None:
        """Say it."""
        found = {
            "messages": self.messages,
            "bytes": self.bytes,
            "missed": self.missed,
            "cpu_s": cpu_s() - self._before_s,
        }
        print(json.dumps(found), flush=True)


def _run_twisted(tally: Tally, clients: list[Any], wanted: int, given: Any, turn: Callable[[], None]) -> None:
    from twisted.internet import reactor as twisted_reactor
    from twisted.internet.task import LoopingCall

    reactor: Any = twisted_reactor
    loop = LoopingCall(turn)

    def wait() -> None:
        if len(clients) < wanted:
            reactor.callLater(0.1, wait)
            return
        loop.start(1.0 / given.turns_hz)
        reactor.callLater(1.0, tally.begin)
        reactor.callLater(1.0 + given.seconds, end)

    def end() -> None:
        loop.stop()
        tally.end()
        reactor.callWhenRunning(sys.stdin.readline)
        reactor.stop()

    reactor.callWhenRunning(wait)
    reactor.run()


def autobahn_stock(tally: Tally, given: Any) -> None:
    """`sendMessage` to each client: what autobahn offers."""
    from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
    from twisted.internet import reactor as twisted_reactor

    reactor: Any = twisted_reactor
    clients: list[Any] = []

    class Sender(WebSocketServerProtocol):
        transport: Any

        def onOpen(self) -> None:  # noqa: N802
            self.transport.setTcpNoDelay(True)
            clients.append(self)

    factory = WebSocketServerFactory(protocols=["ganying.v1"])
    factory.protocol = Sender
    print(reactor.listenTCP(0, factory, interface="127.0.0.1", backlog=1024).getHost().port, flush=True)

    def turn() -> None:
        told, payloads = tally.turn(clients)
        for client in told:
            for payload in payloads:
                client.sendMessage(payload, isBinary=True)

    _run_twisted(tally, clients, given.clients, given, turn)


def ours(tally: Tally, given: Any) -> None:
    """The site's own doors and consoles; a turn is one write, as in adapters/web/air.py."""
    from twisted.internet import reactor as twisted_reactor
    from twisted.web.resource import Resource

    from adapters.web.channel import DoorSite
    from adapters.web.console import Console, console_resource
    from protocols.websocket_frame import binary_frame, frame_of

    reactor: Any = twisted_reactor
    clients: list[Console] = []

    class Owner:
        def __init__(self) -> None:
            self.reactor = reactor

        def opened(self, console: Console) -> None:
            clients.append(console)
            reactor.callLater(0, console.be_patient)  # nobody says Hello here

        def closed(self, console: Console) -> None:
            clients.remove(console)

        def parted(self, code: str) -> None:
            print(f"parted: {code}", file=sys.stderr)

    class Root(Resource):
        def getChildWithDefault(self, path: bytes, request: Any) -> Any:  # noqa: ARG002, N802
            return socket

    socket = console_resource(Owner(), reactor)
    doors = DoorSite(Root(), reactor=reactor, refused=lambda _status: None)
    socket.attach(doors)
    print(reactor.listenTCP(0, doors, interface="127.0.0.1", backlog=1024).getHost().port, flush=True)

    def turn() -> None:
        told, (first, *more) = tally.turn(clients)
        frame = frame_of([first], b"".join(map(binary_frame, more)))  # one for everybody whose turn it is
        for console in told:
            if not console.outbox.may(frame):
                tally.missed += 1

    _run_twisted(tally, clients, given.clients, given, turn)


def picows_server(tally: Tally, given: Any) -> None:
    """picows: the same in C."""
    import picows

    clients: list[Any] = []

    class Listener(picows.WSListener):
        def on_ws_connected(self, transport: Any) -> None:
            clients.append(transport)

    async def run() -> None:
        server = await picows.ws_create_server(lambda _request: Listener(), "127.0.0.1", 0, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        while len(clients) < given.clients:
            await asyncio.sleep(0.1)
        began = due = time.monotonic()
        counting = False
        while (now := time.monotonic()) < began + 1.0 + given.seconds:
            if not counting and now >= began + 1.0:
                tally.begin()
                counting = True
            told, payloads = tally.turn(clients)
            for client in told:
                for payload in payloads:
                    client.send(picows.WSMsgType.BINARY, payload)
            due += 1.0 / given.turns_hz
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        tally.end()

    asyncio.run(run())


KINDS = {"autobahn": autobahn_stock, "ours": ours, "picows": picows_server}


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("clients", type=int)
    parser.add_argument("turns_hz", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args()
    KINDS[given.kind](Tally([file.read_bytes() for file in given.files], apart=given.apart), given)


if __name__ == "__main__":
    main()
