"""What is sent again after a kill -9 gets its first answer. The whole way is walked by tests/loadtests/test_story.py."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.running import Client, Refusal, RunningSite, running_site

FIRE = {
    "kind": "forest_fire",
    "level": 3,
    "title": "三爪仑林火",
    "place": "靖安县",
    "position": {"lon_deg": 115.1, "lat_deg": 28.95},
}
# proposals must not depend on the hour at which the tests run
DEMONSTRATION = (
    "[demonstration]\nenabled = true\n[planner]\nseconds = 0.6\nworkers = 1\nassume_daylight = true\n"
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    """A running site with accounts and resources."""
    with running_site(tmp_path / "36", more=DEMONSTRATION) as running:
        yield running


def confirmed(dispatcher: Client) -> str:
    """A confirmed fire."""
    incident = dispatcher.post("incidents", FIRE)
    dispatcher.post(f"incidents/{incident['id']}/confirm", {"version": 1})
    return str(incident["id"])


def act(client: Client, tasking_id: str, action: str, **more: Any) -> Any:
    """Act on a tasking at its present version."""
    return client.act(f"taskings/{tasking_id}", action, **more)


def test_a_retried_command_gets_its_first_answer_and_a_reused_key_is_refused(site: RunningSite) -> None:
    """Poor links send twice; nothing happens twice."""
    dispatcher = site.sign_in("diaodu")
    first = dispatcher.post("incidents", FIRE, key="once")
    site.kill()
    site.start()
    dispatcher.url = site.url
    again = dispatcher.post("incidents", FIRE, key="once")
    assert again["id"] == first["id"]
    assert len(dispatcher.get("incidents")["items"]) == 1
    with pytest.raises(Refusal) as caught:
        dispatcher.post("incidents", {**FIRE, "level": 1}, key="once")
    assert (caught.value.status, caught.value.code) == (422, "KEY_REUSED")
