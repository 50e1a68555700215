"""kill -9 in the middle of a burst: what was accepted is there afterwards, once; and damage to the journal is found."""

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from protocols.chain import GENESIS, seal
from protocols.rows import Sealed
from tests.journeys.running import Client, Refusal, RunningSite, wait_for
from tests.postgres import Postgres

BURST = 200
ANSWERS_BEFORE_THE_KILL = 60


class Site(RunningSite):
    """A site with one dispatcher, on a database that the test can also reach around the server."""

    def __init__(self, folder: Path, postgres: Postgres | None, like: "Site | None" = None) -> None:
        """`like`: begin as a copy of another, stopped one."""
        if postgres:
            self.database_url = postgres.new_database(like.database) if like else postgres.new_database()
        else:
            self.database_url = f"sqlite:///{folder / 'data/journal.sqlite'}"
        self.database = self.database_url.split("@/")[1].split("?")[0] if postgres else ""
        self.dsn = postgres.dsn(self.database) if postgres else ""
        more = f'[database]\nurl = "{self.database_url}"\n' if postgres else ""
        super().__init__(folder, more=more)
        if like:
            shutil.copytree(like.folder / "data", folder / "data")
            return
        password = str(folder / "password")
        self.command("account", "add", "diaodu", "--role", "dispatcher", "--password-file", password)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run one statement behind the server's back, as somebody who edits the journal would."""
        if self.dsn:
            with psycopg.connect(self.dsn) as connection:
                done = connection.execute(statement.replace("?", "%s"), values)
                return done.fetchall() if done.description else []
        with sqlite3.connect(self.folder / "data/journal.sqlite") as file:
            return file.execute(statement, values).fetchall()

    def rows(self) -> list[Sealed]:
        """The whole journal."""
        from adapters.store.journal import Store

        store = Store.read(self.database_url, self.site)
        assert store is not None
        try:
            return [sealed for batch in store.rows() for sealed in batch]
        finally:
            store.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Postgres | None:
    """Each of the two; None: SQLite."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
def site(database: Postgres | None, tmp_path: Path) -> Any:
    """A site on each database."""
    made = Site(tmp_path / "36", database)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()


def fire(number: int) -> dict[str, Any]:
    """The body of one report."""
    position = {"lon_deg": 114.0 + number / 100, "lat_deg": 28.5}
    return {"kind": "forest_fire", "level": 3, "title": f"{number}号火场", "position": position}


def burst(site: Site, client: Client) -> dict[int, str]:
    """200 reports at once, the server killed after 60 answers: the ids of those that were accepted."""
    accepted: dict[int, str] = {}
    enough, lock = threading.Event(), threading.Lock()

    def send(number: int) -> None:
        try:
            answer = client.post("incidents", fire(number), key=f"burst-{number}")
        except (OSError, Refusal, ValueError):
            return  # the server died before it answered: accepted or not, nobody was told
        with lock:
            accepted[number] = answer["id"]
            if len(accepted) >= ANSWERS_BEFORE_THE_KILL:
                enough.set()

    with ThreadPoolExecutor(BURST) as pool:
        for number in range(BURST):
            pool.submit(send, number)
        assert enough.wait(60), "the burst was not answered"
        site.kill()
    return accepted


def incidents(client: Client) -> dict[str, str]:
    """Every incident's title by id, page by page."""
    found: dict[str, str] = {}
    cursor = ""
    while True:
        page = client.get(f"incidents?limit=100{f'&cursor={cursor}' if cursor else ''}")
        found |= {item["id"]: item["title"] for item in page["items"]}
        cursor = page["next"]
        if not cursor:
            return found


def test_what_was_accepted_before_a_kill_is_present_after(site: Site) -> None:
    """Accepted before = present after; the chain is clean; retries get the first answer; 200 fires, none twice."""
    site.start()
    client = site.sign_in("diaodu")
    accepted = burst(site, client)
    assert ANSWERS_BEFORE_THE_KILL <= len(accepted) < BURST
    assert site.command("journal", "verify").stdout.strip().endswith("clean")
    site.start()
    client = Client(site.url, client.token)  # the session was a fact too
    after = incidents(client)
    print(f"{BURST} asked at once, {len(accepted)} accepted before kill -9, {len(after)} present after")
    assert {after.get(found) for found in accepted.values()} == {f"{number}号火场" for number in accepted}
    for number in range(BURST):
        answer = client.post("incidents", fire(number), key=f"burst-{number}")
        assert accepted.get(number, answer["id"]) == answer["id"]
    titles = sorted(incidents(client).values())
    assert titles == sorted(f"{number}号火场" for number in range(BURST))
    assert "clean" in site.command("journal", "verify").stdout  # beside the running server
    assert site.stop() == 0
    assert "signed heads, clean" in site.command("journal", "verify").stdout


@pytest.fixture(scope="module")
def history(database: Postgres | None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Path]:
    """A stopped site with some history, and its head exported to elsewhere."""
    folder = tmp_path_factory.mktemp("history")
    site = Site(folder / "36", database)
    site.start()
    client = site.sign_in("diaodu")
    for number in range(12):
        client.post("incidents", fire(number))
    assert site.stop() == 0
    head = folder / "kept-elsewhere.jsonl"
    site.command("journal", "export", "--heads", str(head))
    assert "clean" in site.command("journal", "verify", "--head", str(head)).stdout
    return site, head


@pytest.fixture
def written(database: Postgres | None, history: tuple[Site, Path], tmp_path: Path) -> tuple[Site, Path]:
    """A copy of it for each kind of damage, and the head."""
    return Site(tmp_path / "36", database, like=history[0]), history[1]


def test_a_flipped_byte_is_found(written: tuple[Site, Path]) -> None:
    """One byte of one stored body, on the disk: `verify` names the row."""
    site, head = written
    victim = next(sealed for sealed in site.rows() if sealed.row.kind == "IncidentReported")
    body = victim.row.body
    spoiled = body[:-1] + bytes([body[-1] ^ 1])
    if site.dsn:
        site.sql("UPDATE journal SET body = ? WHERE seq = ?", spoiled, victim.row.seq)
    else:
        file = site.folder / "data/journal.sqlite"
        whole = file.read_bytes()
        assert whole.count(body) == 1
        file.write_bytes(whole.replace(body, spoiled))
    done = site.command("journal", "verify", "--head", str(head), ok=False)
    assert done.returncode == 1
    assert f"row {victim.row.seq}: edited_row" in done.stdout


def test_a_cut_tail_is_found(written: tuple[Site, Path]) -> None:
    """Rows and heads cut off together show against the exported head."""
    site, head = written
    last = site.rows()[-1].row.seq
    site.sql("DELETE FROM journal WHERE seq > ?", last - 3)
    assert "cut_tail" in site.command("journal", "verify", ok=False).stdout  # its own head is still there
    site.sql("DELETE FROM heads WHERE seq > ?", last - 3)
    done = site.command("journal", "verify", "--head", str(head), ok=False)
    assert done.returncode == 1
    assert f"row {last - 2}: cut_tail" in done.stdout


def test_a_rebuilt_chain_is_found(written: tuple[Site, Path]) -> None:
    """Somebody rewrites a row and recomputes everything after it: the signed head does not fit any more."""
    site, head = written
    rows, previous = site.rows(), GENESIS
    victim = next(sealed for sealed in rows if sealed.row.kind == "IncidentReported")
    for sealed in rows:
        changed = {"body": sealed.row.body + b"\x98\x06\x01"} if sealed is victim else {}
        again = seal(previous, replace(sealed.row, **changed), sealed.ask_digest)
        statement = "UPDATE journal SET body = ?, body_sha256 = ?, digest = ? WHERE seq = ?"
        site.sql(statement, again.row.body, again.body_sha256, again.digest, again.row.seq)
        previous = again.digest
    assert "rebuilt_chain" in site.command("journal", "verify", ok=False).stdout  # against its own head
    site.sql("DELETE FROM heads")
    assert "clean" in site.command("journal", "verify").stdout  # the chain alone cannot know
    done = site.command("journal", "verify", "--head", str(head), ok=False)
    assert done.returncode == 1
    assert "rebuilt_chain" in done.stdout


def test_a_backup_restores_to_a_clean_folder_and_serves(site: Site, tmp_path: Path) -> None:
    """Taken beside the running server, brought to another folder (always SQLite here), and signed in to."""
    site.start()
    client = site.sign_in("diaodu")
    first = client.post("incidents", fire(1), key="one")
    site.command("backup", str(tmp_path / "copy"))
    assert site.stop() == 0
    other = RunningSite(tmp_path / "other")
    other.command("restore", str(tmp_path / "copy"))
    assert "clean" in other.command("journal", "verify").stdout
    other.start()
    try:
        client = other.sign_in("diaodu")
        assert incidents(client) == {first["id"]: "1号火场"}
        assert client.post("incidents", fire(1), key="one")["id"] == first["id"]
    finally:
        assert other.stop() == 0


def test_a_full_disk_under_a_real_server_refuses_and_recovers(tmp_path: Path) -> None:
    """The kernel lets no file grow: 503 with a code, reading goes on; room made, the same keys succeed."""
    import resource

    site = Site(tmp_path / "36", None)
    site.start()
    assert site.process is not None
    try:
        client = site.sign_in("diaodu")
        client.post("incidents", fire(0), key="0")
        files = (site.folder / "data").glob("journal.sqlite*")
        limit = max(file.stat().st_size for file in files) + 4096
        before = resource.prlimit(site.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(site.process.pid, resource.RLIMIT_FSIZE, (limit, before[1]))
        codes = set()
        for number in range(1, 40):
            try:
                client.post("incidents", fire(number), key=str(number))
            except Refusal as refusal:
                codes.add((refusal.status, refusal.code))
        assert codes == {(503, "NOT_STORED")}
        assert "0号火场" in incidents(client).values()
        resource.prlimit(site.process.pid, resource.RLIMIT_FSIZE, before)
        wait_for(lambda: client.get("health")["status"] == "ok" or None, "health to be good again")
        for number in range(40):
            client.post("incidents", fire(number), key=str(number))
        assert len(incidents(client)) == 40
    finally:
        assert site.stop() == 0
    assert "clean" in site.command("journal", "verify").stdout
