"""The script of an exercise: what people do at every site, drawn from a seed. Who changes what is fixed by it; when is not."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from loadtests.federation_judge import Change, step_of
from loadtests.federation_sites import Person
from tests.journeys.running import Refusal, RunningSite

KINDS = ("forest_fire", "medical", "flood", "search")
OPEN_AT_ONCE = 5  # incidents one person has in hand
STEPS_OF_ONE = 24  # changes of one incident, about; then it is dismissed
SORTIES = 3
AMENDMENTS = 12  # of one tasking, at most
ACTS = 10  # of one tasking and its airspace beside amendments, about
TRIES = 4


class Log:
    """Every change that a door said yes to. Safe for threads."""

    def __init__(self, wanted: int) -> None:
        self.changes: list[Change] = []
        self.refused: dict[str, int] = {}
        self.failed: list[BaseException] = []  # of threads
        self.wanted = wanted
        self._lock = threading.Lock()

    def took(self, site: str, cls: str, record: Any) -> None:
        """The record as the door answered."""
        history = record["history"]
        step = step_of(history[-1]) if history else ""
        with self._lock:
            self.changes.append(Change(site, cls, record["id"], step))

    def turned_away(self, code: str) -> None:
        """The door said no."""
        with self._lock:
            self.refused[code] = self.refused.get(code, 0) + 1


class Worker:
    """One person at one site with a number of changes to make."""

    def __init__(
        self, site: RunningSite, account: str, partners: tuple[str, ...], seed: str, log: Log, pace_s: float
    ) -> None:
        self._person = Person(site, account)
        self._site, self._partners, self._log, self._pace_s = site.site, partners, log, pace_s
        self._dice = random.Random(seed)
        self._hand: list[Any] = []
        self._number = 0
        self.left = 0

    def run(self, changes: int) -> None:
        """Make them all."""
        self.left = changes
        next_at = time.monotonic()
        while self.left > 0:
            self._one()
            next_at += self._pace_s
            time.sleep(max(0.0, next_at - time.monotonic()))

    def _one(self) -> None:
        dice = self._dice
        if not self._hand or (len(self._hand) < OPEN_AT_ONCE and dice.random() < 0.3):
            self._report()
            return
        index = dice.randrange(len(self._hand))
        incident = self._hand[index]
        draw = dice.random()
        if incident["state"] == "reported" and draw < 0.4:
            self._act(index, "confirm", {})
        elif len(incident["shared_with"]) < len(self._partners) and self.left > 1 and draw < 0.45:
            to = dice.choice([each for each in self._partners if each not in incident["shared_with"]])
            self._act(index, "share", {"partner": to})
            self._update(index)  # its number is the owner's again in every copy
        elif draw < 0.6 and len(incident["history"]) > 2:
            self._correct(index)
        elif len(incident["history"]) > STEPS_OF_ONE or draw > 0.985:
            if self._act(index, "dismiss", {"reason": f"误报 {self._number}"}):
                self._hand.pop(index)
        else:
            self._update(index)

    def _report(self) -> None:
        self._number += 1
        dice = self._dice
        body = {
            "kind": "forest_fire",
            "level": dice.randrange(1, 5),
            "title": f"{self._site} 林火 {self._person.account} {self._number}",
            "place": f"第 {self._number} 处",
            "position": {
                "lon_deg": round(dice.uniform(113.6, 118.4), 5),
                "lat_deg": round(dice.uniform(24.5, 30.0), 5),
            },
        }
        made = self._person.post("incidents", body)
        self._done(made)
        self._hand.append(made)

    def _update(self, index: int) -> None:
        dice = self._dice
        self._number += 1
        body: dict[str, Any] = {"note": f"情况 {self._number}"}
        if dice.random() < 0.5:
            body["level"] = dice.randrange(1, 5)
        if dice.random() < 0.4:
            body["wind_mps"] = round(dice.uniform(0, 15), 1)
        if dice.random() < 0.3:
            body["area_m2"] = float(dice.randrange(100, 90_000))
        self._act(index, "update", body)

    def _correct(self, index: int) -> None:
        self._number += 1
        body: dict[str, Any] = {"reason": f"更正 {self._number}", "place": f"更正处 {self._number}"}
        if self._dice.random() < 0.3:
            body["title"] = f"{self._site} 林火 {self._person.account} 更正 {self._number}"
        self._act(index, "correct", body)

    def _act(self, index: int, action: str, body: dict[str, Any]) -> bool:
        for _ in range(TRIES):
            incident = self._hand[index]
            path = f"incidents/{incident['id']}"
            try:
                self._hand[index] = self._person.post(
                    f"{path}/{action}", {"version": incident["version"], **body}
                )
            except Refusal as refusal:
                self._log.turned_away(f"{action} {refusal.code}")
                self._hand[index] = self._person.get(path)
                continue
            self._done(self._hand[index])
            return True
        self.left -= 1
        return False

    def _done(self, record: Any) -> None:
        self.left -= 1
        self._log.took(self._site, "incidents", record)


class Flights:
    """A few sorties at one site for an incident that all partners see: orders, acts of crew and ATC, amendments."""

    def __init__(self, site: RunningSite, partners: tuple[str, ...], log: Log, changes: int) -> None:
        """`changes`: about as many as it should make."""
        self._site, self._partners, self._log = site.site, partners, log
        self._sorties = max(1, min(SORTIES, changes // (2 * ACTS)))
        self._amendments = max(1, min(AMENDMENTS, (changes // self._sorties - ACTS) // 2))
        self._people = {
            name: Person(site, name) for name in ("diaodu", "zhiban", "tonghang", "kongguan", "jidi")
        }
        self._taskings: list[str] = []
        self.steps = 0

    def prepare(self) -> None:
        """An incident, shared with everybody; a plan; up to three aircraft of one operator adopted."""
        desk = self._people["diaodu"]
        fire = {
            "kind": "forest_fire",
            "level": 3,
            "title": f"{self._site} 三爪仑林火",
            "place": "靖安县",
            "position": {"lon_deg": 115.1, "lat_deg": 28.95},
        }
        incident = desk.post("incidents", fire)
        self._take("incidents", incident)
        path = f"incidents/{incident['id']}"
        for action, more in (("confirm", {}), *(("share", {"partner": each}) for each in self._partners)):
            incident = desk.post(f"{path}/{action}", {"version": incident["version"], **more})
            self._take("incidents", incident)
        self._take(
            "incidents", desk.post(f"{path}/update", {"version": incident["version"], "note": "各省知悉"})
        )
        for _ in range(TRIES):
            try:
                self._adopt(desk, incident["id"])
            except (
                Refusal
            ) as refusal:  # seven planners start at once on two cores, or a newer plan came in between
                self._log.turned_away(f"plan {refusal.code}")
                continue
            return

    def _adopt(self, desk: Person, incident_id: str) -> None:
        plan = desk.post("plans", {"incident_ids": [incident_id]})
        craft = {each["id"]: each for each in desk.everything("resources/aircraft")}
        chosen = [
            each["aircraft_id"]
            for each in plan["assignments"]
            if craft[each["aircraft_id"]]["operator_id"] == "OP1"
        ][: self._sorties]
        if chosen:
            desk.post(f"plans/{plan['id']}/adopt", {"version": plan["version"], "aircraft_ids": chosen})
            self._taskings = [
                each["id"]
                for each in desk.everything("taskings")
                if each["aircraft_id"] in chosen and each["site"] == self._site
            ]

    @property
    def ahead(self) -> int:
        """Changes that flying will make, about."""
        return len(self._taskings) * (ACTS + 2 * self._amendments)

    def fly(self, stop: Callable[[], bool]) -> None:
        """Everything in order, until it is done or `stop` says so."""
        for tasking in self._taskings:
            for who, action in (("zhiban", "order"), ("tonghang", "accept"), ("tonghang", "prepare")):
                if stop() or not self._act(who, f"taskings/{tasking}", action):
                    return
            for request in self._people["kongguan"].everything("airspace"):
                if request["tasking_id"] == tasking:
                    self._act("kongguan", f"airspace/{request['id']}", "approve")
            for number in range(self._amendments):
                if stop():
                    return
                self._act(
                    "diaodu", f"taskings/{tasking}", "amend", reason=f"变更 {number}", remark=f"注意 {number}"
                )
                self._act("tonghang", f"taskings/{tasking}", "acknowledge", amendment=number + 1)
            for who, action in (
                ("jidi", "release"),
                ("tonghang", "take_off"),
                ("tonghang", "arrive"),
                ("tonghang", "leave"),
                ("tonghang", "land"),
            ):
                if stop() or not self._act(who, f"taskings/{tasking}", action):
                    break

    def _act(self, who: str, path: str, action: str, **more: Any) -> bool:
        for _ in range(TRIES):
            try:
                record = self._people[who].get(path)
                answer = self._people[who].post(f"{path}/{action}", {"version": record["version"], **more})
            except Refusal as refusal:
                self._log.turned_away(f"{action} {refusal.code}")
                continue
            self._take(path.split("/", maxsplit=1)[0], answer)
            return True
        return False

    def _take(self, cls: str, record: Any) -> None:
        self.steps += 1
        self._log.took(self._site, cls, record)
