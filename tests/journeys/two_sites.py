"""Two real sites, 36 and 43, joined by a line in this process that can be cut; and what their journals say."""

import base64
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from adapters.authority import ISSUED_VALID
from adapters.cli.ca import issue_certificate
from adapters.clock import utc_now
from dispatch import partner
from dispatch.facts import Recorded
from dispatch.fold import fold
from dispatch.kinds import Role
from dispatch.world import World
from protocols.codec import facts
from tests.journeys.running import GANYING, Client, RunningSite, wait_for
from tests.ports import free_port

AGREEMENT = "六省一市-2023"
THEIRS_ENDS_IN_DAYS = 20  # of 43's certificate: issued by hand, so nobody renews it


class Relay:
    """A TCP relay to `target` on threads. Cut: every connection breaks and new ones are closed at once."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.up = True
        self.cut_after: int | None = None  # bytes more until the line breaks by itself, wherever that is
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break everything, now."""
        with self._lock:
            self.up = False
            ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def restore(self) -> None:
        """New connections pass again."""
        self.cut_after = None
        self.up = True

    def close(self) -> None:
        """For good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                if not self.up:
                    near.close()
                    far.close()
                    continue
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after <= 0:
                        other.sendall(data[: len(data) + self.cut_after])
                        self.cut()
                        return
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass
class Pair:
    """Both sites, running, and the line between them."""

    ours: RunningSite
    theirs: RunningSite
    line: Relay
    feed_port: int

    def live(self) -> None:
        """Wait until both say so."""
        for site in (self.ours, self.theirs):
            client = site.sign_in("diaodu")
            wait_for(partial(is_live, client), f"a live link at {site.site}")


def is_live(client: Client) -> bool:
    """Whether the only link says so."""
    return link_state(client) == "live"


def link_state(client: Client) -> str:
    """The only link's state as the doors tell it."""
    (link,) = client.get("partners")["items"]
    return str(link["state"])


@contextmanager
def two_sites(folder: Path, settings: str) -> Iterator[Pair]:
    """36 listens and 43 dials it through the line; the first sortie's people and resources at 36, a dispatcher at 43."""
    ca = folder / "ca"
    run_ca("init", "--dir", str(ca))
    run_ca("issue", "36", "--site", "36", "--dir", str(ca))
    issued_at = utc_now() - timedelta(days=ISSUED_VALID.days - THEIRS_ENDS_IN_DAYS)
    issue_certificate(ca, "43", issued_at, site="43")
    link_port, feed_port = free_port(), free_port()
    line = Relay(link_port)
    feed = f'[[feed]]\nname = "hill"\nkind = "avr"\nlisten = "127.0.0.1:{feed_port}"\n'
    listen = (
        f'listen = "127.0.0.1:{link_port}"\nenrol = "127.0.0.1:{free_port()}"\n'
        f'address = "127.0.0.1"\nauthority = "{ca}"\n'
    )
    url = f'url = "wss://127.0.0.1:{line.port}/link"\n'
    ours = RunningSite(folder / "36", feed=feed, more=settings + _federation(ca, "36", listen, "43", ""))
    theirs = RunningSite(folder / "43", site="43", more=settings + _federation(ca, "43", "", "36", url))
    try:
        ours.accounts(jiangxi=True)
        password = str(theirs.folder / "password")
        theirs.command("account", "add", "diaodu", "--role", "dispatcher", "--password-file", password)
        theirs.command("account", "add", "zhiban", "--role", "duty_chief", "--password-file", password)
        for name, role in (("anquan", "secadmin"), ("shenji", "auditor")):
            secret = str(ours.folder / "password")
            ours.command("account", "add", name, "--role", role, "--password-file", secret)
        for site in (ours, theirs):
            site.start()
        yield Pair(ours, theirs, line, feed_port)
    finally:
        line.close()
        for site in (ours, theirs):
            if site.process is not None and site.process.poll() is None:
                site.stop()


def run_ca(*arguments: str) -> None:
    """`ganying ca …`."""
    run_ganying("ca", *arguments)


def run_ganying(*arguments: str) -> None:
    """The command line, without a site's config."""
    subprocess.run([GANYING, *arguments], check=True, capture_output=True, timeout=60)


def _federation(ca: Path, site: str, listen: str, other: str, url: str) -> str:
    return (
        f'[federation]\n{listen}certificate = "{ca / site}.crt"\nkey = "{ca / site}.key"\nca = "{ca / "ca"}.crt"\n'
        f'[[partner]]\nsite = "{other}"\nname = "邻站 {other}"\n{url}agreement = "{AGREEMENT}"\n'
    )


@dataclass
class Figures:
    """One direction, from both journals."""

    sent: int
    received: int
    duplicated: int
    lost: int
    in_order: bool
    as_sent: bool  # bodies byte for byte, in the form in which they leave


def figures(sender: RunningSite, receiver: RunningSite, folder: Path) -> Figures:
    """What the sender's journal should have shown its partner, beside what the partner's journal holds."""
    at_home = exported(sender, folder / f"{sender.site}-to-{receiver.site}.jsonl")
    abroad = exported(receiver, folder / f"{receiver.site}-from-{sender.site}.jsonl")
    sent = {row["origin_seq"]: row["body"] for row in shareable(at_home, sender.site, receiver.site)}
    received = [row for row in abroad if row["origin"] == sender.site]
    numbers = [row["origin_seq"] for row in received]
    return Figures(
        sent=len(sent),
        received=len(numbers),
        duplicated=len(numbers) - len(set(numbers)),
        lost=len(set(sent) - set(numbers)),
        in_order=numbers == sorted(numbers),
        as_sent=all(sent.get(row["origin_seq"]) == row["body"] for row in received),
    )


def exported(site: RunningSite, file: Path) -> list[dict[str, Any]]:
    """`ganying journal export` beside the running server."""
    site.command("journal", "export", str(file))
    return [json.loads(line) for line in file.read_text().splitlines()]


def shareable(rows: list[dict[str, Any]], site: str, to: str) -> list[dict[str, Any]]:
    """The rows that the rule lets go to `to`, found by replaying the journal whole."""
    world = World.empty(site)
    everything = []
    for row in rows:
        recorded = Recorded(
            seq=row["seq"],
            at=datetime.fromisoformat(row["at"]),
            origin=row["origin"],
            origin_seq=row["origin_seq"],
            command_id=row["command_id"],
            part=row["part"],
            actor=row["actor"],
            role=None if row["role"] is None else Role(row["role"]),
            fact=facts.decode(row["kind"], base64.b64decode(row["body"])),
        )
        world = fold(world, recorded)
        everything.append((row, recorded))
    sent = []
    for row, recorded in everything:
        form = partner.leaving(world, recorded, to)
        if form is not None:
            sent.append(row | {"body": base64.b64encode(facts.encode(form)[1]).decode()})
    return sent
