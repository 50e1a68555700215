"""Sites of an exercise: real `ganying serve` processes, joined as a mesh or a star, and people who call their doors."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from loadtests.federation_judge import CLASSES, Seen
from loadtests.federation_lines import Lines
from tests.journeys.running import PASSWORD, Refusal, RunningSite
from tests.journeys.two_sites import AGREEMENT, run_ca

SITES = ("36", "42", "43", "44", "34", "35", "33")  # 江西 and its neighbours; the first is a star's hub
SETTINGS = "[demonstration]\nenabled = true\n[planner]\nseconds = 1.0\nassume_daylight = true\n"
MESH, STAR = "mesh", "star"
PATIENCE_S = 600.0  # a door that does not answer for so long has failed
BACK_OFF_S = 0.1


def pairs(sites: Sequence[str], topology: str) -> list[tuple[str, str]]:
    """Who has a line to whom: (dials, listens)."""
    if topology == STAR:
        return [(leaf, sites[0]) for leaf in sites[1:]]
    return [(b, a) for index, a in enumerate(sites) for b in sites[index + 1 :]]


def build(folder: Path, sites: Sequence[str], topology: str, lines: Lines) -> dict[str, RunningSite]:
    """Certificates, config, people, resources; nothing runs yet."""
    ca = folder / "ca"
    run_ca("init", "--dir", str(ca))
    for site in sites:
        run_ca("issue", site, "--site", site, "--dir", str(ca))
    made = {
        site: RunningSite(
            folder / site,
            site=site,
            more=SETTINGS + _federation(ca, site, sites, topology, lines),
            prefix=lines.prefix(site),
        )
        for site in sites
    }
    subprocess.run(
        [sys.executable, "-m", "loadtests.federation_furnish", *(str(each.config) for each in made.values())],
        check=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    return made


def _federation(ca: Path, site: str, sites: Sequence[str], topology: str, lines: Lines) -> str:
    text = (
        f'[federation]\nlisten = "{lines.listen(site)}"\ncertificate = "{ca / site}.crt"\n'
        f'key = "{ca / site}.key"\nca = "{ca / "ca"}.crt"\n'
    )
    joined = pairs(sites, topology)
    for other in sites:
        if other == site:
            continue
        text += f'[[partner]]\nsite = "{other}"\nname = "邻站 {other}"\nagreement = "{AGREEMENT}"\n'
        if topology == STAR and sites[0] in (site, other):
            text += "relay = true\n"
        if (site, other) in joined:
            text += f'url = "{lines.url(site, other)}"\n'
        elif (other, site) not in joined:
            text += f'via = "{sites[0]}"\n'
    return text


class Person:
    """One account at one site, over one connection kept open; asks again under the same key until it is answered.

    Belongs to one thread, which has entered the site's namespace.
    """

    def __init__(self, site: RunningSite, account: str) -> None:
        self.site, self.account = site, account
        self._token = ""
        self._connection: http.client.HTTPConnection | None = None
        self._url = ""
        self.asked_again = 0

    def get(self, path: str) -> Any:
        """GET."""
        return self._ask("GET", path, None, "")

    def post(self, path: str, body: Any) -> Any:
        """POST, once, however often it takes. Raises Refusal."""
        return self._ask("POST", path, body, uuid.uuid4().hex)

    def _ask(self, method: str, path: str, body: Any, key: str) -> Any:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                if not self._token:
                    opened = self._once(
                        "POST", "session", {"account": self.account, "password": PASSWORD}, ""
                    )
                    self._token = opened["token"]
                return self._once(method, path, body, key)
            except Refusal as refusal:
                if refusal.status == 401 and self._token:
                    self._token = ""
                elif refusal.status not in (429, 503):
                    raise
            except (OSError, http.client.HTTPException):
                pass
            self._drop()
            if time.monotonic() > until:
                raise AssertionError(f"{self.site.site} {method} {path}: no answer within {PATIENCE_S:.0f} s")
            self.asked_again += 1
            time.sleep(BACK_OFF_S)

    def _once(self, method: str, path: str, body: Any, key: str) -> Any:
        if self._connection is None or self._url != self.site.url:
            self._drop()
            self._url = self.site.url
            place = urllib.parse.urlsplit(self._url)
            self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if method != "GET":
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, f"/api/v1/{path}", data, headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status >= 400:
            raise Refusal(answer.status, json.loads(raw or b"{}"))
        return json.loads(raw) if raw else None

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None

    def everything(self, door: str) -> list[Any]:
        """All pages of a list."""
        found: list[Any] = []
        cursor = ""
        while True:
            part = self.get(f"{door}?limit=100" + (f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""))
            found += part["items"]
            cursor = part["next"]
            if not cursor:
                return found


def in_parallel(lines: Lines, sites: Sequence[RunningSite], work: Any) -> list[Any]:
    """`work(site)` for every site, each on a thread in its namespace; the answers in order. Raises the first error."""
    answers: dict[str, Any] = {}
    errors: list[BaseException] = []

    def run(site: RunningSite) -> None:
        try:
            lines.enter(site.site)
            answers[site.site] = work(site)
        except BaseException as error:  # handed to the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(site,), daemon=True) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [answers[site.site] for site in sites]


def seen_at(reader: Person) -> Seen:
    """What the site's own door shows; the caller's thread has entered."""
    return Seen(
        site=reader.site.site, records={cls: reader.everything(door) for cls, door in CLASSES.items()}
    )


def not_live(reader: Person) -> list[str]:
    """Links of the site that are not live, in words. A queue of rows that stay here is never empty for long."""
    return [
        f"{reader.site.site}>{each['site']} {each['state']}"
        for each in reader.get("partners")["items"]
        if each["state"] != "live"
    ]
