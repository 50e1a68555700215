"""Locust users that are the people and partners of a site: they speak its real WebSocket, HTTP and links.

    locust -f loadtests/locustfile.py --headless -u 60 -r 10 -t 60s --host http://127.0.0.1:8036

`python -m loadtests.people` starts a site with everything they need and prints their table. On their own they want in
the environment: LOAD_PASSWORD (of the accounts diaodu, tonghang, kongguan) and, for partners, LOAD_LINK (host:port)
and LOAD_CA (the folder of `ganying ca`, with a certificate for each of LOAD_PARTNERS, comma-separated).
"""

import itertools
import os
import random
import ssl
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import gevent
import websocket
from locust import FastHttpUser, User, between, events, task

from protocols.codec import link
from protocols.gen import client_pb2, kinds_pb2

AGREEMENT = "六省一市-2023"
_NUMBER = itertools.count()


def fired(kind: str, name: str, began_s: float, size: int = 0, error: Exception | None = None) -> None:
    """One line of locust's table."""
    events.request.fire(  # type: ignore[no-untyped-call]  # locust is not annotated here
        request_type=kind,
        name=name,
        response_time=(time.monotonic() - began_s) * 1000,
        response_length=size,
        exception=error,
    )


def received(socket: Any) -> bytes:
    """The next binary message."""
    data = socket.recv()
    return data if isinstance(data, bytes) else data.encode()


class Person(FastHttpUser):
    """Somebody with a session."""

    abstract = True
    account = ""
    token = ""

    def on_start(self) -> None:
        """Sign in."""
        body = {"account": self.account, "password": os.environ.get("LOAD_PASSWORD", "")}
        with self.client.post("/api/v1/session", json=body, name="session") as answer:
            self.token = answer.json()["token"]

    def headers(self, *, write: bool = False) -> dict[str, str]:
        """Of a request of this session."""
        sent = {"Authorization": f"Bearer {self.token}"}
        return sent | {"Idempotency-Key": uuid.uuid4().hex} if write else sent


class Desk(Person):
    """With a socket, from which everything that comes is read and timed."""

    abstract = True
    socket: Any = None
    tick = 0

    def on_start(self) -> None:
        """Sign in, connect, ask for a part of the picture."""
        super().on_start()
        self.waiting: dict[str, float] = {}
        url = str(self.host).replace("http", "ws", 1) + "/ws"
        self.socket = websocket.create_connection(url, subprotocols=["ganying.v1"], timeout=30)
        self.say(client_pb2.ClientMessage(hello=client_pb2.Hello(token=self.token)))
        lon, lat = random.uniform(113.6, 117.0), random.uniform(24.6, 29.0)  # no secret
        port = client_pb2.Viewport(
            west_e7=round(lon * 1e7),
            south_e7=round(lat * 1e7),
            east_e7=round((lon + 1.5) * 1e7),
            north_e7=round((lat + 1.2) * 1e7),
        )
        self.say(client_pb2.ClientMessage(subscribe=client_pb2.Subscribe(viewport=port, tracks=True)))
        self.reader = gevent.spawn(self.read)

    def on_stop(self) -> None:
        """Leave."""
        self.reader.kill()
        self.socket.close()

    def say(self, message: client_pb2.ClientMessage) -> None:
        """Send one message."""
        self.socket.send_binary(message.SerializeToString())

    def read(self) -> None:
        """Everything that comes, as long as the socket lasts."""
        while True:
            try:
                data = self.socket.recv()
            except (OSError, websocket.WebSocketException) as error:
                fired("WS", "connection", time.monotonic(), error=error)
                return
            message = client_pb2.ServerMessage.FromString(data)
            kind = str(message.WhichOneof("body"))
            age_s = 0.0
            if kind == "tracks":
                age_s = max(0.0, time.time() - message.tracks.at_us / 1e6)
                gap = not message.tracks.whole and message.tracks.from_tick > self.tick
                self.tick = message.tracks.to_tick
                missed = RuntimeError("gap") if gap else None
                fired("WS", "tracks", time.monotonic() - age_s, len(data), missed)
            elif kind == "answer":
                began = self.waiting.pop(message.answer.command_id, time.monotonic())
                refused = None if message.answer.accepted else RuntimeError(message.answer.code)
                fired("WS", "command answered", began, len(data), refused)
            elif kind == "failure":
                fired("WS", "failure", time.monotonic(), error=RuntimeError(message.failure.code))


class ConsoleUser(Desk):
    """A dispatcher: watches, reports incidents, looks at lists."""

    weight = 6
    account = "diaodu"
    wait_time = between(2, 8)

    @task(1)
    def report(self) -> None:
        """A new fire over the socket."""
        command_id = uuid.uuid4().hex
        report = client_pb2.ReportIncident(
            kind=kinds_pb2.INCIDENT_KIND_FOREST_FIRE,
            level=3,
            title=f"压测 {command_id[:6]}",
            place="压测",
            datum=kinds_pb2.HORIZONTAL_DATUM_WGS84,
        )
        report.position.lon_e7 = round(random.uniform(114, 117) * 1e7)  # no secret
        report.position.lat_e7 = round(random.uniform(25, 29) * 1e7)  # no secret
        self.waiting[command_id] = time.monotonic()
        self.say(
            client_pb2.ClientMessage(
                command=client_pb2.Command(command_id=command_id, report_incident=report)
            )
        )

    @task(3)
    def look(self) -> None:
        """The lists beside the map."""
        self.client.get("/api/v1/incidents?limit=50", headers=self.headers(), name="incidents")
        self.client.get("/api/v1/feeds", headers=self.headers(), name="feeds")


class AtcUser(Desk):
    """An ATC desk: watches, asks for the requests that wait."""

    weight = 2
    account = "kongguan"
    wait_time = between(2, 6)

    @task
    def waiting_requests(self) -> None:
        """What is asked for."""
        self.client.get("/api/v1/airspace?limit=50", headers=self.headers(), name="airspace")


class PhoneUser(Person):
    """A crew's phone: reports where it is, asks for its tasking; no socket, as on a poor line."""

    weight = 8
    account = "tonghang"
    wait_time = between(4, 6)

    def on_start(self) -> None:
        """Sign in somewhere."""
        super().on_start()
        self.lon, self.lat = random.uniform(114, 117), random.uniform(25, 29)  # no secret

    @task(5)
    def report(self) -> None:
        """Where it is."""
        self.lon += 0.0004
        body = {"position": {"lon_deg": self.lon, "lat_deg": self.lat}, "datum": "wgs84", "accuracy_m": 12}
        with self.client.post(
            "/api/v1/positions",
            json=body,
            headers=self.headers(write=True),
            name="positions",
            catch_response=True,
        ) as answer:
            if answer.status_code in (202, 429):  # many phones share one account here: its allowance holds
                answer.success()

    @task(1)
    def tasking(self) -> None:
        """What it is to do."""
        self.client.get("/api/v1/taskings", headers=self.headers(), name="taskings")


class PartnerUser(User):
    """A neighbouring site's end of a link: mutual TLS, greets, beats, acknowledges what comes."""

    weight = 1
    wait_time = between(2, 2)
    partners = tuple(filter(None, os.environ.get("LOAD_PARTNERS", "").split(",")))
    fixed_count = len(partners)

    def on_start(self) -> None:
        """Dial and greet."""
        site = self.partners[next(_NUMBER) % len(self.partners)]
        ca = os.environ["LOAD_CA"]
        host, _, port = os.environ["LOAD_LINK"].rpartition(":")
        context = ssl.create_default_context(cafile=f"{ca}/ca.crt")
        context.load_cert_chain(f"{ca}/{site}.crt", f"{ca}/{site}.key")
        began = time.monotonic()
        self.socket = websocket.create_connection(
            f"wss://{host}:{port}/link",
            subprotocols=[link.SUBPROTOCOL],
            sslopt={"context": context},
            timeout=30,
        )
        greet = link.Greet(
            site=site,
            name=f"邻站 {site}",
            version=link.VERSION,
            agreement=AGREEMENT,
            have=0,
            epoch=f"load-{site}-{uuid.uuid4().hex}",
            have_epoch="",
            at=datetime.now(UTC),
            head=0,
        )
        self.socket.send_binary(link.encode(greet))
        first = link.decode(received(self.socket))
        fired(
            "LINK",
            "greeted",
            began,
            error=None if isinstance(first, link.Greet) else RuntimeError(str(first)),
        )
        self.beat_us = 0
        self.reader = gevent.spawn(self.read)

    def on_stop(self) -> None:
        """Hang up."""
        self.reader.kill()
        self.socket.close()

    def read(self) -> None:
        """Answer batches as a partner does: acknowledge what is kept."""
        while True:
            try:
                said = link.decode(received(self.socket))
            except (OSError, websocket.WebSocketException) as error:
                fired("LINK", "connection", time.monotonic(), error=error)
                return
            match said:
                case link.Batch():
                    self.socket.send_binary(link.encode(link.Ack(through=said.through)))
                    fired("LINK", "batch", time.monotonic(), len(said.rows))
                case link.Beat():
                    self.beat_us = said.at_us
                case link.Part():
                    fired("LINK", "parted", time.monotonic(), error=RuntimeError(said.code))
                    return

    @task
    def beat(self) -> None:
        """Alive."""
        began = time.monotonic()
        beat = link.Beat(at_us=time.time_ns() // 1000, echo_us=self.beat_us, echo_age_us=0)
        self.socket.send_binary(link.encode(beat))
        fired("LINK", "beat", began)
