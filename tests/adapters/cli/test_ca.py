"""`ganying ca`: an authority that OpenSSL accepts, keys nobody else reads, nothing overwritten."""

import argparse
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapters.cli import ca
from adapters.tls import site_of
from dispatch.errors import Refused


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    ca.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["ca", *argv])
    return int(args.func(args))


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", "--dir", str(tmp_path / "ca")) == 0
    return tmp_path / "ca"


def test_init_prints_the_steps_for_phones_and_desks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("init", "--dir", str(tmp_path / "x")) == 0
    said = capsys.readouterr().out
    for device in ("Android", "iOS", "Windows", "UOS / Kylin"):
        assert device in said


def test_init_never_overwrites_an_authority(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "ca.key").read_bytes()
    assert run("init", "--dir", str(folder)) == 2
    assert "exists" in capsys.readouterr().err
    assert (folder / "ca.key").read_bytes() == before


def test_issue_never_overwrites_a_certificate(folder: Path) -> None:
    assert run("issue", "web", "--dir", str(folder)) == 0
    before = (folder / "web.key").read_bytes()
    assert run("issue", "web", "--dir", str(folder)) == 2
    assert (folder / "web.key").read_bytes() == before


def test_keys_are_readable_by_their_owner_only(folder: Path) -> None:
    run("issue", "web", "--dir", str(folder))
    for name in ("ca.key", "web.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_server_certificate_names_its_hosts_and_chains_to_the_authority(folder: Path) -> None:
    assert run("issue", "web", "--dir", str(folder), "--host", "ganying.example", "--host", "10.1.2.3") == 0
    certificate = load(folder / "web.crt")
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["ganying.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.1.2.3"]
    certificate.verify_directly_issued_by(load(folder / "ca.crt"))
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime.days <= 825  # what iOS accepts


def test_a_site_certificate_carries_the_site_and_both_directions(folder: Path) -> None:
    assert run("issue", "hubei", "--dir", str(folder), "--site", "42-YS1") == 0
    certificate = load(folder / "hubei.crt")
    assert site_of(certificate) == "42-YS1"
    purposes = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


def test_a_person_certificate_cannot_serve_and_names_no_site(folder: Path) -> None:
    assert run("issue", "zhang.wei", "--dir", str(folder), "--client") == 0
    certificate = load(folder / "zhang.wei.crt")
    purposes = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(Refused):
        site_of(certificate)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["../escape"], "name"),
        (["ca"], "name"),
        (["web", "--site", "Hubei"], "site"),
        (["web", "--host", "a..b"], "host"),
    ],
)
def test_bad_names_are_refused_by_field(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    assert run("issue", *arguments, "--dir", str(folder)) == 2
    assert f"{named}:" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == ["ca.crt", "ca.key"]


def test_issue_without_an_authority_says_what_to_do_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("issue", "web", "--dir", str(tmp_path)) == 2
    assert "ca init" in capsys.readouterr().err
