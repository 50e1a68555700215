"""`ganying atak`: a package that a field client opens, read here by pytak."""

import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import defusedxml.ElementTree as Xml
import pytak
import pytest
import pytest_twisted
from cryptography.hazmat.primitives.serialization import pkcs12

from adapters.__main__ import main
from adapters.cli.ca import init_authority, issue_certificate
from tests.adapters.feeds.cot_site import CotSite, Pytak, fresh
from tests.adapters.feeds.test_feed import until


def entries(package: Path) -> dict[str, str]:
    with zipfile.ZipFile(package) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pref")]
        root = Xml.fromstring(archive.read(name))
    return {entry.get("key"): entry.text for entry in root.iter("entry")}


def made(folder: Path, *more: str) -> Path:
    ca = folder / "ca"
    if not ca.exists():
        init_authority(ca, "Ganying <36> CA", datetime.now(UTC))
    words = ["atak", "phone-1", "--server", "10.36.0.1:8089", "--dir", str(ca), *more]
    assert main(words) == 0
    return ca / "phone-1.zip"


def test_a_package_holds_what_joins_a_phone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Server, authority, the phone's own certificate; the manifest names every file; only its owner may read it."""
    package = made(tmp_path, "--callsign", "靖安一队 <1>", "--title", "赣鹰 & 36")
    assert "green dot" in capsys.readouterr().out
    assert stat.S_IMODE(package.stat().st_mode) == 0o600
    said = entries(package)
    assert said["connectString0"] == "10.36.0.1:8089:ssl"
    assert (said["description0"], said["locationCallsign"]) == ("赣鹰 & 36", "靖安一队 <1>")
    assert (said["count"], said["enabled0"]) == ("1", "true")
    with zipfile.ZipFile(package) as archive:
        manifest = Xml.fromstring(archive.read("MANIFEST/manifest.xml"))
        listed = {content.get("zipEntry") for content in manifest.iter("Content")}
        assert listed == set(archive.namelist()) - {"MANIFEST/manifest.xml"}
        for key in ("caLocation0", "certificateLocation0", "caLocation", "certificateLocation"):
            assert f"certs/{Path(said[key]).name}" in listed
    assert said["clientPassword0"] == said["caPassword"]
    assert len(said["clientPassword0"]) >= 16


# 1.2.840.113549.1.12.1.3, pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C), in DER; and what newer files have.
TRIPLE_DES = bytes.fromhex("060a2a864886f70d010c0103")
PBES2 = bytes.fromhex("06092a864886f70d01050d")


def test_the_stores_are_of_the_kind_that_old_phones_read(tmp_path: Path) -> None:
    """Triple DES and SHA-1 throughout; the trust store holds the authority alone."""
    package = made(tmp_path)
    password = entries(package)["clientPassword0"].encode()
    with zipfile.ZipFile(package) as archive:
        own, trusted = archive.read("certs/phone-1.p12"), archive.read("certs/truststore.p12")
    for store in (own, trusted):
        assert TRIPLE_DES in store
        assert PBES2 not in store
    key, certificate, chain = pkcs12.load_key_and_certificates(own, password)
    assert key is not None
    assert certificate is not None
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=phone-1"
    assert [each.subject for each in chain] == [certificate.issuer]
    nobody, nothing, authority = pkcs12.load_key_and_certificates(trusted, password)
    assert (nobody, nothing) == (None, None)
    assert [each.subject for each in authority] == [certificate.issuer]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["phone-1", "--server", "10.36.0.1"], "server"),
        (["../phone", "--server", "10.36.0.1:8089"], "name"),
        (["phone-1", "--server", "10.36.0.1:8089", "--dir", "nowhere"], "dir"),
    ],
)
def test_mistakes_are_named(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit status 2; nothing is left behind."""
    init_authority(tmp_path / "ca", "CA", datetime.now(UTC))
    monkeypatch.chdir(tmp_path)
    assert main(["atak", *words]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in (tmp_path / "ca").iterdir()) == ["ca.crt", "ca.key"]


def test_a_package_is_not_made_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first one's certificate would still be good."""
    made(tmp_path)
    assert main(["atak", "phone-1", "--server", "a:1", "--dir", str(tmp_path / "ca")]) == 2
    assert "exists" in capsys.readouterr().err


@pytest_twisted.ensureDeferred
async def test_pytak_opens_the_package_and_joins(tmp_path: Path) -> None:
    """It reads server, certificates and password from it, and reports."""
    now = datetime.now(UTC)
    ca = init_authority(tmp_path / "ca", "CA", now)
    server = issue_certificate(tmp_path / "ca", "36", now, hosts=["localhost"])
    site = CotSite()
    feed = await site.start(transport="tls", certificate=server, key=server.with_suffix(".key"), ca=ca)
    words = ["atak", "phone-1", "--server", f"localhost:{feed.port}", "--dir", str(tmp_path / "ca")]
    assert main(words) == 0
    found = pytak.read_pref_package(str(tmp_path / "ca/phone-1.zip"))
    url = str(found.pop("COT_URL"))
    assert url == f"ssl://localhost:{feed.port}"
    peer = Pytak(url, **{name: str(value) for name, value in found.items()})
    await until(lambda: peer.connected)
    peer.send(fresh())
    await until(lambda: bool(site.seen))
    peer.close()
    await site.stop()
