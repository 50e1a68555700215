"""A certificate that runs out is renewed over the running link, by whom it may, and people see it where it is not."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.authority import builder, read_authority
from adapters.clock import utc_now
from adapters.link.renewing import LOOK_EVERY
from adapters.link.socket import LinkSocket
from adapters.tls import SITE_URN, peer_certificate
from dispatch.commands import Ask
from dispatch.enrol_commands import InviteSite, JoinSite, ShutOutSite
from dispatch.kinds import Role
from protocols.link_state import LinkState
from tests.adapters.link.sites import AGREEMENT, Site, certificates, partner, sites, until

PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    return certificates(tmp_path / "ca", "36")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Certificates that 36 was shown, in order."""
    seen: list[bytes] = []
    opened = LinkSocket.onOpen

    def noted(self: Any) -> None:
        if not self.dialled:
            seen.append(peer_certificate(self.transport))
        opened(self)

    monkeypatch.setattr(LinkSocket, "onOpen", noted)
    return seen


def short_lived(ca: Path, folder: Path, days: float) -> bytes:
    """Key and certificate of 36-YS1 that ends in so many days; DER."""
    authority = read_authority(ca, "ca")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "36-YS1")])
    made = (
        builder(
            name,
            authority.certificate.subject,
            key.public_key(),
            utc_now() - timedelta(days=100),
            timedelta(days=101 + days),
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"{SITE_URN}36-YS1")]), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.crt").write_bytes(made.public_bytes(PEM))
    (folder / "ca.crt").write_bytes((ca / "ca.crt").read_bytes())
    plain = serialization.NoEncryption()
    (folder / "site.key").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain))
    return made.public_bytes(DER)


async def centre(tmp_path: Path, ca: Path, joined: bytes, *, authority: bool = True) -> Site:
    """36, which 36-YS1 has joined with this certificate."""
    site = Site(tmp_path, "36", ca)
    site.authority = str(ca) if authority else ""
    await site.start()
    invite = InviteSite(
        site="36-YS1", name="前指车", agreement=AGREEMENT, valid_hours=24, secret_sha256="a" * 64
    )
    await site.ask(invite, Role.DUTY_CHIEF)
    join = JoinSite(secret_sha256="a" * 64, certificate=joined)
    await site.desk.ask(Ask(actor="enrol", role=None, command_id="join", command=join))
    return site


def until_of(folder: Path) -> datetime:
    return x509.load_pem_x509_certificate((folder / "site.crt").read_bytes()).not_valid_after_utc


@pytest_twisted.ensureDeferred
async def test_it_is_renewed_in_time_with_its_own_key_and_shown_from_the_next_connection_on(
    tmp_path: Path, ca: Path, shown: list[bytes]
) -> None:
    old = short_lived(ca, tmp_path / "link", 20)
    ours = await centre(tmp_path, ca, old)
    vehicle = Site(tmp_path, "36-YS1", tmp_path / "link", names="site")
    async with sites(vehicle, ours):
        await vehicle.start(partner("36", ours.links.port), listen="")
        await until(lambda: until_of(tmp_path / "link") > utc_now() + timedelta(days=800), "renewed")
        await until(lambda: vehicle.links.certificate().left > timedelta(days=800), "known here")
        assert vehicle.links.certificate().state == "ok"
        joined = ours.desk.world.joined_sites["36-YS1"]
        assert joined.former == old
        new = (tmp_path / "link" / "site.crt").read_bytes()
        assert x509.load_pem_x509_certificate(new).public_bytes(DER) == joined.certificate
        assert x509.load_der_x509_certificate(old).public_key() == (
            x509.load_pem_x509_certificate(new).public_key()
        )
        assert shown == [old]
        ours.links._peers["36-YS1"].part("REPLACED", "a new connection")  # both ends make it anew
        await until(lambda: len(shown) == 2, "the new connection")
        assert shown[1] == joined.certificate
        await until(lambda: ours.status().state is LinkState.LIVE, "live with it")
        kinds = [row.kind for row in await ours.desk.rows_after(0, 100)]
        assert kinds.count("SiteRenewed") == 1  # and not once more
        await ours.ask(ShutOutSite(site="36-YS1", reason="车辆失窃"), Role.DUTY_CHIEF)
        await until(lambda: vehicle.status().reason == "SHUT_OUT", "refused with the new one as well")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("why", ["NO_AUTHORITY", "OTHER_KEY", "NOT_ENROLLED"])
async def test_where_it_is_refused_the_old_one_stays_and_people_are_told_why(
    tmp_path: Path, ca: Path, why: str
) -> None:
    old = short_lived(ca, tmp_path / "link", 20)
    joined = short_lived(ca, tmp_path / "other", 20) if why == "OTHER_KEY" else old
    ours = Site(tmp_path, "36", ca)
    if why == "NOT_ENROLLED":
        ours.authority = str(ca)
        await ours.start(partner("36-YS1"))
    else:
        ours = await centre(tmp_path, ca, joined, authority=why != "NO_AUTHORITY")
        if why == "OTHER_KEY":  # as if it had been let in: the link itself refuses another certificate first
            ours.links._partners.check = lambda *_: None
    vehicle = Site(tmp_path, "36-YS1", tmp_path / "link", names="site")
    async with sites(vehicle, ours):
        await vehicle.start(partner("36", ours.links.port), listen="")
        await until(lambda: vehicle.links.certificate().why == why, "told why")
        assert vehicle.links.certificate().state == "degraded"
        assert (
            x509.load_pem_x509_certificate((tmp_path / "link" / "site.crt").read_bytes()).public_bytes(DER)
            == old
        )
        assert not any(row.kind == "SiteRenewed" for row in await ours.desk.rows_after(0, 100))


@pytest_twisted.ensureDeferred
async def test_one_that_is_far_from_its_end_is_not_asked_for_and_not_given(tmp_path: Path, ca: Path) -> None:
    old = short_lived(ca, tmp_path / "link", 400)
    ours = await centre(tmp_path, ca, old)
    vehicle = Site(tmp_path, "36-YS1", tmp_path / "link", names="site")
    async with sites(vehicle, ours):
        await vehicle.start(partner("36", ours.links.port), listen="")
        await until(lambda: vehicle.status().state is LinkState.LIVE, "live")
        assert vehicle.links.certificate().state == "ok"
        renewing = vehicle.links._renewing
        renewing._due = lambda _: True  # a site that asks all the same
        renewing._look_at = utc_now() - LOOK_EVERY
        await until(lambda: vehicle.links.certificate().why == "NOT_DUE", "refused")
        renewing._clock = lambda: utc_now() + timedelta(days=395)
        assert vehicle.links.certificate().state == "down"  # five days are left
