"""Every state and action through the HTTP door: what the table refuses is refused by name, audited, and changes nothing."""

from pathlib import Path

import pytest_twisted
from twisted.internet.threads import deferToThread

from loadtests.refusals import audited, check_audit, connected, prepare, table, try_all, unchanged
from tests.adapters.web.running import Running


@pytest_twisted.ensureDeferred
async def test_each_refused_transition_is_refused_by_name_audited_and_changes_nothing(tmp_path: Path) -> None:
    site = await Running.start(tmp_path)
    try:
        taskings = await prepare(site)
        tried = await deferToThread(try_all, taskings, connected(site))
        assert tried.wrong == []
        assert tried.tries > 4000
        assert unchanged(site, taskings) == []
        lines = await audited(site)
        assert check_audit(tried, lines) == []
        assert len(lines) < tried.tries / 2  # repeats are counted, not written again
        for role in ("dispatcher", "secadmin", "operator"):
            answer = await site.http("GET", "audit", role=role)
            assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN")
        [own] = (await site.http("GET", "audit?who=secadmin&act=listRefusedActs", role="auditor")).json[
            "items"
        ]
        assert (own["role"], own["code"], own["count"]) == ("secadmin", "FORBIDDEN", 1)
        assert "→ working" in table(tried)
    finally:
        await site.stop()
