"""Every action in every state, tried by every role through the HTTP door of one running site, and what the audit kept of it.

    python -m loadtests.refusals [--out docs/refusals.md]

A real site is started. Its taskings are brought to each state by the right people, an amendment waiting wherever one may; then each
action is tried on each of them by each role, by an operator of another company, and by whoever may with an outdated
version. A try that the table allows is not sent: it would move the tasking that the others are tried on, and the tests
of the rules send it (tests/dispatch/test_tasking_matrix.py). Afterwards each tasking must be what it was to the byte,
and the auditor must find every refusal, counted.
"""

import http.client
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from dispatch import access
from dispatch.commands import ActOnAirspace, Ask
from dispatch.drops import FLOWN_IN
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident, ReportIncident
from dispatch.kinds import (
    AirspaceAction,
    AirspaceState,
    IncidentAction,
    IncidentKind,
    Role,
    TaskingAction,
    TaskingState,
)
from dispatch.records import Tasking
from dispatch.resource_commands import SaveResource
from dispatch.tasking import LIFECYCLE
from dispatch.tasking_commands import AdoptPlan, ProposePlan
from loadtests.refusals_page import write_page
from protocols.json_answers import write
from tests.adapters.web.running import Running, aircraft
from tests.dispatch.flights import WAYS, command, right
from tests.dispatch.scene import Scene

_A, _S = TaskingAction, TaskingState
SCENE = Position(lon_deg=115.9, lat_deg=28.7)
OTHER = "other_operator"  # an operator of a company that the tasking is not of
PEOPLE = (*(role.value for role in Role), OTHER)
Send = Callable[[str, dict[str, Any]], str]  # path and body to the code of the answer
Connect = Callable[[str], Send]
Try = tuple[TaskingState, TaskingAction, str, bool]


@dataclass(slots=True)
class Tried:
    """What was tried and answered; `wrong` holds what was not refused as it should have been."""

    tries: int = 0
    allowed: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    cells: dict[tuple[TaskingState, TaskingAction], Counter[str]] = field(default_factory=dict)
    expected: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # person, act, code
    wrong: list[str] = field(default_factory=list)


def body_of(tasking: dict[str, Any], action: TaskingAction, *, stale: bool) -> dict[str, Any]:
    """A whole body for one step."""
    body: dict[str, Any] = {"version": tasking["version"] + (7 if stale else 0), "reason": "x"}
    if action is _A.AMEND:
        body["remark"] = "x"
    if action is _A.REFUSE:
        body["refusal"] = "weather"
    if action in (_A.ACKNOWLEDGE, _A.DECLINE):
        body["amendment"] = max(1, len(tasking["amendments"]))
    if action in (_A.DIVERT, _A.TECHNICAL_STOP, _A.EMERGENCY_LAND):
        body |= {"cause": "fuel"}
    return body


def code_of(state: TaskingState, action: TaskingAction, person: str, *, stale: bool) -> str:
    """The code by which the tables refuse a try; empty: they allow it."""
    if person == OTHER:
        return "UNKNOWN_ID"
    if person not in access.TASKING_ACTS[action]:
        return "FORBIDDEN"
    if stale and action is not _A.EMERGENCY_LAND:
        return "CHANGED"
    if (state, action) not in LIFECYCLE.table:
        return "NOT_NOW"
    if action is _A.SETTLE and person != Role.DUTY_CHIEF:
        return "NOT_SIGNED"  # nobody has; the duty chief may, with a reason
    return "AMENDMENT_OPEN" if action is _A.RELEASE else ""


BESIDE = {"drops": "recordWater", "hours/sign": "signHours"}  # doors that are no steps, and their names


def code_beside(state: TaskingState, door: str, person: str) -> str:
    """The code by which a load that nothing carries, and a signature under nothing, are refused: always."""
    roles = access.RECORD_WATER if door == "drops" else access.SIGN_HOURS
    if person == OTHER:
        return "UNKNOWN_ID"
    if person not in roles:
        return "FORBIDDEN"
    if door == "drops":
        return "TOO_MUCH_WATER" if state in FLOWN_IN else "NOT_NOW"
    return "CHANGED" if state in (_S.LANDED, _S.DOWN) else "NOT_NOW"


def beside(taskings: dict[TaskingState, dict[str, Any]], connect: Connect, tried: Tried) -> None:
    """Try water and signatures in every state by everybody; what is wrong joins `tried`."""
    for person in PEOPLE:
        send = connect(person)
        for state, (door, name) in itertools.product(taskings, BESIDE.items()):
            code = code_beside(state, door, person)
            got = send(
                f"taskings/{taskings[state]['id']}/{door}",
                {"litres": 90_000} if door == "drops" else {"digest": "0" * 64},
            )
            tried.tries += 1
            tried.by_code[code] += 1
            tried.expected[person, name, code] += 1
            if got != code:
                tried.wrong.append(f"{state} {door} {person}: {got}, not {code}")


ALARM = "alerts/page:timer:refusals:1"
PAIR_KEPT_STILL = {
    "kind": "conflict",
    "scope": "pair",
    "track_ids": ["icao24:78a001", "icao24:78a002"],
    "minutes": 10,
    "reason": "x",
}
# doors of alarms, their names, bodies, who may, and the code for those who may; no body here is taken
ALARM_DOORS: tuple[tuple[str, str, dict[str, Any], frozenset[Role], str], ...] = (
    (
        f"{ALARM}/shelve",
        "shelveAlert",
        {"severity": 1, "minutes": 3, "reason": "x"},
        access.HANDLE_ALERT,
        "ACKNOWLEDGE_FIRST",
    ),
    (f"{ALARM}/unshelve", "unshelveAlert", {}, access.HANDLE_ALERT, "UNKNOWN_ID"),
    (
        "alerts/conflict:a|b/acknowledge",
        "acknowledgeAlert",
        {"severity": 1},
        access.HANDLE_ALERT,
        "UNKNOWN_ID",
    ),
    (
        "inhibitions",
        "inhibitNet",
        {**PAIR_KEPT_STILL, "kind": "emergency"},
        access.INHIBIT_NET,
        "NEVER_INHIBITED",
    ),
    ("inhibitions", "inhibitNet", {**PAIR_KEPT_STILL, "minutes": 61}, access.INHIBIT_NET, "TOO_LONG"),
)


def alarms(connect: Connect, tried: Tried) -> None:
    """Try what nobody may with alarms, and what somebody may not; what is wrong joins `tried`."""
    for person in PEOPLE:
        send = connect(person)
        role = Role.OPERATOR if person == OTHER else Role(person)
        for path, name, body, who, refused in ALARM_DOORS:
            code = refused if role in who else "FORBIDDEN"
            got = send(path, body)
            tried.tries += 1
            tried.by_code[code] += 1
            tried.expected[person, name, code] += 1
            if got != code:
                tried.wrong.append(f"{name} {person}: {got}, not {code}")


def try_all(taskings: dict[TaskingState, dict[str, Any]], connect: Connect) -> Tried:
    """Try everything that the tables refuse, each person over a connection of its own."""
    tried = Tried()
    work: dict[str, list[Try]] = {}
    for state, action in itertools.product(taskings, _A):
        for person, stale in itertools.product(PEOPLE, (False, True)):
            code = code_of(state, action, person, stale=stale)
            if not code:
                tried.allowed += 1
            elif not stale or code == "CHANGED":
                work.setdefault(person, []).append((state, action, code, stale))
    for person, tries in work.items():
        for state, action, code, _ in tries:
            tried.tries += 1
            tried.by_code[code] += 1
            tried.cells.setdefault((state, action), Counter())[code] += 1
            tried.expected[person, f"{action}Tasking", code] += 1

    def run(person: str) -> list[str]:
        send = connect(person)
        wrong = []
        for state, action, code, stale in work[person]:
            tasking = taskings[state]
            got = send(f"taskings/{tasking['id']}/{action}", body_of(tasking, action, stale=stale))
            if got != code:
                wrong.append(f"{state} {action} {person} stale={stale}: {got}, not {code}")
        return wrong

    with ThreadPoolExecutor(len(work)) as pool:
        tried.wrong = [each for wrong in pool.map(run, work) for each in wrong]
    beside(taskings, connect, tried)
    alarms(connect, tried)
    return tried


def table(tried: Tried) -> str:
    """The matrix as Markdown: what each state makes of each action, and who may."""
    states = list(dict.fromkeys(state for state, _ in tried.cells))
    lines = [
        "| 操作 action | 谁可以 who may | " + " | ".join(states) + " |",
        "|---|---|" + "---|" * len(states),
    ]
    for action in _A:
        cells = []
        for state in states:
            to = LIFECYCLE.table.get((state, action))
            refused = sum(tried.cells.get((state, action), Counter()).values())
            allowed = to is not None and access.TASKING_ACTS[action]
            cells.append(f"→ {to} ({refused} refused)" if allowed else f"{refused} refused")
        who = ", ".join(sorted(access.TASKING_ACTS[action])) or "nobody directly"
        lines.append(f"| `{action}` | {who} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def check_audit(tried: Tried, lines: list[dict[str, Any]]) -> list[str]:
    """What the audit lacks or has too much of, by person, act and code."""
    kept: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        kept[line["who"], line["act"], line["code"]] += line["count"]
    return [
        f"{key}: {kept[key]} in the audit, {count} tried"
        for key, count in tried.expected.items()
        if kept[key] != count
    ]


async def prepare(site: Running) -> dict[TaskingState, dict[str, Any]]:
    """A tasking in each state, as JSON, an amendment waiting wherever one may."""
    made = {}
    for number, state in enumerate(WAYS):
        made[state] = await brought_to(site, state, number)
    return made


async def brought_to(
    site: Running, state: TaskingState, number: int, *, amended: bool = True, at: Position = SCENE
) -> dict[str, Any]:
    """One of them, with an aircraft of its own."""

    async def ask(role: Role | None, asked: Any) -> Any:
        site.made += 1
        who = "test" if role is None else role.value
        return await site.desk.ask(
            Ask(
                actor=who,
                role=role,
                command_id=f"prepare-{site.made}",
                command=asked,
                operator_id="OP1" if role is Role.OPERATOR else "",
            )
        )

    await ask(None, SaveResource(resource=aircraft(f"B-S{number:02d}"), version_seen=0))
    report = ReportIncident(
        kind=IncidentKind.FLOOD,
        level=3,
        title=f"{state}",
        place="",
        position=at,
    )
    incident_id = (await ask(Role.DISPATCHER, report)).recorded[0].fact.incident.id
    await ask(
        Role.DISPATCHER,
        ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1),
    )
    scene = Scene()
    scene.now = site.clock()
    sortie = replace(
        scene.assignment(incident_id, 1), aircraft_id=f"B-S{number:02d}", base_id="YS", water_point_id=""
    )
    proposed = ProposePlan(
        requested_by="test",
        incident_ids=(incident_id,),
        assignments=(sortie,),
        reasons=(),
        score=1,
        human_score=1,
        solve_s=0.1,
        solver="test",
        seed=1,
        interchange=b"{}",
    )
    plan_id = (await ask(None, proposed)).recorded[0].fact.plan.id
    adopted = await ask(Role.DISPATCHER, AdoptPlan(plan_id=plan_id, version_seen=1))
    tasking_id = next(each.fact.tasking.id for each in adopted.recorded if hasattr(each.fact, "tasking"))

    def now() -> Tasking:
        return site.desk.world.taskings[tasking_id]

    async def approve() -> None:
        for request_id in now().airspace_request_ids:
            request = site.desk.world.requests[request_id]
            if request.state is AirspaceState.FILED:
                act = AirspaceAction.APPROVE
                await ask(
                    Role.ATC, ActOnAirspace(request_id=request_id, action=act, version_seen=request.version)
                )

    for action in WAYS[state]:
        if action is _A.RELEASE:
            await approve()
        await ask(right(action), command(now(), action))
    if amended and (state, _A.AMEND) in LIFECYCLE.table:
        await ask(Role.DISPATCHER, command(now(), _A.AMEND))
    if state is _S.PREPARING:
        await approve()
    found: dict[str, Any] = json.loads(write(now()))
    return found


def connected(site: Running) -> Connect:
    """One kept connection for each person."""

    def connect(person: str) -> Send:
        line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
        headers = {"Authorization": f"Bearer {site.tokens[person]}", "Content-Type": "application/json"}

        def send(path: str, body: dict[str, Any]) -> str:
            line.request("POST", f"/api/v1/{path}", json.dumps(body).encode(), headers)
            answer = line.getresponse()
            return str(json.loads(answer.read()).get("code", answer.status))

        return send

    return connect


async def audited(site: Running) -> list[dict[str, Any]]:
    """Every line of the audit, through its door."""
    await site.site.refusals.flush()
    lines: list[dict[str, Any]] = []
    cursor = ""
    while True:
        part = (await site.http("GET", f"audit?limit=500&cursor={cursor}", role="auditor")).json
        lines += part["items"]
        cursor = part["next"]
        if not cursor:
            return lines


def unchanged(site: Running, taskings: dict[TaskingState, dict[str, Any]]) -> list[str]:
    """The taskings that are not what they were."""
    world = site.desk.world
    return [
        f"{state}: {each['id']} is another"
        for state, each in taskings.items()
        if json.loads(write(world.taskings[each["id"]])) != each
    ]


async def measure(folder: Path) -> tuple[Tried, list[str], str]:
    """Everything by everybody: what was tried, what is wrong, and the page."""
    site = await Running.start(folder)
    try:
        taskings = await prepare(site)
        before = site.desk.through
        began = time.perf_counter()
        tried = await deferToThread(try_all, taskings, connected(site))
        took_s = time.perf_counter() - began
        lines = await audited(site)
        wrong = [*tried.wrong, *unchanged(site, taskings), *check_audit(tried, lines)]
        rows = site.desk.through - before
    finally:
        await site.stop()
    codes = ", ".join(f"{code} {count}" for code, count in sorted(tried.by_code.items()))
    text = (
        "# Refused transitions\n\n"
        "Written by `python -m loadtests.refusals`: each action in each state of a tasking, tried by every role, by an"
        " operator of another company, and with an outdated version, through the HTTP door of a running site; besides,"
        " recording water and signing hours in each state, and acts on alarms, by everybody.\n\n"
        f"- {tried.tries} tries in {took_s:.1f} s, all refused by the expected code: {codes}\n"
        f"- {tried.allowed} tries that the table allows are not part of it (an amendment waits in every state that can"
        " be amended, so no release is)\n"
        f"- every tasking is what it was, to the byte; the auditor finds all {sum(line['count'] for line in lines)}"
        f" refusals in {len(lines)} lines, {rows} rows of the journal\n"
        f"- wrong: {len(wrong)}\n\n{table(tried)}\n"
    )
    return tried, wrong, text


if __name__ == "__main__":
    write_page(__doc__ or "", measure)
