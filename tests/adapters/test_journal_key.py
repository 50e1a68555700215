"""The site's signing key: made once, private, never half written."""

import stat
from pathlib import Path

import pytest

from adapters import journal_key
from dispatch.errors import Malformed


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert journal_key.load(tmp_path) is None
    first = journal_key.public_bytes(journal_key.load_or_create(tmp_path))
    assert journal_key.public_bytes(journal_key.load_or_create(tmp_path)) == first
    assert stat.S_IMODE((tmp_path / journal_key.KEY_FILE).stat().st_mode) == 0o600


def test_a_file_that_is_no_key_is_refused_and_left(tmp_path: Path) -> None:
    file = tmp_path / journal_key.KEY_FILE
    file.parent.mkdir()
    file.write_text("not a key")
    with pytest.raises(Malformed):
        journal_key.load_or_create(tmp_path)
    assert file.read_text() == "not a key"


def test_what_a_crash_left_behind_does_not_matter(tmp_path: Path) -> None:
    part = (tmp_path / journal_key.KEY_FILE).with_suffix(".part")
    part.parent.mkdir()
    part.write_text("half a key")
    journal_key.load_or_create(tmp_path)
    assert not part.exists()
