"""`ganying demo`: a living province on this machine, for a newcomer and for whoever wants to see a drill.

    folder with site.toml, accounts, resources -> server (child) -> exercise (child) -> aircraft in the picture -> ready

Everything listens on loopback only. Without `--data` the folder is a fresh temporary one that is removed at the end;
with it, it is kept and continued. Both children are on a leash (adapters/exercise/leash.py): they end with this
process however it ends. `DEMO_SECONDS` or `--seconds` ends it by itself with status 0.
"""

import argparse
import contextlib
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from adapters.accounts import hash_password
from adapters.cli.errand import Do, perform
from adapters.cli.resources import JIANGXI, ORDER, errands, read_file
from adapters.config import load
from adapters.exercise import stage
from adapters.exercise.observing import Observed, Observer
from adapters.exercise.stage import Part, Ports
from dispatch.errors import Malformed
from dispatch.records import Account

PORT = 8036
READY_S = 60.0  # a slow machine may need this long; then it is said that something is wrong
STOP_S = 4.5  # SIGTERM to both children, then SIGKILL: below the 5 s that a service manager expects
ENOUGH = Observed(simulated=40, recorded=4)  # aircraft that must be in the picture before it is ready
LOG_TAIL_LINES = 20


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `demo`."""
    parser = sub.add_parser("demo", help="a living province on this machine, with simulated aircraft")
    parser.add_argument("--seconds", type=float, default=None, help="end by itself (DEMO_SECONDS)")
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page ({PORT}); 0: any free one")
    parser.add_argument("--data", type=Path, default=None, help="keep everything here and continue next time")
    parser.add_argument("--auto", action="store_true", help="scripted seats play all roles")
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
    with _folder(arguments.data) as folder:
        parts, ports = _set_up(folder, arguments)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        play = _Play(folder)
        try:
            return play.perform(arguments, parts, ports, seconds, stopping)
        finally:
            play.stop()


def _seconds(asked: float | None) -> float | None:
    text = os.environ.get("DEMO_SECONDS", "")
    if asked is not None or not text:
        return asked
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


def _set_up(folder: Path, arguments: argparse.Namespace) -> tuple[tuple[Part, ...], Ports]:
    """Site file, accounts with new passwords, resources. An account that exists gets a new password."""
    ports = Ports(http=_free_port(arguments.port), simulated=_free_port(0), recorded=_free_port(0))
    parts = (*stage.people(), *stage.scripts(everyone=arguments.auto))
    site = folder / "site.toml"
    site.write_text(stage.site_file(ports), encoding="utf-8")
    guide = folder / "guide.json"
    guide.touch(mode=0o600)
    guide.write_bytes(msgspec.json.encode(stage.guide(parts)))
    config = load(site)
    accounts = [_account(part) for part in parts]
    records = [(kind, read_file(kind, JIANGXI / f"{kind}.csv", config.site.id)) for kind in ORDER]

    async def script(do: Do) -> None:
        known = {a["name"]: a["version"] for a in (await do({"do": "list_accounts"}))["accounts"]}
        for account in accounts:
            seen = known.get(account.name, 0)
            await do({"do": "save_account", "account": msgspec.to_builtins(account), "version_seen": seen})
        for kind, rows in records:
            for errand in errands(kind, rows):
                await do(errand)

    perform(config, script)
    return parts, ports


def _account(part: Part) -> Account:
    return Account(
        name=part.account,
        display_name=part.display_name,
        roles=(part.role,),
        password_hash=hash_password(part.password),
        operator_id=part.operator_id,
        scripted=part.scripted,
    )


def _free_port(wanted: int) -> int:
    """A port of this machine that nobody listens on. Raises Malformed when the wanted one is taken."""
    with socket.socket() as probe:
        # as the server's own socket does it: a port of a server that has just stopped is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise Malformed("port", f"127.0.0.1:{wanted}: {error.strerror}") from None
        port: int = probe.getsockname()[1]
        return port


class _Play:
    """The two children of one demonstration."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []

    def perform(
        self,
        arguments: argparse.Namespace,
        parts: tuple[Part, ...],
        ports: Ports,
        seconds: float | None,
        stopping: threading.Event,
    ) -> int:
        """Start both, say when it is ready, and wait for the end."""
        url = self._server(stopping)
        if url is not None and not stopping.is_set():
            self._exercise(arguments, parts, ports)
            if self._picture_fills(url, parts, stopping):
                _announce(url, parts, self._folder, temporary=arguments.data is None)
                ends_at = None if seconds is None else time.monotonic() + seconds
                while not stopping.wait(0.2) and not self._ended():
                    if ends_at is not None and time.monotonic() >= ends_at:
                        stopping.set()
        if stopping.is_set():
            return 0
        self._complain()
        return 1

    def _server(self, stopping: threading.Event) -> str | None:
        """The server's URL once it accepts; None when it ended or we are to stop."""
        server = self._start("server", ["-m", "adapters.exercise.leash", "serve", "--config", "site.toml"])
        said: queue.SimpleQueue[str] = queue.SimpleQueue()

        def listen() -> None:
            for line in server.stdout or ():
                said.put(line.decode(errors="replace").strip())

        threading.Thread(target=listen, name="server-output", daemon=True).start()
        ends_at = time.monotonic() + READY_S
        while time.monotonic() < ends_at and not self._ended() and not stopping.is_set():
            with contextlib.suppress(queue.Empty):
                line = said.get(timeout=0.1)
                if line.startswith("ready "):
                    return line.removeprefix("ready ")
        return None

    def _exercise(self, arguments: argparse.Namespace, parts: tuple[Part, ...], ports: Ports) -> None:
        settings = stage.settings(
            ports,
            parts,
            everyone=arguments.auto,
            time_factor=arguments.time_factor,
            max_drops=arguments.max_drops,
        )
        child = self._start("exercise", ["-m", "adapters.exercise.run"])
        if child.stdin is not None:
            child.stdin.write(msgspec.json.encode(settings) + b"\n")
            child.stdin.flush()  # and it stays open: its end would be the child's

    def _start(self, name: str, arguments: list[str]) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{name}.log").open("ab") as log:
            # a session of its own: Ctrl-C is ours to hear, the children are told in order
            child = subprocess.Popen(  # noqa: S603 - our own modules under our own interpreter
                [sys.executable, *arguments],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._children.append((name, child))
        return child

    def _picture_fills(self, url: str, parts: tuple[Part, ...], stopping: threading.Event) -> bool:
        """Wait until the page has something to show. False when it never does, or we are to stop."""
        eye = next(part for part in parts if part.account == "script-observer")
        observer = Observer(url, eye.account, eye.password)
        ends_at = time.monotonic() + READY_S
        while time.monotonic() < ends_at and not self._ended():
            if observer.look().covers(ENOUGH):
                return True
            if stopping.wait(0.2):
                return False
        return False

    def _ended(self) -> bool:
        return any(child.poll() is not None for _, child in self._children)

    def _complain(self) -> None:
        for name, child in self._children:
            how = "runs" if child.poll() is None else f"ended with status {child.returncode}"
            print(f"ganying demo: the {name} {how}; its last words:", file=sys.stderr)
            lines = (self._folder / f"{name}.log").read_text(errors="replace").splitlines()
            print("\n".join(lines[-LOG_TAIL_LINES:]), file=sys.stderr)

    def stop(self) -> None:
        """SIGTERM to all, then SIGKILL to who is left."""
        for _, child in reversed(self._children):
            if child.poll() is None:
                child.terminate()
        ends_at = time.monotonic() + STOP_S
        for _, child in self._children:
            try:
                child.wait(max(0.0, ends_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):  # unread settings of a child that is gone
                        stream.close()


def _announce(url: str, parts: tuple[Part, ...], folder: Path, *, temporary: bool) -> None:
    """Accounts first, so that `ready URL` is the last line and means it."""
    print("赣鹰演练 · 本机演示，全部航空器与事件为模拟或录制，不得用于飞行")
    for part in parts:
        if not part.scripted:
            print(f"  {part.account:<9} {part.password}   {part.display_name} ({part.role.value})")
    print(f"  数据目录 {folder}{'（结束后删除）' if temporary else ''}  Ctrl-C 结束")
    print(f"ready {url}", flush=True)
