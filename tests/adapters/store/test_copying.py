"""Backups are whole, private, verifiable, and restore to a clean place on either database."""

import json
import stat
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults

from adapters.store import copying
from adapters.store.archive import ArchiveTable
from adapters.store.database import StoreError
from adapters.store.journal import Store
from dispatch.errors import GanyingError, Malformed, Refused
from tests.adapters.desks import EPOCH_43, open_desk, partner_rows, report
from tests.postgres import Postgres


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a key and a recording."""
    folder = tmp_path / "data"
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "journal-ed25519.pem").write_text("key")
    (folder / "secret.key").write_bytes(bytes(32))
    (folder / "recordings").mkdir()
    (folder / "recordings" / "big").write_text("not in a backup")
    return folder


async def fill(url: str) -> str:
    """A journal with own and partner's rows; its epoch."""
    async with open_desk(url) as desk:
        await gatherResults([desk.ask(report(number)) for number in range(30)])
        await desk.receive("43", EPOCH_43, 0, 30, partner_rows(1, 3))
        return desk.epoch


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest_twisted.ensureDeferred
async def test_a_backup_restores_to_the_same_journal(
    journal_url: str, kind: str, tmp_path: Path, data: Path, request: pytest.FixtureRequest
) -> None:
    """From each database to each: rows, digests, heads, cursors, epoch and keys; and the desk goes on."""
    epoch = await fill(journal_url)
    made = copying.backup(journal_url, "36", data, tmp_path / "copy")
    assert (made.rows, made.epoch, made.files) == (32, epoch, 2)
    assert copying.audit(tmp_path / "copy") == []
    target = f"sqlite:///{tmp_path / 'clean' / 'journal.sqlite'}"
    if kind == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        target = postgres.new_database()
        archive = ArchiveTable(target)  # may be there before the journal, and is nobody's to copy
        archive.migrate()
        archive.close()
    assert copying.restore(target, "36", tmp_path / "clean", tmp_path / "copy") == made
    old, new = Store.read(journal_url, "36"), Store.read(target, "36")
    assert old is not None
    assert new is not None
    assert list(new.rows()) == list(old.rows())
    assert (new.heads(), new.cursors(), new.epoch) == (old.heads(), old.cursors(), old.epoch)
    old.close()
    new.close()
    assert (tmp_path / "clean" / "keys" / "journal-ed25519.pem").read_text() == "key"
    assert not (tmp_path / "clean" / "recordings").exists()
    async with open_desk(target) as desk:
        assert (await desk.ask(report(5))).repeated
        assert (await desk.ask(report(100))).through == 33
        assert await desk.receive("43", EPOCH_43, 30, 40, partner_rows(4)) == 40


@pytest_twisted.ensureDeferred
async def test_a_backup_beside_a_running_desk_is_one_state(
    journal_url: str, tmp_path: Path, data: Path
) -> None:
    """Commands go on while it is copied; the copy verifies and ends at a committed row."""
    async with open_desk(journal_url) as desk:
        await gatherResults([desk.ask(report(number)) for number in range(50)])
        under_way = [desk.ask(report(number)) for number in range(50, 300)]
        made = copying.backup(journal_url, "36", data, tmp_path / "copy")
        await gatherResults(under_way)
        assert desk.through == 300
    assert 50 <= made.rows <= 300
    assert copying.audit(tmp_path / "copy") == []


@pytest_twisted.ensureDeferred
async def test_pictures_to_the_field_clips_and_files_of_consultations_come_back(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handed over while the journal is copied as well; what is half written is not, what is taken back meanwhile is no fault."""
    url = f"sqlite:///{data / 'journal.sqlite'}"
    await fill(url)
    kept = {"uplinks/ab/abcd": b"still", "rooms/cd/cdef": b"file", "clips/VCL-1.mp4": b"clip"}
    for name, content in kept.items():
        (data / name).parent.mkdir(parents=True)
        (data / name).write_bytes(content)
    (data / "rooms" / "cd" / "cd00").write_bytes(b"taken back")
    (data / "uplinks" / "ab" / "abce.part").write_bytes(b"half")
    copy_journal, copy_file = copying._copy_sqlite, copying._copy_durably

    def while_copied(source: str, target: Path) -> None:
        copy_journal(source, target)
        (data / "uplinks" / "ab" / "late").write_bytes(b"late")

    def taken_back(source: Path, target: Path) -> None:
        if source.name == "cd00":
            source.unlink()
        copy_file(source, target)

    monkeypatch.setattr(copying, "_copy_sqlite", while_copied)
    monkeypatch.setattr(copying, "_copy_durably", taken_back)
    assert copying.backup(url, "36", data, tmp_path / "copy").files == 2 + 3 + 1
    clean = tmp_path / "clean"
    copying.restore(f"sqlite:///{clean / 'journal.sqlite'}", "36", clean, tmp_path / "copy")
    for name, content in (kept | {"uplinks/ab/late": b"late"}).items():
        assert (clean / name).read_bytes() == content
    assert {each.name for each in (clean / "uplinks" / "ab").iterdir()} == {"abcd", "late"}


@pytest_twisted.ensureDeferred
async def test_only_its_owner_can_read_a_backup(journal_url: str, tmp_path: Path, data: Path) -> None:
    """It holds the site's keys."""
    await fill(journal_url)
    copying.backup(journal_url, "36", data, tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700


@pytest_twisted.ensureDeferred
async def test_a_restore_overwrites_nothing(tmp_path: Path, data: Path, postgres: Postgres) -> None:
    """Neither a used data folder nor a used database, nor another site's."""
    url = f"sqlite:///{data / 'journal.sqlite'}"
    await fill(url)
    copying.backup(url, "36", data, tmp_path / "copy")
    before = (data / "journal.sqlite").read_bytes()
    with pytest.raises(Refused):
        copying.restore(url, "36", data, tmp_path / "copy")
    assert (data / "journal.sqlite").read_bytes() == before
    used = postgres.new_database()
    Store.migrate(used, "36")
    with pytest.raises(Refused):
        copying.restore(used, "36", tmp_path / "clean", tmp_path / "copy")
    with pytest.raises(StoreError):
        copying.restore(f"sqlite:///{tmp_path}/x/journal.sqlite", "43", tmp_path / "x", tmp_path / "copy")
    with pytest.raises(Refused):
        copying.backup(url, "36", data, tmp_path / "copy")


@pytest.mark.parametrize("hurt", ["manifest", "no manifest", "rows", "cut"])
@pytest_twisted.ensureDeferred
async def test_a_hurt_backup_is_not_restored(tmp_path: Path, data: Path, hurt: str) -> None:
    """A typed error, and the clean folder stays clean."""
    url = f"sqlite:///{data / 'journal.sqlite'}"
    await fill(url)
    copy = tmp_path / "copy"
    copying.backup(url, "36", data, copy)
    match hurt:
        case "manifest":
            (copy / "manifest.json").write_text("{}")
        case "no manifest":
            (copy / "manifest.json").unlink()
        case "rows":
            manifest = json.loads((copy / "manifest.json").read_text())
            (copy / "manifest.json").write_text(json.dumps({**manifest, "rows": 31}))
        case "cut":
            whole = (copy / "journal.sqlite").read_bytes()
            (copy / "journal.sqlite").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GanyingError):
        copying.restore(f"sqlite:///{tmp_path}/clean/journal.sqlite", "36", tmp_path / "clean", copy)
    assert not (tmp_path / "clean").exists()


def test_an_empty_folder_is_no_backup(tmp_path: Path) -> None:
    """Malformed, naming the manifest."""
    with pytest.raises(Malformed) as caught:
        copying.read_manifest(tmp_path)
    assert caught.value.field == "manifest"
