"""`ganying demo`: a living province on this machine, for a newcomer and for whoever wants to see a drill.

    folder with site files and certificates -> two servers -> accounts, resources -> exercise -> aircraft -> ready

Everything listens on loopback only. Without `--data` the folder is a fresh temporary one that is removed at the end;
with it, it is kept and continued. The children are on a leash (adapters/exercise/leash.py): they end with this
process however it ends. `DEMO_SECONDS` or `--seconds` ends it by itself with status 0.
"""

import argparse
import contextlib
import math
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from adapters.accounts import hash_password
from adapters.cli.ca import init_authority, issue_certificate
from adapters.cli.errand import Do, perform
from adapters.cli.resources import JIANGXI, ORDER, errands, read_file
from adapters.clock import utc_now
from adapters.config import Config, load
from adapters.exercise import children, stage
from adapters.exercise.children import Child
from adapters.exercise.observing import Observed, Observer
from adapters.exercise.stage import Part, Ports
from dispatch.errors import Malformed
from dispatch.records import Account, Resource

PORT = 8036
READY_S = 90.0  # a slow machine may need this long; then it is said that something is wrong
LOOK_S = 0.1
ENOUGH = Observed(simulated=40, recorded=4)  # aircraft that must be in the picture before it is ready
HUNAN = JIANGXI.parent / "hunan"


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `demo`."""
    parser = sub.add_parser("demo", help="a living province on this machine, with simulated aircraft")
    parser.add_argument("--seconds", type=float, default=None, help="end by itself (DEMO_SECONDS)")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT}); 0: any free one")
    parser.add_argument("--data", type=Path, default=None, help="keep everything here and continue next time")
    parser.add_argument("--auto", action="store_true", help="scripted seats play all roles")
    parser.add_argument("--alone", action="store_true", help="without the neighbouring site")
    parser.add_argument(
        "--time-factor", type=float, default=1.0, help="rescue aircraft fly this much faster (1 to 4)"
    )
    parser.add_argument("--max-drops", type=int, default=1000, help="drops of a sortie at most")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """0 after Ctrl-C, SIGTERM or the time given; 1 when a child ended or it never became ready."""
    seconds = _seconds(arguments.seconds)
    if not 1.0 <= arguments.time_factor <= 4.0:
        raise Malformed("time-factor", "1 to 4: faster, an aircraft would look like a mistake")
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    with _folder(arguments.data) as folder:
        play = _Play(_sites(folder, arguments), arguments, stopping)
        try:
            return play.perform(seconds)
        finally:
            play.stop()


def _seconds(asked: float | None) -> float:
    text = os.environ.get("DEMO_SECONDS", "")
    if asked is not None or not text:
        return math.inf if asked is None else asked
    try:
        return float(text)
    except ValueError:
        raise Malformed("DEMO_SECONDS", f"{text!r} is not a number") from None


@contextlib.contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield kept.resolve()
        return
    fresh = Path(tempfile.mkdtemp(prefix="ganying-demo-"))
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """One server of the demonstration before it runs."""

    folder: Path
    config: Config
    parts: tuple[Part, ...]
    resources: tuple[tuple[str, tuple[Resource, ...]], ...]
    ports: Ports


def _sites(folder: Path, arguments: argparse.Namespace) -> list[_Site]:
    """The story's site first, then its neighbour; their files are written."""
    http, simulated, recorded, link, neighbour, phones = _free_ports([arguments.port, 0, 0, 0, 0, 0])
    ports = Ports(
        http=http, simulated=simulated, recorded=recorded, link=link, neighbour=neighbour, phones=phones
    )
    linked = not arguments.alone
    if linked:
        _certificates(folder / "ca")
    parts = (*stage.people(), *stage.scripts(everyone=arguments.auto))
    sites = [_site(folder / stage.SITE, stage.site_file(ports, linked=linked), parts, JIANGXI, ports)]
    if linked:
        beside = folder / stage.NEIGHBOUR
        sites.append(_site(beside, stage.neighbour_file(ports), stage.neighbours(), HUNAN, ports))
    return sites


def _certificates(folder: Path) -> None:
    """An authority and both sites' certificates, made once per folder."""
    if (folder / "ca.crt").exists():
        return
    now = datetime.now(UTC)
    init_authority(folder, "Ganying demonstration", now)
    for site in (stage.SITE, stage.NEIGHBOUR):
        issue_certificate(folder, site, now, site=site, hosts=["127.0.0.1"])


def _site(folder: Path, text: str, parts: tuple[Part, ...], tables: Path, ports: Ports) -> _Site:
    folder.mkdir(mode=0o700, exist_ok=True)
    file, guide = folder / "site.toml", folder / "guide.json"
    file.write_text(text, encoding="utf-8")
    sms = folder / stage.SMS_SECRET
    sms.touch(mode=0o600)
    sms.write_text(secrets.token_hex(32), encoding="ascii")
    guide.touch(mode=0o600)
    guide.write_bytes(msgspec.json.encode(stage.guide(parts)))
    config = load(file)
    found = [(kind, tables / f"{kind}.csv") for kind in ORDER]
    resources = tuple((kind, read_file(kind, path, config.site.id)) for kind, path in found if path.exists())
    return _Site(folder=folder, config=config, parts=parts, resources=resources, ports=ports)


def _free_ports(wanted: list[int]) -> list[int]:
    """Ports of this machine that nobody listens on, 0 for any. Raises Malformed when a wanted one is taken."""
    found: list[int] = []
    with contextlib.ExitStack() as held:  # all at once, so that none is given twice
        for port in wanted:
            probe = held.enter_context(socket.socket())
            # as the server's own socket does it: a port of a server that has just stopped is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise Malformed("port", f"127.0.0.1:{port}: {error.strerror}") from None
            found.append(probe.getsockname()[1])
    return found


def _fill(site: _Site, accounts: list[Account]) -> None:
    """Accounts and resources, through the running server's own door. A known account gets its new password."""

    async def script(do: Do) -> None:
        known = {a["name"]: a["version"] for a in (await do({"do": "list_accounts"}))["accounts"]}
        for account in accounts:
            seen = known.get(account.name, 0)
            await do({"do": "save_account", "account": msgspec.to_builtins(account), "version_seen": seen})
        for kind, rows in site.resources:
            for errand in errands(kind, rows):
                await do(errand)
        if site.config.site.id == stage.SITE:
            for errand in errands("shifts", stage.roster(stage.SITE, utc_now())):
                await do(errand)

    perform(site.config, script)


def _account(part: Part) -> Account:
    return Account(
        name=part.account,
        display_name=part.display_name,
        roles=(part.role,),
        password_hash=hash_password(part.password),
        operator_id=part.operator_id,
        scripted=part.scripted,
        phone=part.phone,
        phone_gateway=part.phone_gateway,
    )


class _Play:
    """One demonstration while it runs."""

    def __init__(self, sites: list[_Site], arguments: argparse.Namespace, stopping: threading.Event) -> None:
        self._sites = sites
        self._arguments = arguments
        self._stopping = stopping
        self._children: list[Child] = []

    def perform(self, seconds: float) -> int:
        """Start everything, say when it is ready, and wait for the end."""
        if self._start() and self._picture_fills():
            self._announce()
            ends_at = time.monotonic() + seconds
            while time.monotonic() < ends_at and self._going():
                self._stopping.wait(0.2)
            if time.monotonic() >= ends_at:
                return 0
        if self._stopping.is_set():
            return 0
        for child in self._children:
            print(f"ganying demo: {child.last_words()}", file=sys.stderr)
        return 1

    def _start(self) -> bool:
        """Servers, what they hold, and the exercise. False when one ended or we are to stop."""
        for site in self._sites:
            serve = ["-m", "adapters.exercise.leash", "serve", "--config", "site.toml"]
            self._children.append(Child("server", serve, site.folder))
        # passwords are hashed while the servers start
        accounts = [[_account(part) for part in site.parts] for site in self._sites]
        if not self._filled(0, accounts[0]):
            return False
        settings = stage.settings(
            self._sites[0].ports,
            self._sites[0].parts,
            everyone=self._arguments.auto,
            time_factor=self._arguments.time_factor,
            max_drops=self._arguments.max_drops,
            partner=stage.NEIGHBOUR if len(self._sites) > 1 else "",
            sms_secret=(self._sites[0].folder / stage.SMS_SECRET).read_text("ascii"),
        )
        exercise = Child("exercise", ["-m", "adapters.exercise.run"], self._sites[0].folder)
        self._children.append(exercise)
        exercise.tell(msgspec.json.encode(settings))
        # the neighbour comes up while the picture fills
        return all(self._filled(number, accounts[number]) for number in range(1, len(self._sites)))

    def _filled(self, number: int, accounts: list[Account]) -> bool:
        if not self._heard_ready(self._children[number]):
            return False
        _fill(self._sites[number], accounts)
        return True

    def _heard_ready(self, server: Child) -> bool:
        ends_at = time.monotonic() + READY_S
        while time.monotonic() < ends_at and self._going():
            if server.hear("ready ", LOOK_S) is not None:
                return True
        return False

    def _picture_fills(self) -> bool:
        """Wait until the page has something to show. False when it never does, or we are to stop."""
        eye = next(part for part in self._sites[0].parts if part.scripted)
        observer = Observer(f"127.0.0.1:{self._sites[0].ports.http}", eye.account, eye.password)
        ends_at = time.monotonic() + READY_S
        while time.monotonic() < ends_at and self._going():
            if observer.look().covers(ENOUGH):
                return True
            self._stopping.wait(LOOK_S)
        return False

    def _going(self) -> bool:
        return not self._stopping.is_set() and not any(child.ended for child in self._children)

    def _announce(self) -> None:
        """Accounts first, so that `ready URL` is the last line and means it."""
        print("赣鹰演练 · 本机演示，全部航空器与事件为模拟或录制，不得用于飞行")
        for site in self._sites:
            print(f"{site.config.site.name}  http://{site.config.http.listen}")
            for part in site.parts:
                if not part.scripted:
                    print(f"  {part.account:<9} {part.password}   {part.display_name} ({part.role.value})")
        kept = "" if self._arguments.data else "（结束后删除）"
        print(f"数据目录 {self._sites[0].folder.parent}{kept}，Ctrl-C 结束")
        print(f"ready http://{self._sites[0].config.http.listen}", flush=True)

    def stop(self) -> None:
        """End the children."""
        children.stop(self._children)
