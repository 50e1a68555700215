"""Every state and step of a request to ATC through the HTTP door: what the table refuses is refused by name and audited."""

from pathlib import Path

import pytest_twisted

from loadtests.refusals_atc import measure


@pytest_twisted.ensureDeferred
async def test_each_refused_step_is_refused_by_name_audited_and_changes_nothing(tmp_path: Path) -> None:
    tried, wrong, text = await measure(tmp_path)
    assert wrong == []
    assert tried.tries > 1500
    assert "→ approved" in text
