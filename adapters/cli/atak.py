"""`ganying atak NAME --server HOST:PORT`: what a phone with ATAK (or a desk with WinTAK) opens to join this site.

A data package: a ZIP with the site's authority, a certificate of the phone's own with its key, and the settings that
name the server and both. Opening it on the phone is all; nobody types a password. It holds a private key, so it is
written for its owner only, goes to the phone by cable or a trusted channel, and is deleted afterwards.

The format is ATAK's: MANIFEST/manifest.xml of a MissionPackageManifest version 2, `.pref` settings (cot_streams), keys
as PKCS#12. ATAK on older Android reads only PKCS#12 of the first kind (triple DES, SHA-1): what protects the key on
its way is therefore the channel, not the container.
"""

import argparse
import os
import secrets
import sys
import zipfile
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from adapters.cli.ca import issue_certificate
from adapters.config import split_address
from dispatch.errors import Malformed

STEPS = """\
made {path}; it holds the phone's private key
  1  bring it to the phone by cable (it is worth as much as the phone)
  2  ATAK: menu > Import > Local SD, choose the file; WinTAK: drop it on the map
     (菜单 > 导入 > 本地存储；WinTAK 直接拖入)
  3  the server {server} shows a green dot once the phone is in its network; then delete the file everywhere
A lost phone: see docs/operations.md, "Field clients"."""
_KDF_ROUNDS = 50_000


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `atak`."""
    parser = sub.add_parser("atak", help="a data package with which a phone with ATAK joins this site")
    parser.add_argument("name", help="name of the phone or team; names its certificate and the file")
    parser.add_argument(
        "--server",
        required=True,
        metavar="HOST:PORT",
        help="where the cot feed listens, as the phone sees it",
    )
    parser.add_argument("--callsign", default="", help="how the phone is called on every map")
    parser.add_argument("--title", default="Ganying", help="what the phone calls the server")
    parser.add_argument("--dir", type=Path, default=Path("ca"), help="folder of the authority (default: ca)")
    parser.add_argument("--out", type=Path, help="the package (default: NAME.zip beside the certificate)")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Returns 0, or 2 with a sentence on stderr."""
    try:
        path = make_package(
            args.dir,
            args.name,
            args.server,
            datetime.now(UTC),
            callsign=args.callsign,
            title=args.title,
            out=args.out,
        )
    except Malformed as error:
        print(f"ganying atak: {error.field}: {error.detail}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ganying atak: {error}", file=sys.stderr)
        return 2
    print(STEPS.format(path=path, server=args.server))
    return 0


def make_package(
    folder: Path,
    name: str,
    server: str,
    now: datetime,
    *,
    callsign: str = "",
    title: str = "Ganying",
    out: Path | None = None,
) -> Path:
    """Issue a client certificate and pack it; the package's path. Raises Malformed, as `ganying ca issue`."""
    host, port = split_address(server, "server")
    path = out or folder / f"{name}.zip"
    if path.exists():
        raise Malformed("out", f"{path} exists; move it away first")
    certificate_path = issue_certificate(folder, name, now, client=True)
    key = serialization.load_pem_private_key(certificate_path.with_suffix(".key").read_bytes(), password=None)
    certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    password = secrets.token_urlsafe(12)
    protected = _protection(password)
    chain = [pkcs12.PKCS12Certificate(authority, b"ganying")]
    trusted = pkcs12.serialize_key_and_certificates(None, None, None, chain, protected)
    own = pkcs12.serialize_key_and_certificates(
        name.encode(),
        key,  # type: ignore[arg-type]  # an EC key, as `ganying ca` makes them
        certificate,
        chain,
        protected,
    )
    files = {
        "MANIFEST/manifest.xml": _manifest(name, title),
        f"certs/{name}.pref": _settings(f"{host}:{port}:ssl", name, title, callsign, password),
        "certs/truststore.p12": trusted,
        f"certs/{name}.p12": own,
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # at no moment readable to others
    with os.fdopen(handle, "wb") as written:
        written.write(_packed(files))
    return path


def _protection(password: str) -> serialization.KeySerializationEncryption:
    """The only kind that ATAK reads on every Android it runs on."""
    builder = serialization.PrivateFormat.PKCS12.encryption_builder()
    return (
        builder.kdf_rounds(_KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303  # as above; the channel protects the package
        .build(password.encode())
    )


def _packed(files: dict[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return packed.getvalue()


def _manifest(name: str, title: str) -> bytes:
    contents = "".join(
        f'<Content ignore="false" zipEntry="certs/{file}"/>'
        for file in (f"{name}.pref", "truststore.p12", f"{name}.p12")
    )
    return (
        '<MissionPackageManifest version="2"><Configuration>'
        f'<Parameter name="uid" value="ganying-{escape(name)}"/>'
        f'<Parameter name="name" value="{escape(title)} {escape(name)}"/>'
        '<Parameter name="onReceiveDelete" value="true"/>'
        f"</Configuration><Contents>{contents}</Contents></MissionPackageManifest>\n"
    ).encode()


def _settings(connect: str, name: str, title: str, callsign: str, password: str) -> bytes:
    """Of the stream, and once more as the app's own: which of them counts differs between versions."""
    keys = {
        "caLocation": "cert/truststore.p12",
        "caPassword": password,
        "certificateLocation": f"cert/{name}.p12",
        "clientPassword": password,
    }
    stream = {
        "count": 1,
        "description0": title,
        "enabled0": True,
        "connectString0": connect,
        **{f"{key}0": value for key, value in keys.items()},
    }
    app: dict[str, object] = {"displayServerConnectionWidget": True, **keys}
    if callsign:
        app["locationCallsign"] = callsign
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<preferences>'
        f'<preference version="1" name="cot_streams">{_entries(stream)}</preference>'
        f'<preference version="1" name="com.atakmap.app_preferences">{_entries(app)}</preference>'
        "</preferences>\n"
    ).encode()


def _entries(settings: dict[str, object]) -> str:
    return "".join(
        f'<entry key="{key}" class="class java.lang.{_JAVA[type(value)]}">{escape(_text(value))}</entry>'
        for key, value in settings.items()
    )


_JAVA = {int: "Integer", bool: "Boolean", str: "String"}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
