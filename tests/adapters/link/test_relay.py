"""A star: 43 and 42 are linked to 36 alone, and what 43 shares with 42 gets there whole, once, in order."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from twisted.internet.defer import Deferred

from adapters.authority import read_authority
from adapters.clock import utc_now
from adapters.config import PartnerSection
from dispatch.errors import Malformed
from dispatch.incident_commands import ShareIncident
from protocols.link_lanes import Lane
from protocols.link_state import LinkState
from tests.adapters.link.sites import Line, Site, certificates, partner, sites, until
from tests.adapters.link.test_consents import agreed, terms


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "42", "43")


def relaying(site: str, port: int = 0) -> PartnerSection:
    return msgspec.structs.replace(partner(site, port), relay=True)


def beyond(site: str, via: str = "36") -> PartnerSection:
    return msgspec.structs.replace(partner(site), via=via)


def live(site: Site) -> bool:
    return all(each.state is LinkState.LIVE for each in site.links.statuses())


async def copies(site: Site, origin: str) -> list[Any]:
    return [row for row in await site.desk.rows_after(0, 500) if row.origin == origin]


async def star(hub: Site, *leaves: Site, line: Line | None = None) -> None:
    await hub.start(*(relaying(leaf.id) for leaf in leaves))
    for leaf in leaves:
        port = hub.links.port
        if line is not None and leaf is leaves[-1]:
            line.target, port = port, await line.open()
        others = (beyond(other.id) for other in leaves if other is not leaf)
        await leaf.start(relaying("36", port), *others, listen="")


@pytest_twisted.ensureDeferred
async def test_a_leaf_shares_with_a_leaf_over_the_hub_which_holds_it_until_it_is_taken(
    tmp_path: Path, ca: Path
) -> None:
    hub, one, two, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca), Line()
    async with sites(one, two, hub):
        await star(hub, one, two, line=line)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        line.cut()
        shared = [await one.shared_incident(f"fire {number}", "42") for number in range(40)]
        both = await one.shared_incident("for both", "42")
        await one.ask(ShareIncident(incident_id=both, partner="36", version_seen=2))
        await until(lambda: one.links.statuses()[0].queue == 0, "the hub has it all")
        await one.stop()  # the origin is gone; the hub restarts
        port = hub.links.port
        await hub.stop()
        await hub.start(relaying("43"), relaying("42"), listen=f"127.0.0.1:{port}")
        assert hub.links.statuses()[1].held > 0
        line.restore()
        await until(lambda: all(map(two.incident, (*shared, both))), "everything at 42")
        rows = await copies(two, "43")
        assert [row.origin_seq for row in rows] == sorted({row.origin_seq for row in rows})
        assert [row.kind for row in rows] == ["IncidentShared"] * 41
        assert hub.incident(shared[0]) is None  # passed on, not looked at
        assert hub.incident(both) is not None
        await until(lambda: hub.links.statuses()[1].held == 0, "acknowledged")
        await line.close()


@pytest_twisted.ensureDeferred
async def test_what_is_held_while_the_hub_is_reading_is_not_passed_over(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of one reading comes after the next row was committed."""
    hub, one, two = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca)
    async with sites(one, two, hub):
        await star(hub, one, two)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        late: list[tuple[Deferred[Any], Any]] = []
        reads = hub.desk.held_for

        def slowly(*asked: Any) -> Deferred[Any]:
            if late:
                return reads(*asked)  # type: ignore[no-any-return]  # a desk of any kind
            answer: Deferred[Any] = Deferred()
            reads(*asked).addCallback(lambda rows: late.append((answer, rows)))
            return answer

        monkeypatch.setattr(hub.desk, "held_for", slowly)
        first = await one.shared_incident("first", "42")
        await until(lambda: late, "a reading that has not answered yet")
        second = await one.shared_incident("second", "42")
        await until(lambda: hub.desk.held_end("42", Lane.RELAYED_ORDERS) >= 2, "the second is held")
        late[0][0].callback(late[0][1])
        await until(lambda: all(map(two.incident, (first, second))), "both at 42")


@pytest_twisted.ensureDeferred
async def test_a_hub_can_neither_alter_nor_invent(
    tmp_path: Path, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, one, two = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca)
    from adapters.link import received

    def altered(number: int, envelope: bytes) -> Any:
        row = honest(number, envelope)
        return replace(row, body=row.body.replace(b"fire", b"calm")) if number == 1 else row

    honest = received.opened
    monkeypatch.setattr(received, "opened", altered)
    async with sites(one, two, hub):
        await star(hub, one, two)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        first = await one.shared_incident("a fire", "42")
        second = await one.shared_incident("another fire", "42")
        await until(lambda: two.incident(second), "the honest one")
        assert two.incident(first) is None
        assert two.links.statuses()[0].refused == {"TAMPERED": 1}
        assert live(two)


@pytest_twisted.ensureDeferred
async def test_a_renewed_certificate_seals_at_once(tmp_path: Path, ca: Path) -> None:
    """The file is another one, and the link goes on: what leaves now carries the new certificate, and is taken."""
    held = tmp_path / "own"
    held.mkdir()
    for name in ("ca.crt", "43.crt", "43.key"):
        shutil.copy(ca / name, held / name)
    hub, one, two, line = (
        Site(tmp_path, "36", ca),
        Site(tmp_path, "43", held),
        Site(tmp_path, "42", ca),
        Line(),
    )
    async with sites(one, two, hub):
        await star(hub, one, two, line=line)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        line.cut()
        await one.shared_incident("before", "42")
        await until(lambda: hub.desk.held_end("42", Lane.RELAYED_ORDERS) >= 1, "held")
        old = x509.load_pem_x509_certificate((held / "43.crt").read_bytes())
        made = read_authority(ca).issue(old.public_key(), "43", utc_now(), site="43")
        new = made.public_bytes(serialization.Encoding.DER)
        (held / "43.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        one.links._certificate_renewed()
        after = await one.shared_incident("after", "42")
        await until(lambda: hub.desk.held_end("42", Lane.RELAYED_ORDERS) >= 2, "both held")
        carried = [each.envelope for each in await hub.desk.held_for("42", Lane.RELAYED_ORDERS, 0, 10)]
        assert [new in each for each in carried] == [False, True]
        line.restore()
        await until(lambda: two.incident(after), "taken at 42")
        await line.close()


@pytest_twisted.ensureDeferred
async def test_without_both_agreements_nothing_is_passed_on(tmp_path: Path, ca: Path) -> None:
    hub, one, two = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca)
    async with sites(one, two, hub):
        await hub.start(relaying("43"), partner("42"))  # 42's agreement does not allow it
        await one.start(relaying("36", hub.links.port), beyond("42"), listen="")
        await two.start(relaying("36", hub.links.port), beyond("43"), listen="")
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        shared = await one.shared_incident("a fire", "42")
        await until(lambda: hub.links.statuses()[0].refused == {"RELAY": 1}, "refused and counted")
        assert two.incident(shared) is None
        assert "relay" not in two.links.statuses()[0].capabilities


@pytest_twisted.ensureDeferred
async def test_what_is_held_stays_while_the_agreement_does_not_allow_it_and_leaves_when_it_does(
    tmp_path: Path, ca: Path
) -> None:
    """The hub's consent with 42 replaces what was agreed when the row came, and is then replaced itself."""
    hub, one, two, line = Site(tmp_path, "36", ca), Site(tmp_path, "43", ca), Site(tmp_path, "42", ca), Line()
    async with sites(one, two, hub):
        await star(hub, one, two, line=line)
        await until(lambda: all(map(live, (hub, one, two))), "the star")
        line.cut()
        held = await one.shared_incident("a fire", "42")
        await until(lambda: hub.links.statuses()[1].held > 0, "held")
        await agreed(hub, "42", terms())
        line.restore()
        ours = await hub.shared_incident("of the hub itself", "42")
        await until(lambda: two.incident(ours), "the link works")
        assert two.incident(held) is None
        assert hub.links.statuses()[1].held > 0
        (present,) = hub.desk.world.consents.values()
        allowed = replace(terms(), relay=True)
        await agreed(hub, "42", allowed)
        await until(lambda: two.incident(held), "and leaves")
        await until(lambda: hub.links.statuses()[1].held == 0, "acknowledged")
        assert present.id in hub.desk.world.consents
        await line.close()


@pytest_twisted.ensureDeferred
async def test_a_way_over_nobody_is_named_at_the_start(tmp_path: Path, ca: Path) -> None:
    site = Site(tmp_path, "43", ca)
    with pytest.raises(Malformed) as caught:
        await site.start(partner("36", 1), beyond("42"), listen="")
    assert caught.value.field == "partner[1].via"
    await site.stop()
