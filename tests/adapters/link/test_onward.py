"""Taking back over a hub: what 43 ends with the hub 36 ends beyond it, at 42, too; bytes, disks and receipts are looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from dispatch.consent_commands import ProposeConsent, RevokeConsent, SignConsent
from dispatch.consent_kinds import ConsentState, ObjectClass
from dispatch.consent_records import PurgeReceipt
from dispatch.errors import Refused
from dispatch.incident_commands import ShareIncident
from dispatch.kinds import Role
from tests.adapters.link.sites import Line, Site, certificates, sites, until
from tests.adapters.link.test_consents import act, agreed, terms
from tests.adapters.link.test_relay import live, star

TITLE = "赣西林火"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43")


def receipt_of(origin: Site, holder: str) -> PurgeReceipt | None:
    kept: tuple[PurgeReceipt, ...] = origin.desk.world.consent_book.receipts
    return next((each for each in kept if each.site == holder), None)


def on_disk(site: Site) -> bytes:
    """Every byte of its database files."""
    return b"".join(each.read_bytes() for each in site.folder.glob("journal.sqlite*"))


async def revoke(site: Site, consent_id: str) -> Any:
    given = site.desk.world.consents[consent_id]
    beyond = site.links._partners.beyond(given.partner)  # as the door fills it in
    command = RevokeConsent(
        consent_id=consent_id, version_seen=given.version, reason="协议终止", beyond=beyond
    )
    return await act(site, command, Role.DUTY_CHIEF, "zhiban.li")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("signed", [True, False], ids=["consent signed with 42", "agreement of [[partner]]"])
async def test_what_is_revoked_towards_the_hub_is_purged_beyond_it_with_a_receipt(
    tmp_path: Path, ca: Path, signed: bool
) -> None:
    hub, one, two, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca), Line()
    async with sites(one, two, hub):
        await star(hub, one, two, line=line)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        over = await agreed(one, "36", replace(terms(ObjectClass.INCIDENTS), relay=True))
        if signed:
            await agreed(one, "42", terms(ObjectClass.INCIDENTS))
        both = await one.shared_incident(TITLE, "42")
        await act(one, ShareIncident(incident_id=both, partner="36", version_seen=2))
        kept = await two.shared_incident("42 own", "43")
        await until(lambda: two.incident(both) and hub.incident(both) and one.incident(kept), "copies")
        line.cut()  # 42 is away while another one is on its way, and while everything is taken back
        late = await one.shared_incident(TITLE, "42")
        await until(lambda: hub.links.statuses()[1].held > 0, "held at 36")
        await until(lambda: TITLE.encode() in on_disk(hub), "on the hub's disk")
        await revoke(one, over)
        await until(lambda: receipt_of(one, "36"), "the hub's receipt")
        await until(lambda: hub.links.statuses()[1].held >= 2, "the end is held for 42")
        held = await hub.desk.held_for("42", 2, 0, 100)
        assert not [
            each for each in held if TITLE.encode() in each.envelope
        ]  # nothing more of it is passed on
        line.restore()
        receipt = await _receipt(one, "42")
        (given,) = [each for each in one.desk.world.consents.values() if each.partner == "42"]
        assert (given.state, receipt.consent_id) == (ConsentState.REVOKED, given.id)
        assert (receipt.rows, two.incident(both), two.incident(late)) == (1, None, None)
        assert two.incident(kept) is not None
        assert one.incident(kept) is not None  # what 42 lets us have is another matter
        with pytest.raises(Refused, match="NO_CONSENT"):
            await one.shared_incident("nothing leaves", "42")
        for site in (hub, two):
            await site.stop()  # a checkpoint: what is gone from the tables is gone from the file
            assert TITLE.encode() not in on_disk(site), site.id
        await line.close()


async def _receipt(origin: Site, holder: str) -> PurgeReceipt:
    await until(lambda: receipt_of(origin, holder), f"the receipt of {holder}")
    found = receipt_of(origin, holder)
    assert found is not None
    return found


@pytest_twisted.ensureDeferred
async def test_withdrawing_relay_alone_ends_it_beyond_the_hub_and_leaves_the_hub_its_copies(
    tmp_path: Path, ca: Path
) -> None:
    hub, one, two = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca)
    async with sites(one, two, hub):
        await star(hub, one, two)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        both = await one.shared_incident(TITLE, "42")
        await act(one, ShareIncident(incident_id=both, partner="36", version_seen=2))
        await until(lambda: two.incident(both) and hub.incident(both), "copies")
        narrower = terms(ObjectClass.INCIDENTS)
        consent_id = await _proposed(one, narrower)
        await act(
            one,
            SignConsent(consent_id=consent_id, version_seen=1, beyond=one.links._partners.beyond("36")),
            Role.SECADMIN,
            "anquan.chen",
        )
        receipt = await _receipt(one, "42")
        assert (receipt.rows, two.incident(both)) == (1, None)
        assert hub.incident(both) is not None
        assert receipt_of(one, "36") is None


async def _proposed(site: Site, wanted: Any) -> str:
    answer = await act(site, ProposeConsent(partner="36", terms=wanted), Role.DUTY_CHIEF, "zhiban.li")
    return str(answer.recorded[0].fact.consent.id)
