"""The same doors and consoles over TLS, with a certificate of the site's own authority."""

import http.client
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.internet.threads import deferToThread

from adapters.cli.ca import init_authority, issue_certificate
from adapters.config import parse
from adapters.web.server import WebServer
from dispatch.errors import Malformed
from dispatch.resource_commands import SaveResource
from tests.adapters.web.running import CONFIG, Running, base
from tests.adapters.web.talking import talk

TLS = 'certificate = "ca/web.crt"\nkey = "ca/web.key"'


def authority(folder: Path) -> Path:
    now = datetime.now(UTC)
    init_authority(folder / "ca", "test", now)
    issue_certificate(folder / "ca", "web", now, hosts=["127.0.0.1", "localhost"])
    return folder / "ca" / "ca.crt"


@pytest_twisted.ensureDeferred
async def test_doors_and_consoles_work_over_tls(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    site = await Running.start(tmp_path, tls=TLS)

    def page() -> tuple[int, str, str]:
        context = ssl.create_default_context(cafile=str(ca))
        line = http.client.HTTPSConnection("127.0.0.1", site.port, timeout=20, context=context)
        line.request("GET", "/")
        answer = line.getresponse()
        return (
            answer.status,
            answer.getheader("Content-Security-Policy", ""),
            answer.getheader("Strict-Transport-Security", ""),
        )

    try:
        status, policy, strict = await deferToThread(page)
        assert status == 200
        assert f"wss://127.0.0.1:{site.port}" in policy
        assert strict.startswith("max-age=")
        trust = trustRootFromCertificates([Certificate.loadPEM(ca.read_bytes())])
        options = optionsForClientTLS("127.0.0.1", trustRoot=trust)
        talker = await talk(site.port, tls=options)
        records = await talker.hello(site.tokens["dispatcher"])
        assert records.whole
        await site.ask(SaveResource(resource=base("B2"), version_seen=0))
        delta = await talker.hear("records", lambda r: any(each.id == "B2" for each in r.bases))
        assert not delta.whole
        talker.sendClose()
        await talker.gone()
    finally:
        await site.stop()


@pytest_twisted.ensureDeferred
async def test_a_certificate_that_is_not_there_keeps_the_server_from_starting(tmp_path: Path) -> None:
    site = await Running.start(tmp_path)
    try:
        text = CONFIG.format(
            second_factor="off", idle_lock_minutes=0, demonstration="false", tls=TLS, filming=""
        )
        broken = parse(text.encode(), tmp_path)
        server = WebServer(replace(site.site, config=broken))
        with pytest.raises(Malformed, match="certificate"):
            await server.start(reactor)
        await server.stop()
    finally:
        await site.stop()
