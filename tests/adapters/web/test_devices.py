"""Signed acts over HTTP with real keys: taken, refused by name, flagged; a lost phone is out at once."""

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest_twisted
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocols import act_signature
from tests.adapters.web.running import PASSWORD, Response, Running
from tests.adapters.web.talking import talk


@dataclass
class Phone:
    """A phone with its key; its clock is the site's plus `ahead_s`."""

    site: Running
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ahead_s: float = 0.0
    token: str = ""

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def id(self) -> str:
        return act_signature.device_id(self.point)

    async def sign_in(self, account: str = "operator") -> Response:
        device = {"public_key": base64.b64encode(self.point).decode(), "name": "Android · Chrome"}
        body = {"account": account, "password": PASSWORD, "device": device}
        answer = await self.site.http("POST", "session", body)
        self.token = answer.json.get("token", self.token)
        return answer

    def headers(self, path: str, body: bytes, seq: int, **changes: str) -> dict[str, str]:
        now_ms = round((self.site.clock().timestamp() + self.ahead_s) * 1000)
        digest, act = act_signature.digest_of(body), f"seq={seq}, at={now_ms - 60_000}"
        params = act_signature.params_of(self.id)
        base = act_signature.base_of("POST", f"/api/v1/{path}", digest, act, params)
        r, s = decode_dss_signature(self.key.sign(base, ec.ECDSA(SHA256())))
        signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
        return {
            "Content-Digest": digest,
            "Ganying-Act": act,
            "Ganying-Sent": str(now_ms),
            "Signature-Input": f"act={params}",
            "Signature": f"act=:{signature}:",
        } | changes

    async def act(self, path: str, version: int, seq: int, key: str = "", **changes: str) -> Response:
        body = b'{"version":%d}' % version
        headers = self.headers(path, body, seq, **changes) | ({"Idempotency-Key": key} if key else {})
        return await self.site.http("POST", path, body, token=self.token, headers=headers)


async def crew(site: Running) -> tuple[Phone, dict[str, Any], str]:
    tasking = await site.ordered()
    phone = Phone(site)
    opened = await phone.sign_in()
    assert (opened.status, opened.json["device_id"], opened.json["device_seq"]) == (200, phone.id, 0)
    return phone, tasking, f"taskings/{tasking['id']}"


@pytest_twisted.ensureDeferred
async def test_an_act_is_taken_once_whatever_is_sent_again(site: Running) -> None:
    phone, tasking, path = await crew(site)
    phone.ahead_s = 600.0
    first = await phone.act(f"{path}/accept", tasking["version"], 1, key="k1")
    assert first.status == 200, first.body
    stamp = first.json["history"][-1]["stamp"]
    assert (stamp["signed"], stamp["seq"], stamp["flags"]) == (True, 1, ["clock_skew"])
    assert (first.json["history"][-1]["at"], stamp["pressed_at"]) == (
        "2026-11-24T02:59:00Z",
        "2026-11-24T03:09:00Z",
    )
    site.clock.forward(seconds=30)
    again = await phone.act(f"{path}/accept", tasking["version"], 1, key="k1")  # the answer was lost
    assert (again.status, again.json["version"]) == (200, first.json["version"])
    replayed = await phone.act(f"{path}/prepare", first.json["version"], 1, key="k2")
    assert (replayed.status, replayed.json["code"]) == (409, "REPLAYED")
    skipped = await phone.act(f"{path}/prepare", first.json["version"], 4)
    assert skipped.status == 200
    late = await phone.act(f"{path}/prepare", first.json["version"], 3)
    assert (late.status, late.json["code"]) == (409, "OUT_OF_ORDER")


@pytest_twisted.ensureDeferred
async def test_what_the_phone_did_not_sign_is_refused_by_name(site: Running) -> None:
    phone, tasking, path = await crew(site)
    accept, version = f"{path}/accept", tasking["version"]
    other = Phone(site)
    wrong: list[tuple[dict[str, str], int, str, str]] = [
        ({"Signature": "act=:AAAA:"}, 409, "BAD_SIGNATURE", "Signature"),
        ({"Signature": other.headers(accept, b"{}", 1)["Signature"]}, 409, "BAD_SIGNATURE", "Signature"),
        ({"Signature-Input": f"act={act_signature.params_of(other.id)}"}, 409, "BAD_SIGNATURE", "Signature"),
        ({"Content-Digest": act_signature.digest_of(b"x")}, 409, "BAD_SIGNATURE", "Content-Digest"),
        ({"Ganying-Act": "seq=2, at=1764000000000"}, 409, "BAD_SIGNATURE", "Signature"),
        ({"Ganying-Act": "seq=0, at=1"}, 422, "MALFORMED", "Ganying-Act"),
        ({"Ganying-Act": "seq=1, at=99999999999999999"}, 422, "MALFORMED", "Ganying-Act"),
        ({"Ganying-Sent": "soon"}, 422, "MALFORMED", "Ganying-Sent"),
        ({"Signature-Input": 'act=("@method");keyid="x"'}, 422, "MALFORMED", "Signature-Input"),
    ]
    for changes, status, code, where in wrong:
        answer = await phone.act(accept, version, 1, **changes)
        assert (answer.status, answer.json["code"], answer.json["field"]) == (status, code, where), changes
    bare = await site.http("POST", accept, {"version": version}, token=phone.token)
    assert (bare.status, bare.json["code"]) == (409, "BAD_SIGNATURE")
    body = b'{"version":%d}' % version
    moved = await site.http(
        "POST", accept, body, token=phone.token, headers=phone.headers(f"{path}/refuse", body, 1)
    )
    assert moved.json["code"] == "BAD_SIGNATURE"
    key = {"public_key": "A" * 88, "name": ""}
    bad = await site.http("POST", "session", {"account": "operator", "password": PASSWORD, "device": key})
    assert (bad.status, bad.json["field"]) == (422, "device.public_key")
    assert (await phone.act(accept, version, 1)).status == 200


@pytest_twisted.ensureDeferred
async def test_only_a_crews_browser_becomes_a_device(site: Running) -> None:
    desk = await Phone(site).sign_in("dispatcher")
    assert (desk.status, desk.json["device_id"]) == (200, "")
    assert not site.desk.world.devices


@pytest_twisted.ensureDeferred
async def test_a_page_that_cannot_sign_is_taken_and_marked(site: Running) -> None:
    tasking = await site.ordered()
    now_ms = round(site.clock().timestamp() * 1000)
    headers = {"Ganying-Act": f"seq=1, at={now_ms - 5_000}", "Ganying-Sent": str(now_ms)}
    path = f"taskings/{tasking['id']}/accept"
    answer = await site.http("POST", path, {"version": tasking["version"]}, role="operator", headers=headers)
    assert answer.status == 200, answer.body
    assert answer.json["history"][-1]["stamp"]["flags"] == ["unsigned"]


@pytest_twisted.ensureDeferred
async def test_a_lost_phone_is_out_at_once_and_the_others_go_on(site: Running) -> None:
    phone, tasking, path = await crew(site)
    second = Phone(site)
    await second.sign_in()
    socket = await talk(site.port)
    await socket.hello(phone.token)
    listed = (await site.http("GET", "devices", token=second.token)).json["items"]
    assert {(one["id"], one["own"], one["signed_in"]) for one in listed} == {
        (phone.id, False, True),
        (second.id, True, True),
    }
    assert (await site.http("GET", "devices", role="other_operator")).json["items"] == []
    assert (await site.http("GET", "devices", role="atc")).status == 403
    foreign = await site.http("POST", f"devices/{phone.id}/revoke", {"reason": "x"}, role="other_operator")
    assert foreign.status == 404
    ended = await site.http("POST", f"devices/{phone.id}/revoke", {"reason": "遗失"}, role="secadmin")
    assert (ended.status, ended.json["revoked_by"]) == (200, "secadmin")
    assert (await socket.hear("failure")).code == "DEVICE_REVOKED"
    await socket.gone()
    late = await phone.act(f"{path}/accept", tasking["version"], 1)
    assert (late.status, late.json["code"]) == (401, "DEVICE_REVOKED")
    again = await phone.sign_in()
    assert (again.status, again.json["code"]) == (409, "DEVICE_REVOKED")
    assert (await second.act(f"{path}/accept", tasking["version"], 1)).status == 200


@pytest_twisted.ensureDeferred
async def test_a_crew_is_assigned_as_a_whole(site: Running) -> None:
    for number, duty in ((1, "captain"), (2, "copilot")):
        body = {
            "id": f"C{number}",
            "name": f"机组{number}",
            "operator_id": "OP1",
            "duty": duty,
            "source": "t",
        }
        saved = await site.http("POST", "resources/crew", {**body, "version_seen": 0}, role="operator")
        assert saved.status == 201, saved.body
    path = "resources/aircraft/B-70K3/crew"
    both = {"crew_ids": ["C1", "C2"], "versions": {"C1": 1, "C2": 1}}
    assert (await site.http("POST", path, both, role="operator")).status == 200
    crew_of = (await site.http("GET", "resources/crew", role="operator")).json["items"]
    assert {one["aircraft_id"] for one in crew_of} == {"B-70K3"}
    alone = {"crew_ids": ["C2"], "versions": {"C1": 2}}
    refused = await site.http("POST", path, alone, role="operator")
    assert (refused.status, refused.json["code"], refused.json["field"]) == (409, "UNFIT", "crew_ids")
    assert (await site.http("POST", path, both, role="other_operator")).status == 404
