"""The first sortie through the HTTP doors of a real server, with a kill -9 in the middle."""

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
DEMONSTRATION = "[demonstration]\nenabled = true\n[planner]\nseconds = 2.0\nassume_daylight = true\n"


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
    version = client.get(f"taskings/{tasking_id}")["version"]
    return client.post(f"taskings/{tasking_id}/{action}", {"version": version, **more})


def test_from_report_to_landing_with_a_kill_in_the_middle(site: RunningSite) -> None:
    """Everything that was answered before the kill is there after it; sessions go on; the sortie is flown."""
    dispatcher, chief = site.sign_in("diaodu"), site.sign_in("zhiban")
    incident_id = confirmed(dispatcher)
    plan = dispatcher.post("plans", {"incident_ids": [incident_id]})
    assert plan["assignments"], plan
    assert plan["reasons"]
    assert plan["bound"] <= plan["score"] <= plan["human_score"]
    mine = [a["aircraft_id"] for a in plan["assignments"]]
    craft = {a["id"]: a for a in dispatcher.get("resources/aircraft?limit=100")["items"]}
    chosen = next(a for a in mine if craft[a]["operator_id"] == "OP1")
    dispatcher.post(f"plans/{plan['id']}/adopt", {"version": plan["version"], "aircraft_ids": [chosen]})
    (tasking,) = dispatcher.get("taskings")["items"]
    with pytest.raises(Refusal, match="FORBIDDEN"):
        act(dispatcher, tasking["id"], "order")
    act(chief, tasking["id"], "order")

    site.kill()
    site.start()
    for client in (dispatcher, chief):
        client.url = site.url
    operator, base, atc = site.sign_in("tonghang"), site.sign_in("jidi"), site.sign_in("kongguan")

    ordered = operator.get(f"taskings/{tasking['id']}")
    assert ordered["state"] == "ordered"
    act(operator, tasking["id"], "accept")
    (request,) = atc.get("airspace")["items"]
    act(operator, tasking["id"], "prepare")
    with pytest.raises(Refusal, match="AIRSPACE_NOT_APPROVED"):
        act(base, tasking["id"], "release")
    with pytest.raises(Refusal, match="FORBIDDEN"):
        dispatcher.post(f"airspace/{request['id']}/approve", {"version": 1})
    atc.post(f"airspace/{request['id']}/approve", {"version": request["version"]})
    act(base, tasking["id"], "release")
    for action in ("take_off", "arrive", "leave", "land"):
        act(operator, tasking["id"], action)
    landed = dispatcher.get(f"taskings/{tasking['id']}")
    assert landed["state"] == "landed"
    assert [
        (s["action"], s["actor"]) for s in landed["history"] if not s["action"].startswith("overdue")
    ] == [
        ("adopt", "diaodu"),
        ("order", "zhiban"),
        ("accept", "tonghang"),
        ("prepare", "tonghang"),
        ("release", "jidi"),
        ("take_off", "tonghang"),
        ("arrive", "tonghang"),
        ("leave", "tonghang"),
        ("land", "tonghang"),
    ]
    assert atc.get(f"airspace/{request['id']}")["state"] == "released"
    assert site.stop() == 0
    site.command("journal", "verify")


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


def test_an_operator_refuses_with_a_reason_and_the_dispatcher_sees_it(site: RunningSite) -> None:
    """A refusal frees the aircraft for the next proposal."""
    dispatcher, chief, operator = site.sign_in("diaodu"), site.sign_in("zhiban"), site.sign_in("tonghang")
    incident_id = confirmed(dispatcher)
    plan = dispatcher.post("plans", {"incident_ids": [incident_id]})
    craft = {a["id"]: a for a in dispatcher.get("resources/aircraft?limit=100")["items"]}
    chosen = next(
        a["aircraft_id"] for a in plan["assignments"] if craft[a["aircraft_id"]]["operator_id"] == "OP1"
    )
    dispatcher.post(f"plans/{plan['id']}/adopt", {"version": plan["version"], "aircraft_ids": [chosen]})
    (tasking,) = dispatcher.get("taskings")["items"]
    act(chief, tasking["id"], "order")
    act(operator, tasking["id"], "refuse", refusal="weather", reason="云底 200 m")
    ended = dispatcher.get(f"taskings/{tasking['id']}")
    assert (ended["state"], ended["refusal"]) == ("ended", "weather")
    assert dispatcher.get("airspace")["items"][0]["state"] == "withdrawn"


def test_an_unconfirmed_report_gets_no_plan(site: RunningSite) -> None:
    """A named person verifies before anything is proposed."""
    dispatcher = site.sign_in("diaodu")
    incident = dispatcher.post("incidents", FIRE)
    with pytest.raises(Refusal) as caught:
        dispatcher.post("plans", {"incident_ids": [incident["id"]]})
    assert (caught.value.status, caught.value.code) == (409, "NOT_CONFIRMED")
