"""From the alarm to the archive over the HTTP doors, every role in its own account, each step proved by the journal."""

from pathlib import Path

import pytest

from loadtests.story import run


@pytest.mark.timeout(420)
def test_the_whole_story_is_walked_refused_where_it_must_be_and_stands_in_the_journal(tmp_path: Path) -> None:
    """The short one: a near fire, one sortie from the track, kill -9 in the air."""
    book, proof = run(tmp_path, short=True)
    assert book.faults == []
    assert sum(bool(deed.code) for deed in book.deeds) > 50  # the wrong ones
    assert all(deed.rows for deed in book.deeds if deed.facts)
    assert "clean" in proof[-1]
