"""Taskings of one operator, brought to where its crews go on alone: on the phone, with or without a link."""

from typing import Any

from tests.journeys.adopting import adopted, asked
from tests.journeys.running import Client, RunningSite

OPERATOR = "OP1"
FIRES = (("甲山林火", 115.1, 28.95), ("乙岭林火", 115.6, 28.6))


def step(client: Client, tasking_id: str, action: str, **more: Any) -> Any:
    """One act at the present version."""
    return client.act(f"taskings/{tasking_id}", action, **more)


def ordered(
    site: RunningSite, count: int, fires_at: tuple[tuple[str, float, float], ...] = FIRES
) -> list[dict[str, Any]]:
    """So many taskings of the operator, each of its own aircraft, just ordered."""
    desk, chief = site.sign_in("diaodu"), site.sign_in("zhiban")
    fires = []
    for title, lon, lat in fires_at[:count]:
        body = {"kind": "forest_fire", "level": 3, "title": title, "place": title[:2]}
        fire = desk.post("incidents", {**body, "position": {"lon_deg": lon, "lat_deg": lat}})
        desk.post(f"incidents/{fire['id']}/confirm", {"version": 1})
        fires.append(fire["id"])
    craft = {a["id"]: a for a in desk.get("resources/aircraft?limit=100")["items"]}

    def dropping(plan: Any) -> list[str]:
        own = [
            a
            for a in plan["assignments"]
            if craft[a["aircraft_id"]]["operator_id"] == OPERATOR and a["drops"]
        ]
        assert len(own) >= count, plan["assignments"]
        return [a["aircraft_id"] for a in own[:count]]

    _, chosen = adopted(desk, asked(*fires), dropping)
    made = [t for t in desk.get("taskings")["items"] if t["aircraft_id"] in chosen]
    return [step(chief, t["id"], "order") for t in sorted(made, key=lambda t: t["aircraft_id"])]


def released(
    site: RunningSite, count: int, fires_at: tuple[tuple[str, float, float], ...] = FIRES
) -> list[dict[str, Any]]:
    """Those, accepted, made ready, cleared by ATC and let go: the next act is the take-off."""
    crew, base, atc = site.sign_in("tonghang"), site.sign_in("jidi"), site.sign_in("kongguan")
    made = ordered(site, count, fires_at)
    for request in atc.get("airspace")["items"]:
        atc.post(f"airspace/{request['id']}/approve", {"version": request["version"]})
    for tasking in made:
        for who, action in ((crew, "accept"), (crew, "prepare"), (base, "release")):
            step(who, tasking["id"], action)
    return [crew.get(f"taskings/{tasking['id']}") for tasking in made]
