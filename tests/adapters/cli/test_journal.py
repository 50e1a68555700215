"""The journal's commands, before the first start, after it and beside a running desk."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from adapters import journal_key
from adapters.__main__ import main
from adapters.desk import Desk
from dispatch.account_commands import SaveAccount
from dispatch.commands import Ask
from dispatch.kinds import Role
from dispatch.records import Account
from tests.adapters.desks import Clock, report


@pytest.fixture
def config(journal_url: str, tmp_path: Path) -> Path:
    """A site's file on each database."""
    text = '[site]\nid = "36"\nname = "试验站"\ndata = "data"\n'
    if not journal_url.startswith("sqlite"):
        text += f'[database]\nurl = "{journal_url}"\n'
    (tmp_path / "site.toml").write_text(text)
    return tmp_path / "site.toml"


def run(config: Path, *arguments: str) -> int:
    """`ganying …` in this process."""
    return main([*arguments, "--config", str(config)])


def desk_of(config: Path) -> Desk:
    """The desk that `serve` would open."""
    from adapters.config import load

    site = load(config)
    site.data.mkdir(exist_ok=True)
    key = journal_key.load_or_create(site.data)
    return Desk(url=site.database_url, site="36", key=key, clock=Clock())


async def fill(config: Path, count: int = 5) -> None:
    """A stopped site with an account and some incidents."""
    desk = desk_of(config)
    await desk.start()
    account = Account(
        name="li", display_name="李", roles=(Role.DISPATCHER,), password_hash="$argon2id$secret"
    )
    command = SaveAccount(account=account, version_seen=0)
    await desk.ask(Ask(actor="cli", role=None, command_id="a1", command=command))
    for number in range(1, count):
        await desk.ask(report(number))
    await desk.stop()


def test_before_the_first_start_there_is_nothing_and_nothing_breaks(config: Path, capsys: Any) -> None:
    assert run(config, "journal", "list") == 0
    assert capsys.readouterr().out == ""
    assert run(config, "journal", "verify") == 0
    assert "no journal yet" in capsys.readouterr().out
    assert run(config, "journal", "export", str(config.parent / "rows")) == 1
    assert run(config, "migrate") == 0
    assert "fresh journal" in capsys.readouterr().out
    assert run(config, "journal", "verify") == 0
    assert "0 rows, 0 signed heads, clean" in capsys.readouterr().out


@pytest_twisted.ensureDeferred
async def test_rows_are_listed_in_portions_without_secrets(config: Path, capsys: Any) -> None:
    await fill(config)
    assert run(config, "journal", "list", "--after", "1", "--limit", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "3"]
    assert run(config, "journal", "list", "--json") == 0
    text = capsys.readouterr().out
    facts = [json.loads(line) for line in text.splitlines()]
    assert [fact["kind"] for fact in facts] == ["AccountSaved"] + ["IncidentReported"] * 4
    assert facts[1]["fact"]["incident"]["title"] == "1号火场"
    assert "secret" not in text


@pytest_twisted.ensureDeferred
async def test_exported_rows_hold_the_bodies_and_replace_the_file_whole(config: Path, capsys: Any) -> None:
    await fill(config)
    file = config.parent / "rows.jsonl"
    file.write_text("older")
    assert run(config, "journal", "export", str(file)) == 0
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert "1号火场".encode() in base64.b64decode(rows[1]["body"])
    assert "5 rows" in capsys.readouterr().err


@pytest_twisted.ensureDeferred
async def test_commands_read_beside_a_running_desk_and_migrate_waits_for_its_end(
    config: Path, capsys: Any
) -> None:
    desk = desk_of(config)
    await desk.start()
    try:
        await desk.ask(report(1))
        under_way = [desk.ask(report(number)) for number in range(2, 200)]
        assert await deferToThread(run, config, "journal", "verify") == 0
        assert "clean" in capsys.readouterr().out
        assert await deferToThread(run, config, "migrate") == 2
        assert "IN_USE" in capsys.readouterr().err
        for answer in under_way:
            await answer
    finally:
        await desk.stop()
    assert run(config, "migrate") == 0


@pytest_twisted.ensureDeferred
async def test_a_journal_that_was_rebuilt_under_a_new_key_is_found(
    config: Path, tmp_path: Path, capsys: Any
) -> None:
    """Whoever has the machine can make everything fit, except the head that is kept elsewhere."""
    await fill(config)
    head = tmp_path / "head"
    assert run(config, "journal", "export", "--heads", str(head)) == 0
    assert run(config, "journal", "verify", "--head", str(head)) == 0
    (tmp_path / "data" / journal_key.KEY_FILE).unlink()
    journal_key.load_or_create(tmp_path / "data")
    assert run(config, "journal", "verify", "--head", str(head)) == 1
    assert "another key" in capsys.readouterr().out


def test_a_bad_head_file_or_database_is_said_in_one_line(config: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "head").write_text("nonsense")
    assert run(config, "journal", "verify", "--head", str(tmp_path / "head")) == 2
    assert run(config, "journal", "verify", "--head", str(tmp_path / "absent")) == 2
    (tmp_path / "other.toml").write_text('[site]\nid = "36"\nname = "x"\n[database]\nurl = "mysql://x"\n')
    assert run(tmp_path / "other.toml", "journal", "list") == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


@pytest_twisted.ensureDeferred
async def test_backup_and_restore_say_what_they_did(config: Path, tmp_path: Path, capsys: Any) -> None:
    await fill(config)
    assert run(config, "backup", str(tmp_path / "copy")) == 0
    assert "5 rows" in capsys.readouterr().out
    assert run(config, "restore", str(tmp_path / "copy")) == 2  # the data folder is not clean
    assert "NOT_EMPTY" in capsys.readouterr().err
    (tmp_path / "clean").mkdir()
    other = tmp_path / "clean" / "site.toml"
    other.write_text('[site]\nid = "36"\nname = "试验站"\ndata = "data"\n')
    assert run(other, "restore", str(tmp_path / "copy")) == 0
    assert run(other, "journal", "verify") == 0
    assert "5 rows, 2 signed heads, clean" in capsys.readouterr().out


def test_restoring_what_is_no_backup_does_nothing(config: Path, tmp_path: Path, capsys: Any) -> None:
    assert run(config, "restore", str(tmp_path / "absent")) == 2
    assert "manifest" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
