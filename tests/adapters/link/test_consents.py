"""Consents over real links: what leaves is read from the frames before TLS, what is taken back is gone from the disk."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from adapters.clock import utc_now
from adapters.link.socket import LinkSocket
from dispatch.commands import Ask
from dispatch.consent_commands import LabelRecord, ProposeConsent, RevokeConsent, SignConsent
from dispatch.consent_facts import RowsSent
from dispatch.consent_kinds import ConsentState, DataLabel, LabelledTable, ObjectClass, WithheldField
from dispatch.consent_records import ClassTerms, ConsentTerms
from dispatch.geo import Position
from dispatch.incident_commands import ActOnIncident, ReportIncident, ShareIncident
from dispatch.kinds import CrewDuty, IncidentAction, IncidentKind, Role, TaskingAction
from dispatch.resource_commands import SaveResource
from dispatch.staff_records import CrewMember
from dispatch.tasking_commands import ActOnTasking, AdoptPlan, ProposePlan
from dispatch.traffic_area_commands import MakeTrafficArea, TrafficWish
from protocols.chain import verify
from protocols.codec import facts
from tests.adapters.link.sites import AGREEMENT, Site, certificates, sites, until
from tests.adapters.link.test_links import joined
from tests.dispatch.scene import BASE, WATER, Scene, aircraft

NEAR_HUNAN = Position(lon_deg=113.72, lat_deg=27.62)  # 萍乡, some kilometres from the border
NEVER = (
    "欧阳机长",
    "司马机长",
    "CR-OUYANG",
    "B-7002",
    "赣鹰02",
    "张三报警人",
    "密频123.45",
    "内部备注甲",
    "diaodu.wang",
    "zhiban.li",
)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "43")


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every frame that either side puts on its socket, before TLS."""
    caught: list[bytes] = []
    send = LinkSocket.send

    def caught_send(self: LinkSocket, data: bytes) -> None:
        caught.append(data)
        send(self, data)

    monkeypatch.setattr(LinkSocket, "send", caught_send)
    return caught


def terms(
    *classes: ObjectClass, withheld: tuple[WithheldField, ...] = (), band_m: float = 0.0
) -> ConsentTerms:
    named = classes or tuple(ObjectClass)
    return ConsentTerms(
        agreement=AGREEMENT,
        classes=tuple(ClassTerms(object_class=each, withheld=withheld) for each in named),
        band_m=band_m,
        valid_from=utc_now() - timedelta(hours=1),
        valid_until=utc_now() + timedelta(days=30),
    )


async def agreed(site: Site, to: str, wanted: ConsentTerms) -> str:
    """Proposed and signed; the consent's id."""
    answer = await act(site, ProposeConsent(partner=to, terms=wanted), Role.DUTY_CHIEF, "zhiban.li")
    consent_id = str(answer.recorded[0].fact.consent.id)
    await act(site, SignConsent(consent_id=consent_id, version_seen=1), Role.SECADMIN, "anquan.chen")
    return consent_id


async def act(
    site: Site, command: Any, role: Role | None = Role.DISPATCHER, actor: str = "diaodu.wang"
) -> Any:
    site.keys += 1
    ask = Ask(
        actor=actor,
        role=role,
        command_id=f"k{site.keys}",
        command=command,
        operator_id="OP1" if role is Role.OPERATOR else "",
    )
    return await site.desk.ask(ask)


async def furnished(site: Site) -> None:
    """Two helicopters, one of them military, a captain with a name."""
    for each in (BASE, WATER, aircraft(1), aircraft(2)):
        await act(site, SaveResource(resource=each, version_seen=0), Role.DISPATCHER)
    for number, name in ((1, "欧阳机长"), (2, "司马机长")):
        captain = CrewMember(
            id=f"CR-OUYANG{number}",
            site="36",
            name=name,
            operator_id="OP1",
            duty=CrewDuty.CAPTAIN,
            aircraft_id=f"B-700{number}",
            source="test",
        )
        await act(site, SaveResource(resource=captain, version_seen=0))
    label = LabelRecord(
        table=LabelledTable.AIRCRAFT, record_id="B-7002", label=DataLabel.MILITARY, reason="军用航空器"
    )
    await act(site, label, Role.SECADMIN, "anquan.chen")


async def fire(site: Site, position: Position = NEAR_HUNAN) -> str:
    """Reported with a note that names a caller, and confirmed."""
    command = ReportIncident(
        kind=IncidentKind.FOREST_FIRE,
        level=3,
        title="边界林火",
        place="萍乡市",
        position=position,
        note="张三报警人, 内部备注甲",
    )
    answer = await act(site, command)
    incident_id = str(answer.recorded[0].fact.incident.id)
    await act(site, ActOnIncident(incident_id=incident_id, action=IncidentAction.CONFIRM, version_seen=1))
    return incident_id


async def flown(site: Site, incident_id: str) -> None:
    """Both aircraft are planned and ordered, one takes off and drops."""
    scene = Scene()
    scene.now = utc_now()
    plan = ProposePlan(
        requested_by="diaodu.wang",
        incident_ids=(incident_id,),
        assignments=tuple(scene.assignment(incident_id, number) for number in (1, 2)),
        reasons=(),
        score=1,
        human_score=2,
        solve_s=0.1,
        solver="test",
        seed=0,
        interchange=b"{}",
    )
    answer = await act(site, plan, None, "planner")
    plan_id = answer.recorded[0].fact.plan.id
    await act(site, AdoptPlan(plan_id=plan_id, version_seen=1))
    for tasking in [each for each in site.desk.world.taskings.values() if each.incident_id == incident_id]:
        for action, role in (
            (TaskingAction.ORDER, Role.DUTY_CHIEF),
            (TaskingAction.ACCEPT, Role.OPERATOR),
        ):
            if role is Role.OPERATOR and tasking.aircraft_id != "B-7001":
                continue
            present = site.desk.world.taskings[tasking.id]
            await act(
                site,
                ActOnTasking(
                    tasking_id=tasking.id, action=action, version_seen=present.version, reason="内部备注甲"
                ),
                role,
                "zhiban.li",
            )


@pytest_twisted.ensureDeferred
async def test_what_the_policy_withholds_is_absent_from_the_bytes_of_a_real_link(
    tmp_path: Path, ca: Path, frames: list[bytes]
) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await joined(ours, theirs)
        await furnished(ours)
        withheld = (WithheldField.NOTES, WithheldField.FREQUENCIES)
        await agreed(ours, "43", terms(withheld=withheld, band_m=20_000))
        incident_id = await fire(ours)
        await until(lambda: theirs.incident(incident_id), "the summary at 43")
        assert theirs.incident(incident_id).shared_with == ()  # type: ignore[union-attr]
        await flown(ours, incident_id)
        wish = TrafficWish(frequency="密频123.45", remark="内部备注甲", ground_m=200.0)
        await act(ours, MakeTrafficArea(incident_id=incident_id, wish=wish))
        present = ours.incident(incident_id)
        assert present is not None
        await act(ours, ShareIncident(incident_id=incident_id, partner="43", version_seen=present.version))
        await until(lambda: ("36", incident_id) in theirs.desk.world.consent_book.airspace, "airspace")
        await until(lambda: "36" in theirs.desk.world.consent_book.offers, "resources")
        (tasking,) = theirs.desk.world.taskings.values()
        assert tasking.aircraft_id == "B-7001"
        offer = theirs.desk.world.consent_book.offers["36"]
        assert [each.aircraft_id for each in offer.aircraft] == ["B-7001"]
        back = await agreed(theirs, "36", terms(withheld=withheld))  # and the other direction
        other = await fire(theirs)
        assert await act(theirs, ShareIncident(incident_id=other, partner="36", version_seen=2))
        await until(lambda: ours.incident(other), "theirs at 36")
        await until(lambda: ours.desk.world.consents.get(back), "their consent at 36")
        wire = b"".join(frames)
        assert "边界林火".encode() in wire  # the frames were caught
        for text in NEVER:
            assert text.encode() not in wire, text


@pytest_twisted.ensureDeferred
async def test_revoking_purges_the_copies_and_brings_a_receipt(tmp_path: Path, ca: Path) -> None:
    ours, theirs = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca)
    async with sites(theirs, ours):
        await joined(ours, theirs)
        consent_id = await agreed(ours, "43", terms(ObjectClass.INCIDENTS, ObjectClass.TASKINGS))
        shared = [await ours.shared_incident(f"林火{number}", "43") for number in range(3)]
        await until(lambda: all(map(theirs.incident, shared)), "three copies")
        await until(lambda: len(noted(ours)) >= 3, "sent rows noted")
        version = ours.desk.world.consents[consent_id].version
        revoke = RevokeConsent(consent_id=consent_id, version_seen=version, reason="协议终止")
        await act(ours, revoke, Role.DUTY_CHIEF, "zhiban.li")
        await until(lambda: ours.desk.world.consent_book.receipts, "the receipt at 36")
        (receipt,) = ours.desk.world.consent_book.receipts
        assert (receipt.site, receipt.partner, receipt.consent_id) == ("43", "36", consent_id)
        assert receipt.rows == 3
        assert {each.object_class: each.rows for each in receipt.counts} == {"incidents": 3}
        assert theirs.desk.world.consent_book.receipts == (receipt,)
        assert not theirs.desk.world.incidents
        held = await theirs.desk.received_rows("36", 10_000, 100)
        missing = [each for each in held if each.body_missing]
        assert Counter(each.row.kind for each in missing) == Counter({"IncidentShared": 3})
        assert b"\xe6\x9e\x97\xe7\x81\xab" not in journal_bytes(theirs)  # 林火
        assert ours.desk.world.consents[consent_id].state is ConsentState.REVOKED
        rows = [each for batch in theirs.desk._store.rows() for each in batch]
        assert list(verify(rows)) == []
        forged = [replace(each, body_missing=True) if each.row.origin == "43" else each for each in rows]
        assert list(verify(forged))  # no fact accounts for a body of its own that is gone
        world = theirs.desk.world
        await theirs.stop()
        await ours.stop()
        again = Site(tmp_path, "43", ca)
        async with sites(again):
            await again.start(listen="")
            assert again.desk.world.incidents == world.incidents
            assert again.desk.world.consent_book.receipts == world.consent_book.receipts
            assert again.desk.findings == ()


def noted(site: Site) -> list[Any]:
    """What the site has noted as sent, from its journal on disk."""
    rows = [each for batch in site.desk._store.rows() for each in batch if each.row.kind == "RowsSent"]
    made = [facts.decode(each.row.kind, each.row.body) for each in rows]
    return [row for fact in made if isinstance(fact, RowsSent) for row in fact.rows]


def journal_bytes(site: Site) -> bytes:
    return b"".join(
        each.row.body for batch in site.desk._store.rows() for each in batch if each.row.origin == "36"
    )
