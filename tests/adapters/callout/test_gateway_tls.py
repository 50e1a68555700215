"""TLS to the gateway with the site's own authority: its certificate is believed, another's is not, and nothing is said."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest_twisted
from twisted.internet import reactor

from adapters.callout.gateway import Gateway, NotTaken, Taken
from adapters.callout.settings import settings_of
from adapters.cli.ca import init_authority, issue_certificate
from adapters.config import Config, SiteSection, SmsSection
from tests.dispatch.callouts import Called
from tests.gateway import SECRET, Handset


@pytest_twisted.ensureDeferred
async def test_a_gateway_is_believed_by_its_certificate_alone(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for name in ("own", "other"):
        init_authority(tmp_path / name, name, now)
    issue_certificate(tmp_path / "own", "gw", now, hosts=["127.0.0.1"])
    issue_certificate(tmp_path / "own", "elsewhere", now, hosts=["10.0.0.9"])
    (tmp_path / "sms.secret").write_bytes(SECRET)
    scene = Called()
    callout = scene.queue()[0]
    secret = scene.world.callout_secrets[callout.id]
    told = {}
    for shown, believed in (("gw", "own"), ("gw", "other"), ("elsewhere", "own")):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "own" / f"{shown}.crt", tmp_path / "own" / f"{shown}.key")
        phones = Handset(tls=context)
        section = SmsSection(
            url=phones.url, secret=str(tmp_path / "sms.secret"), ca=str(tmp_path / believed / "ca.crt")
        )
        config = Config(site=SiteSection(id="36", name="x", data="data"), sms=section, folder=str(tmp_path))
        settings = settings_of(config)
        assert settings is not None
        gateway = Gateway(settings, reactor)
        try:
            told[shown, believed] = await gateway.send(callout, secret, 1_764_130_000)
        finally:
            await gateway.close()
            phones.close()
        assert len(phones.taken) == (1 if (shown, believed) == ("gw", "own") else 0)
    assert isinstance(told["gw", "own"], Taken)
    for each in (("gw", "other"), ("elsewhere", "own")):
        assert isinstance(told[each], NotTaken), each
        assert not told[each].for_good, "it may be mended"
