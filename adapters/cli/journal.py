"""`ganying journal list|verify|export`: read the journal, before the first start and beside a running server.

`verify` walks the whole chain and compares it with every signed head it has, and with one exported earlier and kept
elsewhere (`--head FILE`): only that shows a tail that was cut off together with its heads.
"""

import argparse
import base64
import dataclasses
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters import journal_key
from adapters.cli.config import add_config_option
from adapters.config import Config, load
from dispatch.errors import GanyingError, Malformed, Refused
from protocols import chain, exported
from protocols.chain import Damage, Finding, Head
from protocols.rows import EPOCH, Sealed

if TYPE_CHECKING:
    from adapters.store.journal import Store

SECRETS = ("password_hash", "totp_sealed", "token_digest", "secret", "phone", "phone_number")  # listed as "…"


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `journal` and its three verbs."""
    verbs = sub.add_parser("journal", help="read, verify or export the journal").add_subparsers(
        dest="verb", required=True, metavar="VERB"
    )
    listing = verbs.add_parser("list", help="one line per fact")
    listing.add_argument("--after", type=int, default=0, metavar="N", help="begin after row N")
    listing.add_argument("--limit", type=int, default=0, metavar="N", help="at most N rows")
    listing.add_argument("--json", action="store_true", help="JSON lines with the whole fact")
    listing.set_defaults(func=run_list)
    verify = verbs.add_parser("verify", help="find edited rows, a cut tail, a rebuilt chain")
    verify.add_argument("--head", type=Path, metavar="FILE", help="a head exported earlier, kept elsewhere")
    verify.set_defaults(func=run_verify)
    export = verbs.add_parser("export", help="write rows, or signed heads, as JSON lines")
    export.add_argument("file", type=Path, metavar="FILE", help="- is standard output")
    export.add_argument(
        "--heads", action="store_true", help="heads only, with a fresh one, to keep elsewhere"
    )
    export.set_defaults(func=run_export)
    for parser in (listing, verify, export):
        add_config_option(parser)


def _open(config: Config) -> "Store | None":
    from adapters.store.journal import Store

    return Store.read(config.database_url, config.site.id)


def run_list(arguments: argparse.Namespace) -> int:
    """Print rows; none before the first start."""
    store = _open(load(arguments.config))
    if store is None:
        return 0
    try:
        for number, sealed in enumerate(_rows(store, arguments.after)):
            if arguments.limit and number >= arguments.limit:
                break
            print(_as_json(sealed) if arguments.json else _as_line(sealed))
    finally:
        store.close()
    return 0


def _rows(store: "Store", after: int = 0) -> Iterator[Sealed]:
    for batch in store.rows(after):
        yield from batch


def _as_line(sealed: Sealed) -> str:
    row = sealed.row
    who = f"{row.actor or '-'}/{row.role or 'site'}"
    return f"{row.seq:>8} {row.at.isoformat()} {row.origin:<6} {row.origin_seq:>8} {who:<24} {row.kind}"


def _as_json(sealed: Sealed) -> str:
    return json.dumps({**exported.row_header(sealed), "fact": _fact(sealed)}, ensure_ascii=False)


def _fact(sealed: Sealed) -> Any:
    """The fact in words where this version can read it, else null."""
    import msgspec

    from protocols.codec import facts

    if sealed.body_missing or sealed.unreadable:
        return None
    try:
        fact = facts.decode(sealed.row.kind, sealed.row.body)
    except Malformed:
        return None
    return _without_secrets(msgspec.to_builtins(dataclasses.asdict(fact)))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "…" if name in SECRETS else _without_secrets(item) for name, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def run_verify(arguments: argparse.Namespace) -> int:
    """Say what is damaged and where. Exit status 1 if anything is."""
    config = load(arguments.config)
    kept = exported.read_heads(_read(arguments.head)) if arguments.head else None
    store = _open(config)
    if store is None:
        print(f"site {config.site.id}: no journal yet")
        return 0 if kept is None else 1
    try:
        rows, heads, findings = _verify(store, config, kept)
    finally:
        store.close()
    for finding in findings:
        print(f"row {finding.seq}: {finding.damage}: {finding.detail}")
    verdict = "clean" if not findings else f"{len(findings)} findings"
    print(f"site {config.site.id}: {rows} rows, {heads} signed heads, {verdict}")
    return 1 if findings else 0


def _verify(
    store: "Store", config: Config, kept: exported.ExportedHeads | None
) -> tuple[int, int, list[Finding]]:
    findings: list[Finding] = []
    heads: list[Head] = []
    rows = 0
    try:
        heads = store.heads()  # before the rows: a server that runs meanwhile only adds rows beyond them
        findings += _check_heads(heads, kept, store, config)
        audit = chain.Audit(heads=heads + list(kept.heads if kept else ()))
        for batch in store.rows():
            findings += audit.feed(batch)
            rows += len(batch)
        findings += audit.finish()
    except GanyingError as error:
        findings.append(Finding(damage=Damage.UNREADABLE, seq=rows + 1, detail=error.detail))
    return rows, len(heads), findings


def _check_heads(
    heads: list[Head], kept: exported.ExportedHeads | None, store: "Store", config: Config
) -> Iterator[Finding]:
    key = journal_key.load(config.data)
    public = b"" if key is None else journal_key.public_bytes(key)
    yield from chain.verify_heads(heads, public, site=store.site, epoch=store.epoch)
    if kept is None:
        return
    last = kept.heads[-1].seq
    if kept.site != store.site or kept.epoch != store.epoch:
        yield Finding(damage=Damage.REBUILT_CHAIN, seq=last, detail="the exported head is of another journal")
    elif kept.public_key != public:
        yield Finding(
            damage=Damage.FORGED_HEAD, seq=last, detail="the exported head has another key than the site"
        )
    yield from chain.verify_heads(kept.heads, kept.public_key, site=kept.site, epoch=kept.epoch)


def run_export(arguments: argparse.Namespace) -> int:
    """Write JSON lines; an existing file is replaced once the new one is whole."""
    config = load(arguments.config)
    store = _open(config)
    if store is None:
        print(f"ganying: site {config.site.id} has no journal yet", file=sys.stderr)
        return 1
    write = _export_heads if arguments.heads else _export_rows
    try:
        if str(arguments.file) == "-":
            count = write(store, config, sys.stdout)
        else:
            part = arguments.file.with_name(arguments.file.name + ".part")
            with part.open("w", encoding="utf-8") as out:
                count = write(store, config, out)
            part.replace(arguments.file)
    except OSError as error:
        raise Malformed("FILE", f"cannot write {arguments.file}: {error.strerror}") from None
    finally:
        store.close()
    print(f"site {config.site.id}: {count} {'heads' if arguments.heads else 'rows'}", file=sys.stderr)
    return 0


def _export_rows(store: "Store", _config: Config, out: TextIO) -> int:
    count = 0
    for sealed in _rows(store):
        body = None if sealed.body_missing else base64.b64encode(sealed.row.body).decode()
        out.write(json.dumps({**exported.row_header(sealed), "body": body}, ensure_ascii=False) + "\n")
        count += 1
    return count


def _export_heads(store: "Store", config: Config, out: TextIO) -> int:
    key = journal_key.load(config.data)
    if key is None:
        raise Malformed("keys", f"site {config.site.id} has no journal key in {config.data} yet")
    heads, public = store.heads(), journal_key.public_bytes(key)
    heads += _fresh_head(store, heads, key)
    out.writelines(exported.head_lines(heads, site=store.site, epoch=store.epoch, public_key=public))
    return len(heads)


def _fresh_head(store: "Store", heads: list[Head], key: Ed25519PrivateKey) -> list[Head]:
    """A head at the last row, if rows follow the last head. Raises Refused rather than sign damage."""
    public = journal_key.public_bytes(key)
    findings = list(chain.verify_heads(heads, public, site=store.site, epoch=store.epoch))
    last = heads[-1] if heads else Head(seq=0, digest=chain.GENESIS, at=EPOCH)
    audit = chain.Audit(previous=last.digest, after=last.seq)
    for batch in store.rows(last.seq):
        findings += audit.feed(batch)
    if findings:
        raise Refused("DAMAGED", "a damaged journal is not signed: see `ganying journal verify`")
    if audit.last_seq == last.seq:
        return []
    fresh = Head(seq=audit.last_seq, digest=audit.last_digest, at=datetime.now(UTC))
    return [chain.sign_head(fresh, key, site=store.site, epoch=store.epoch)]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Malformed("head", f"cannot read {file}: {error.strerror}") from None
