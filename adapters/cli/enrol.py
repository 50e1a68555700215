"""`ganying enrol CODE`: this machine joins the site that invited it, with one command.

It makes its own key (`link/site.key` beside site.toml; it never leaves the machine), shows the code to the inviting site
once that has proven to be the one in the code, and writes what it gets: `link/site.crt`, `link/ca.crt`, and the
`[federation]` and `[[partner]]` of site.toml, which is made where there is none. Run again after a cut it goes on with
the same key and gets the same certificate.
"""

import argparse
import socket
import ssl
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.cli import enrol_settings
from adapters.cli.config import add_config_option
from adapters.config import load
from adapters.tls import site_of
from dispatch.errors import GanyingError, Malformed, Refused
from dispatch.ids import check_site
from protocols import enrol_code, enrol_wire
from protocols.codec.common import from_us
from protocols.enrol_code import EnrolCode

WITHIN_S = 30.0  # for each step of the talk; a satellite needs two
CLOCK_OFF = timedelta(minutes=2)
_LENGTH = struct.Struct("!I")


def add_parser(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `enrol`."""
    parser = sub.add_parser("enrol", help="join the site that invited this one, with the code it gave")
    parser.add_argument(
        "code",
        nargs="+",
        metavar="CODE",
        help="HOST:PORT/XXXX-XXXX-…, blanks and small letters allowed; - reads it from stdin",
    )
    add_config_option(parser)
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Returns 0; raises what main() says in one line."""
    words = [sys.stdin.readline(enrol_code.MAX_TEXT)] if arguments.code == ["-"] else arguments.code
    code = enrol_code.read("".join(words))
    path: Path = arguments.config
    config = load(path) if path.exists() else None
    folder = path.resolve().parent / enrol_settings.FOLDER
    enrol_settings.check_room(config, folder)  # before the code is used up
    key = _key(folder / "site.key")
    try:
        authority, accepted = _ask(code, key, "" if config is None else config.site.id)
    except (OSError, EOFError) as error:
        detail = (
            f"{code.host}:{code.port}: {error or 'the line was cut'}; run this again, the code stays good"
        )
        raise GanyingError("UNREACHABLE", detail) from None
    _check_own(accepted, authority, key)
    _write(folder / "ca.crt", authority.public_bytes(serialization.Encoding.PEM))
    _write(folder / "site.crt", accepted.certificate.encode())
    changed = enrol_settings.put(path, config, accepted)
    print(f"{accepted.site} {accepted.name} joined {accepted.partner} {accepted.partner_name}")
    print(f"{'wrote' if changed else 'unchanged'}: {path}; certificate and key in {folder}")
    print(f"start it: ganying serve --config {path}")
    return 0


def _ask(
    code: EnrolCode, key: ec.EllipticCurvePrivateKey, site: str
) -> tuple[x509.Certificate, enrol_wire.Accepted]:
    """The inviting site's authority and what it answered. Raises OSError, EOFError, Malformed, or its refusal."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = (
        False  # who it is, the code says and _check_inviting checks, before the secret is sent
    )
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((code.host.strip("[]"), code.port), WITHIN_S) as plain,
        context.wrap_socket(plain) as line,
    ):
        welcome = enrol_wire.welcome(_receive(line))
        authority = _check_inviting(code, welcome, line.getpeercert(binary_form=True) or b"")
        request = enrol_wire.Request(secret=code.secret.hex(), csr=_request(key), site=site)
        _send(line, enrol_wire.encode(request))
        answer = enrol_wire.answer(_receive(line))
    if isinstance(answer, enrol_wire.Turned):
        raise Refused(answer.code[:40], answer.detail[:300], field=answer.field[:40])
    return authority, answer


def _check_inviting(code: EnrolCode, welcome: enrol_wire.Welcome, shown: bytes) -> x509.Certificate:
    """The authority of the code. Raises Refused (NOT_THE_INVITING_SITE) unless this line ends at a site of it."""
    authority = _certificate(welcome.ca)
    der = authority.public_bytes(serialization.Encoding.DER)
    if enrol_code.fingerprint(der) != code.fingerprint:
        raise Refused(
            "NOT_THE_INVITING_SITE", "another authority answers than the code's; the code was not sent"
        )
    try:
        own = x509.load_der_x509_certificate(shown)
        own.verify_directly_issued_by(authority)
        site = site_of(own)
    except (ValueError, TypeError, InvalidSignature, Refused) as error:
        raise Refused("NOT_THE_INVITING_SITE", f"its certificate does not hold: {error}") from None
    if site != welcome.site:
        raise Refused("NOT_THE_INVITING_SITE", f"the certificate is site {site}'s, not {welcome.site[:20]}'s")
    now = datetime.now(UTC)
    if abs(from_us(welcome.at_us) - now) > CLOCK_OFF:
        print(
            f"this machine's clock is off: here {now:%F %T}Z, there {from_us(welcome.at_us):%F %T}Z",
            file=sys.stderr,
        )
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
        raise Refused("CLOCK", "by this machine's clock its certificate is not valid now: set the clock")
    return authority


def _check_own(
    accepted: enrol_wire.Accepted, authority: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    """Raises Malformed unless what came fits: our key, our name, its authority."""
    own = _certificate(accepted.certificate)
    try:
        own.verify_directly_issued_by(authority)
        fits = own.public_key() == key.public_key() and site_of(own) == accepted.site
    except (ValueError, TypeError, InvalidSignature, Refused):
        fits = False
    if not fits:
        raise Malformed("certificate", "what came is not for this machine's key")
    check_site(accepted.partner, "partner")


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise Malformed("certificate", str(error)) from None


def _request(key: ec.EllipticCurvePrivateKey) -> str:
    """PKCS #10: only the key in it counts; the invitation says the name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "newcomer")])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """This machine's own, made once: before anything is asked, so that asking again is with the same."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(path, pem)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise Malformed("key", f"{path}: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Malformed("key", f"{path} is not an EC key")
    return key


def _write(path: Path, data: bytes) -> None:
    enrol_settings.replace_file(path, data, 0o600)


def _send(line: ssl.SSLSocket, data: bytes) -> None:
    line.sendall(_LENGTH.pack(len(data)) + data)


def _receive(line: ssl.SSLSocket) -> bytes:
    (size,) = _LENGTH.unpack(_read(line, _LENGTH.size))
    if size > enrol_wire.MAX_MESSAGE_BYTES:
        raise Malformed("message", f"{size} bytes, at most {enrol_wire.MAX_MESSAGE_BYTES}")
    return _read(line, size)


def _read(line: ssl.SSLSocket, size: int) -> bytes:
    made = b""
    while len(made) < size:
        part = line.recv(size - len(made))
        if not part:
            raise EOFError("the line was cut")
        made += part
    return made
