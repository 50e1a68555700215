"""What joining writes into site.toml: where the certificate is, and one partner. The rest of the file stays as it is."""

import json
import os
import re
import tempfile
from pathlib import Path

from adapters.config import Config, parse
from dispatch.errors import Malformed, Refused
from protocols.enrol_wire import Accepted

FOLDER = "link"  # beside site.toml
_HEADER = re.compile(r"^\[federation\][ \t]*(#.*)?$", re.MULTILINE)
_FILES = f'certificate = "{FOLDER}/site.crt"\nkey = "{FOLDER}/site.key"\nca = "{FOLDER}/ca.crt"\n'


def check_room(config: Config | None, folder: Path) -> None:
    """Raises Refused (FEDERATION_EXISTS) where site.toml has links that were set up otherwise."""
    if config is None or _ours(config, folder):
        return
    federation = config.federation
    if config.partner or any((federation.listen, federation.certificate, federation.key, federation.ca)):
        detail = "site.toml has a [federation] of its own; a site that has links is joined by hand (docs/federation.md)"
        raise Refused("FEDERATION_EXISTS", detail)


def _ours(config: Config, folder: Path) -> bool:
    certificate = config.federation.certificate
    return bool(certificate) and config.path(certificate) == (folder / "site.crt").resolve()


def put(path: Path, config: Config | None, accepted: Accepted) -> bool:
    """Write what is missing; whether anything was. The new text is read before it takes the old one's place."""
    text = _fresh(accepted) if config is None else path.read_text(encoding="utf-8")
    new = text
    if config is None or not config.federation.certificate:
        header = _HEADER.search(text)
        if header is None:
            new = f"{new.rstrip()}\n\n[federation]\n{_FILES}"
        else:
            new = f"{text[: header.end()]}\n{_FILES}{text[header.end() :].lstrip(chr(10))}"
    if config is None or all(each.site != accepted.partner for each in config.partner):
        new = f"{new.rstrip()}\n\n{_partner(accepted)}"
    if config is not None and new == text:
        return False
    read = parse(new.encode(), path.resolve().parent)
    if read.site.id != accepted.site:
        raise Malformed("site.id", f"the file is {read.site.id}'s, the code was for {accepted.site}")
    replace_file(path, new.encode(), path.stat().st_mode & 0o777 if path.exists() else 0o600)
    return True


def _fresh(accepted: Accepted) -> str:
    return (
        f"# Made by `ganying enrol`; `ganying config example` shows every key.\n"
        f"[site]\nid = {_quoted(accepted.site)}\nname = {_quoted(accepted.name)}\n"
        f'data = {_quoted(f"var/{accepted.site}")}\n\n[http]\nlisten = "127.0.0.1:8036"\n'
    )


def _partner(accepted: Accepted) -> str:
    return (
        f"[[partner]]\nsite = {_quoted(accepted.partner)}\nname = {_quoted(accepted.partner_name)}\n"
        f"agreement = {_quoted(accepted.agreement)}\nurl = {_quoted(accepted.url)}\n"
    )


def _quoted(text: str) -> str:
    """A basic string of TOML: what JSON writes is one, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def replace_file(path: Path, data: bytes, mode: int) -> None:
    """Put a file in place whole or not at all, readable to others only as `mode` says, from its first moment."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # born with 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
