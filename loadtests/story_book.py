"""The story's persons and its book: every act through an HTTP door, what was answered, and where the journal has it.

A person is one account with one session; a captain's phone signs what it sends (protocols/act_signature.py). The book
notes each act that must succeed with the facts that must follow from it, and each that must be refused with its code.
Which row of the journal an act became is found by its actor and its Idempotency-Key, nothing else.
"""

import base64
import json
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocols import act_signature
from tests.journeys.running import RunningSite

API = "/api/v1/"


@dataclass(frozen=True)
class Answer:
    """What a door said. `body` is decoded JSON, or bytes of anything else."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The problem's code; empty where it is no problem."""
        return str(self.body.get("code", "")) if self.status >= 400 and isinstance(self.body, dict) else ""


class Person:
    """An account that acts under one role. It finds the site again after a restart."""

    def __init__(self, site: RunningSite, account: str, role: str, name: str) -> None:
        self.site, self.account, self.role, self.name = site, account, role, name
        self.token = ""

    def call(
        self, method: str, path: str, body: Any = None, *, key: str = "", kind: str = "application/json"
    ) -> Answer:
        """One request; bytes go as they are."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        headers |= self.stamp(method, path, data or b"")
        url = f"{self.site.url}{API}{path}"
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=90) as found:
                return Answer(found.status, _read(found.headers.get_content_type(), found.read()))
        except urllib.error.HTTPError as error:
            return Answer(error.code, _read(error.headers.get_content_type(), error.read()))

    def stamp(self, _method: str, _path: str, _body: bytes) -> dict[str, str]:
        """Headers of a device; a desk has none."""
        return {}

    def device(self) -> dict[str, Any]:
        """What a sign-in says of its device."""
        return {}

    def get(self, path: str) -> Any:
        """A reading that must succeed."""
        found = self.call("GET", path)
        if found.status != 200:
            raise AssertionError(f"{self.account} GET {path}: {found.status} {found.body}")
        return found.body

    def sign_in(self, password: str) -> Answer:
        """A session of its own."""
        self.token = ""
        said = self.call("POST", "session", {"account": self.account, "password": password} | self.device())
        self.token = said.body.get("token", "")
        return said


class Phone(Person):
    """A captain's phone: its acts on taskings are signed with a key that it alone has."""

    def __init__(self, site: RunningSite, account: str, role: str, name: str) -> None:
        super().__init__(site, account, role, name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._count = 0
        self.signs = True

    def device(self) -> dict[str, Any]:
        """The public half."""
        point = self._point()
        return {"device": {"public_key": base64.b64encode(point).decode(), "name": "机长手机"}}

    def _point(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def stamp(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """HTTP Message Signature of an act on a tasking."""
        if method != "POST" or not path.startswith("taskings/") or not self.token or not self.signs:
            return {}
        self._count += 1
        now_ms = int(time.time() * 1000)
        digest, act = act_signature.digest_of(body), f"seq={self._count}, at={now_ms}"
        params = act_signature.params_of(act_signature.device_id(self._point()))
        signed = act_signature.base_of(method, API + path, digest, act, params)
        r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(SHA256())))
        return {
            "Content-Digest": digest,
            "Ganying-Act": act,
            "Ganying-Sent": str(now_ms),
            "Signature-Input": f"act={params}",
            "Signature": f"act=:{base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()}:",
        }


@dataclass
class Deed:
    """One act. `facts`: kinds that the journal must hold of it, in order; `code`: what it must be refused with."""

    chapter: str
    what: str
    who: str
    role: str
    door: str
    facts: tuple[str, ...] = ()
    code: str = ""
    subject: str = ""
    key: str = ""
    actor: str = ""  # in the journal, where it is another's (a text that counts as somebody's act)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: int = 0
    said: str = ""
    rows: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    wrong: str = ""


class Broken(Exception):
    """The story cannot go on: what was to succeed did not."""


class Book:
    """What was done, in order."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.faults: list[str] = []
        self.chapter = ""

    def begin(self, chapter: str) -> None:
        """A new chapter."""
        self.chapter = chapter

    def do(
        self,
        who: Person,
        what: str,
        path: str,
        body: Any = None,
        *,
        facts: tuple[str, ...] = (),
        method: str = "POST",
        kind: str = "application/json",
        key: str = "",
    ) -> Any:
        """An act that must succeed; what was answered. Raises Broken."""
        key = key or uuid.uuid4().hex
        deed = self._deed(who, what, method, path, key=key, facts=facts)
        found = who.call(method, path, body, key=key, kind=kind)
        deed.status, deed.said = found.status, found.code
        if found.status >= 300:
            deed.wrong = f"{found.status} {found.body}"
            raise Broken(f"{who.account} ({who.role}) {method} {path}: {found.status} {found.body}")
        return found.body

    def act(
        self, who: Person, what: str, path: str, action: str, facts: tuple[str, ...] = (), **more: Any
    ) -> Any:
        """A step of `path` (taskings/ID, airspace/ID, incidents/ID) at its present version."""
        version = who.get(path)["version"]
        return self.do(who, what, f"{path}/{action}", {"version": version, **more}, facts=facts)

    def refused(
        self,
        who: Person,
        what: str,
        path: str,
        body: Any,
        code: str,
        *,
        status: int = 0,
        method: str = "POST",
        key: str = "",
    ) -> None:
        """An act that must be refused by this name, and change nothing.

        Eight kinds of an account are written before the answer, more only within 30 s (adapters/refusals.py), which a
        kill -9 may take: who tries wrongly changes in the story.
        """
        deed = self._deed(who, what, method, path, code=code, key="" if key else uuid.uuid4().hex)
        deed.subject = path.split("/")[1] if "/" in path else ""
        found = who.call(method, path, body, key=key or deed.key)
        deed.status, deed.said = found.status, found.code
        wanted = status or {"FORBIDDEN": 403, "UNKNOWN_ID": 404}.get(code, 409)
        if (found.status, found.code) != (wanted, code):
            deed.wrong = f"wanted {wanted} {code}, got {found.status} {found.code or found.body}"
            self.faults.append(f"{what}: {deed.wrong}")

    def wrongly(self, who: Person, what: str, path: str, action: str, code: str, **more: Any) -> None:
        """A wrong step at the present version, or at an old one where the code is CHANGED."""
        seen = who.call("GET", path)
        version = seen.body["version"] if seen.status == 200 else 1
        if code == "CHANGED":
            version = version - 1 if version > 1 else version + 1
        self.refused(who, what, f"{path}/{action}", {"version": version, **more}, code)

    def note(self, who: Person, what: str, door: str, **more: Any) -> Deed:
        """Something that was not a plain request of its own: a reading, a kill, a text."""
        deed = self._deed(who, what, "", door)
        for name, value in more.items():
            setattr(deed, name, value)
        return deed

    def at(self, what: str, *, last: bool = False) -> datetime:
        """When the act of this name was done, the first or the last of them."""
        found = [deed.at for deed in self.deeds if deed.what == what]
        if not found:
            raise Broken(f"the story has no act {what}")
        return found[-1 if last else 0]

    def check(self, holds: bool, what: str) -> None:
        """A fault where it does not hold."""
        if not holds:
            self.faults.append(f"{self.chapter}: {what}")

    def _deed(self, who: Person, what: str, method: str, path: str, **more: Any) -> Deed:
        deed = Deed(
            chapter=self.chapter,
            what=what,
            who=who.account,
            role=who.role,
            door=f"{method} {path}".strip(),
            **more,
        )
        self.deeds.append(deed)
        return deed


def _read(kind: str, raw: bytes) -> Any:
    if not raw:
        return {}
    return json.loads(raw) if kind.endswith("json") else raw
