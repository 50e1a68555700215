"""`ganying account` before the first start, in real processes. Beside a server: test_local_socket.py."""

import re
import subprocess
import sys
from pathlib import Path

import pyotp
import pytest

SITE = """
[site]
id = "36"
name = "江西"
data = "data"
[security]
second_factor = "{factor}"
"""


def ganying(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapters", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE.format(factor="off"), "utf-8")
    (tmp_path / "pw").write_text("Correct horse battery\n")
    return tmp_path


def test_accounts_are_made_listed_and_changed_before_the_first_start(folder: Path) -> None:
    made = ganying(
        folder,
        "account",
        "add",
        "li",
        "--role",
        "dispatcher",
        "--role",
        "duty_chief",
        "--password-file",
        "pw",
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert "added li: dispatcher, duty_chief" in made.stdout
    again = ganying(folder, "account", "add", "li", "--role", "atc", "--password-file", "pw")
    assert again.returncode == 2
    assert "CHANGED" in again.stderr
    piped = ganying(folder, "account", "password", "li", "--password-file", "-", stdin="Another password\n")
    assert piped.returncode == 0
    assert ganying(folder, "account", "disable", "li").returncode == 0
    listed = ganying(folder, "account", "list").stdout
    assert listed.split("\t")[0] == "li"
    assert "disabled" in listed
    assert "argon2" not in listed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--role", "sysadmin", "--role", "auditor"), "ROLES_CONFLICT"),
        (("--role", "operator"), "operator_id"),
    ],
)
def test_roles_that_may_not_meet_in_one_person_are_refused(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = ganying(folder, "account", "add", "li", *arguments, "--password-file", "pw")
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_password_that_the_console_refuses_or_an_unknown_account_is_said_in_one_line(folder: Path) -> None:
    (folder / "short").write_text("short")
    short = ganying(folder, "account", "add", "li", "--role", "atc", "--password-file", "short")
    assert (short.returncode, short.stderr.count("\n")) == (2, 1)
    assert "10 to 256" in short.stderr
    (folder / "plain").write_text("alllowercaseletters")
    plain = ganying(folder, "account", "add", "li", "--role", "atc", "--password-file", "plain")
    assert (plain.returncode, plain.stderr.count("\n")) == (2, 1)
    assert "three of" in plain.stderr
    assert "password-file" in plain.stderr
    named = ganying(folder, "account", "add", "Correct", "--role", "atc", "--password-file", "pw")
    assert "account's name" in named.stderr
    unknown = ganying(folder, "account", "enable", "nobody")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "UNKNOWN_ID" in unknown.stderr
    assert ganying(folder, "account", "list", "--config", "none.toml").returncode == 2


def test_with_a_second_factor_the_address_to_scan_is_shown_once(folder: Path) -> None:
    (folder / "site.toml").write_text(SITE.format(factor="totp"), "utf-8")
    made = ganying(folder, "account", "add", "li", "--role", "atc", "--password-file", "pw", "--qr")
    secret = re.search(r"otpauth://totp/\S*secret=([A-Z2-7]+)", made.stdout)
    assert secret
    assert len(pyotp.TOTP(secret[1]).now()) == 6
    assert "█" in made.stdout or "▄" in made.stdout
    assert secret[1].encode() not in (folder / "data" / "journal.sqlite").read_bytes()
    renewed = ganying(folder, "account", "totp", "li")
    assert "otpauth://" in renewed.stdout
    assert secret[1] not in renewed.stdout
