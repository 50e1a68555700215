"""A real `ganying serve` in its own process, driven through its public doors."""

import atexit
import fcntl
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

GANYING = Path(sys.executable).with_name("ganying")
PASSWORD = "Correct horse battery"  # of every account here
ROLES = {
    "diaodu": "dispatcher",
    "zhiban": "duty_chief",
    "tonghang": "operator",
    "jidi": "base",
    "kongguan": "atc",
}
SHELF = "GANYING_TEST_SHELF"  # names the folder that all processes of a test run share; tests/conftest.py makes it
START_S = 60.0  # a busy two-core machine imports slowly

T = TypeVar("T")


def wait_for(probe: Callable[[], T | None], what: str, within_s: float = 60.0) -> T:
    """The first truthy answer of `probe`. Fails naming what was waited for."""
    until = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"waited {within_s:.0f} s for {what}")
        pause.wait(0.05)


class Refusal(Exception):
    """A problem+json answer."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem
        self.code = problem.get("code", "")


class Client:
    """One signed-in person."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.token = token

    def call(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """One request; the decoded answer. Raises Refusal."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method != "GET":
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        data = None if body is None else json.dumps(body).encode()
        if isinstance(body, str):
            data = body.encode()  # a text of its own format
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as error:
            raise Refusal(error.code, json.loads(error.read() or b"{}")) from None
        return json.loads(raw) if raw else None

    def get(self, path: str) -> Any:
        """GET."""
        return self.call("GET", path)

    def post(self, path: str, body: Any, *, key: str = "") -> Any:
        """POST with a key."""
        return self.call("POST", path, body, key=key)

    def act(self, path: str, action: str, **more: Any) -> Any:
        """A step at the record's present version; read again when somebody else changed it in between."""
        while True:
            try:
                return self.post(f"{path}/{action}", {"version": self.get(path)["version"], **more})
            except Refusal as refusal:
                if refusal.code != "CHANGED":
                    raise


class RunningSite:
    """A site's folder and, while it runs, its process."""

    def __init__(
        self, folder: Path, *, site: str = "36", more: str = "", feed: str = "", prefix: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.prefix = prefix  # what the server is started with, such as `ip netns exec`
        self.site = site
        self.url = ""
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str] = queue.Queue()
        self.log = folder / "log.txt"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "password").write_text(PASSWORD)
        if "[planner]" not in more:
            more += "[planner]\nworkers = 1\n"  # a solver process costs a second of both cores at each start
        (folder / "site.toml").write_text(
            f'[site]\nid = "{site}"\nname = "试验站 {site}"\ndata = "data"\n'
            '[http]\nlisten = "127.0.0.1:0"\n[security]\nsecond_factor = "off"\n' + feed + more
        )

    @property
    def config(self) -> Path:
        """The site's file."""
        return self.folder / "site.toml"

    def command(self, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `ganying` with this site's config."""
        done = subprocess.run(
            [GANYING, *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0 or not ok, done.stderr
        return done

    def accounts(self, *, jiangxi: bool = False) -> None:
        """One account for each role of the first sortie, and Jiangxi's resources if asked for.

        Made once by the command line and copied from then on: six starts of Python are most of a short journey.
        """
        if "[database]" in self.config.read_text():
            self.furnish(jiangxi=jiangxi)
        else:
            shutil.copytree(_furnished(self.site, jiangxi=jiangxi) / "data", self.folder / "data")

    def furnish(self, *, jiangxi: bool) -> None:
        """The same, by the command line."""
        for name, role in ROLES.items():
            extra = ["--operator", "OP1"] if role == "operator" else []
            self.command(
                "account",
                "add",
                name,
                "--role",
                role,
                "--password-file",
                str(self.folder / "password"),
                *extra,
            )
        if jiangxi:
            self.command("resources", "load-jiangxi")

    def start(self, within_s: float = START_S) -> str:
        """Serve; the URL."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.prefix, GANYING, "serve", "--config", str(self.config)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        threading.Thread(target=self._read, args=(self.process, self.lines), daemon=True).start()
        try:
            line = self.lines.get(timeout=within_s)
        except queue.Empty:
            raise AssertionError(f"not ready: {self.log.read_text()[-3000:]}") from None
        assert line.startswith("ready http"), f"{line} {self.process.poll()} " + self.log.read_text()[-3000:]
        self.url = line.split()[1]
        return self.url

    @staticmethod
    def _read(process: "subprocess.Popen[str]", lines: "queue.Queue[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:  # into this process's own queue: the next one has another
            lines.put(line.strip())
        lines.put("ended")

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.lines = queue.Queue()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.lines = queue.Queue()
        self.process = None
        return status

    def sign_in(self, account: str, role: str = "") -> Client:
        """A client with a session."""
        body = {"account": account, "password": PASSWORD} | ({"role": role} if role else {})
        opened = Client(self.url).post("session", body)
        return Client(self.url, opened["token"])


def _furnished(site: str, *, jiangxi: bool) -> Path:
    """The folder of a site that has what most journeys begin with, made once a run whichever process asks first."""
    folder = _shelf() / f"{site}-{'jiangxi' if jiangxi else 'bare'}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            RunningSite(folder, site=site).furnish(jiangxi=jiangxi)
            (folder / "done").touch()
    return folder


def _shelf() -> Path:
    """The folder of the run; one of its own where no test run made one (the load tests use these sites too)."""
    if SHELF not in os.environ:
        os.environ[SHELF] = tempfile.mkdtemp(prefix="ganying-shelf-")
        atexit.register(shutil.rmtree, os.environ[SHELF], ignore_errors=True)
    return Path(os.environ[SHELF])


@contextmanager
def running_site(folder: Path, **more: Any) -> Iterator[RunningSite]:
    """A site with accounts and Jiangxi's resources, running."""
    site = RunningSite(folder, **more)
    site.accounts(jiangxi=True)
    site.start()
    try:
        yield site
    finally:
        if site.process is not None and site.process.poll() is None:
            site.stop()
