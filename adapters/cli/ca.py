"""`ganying ca init|issue`: a small certificate authority for a network without one.

Browsers give service workers (the phone page offline) and WebCodecs only to https pages, and sites trust each other
by certificate alone. The authority is two files in a folder; it can live on a machine that is otherwise switched
off. There is no revocation list: a partner is shut out by removing its `[[partner]]`, a lost server key by issuing
anew under a new authority.
"""

import argparse
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.authority import BACKDATE, ISSUED_VALID, builder, read_authority, usage
from dispatch.errors import Malformed

AUTHORITY_VALID = timedelta(days=3650)
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")

TRUST_STEPS = """\
Trust {ca} once on every device that opens the page; the key beside it stays where it is.
  Android      copy the file to the phone; Settings > Security > Encryption & credentials > Install a certificate
               > CA certificate (设置 > 安全 > 加密与凭据 > 安装证书 > CA 证书)
  iOS          open the file, Settings > General > VPN & Device Management > install the profile, then
               Settings > General > About > Certificate Trust Settings > switch it on
               (设置 > 通用 > 关于本机 > 证书信任设置)
  Windows      as administrator: certutil -addstore -f Root {file}
  UOS / Kylin  sudo cp {file} /usr/local/share/ca-certificates/ && sudo update-ca-certificates
               (Kylin server: /etc/pki/ca-trust/source/anchors/ && sudo update-ca-trust)
               and for its browser: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n ganying -i {file}
Then restart the browser."""


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `ca` with its two commands."""
    parser = sub.add_parser("ca", help="a local certificate authority for https and links")
    actions = parser.add_subparsers(dest="action", required=True)
    init = actions.add_parser("init", help="make the authority: ca.crt and ca.key")
    init.add_argument("--name", default="Ganying local CA", help="what devices show as the issuer")
    issue = actions.add_parser("issue", help="issue NAME.crt and NAME.key")
    issue.add_argument("name", help="name of the server, site or person; names the files too")
    issue.add_argument("--site", default="", help="site id, for links between sites (both directions)")
    issue.add_argument(
        "--host", action="append", default=[], help="DNS name or address people type; repeatable"
    )
    issue.add_argument("--client", action="store_true", help="for a person's or device's own sign-in")
    for each in (init, issue):
        each.add_argument(
            "--dir", type=Path, default=Path("ca"), help="folder of the authority (default: ca)"
        )
        each.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Returns 0, or 2 with a sentence on stderr."""
    now = datetime.now(UTC)
    try:
        if args.action == "init":
            path = init_authority(args.dir, args.name, now)
            print(f"made {path} and {path.with_suffix('.key')}")
            print(TRUST_STEPS.format(ca=path, file=path.name))
        else:
            hosts = args.host or ([] if args.client else ["localhost", "127.0.0.1"])
            path = issue_certificate(
                args.dir, args.name, now, site=args.site, hosts=hosts, client=args.client
            )
            print(
                f"made {path} and {path.with_suffix('.key')}, valid until {(now - BACKDATE + ISSUED_VALID):%Y-%m-%d}"
            )
    except Malformed as error:
        print(f"ganying ca: {error.field}: {error.detail}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ganying ca: {error}", file=sys.stderr)
        return 2
    return 0


def init_authority(folder: Path, name: str, now: datetime) -> Path:
    """Make the authority; returns its certificate's path. Raises Malformed where one exists already."""
    if not 1 <= len(name) <= 64:
        raise Malformed("name", "is empty or longer than 64 characters")
    path = folder / "ca.crt"
    _refuse_overwrite(path, path.with_suffix(".key"))
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        builder(subject, subject, key.public_key(), now, AUTHORITY_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(path, certificate, key)
    return path


def issue_certificate(
    folder: Path,
    name: str,
    now: datetime,
    *,
    site: str = "",
    hosts: list[str] | None = None,
    client: bool = False,
) -> Path:
    """Issue a certificate; returns its path. Raises Malformed for a bad name, site or host, or a missing authority."""
    if not _NAME.match(name) or name == "ca":
        raise Malformed("name", f"{name!r} is not a file name of letters, digits, dot, dash (and not 'ca')")
    path = folder / f"{name}.crt"
    _refuse_overwrite(path, folder / f"{name}.key")
    authority = read_authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    _write(path, authority.issue(key.public_key(), name, now, site=site, hosts=hosts, client=client), key)
    return path


def _refuse_overwrite(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise Malformed("dir", f"{path} exists; move it away first, everything it signed depends on it")


def _write(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Created unreadable to others, not narrowed afterwards: there is no moment in which the key lies open.
    handle = os.open(path.with_suffix(".key"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(pem)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
