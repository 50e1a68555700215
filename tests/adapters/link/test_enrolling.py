"""The door for newcomers over real TLS: `ganying enrol` against a site in this process, and what is turned away."""

import argparse
import base64
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from adapters.cli import enrol as command
from adapters.clock import utc_now
from adapters.config import Config, FederationSection, SiteSection, load
from adapters.link.enrolling import MAX_CONNECTIONS, Enrolling
from adapters.link.partners import Partners
from dispatch.enrol_commands import InviteSite, ShutOutSite, WithdrawInvitation
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.kinds import Role
from protocols import enrol_code, enrol_wire
from protocols.enrol_code import EnrolCode
from protocols.link_state import LinkState
from tests.adapters.link.sites import Site, certificates, partner, sites, until

AGREEMENT = "江西省内-2026"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("ca"), "36", "43")


class Inviting:
    """Site 36 with its link door, its enrolment door and a clock that can be moved."""

    def __init__(self, folder: Path, ca: Path) -> None:
        self.site = Site(folder, "36", ca)
        self.ca = ca
        self.ahead = timedelta(0)
        self.noted: list[tuple[str, str]] = []
        self.door: Any = None

    def now(self) -> datetime:
        return utc_now() + self.ahead

    async def open(self) -> None:
        await self.site.start()
        federation = FederationSection(
            listen="127.0.0.1:0",
            certificate=str(self.ca / "36.crt"),
            key=str(self.ca / "36.key"),
            ca=str(self.ca / "ca.crt"),
            authority=str(self.ca),
            enrol="127.0.0.1:0",
            address="127.0.0.1",
        )
        config = Config(
            site=SiteSection(id="36", name="江西", data=str(self.site.folder)), federation=federation
        )
        self.door = Enrolling(
            desk=self.site.desk,
            config=config,
            metrics=self.site.metrics,
            clock=self.now,
            link_port=lambda: int(self.site.links.port),
            note=self._note,
        )
        self.door.start(reactor)

    async def _note(self, address: str, error: GanyingError) -> None:
        self.noted.append((address, error.code))

    async def close(self) -> None:
        if self.door is not None:
            await self.door.stop()

    async def invite(self, site: str = "36-YS1", hours: float = 24.0, secret: bytes = b"0123456789") -> str:
        code = self.door.code(secret)
        asked = InviteSite(
            site=site,
            name="前指车",
            agreement=AGREEMENT,
            valid_hours=hours,
            secret_sha256=enrol_code.secret_sha256(secret),
        )
        await self.site.ask(asked, Role.DUTY_CHIEF)
        return str(code)

    def counted(self, outcome: str) -> float:
        return self.site.metrics.registry.get_sample_value("ganying_enrol_total", {"outcome": outcome}) or 0.0


@asynccontextmanager
async def inviting(folder: Path, ca: Path) -> AsyncIterator[Inviting]:
    here = Inviting(folder, ca)
    async with sites(here.site):
        await here.open()
        try:
            yield here
        finally:
            await here.close()


async def enrol(code: str, folder: Path) -> Path:
    """`ganying enrol`; the site.toml."""
    folder.mkdir(exist_ok=True)
    config = folder / "site.toml"
    await deferToThread(command.run, argparse.Namespace(code=[code], config=config))
    return config


async def refused(code: str, folder: Path) -> str:
    with pytest.raises(GanyingError) as found:
        await enrol(code, folder)
    return found.value.code


def vehicle_from(config: Path) -> tuple[Site, Any]:
    """The newcomer as its site.toml says, and its partner."""
    read = load(config)
    site = Site(config.parent, read.site.id, config.parent / "link", names="site")
    return site, read.partner[0]


@pytest_twisted.ensureDeferred
async def test_a_vehicle_joins_with_one_command_and_its_link_is_live_without_a_restart(
    tmp_path: Path, ca: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with inviting(tmp_path, ca) as here:
        code = await here.invite()
        config = await enrol(code, tmp_path / "vehicle")
        read = load(config)
        assert (read.site.id, read.site.name, read.partner[0].site) == ("36-YS1", "前指车", "36")
        key = config.parent / "link" / "site.key"
        assert key.stat().st_mode & 0o077 == 0
        vehicle, toward = vehicle_from(config)
        async with sites(vehicle):
            await vehicle.start(toward, listen="")
            await until(lambda: here.site.status().state is LinkState.LIVE, "live at 36")
            incident_id = await here.site.shared_incident("三爪仑林火", "36-YS1")
            await until(lambda: vehicle.incident(incident_id), "the incident in the vehicle")
        assert here.counted("ACCEPTED") == 1
    out = capfd.readouterr()
    assert code.split("/")[1][:9] not in out.out + out.err
    assert b"0123456789".hex() not in out.out + out.err
    journal = b"".join(each.read_bytes() for each in here.site.folder.iterdir() if each.is_file())
    assert b"0123456789" not in journal


@pytest_twisted.ensureDeferred
async def test_run_again_it_gets_the_same_certificate_and_another_key_gets_none(
    tmp_path: Path, ca: Path
) -> None:
    async with inviting(tmp_path, ca) as here:
        code = await here.invite()
        config = await enrol(code, tmp_path / "vehicle")
        before, text = (config.parent / "link" / "site.crt").read_bytes(), config.read_text()
        (config.parent / "link" / "site.crt").unlink()  # as after a cut between issue and receipt
        here.ahead = timedelta(days=3)
        await enrol(code, tmp_path / "vehicle")
        assert (config.parent / "link" / "site.crt").read_bytes() == before
        assert config.read_text() == text
        assert await refused(code, tmp_path / "another") == "USED"
        assert here.noted == [("127.0.0.1", "USED")]


@pytest_twisted.ensureDeferred
async def test_codes_that_are_over_withdrawn_wrong_or_for_another_are_refused_by_name(
    tmp_path: Path, ca: Path
) -> None:
    async with inviting(tmp_path, ca) as here:
        await here.invite(hours=1.0, secret=b"expired..x")
        here.ahead = timedelta(hours=1)
        assert await refused(here.door.code(b"expired..x"), tmp_path / "v") == "EXPIRED"
        here.ahead = timedelta(0)
        (open_one,) = here.site.desk.world.invitations.values()
        withdrawn = WithdrawInvitation(invitation_id=open_one.id, reason="改用二号车")
        await here.site.ask(withdrawn, Role.DUTY_CHIEF)
        assert await refused(here.door.code(b"expired..x"), tmp_path / "v") == "WITHDRAWN"
        code = await here.invite(site="36-YS2", secret=b"for-two..x")
        other = tmp_path / "other"
        other.mkdir()
        (other / "site.toml").write_text('[site]\nid = "36-YS3"\nname = "三号车"\n')
        assert await refused(code, other) == "OTHER_SITE"
        for _ in range(5):
            assert await refused(here.door.code(b"guessing.."), tmp_path / "v") == "WRONG_CODE"
        assert await refused(code, tmp_path / "v") == "TOO_MANY_TRIES"
        here.ahead = timedelta(minutes=16)
        await enrol(code, tmp_path / "v")
        assert [code for _, code in here.noted].count("WRONG_CODE") == 5
        assert here.counted("TOO_MANY_TRIES") == 1


@pytest_twisted.ensureDeferred
async def test_the_secret_is_not_shown_to_a_site_of_another_authority(tmp_path: Path, ca: Path) -> None:
    async with inviting(tmp_path, ca) as here:
        await here.invite()
        wrong = EnrolCode(host="127.0.0.1", port=here.door.port, secret=b"0123456789", fingerprint=b"x" * 10)
        assert await refused(str(wrong), tmp_path / "v") == "NOT_THE_INVITING_SITE"
        assert here.counted("ACCEPTED") == 0
        assert not here.site.desk.world.joined_sites


@pytest_twisted.ensureDeferred
async def test_who_is_shut_out_is_closed_at_once_and_refused_after_a_restart(
    tmp_path: Path, ca: Path
) -> None:
    async with inviting(tmp_path, ca) as here:
        code = await here.invite()
        vehicle, toward = vehicle_from(await enrol(code, tmp_path / "vehicle"))
        async with sites(vehicle):
            await vehicle.start(toward, listen="")
            await until(lambda: here.site.status().state is LinkState.LIVE, "live at 36")
            await here.site.ask(ShutOutSite(site="36-YS1", reason="车辆失窃"), Role.DUTY_CHIEF)
            assert here.site.links.statuses() == []
            await until(lambda: vehicle.status().reason == "SHUT_OUT", "told why")
            await vehicle.stop()
            await here.close()
            await here.site.stop()
            await here.open()
            vehicle, toward = vehicle_from(tmp_path / "vehicle" / "site.toml")
            port = here.site.links.port
            async with sites(vehicle):
                await vehicle.start(partner("36", port, agreement=AGREEMENT), listen="")
                await until(lambda: vehicle.status().reason == "SHUT_OUT", "refused after the restart")
        assert await refused(here.door.code(b"0123456789"), tmp_path / "vehicle") == "SHUT_OUT"
        # a new invitation is a new certificate: the old one stays refused
        config = await enrol(await here.invite(secret=b"again....."), tmp_path / "newer")
        check = Partners(Config(site=SiteSection(id="36", name="江西")), lambda: here.site.desk.world).check
        joined = here.site.desk.world.joined_sites["36-YS1"]
        check("36-YS1", joined.certificate)
        with pytest.raises(Refused, match="CERTIFICATE"):
            check("36-YS1", (config.parent / "link" / "site.crt").read_bytes())


def talk(port: int, *frames: bytes) -> list[bytes]:
    """What the door answers to bytes, until it closes; the welcome left out."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    heard = b""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, suppress_ragged_eofs=True) as line,
    ):
        for frame in frames:
            line.sendall(frame)
        while part := _part(line):
            heard += part
    found = []
    while heard:
        (size,) = struct.unpack("!I", heard[:4])
        found.append(heard[4 : 4 + size])
        heard = heard[4 + size :]
    return found[1:]


def _part(line: ssl.SSLSocket) -> bytes:
    try:
        return line.recv(65536)
    except OSError:
        return b""


def _tampered(csr: str) -> str:
    """The same request with another name in it, signed as before."""
    der = x509.load_pem_x509_csr(csr.encode()).public_bytes(serialization.Encoding.DER)
    altered = base64.encodebytes(der.replace(b"newcomer", b"anybodyy")).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{altered}-----END CERTIFICATE REQUEST-----\n"


def framed(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


@pytest_twisted.ensureDeferred
async def test_what_does_not_read_is_answered_by_name_or_cut_off(tmp_path: Path, ca: Path) -> None:
    async with inviting(tmp_path, ca) as here:
        await here.invite()
        good = command._request(ec.generate_private_key(ec.SECP256R1()))
        big = command._request(ec.generate_private_key(ec.SECP384R1()))
        secret = b"0123456789".hex()
        for body, field in (
            (b"\xff\xfe", "message"),
            (b"{}", "message"),
            (enrol_wire.encode(enrol_wire.Request(secret="zz", csr=good)), "secret"),
            (enrol_wire.encode(enrol_wire.Request(secret=secret, csr="")), "csr"),
            (enrol_wire.encode(enrol_wire.Request(secret=secret, csr=big)), "csr"),
            (enrol_wire.encode(enrol_wire.Request(secret=secret, csr=good[:200])), "csr"),
            (enrol_wire.encode(enrol_wire.Request(secret=secret, csr=_tampered(good))), "csr"),
        ):
            (answer,) = await deferToThread(talk, here.door.port, framed(body))
            turned = enrol_wire.answer(answer)
            assert isinstance(turned, enrol_wire.Turned)
            assert (turned.code, turned.field) == ("MALFORMED", field)
        assert await deferToThread(talk, here.door.port, struct.pack("!I", 1 << 30)) == []
        assert not here.site.desk.world.joined_sites
        lines = [socket.create_connection(("127.0.0.1", here.door.port), 10) for _ in range(MAX_CONNECTIONS)]
        await until(lambda: here.door._listening.factory.wrappedFactory.open == MAX_CONNECTIONS, "all taken")
        with pytest.raises(OSError):  # noqa: PT011  # reset or ended, as the kernel has it
            await deferToThread(talk, here.door.port, framed(b"{}"))
        for line in lines:
            line.close()


def test_site_toml_with_links_of_its_own_is_left_as_it_is(tmp_path: Path) -> None:
    text = '[site]\nid = "36-YS1"\nname = "车"\n[federation]\nlisten = "127.0.0.1:9036"\n'
    (tmp_path / "site.toml").write_text(text)
    code = EnrolCode(host="127.0.0.1", port=9, secret=b"0123456789", fingerprint=b"0123456789")
    with pytest.raises(Refused, match="FEDERATION_EXISTS"):
        command.run(argparse.Namespace(code=[str(code)], config=tmp_path / "site.toml"))
    assert (tmp_path / "site.toml").read_text() == text


@pytest_twisted.ensureDeferred
async def test_an_authority_whose_key_others_may_read_is_no_authority(tmp_path: Path) -> None:
    ca = certificates(tmp_path, "36")
    (ca / "ca.key").chmod(0o640)
    with pytest.raises(Malformed, match="chmod 600"):
        async with inviting(tmp_path, ca):
            pass
