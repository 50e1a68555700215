"""The planner of a real server by itself: it proposes, proposes anew, and survives its processes."""

import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import Client, RunningSite, running_site, wait_for
from tests.journeys.test_first_sortie import confirmed

SETTINGS = "[demonstration]\nenabled = true\n[planner]\nseconds = 6.0\nworkers = 1\nassume_daylight = true\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources, and one solver process."""
    with running_site(tmp_path / "36", more=SETTINGS) as running:
        yield running


def open_plan(dispatcher: Client) -> Any:
    """The proposal that stands, if any."""
    plans = dispatcher.get("plans")["items"]
    return next((plan for plan in plans if plan["state"] == "open"), None)


def sent(plan: Any) -> set[str]:
    """The aircraft it sends."""
    return {row["aircraft_id"] for row in plan["assignments"]}


def solver(site: RunningSite) -> int:
    """The solver's process id; 0: none just now."""
    assert site.process is not None
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
        if parent == site.process.pid and b"adapters.planner.child" in command:
            return int(folder.name)
    return 0


def metrics(site: RunningSite) -> str:
    """What Prometheus reads."""
    with urllib.request.urlopen(f"{site.url}/metrics", timeout=30) as answer:
        return str(answer.read().decode())


def test_a_change_brings_a_new_proposal_and_a_lost_solver_only_costs_time(site: RunningSite) -> None:
    """Confirmed: a plan by itself. Its first aircraft breaks down: another plan. The solver is killed: it goes on."""
    dispatcher = site.sign_in("diaodu")
    incident_id = confirmed(dispatcher)
    first = wait_for(lambda: open_plan(dispatcher), "a proposal by itself", 60)
    assert first["requested_by"] == "planner"
    assert first["incident_ids"] == [incident_id]
    lost = first["assignments"][0]["aircraft_id"]
    row = next(a for a in dispatcher.get("resources/aircraft?limit=100")["items"] if a["id"] == lost)
    body = {k: v for k, v in row.items() if k not in ("site", "version", "simulated")}
    body |= {"serviceable": False, "unserviceable_reason": "液压漏油", "version_seen": row["version"]}
    dispatcher.call("PUT", f"resources/aircraft/{lost}", body)
    second = wait_for(
        lambda: (plan := open_plan(dispatcher)) and lost not in sent(plan) and plan, "a plan without it", 60
    )
    assert sent(second)
    pid = wait_for(lambda: solver(site), "a solver process")
    os.kill(pid, signal.SIGKILL)
    asked = dispatcher.post("plans", {})
    assert lost not in sent(asked)
    assert asked["score"] <= asked["human_score"]
    assert wait_for(lambda: solver(site), "its successor") != pid
    assert "ganying_planner_worker_deaths_total 1.0" in metrics(site)


def test_a_dispatcher_who_waits_no_longer_gets_what_was_found(site: RunningSite) -> None:
    """The run is told to stop and answers with its best plan."""
    dispatcher, impatient = site.sign_in("diaodu"), site.sign_in("zhiban")
    confirmed(dispatcher)
    wait_for(lambda: open_plan(dispatcher), "a proposal by itself", 60)
    run = wait_for(
        lambda: next(
            (r for r in impatient.get("planner/runs")["items"] if r["cause"] == "improve" and r["score"]),
            None,
        ),
        "a run that improves",
        60,
    )
    left = impatient.post(f"planner/runs/{run['id']}/stop", {})["items"]
    assert all(each["stopping"] for each in left if each["id"] == run["id"])
    wait_for(lambda: run["id"] not in {r["id"] for r in impatient.get("planner/runs")["items"]}, "its end", 3)
