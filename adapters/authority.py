"""The site's own authority: two files, `ca.crt` and `ca.key`, that sign certificates of sites, servers and persons.

`ganying ca` makes and uses it at the command line; a site whose `[federation] authority` names its folder signs for
those whom it invited to join (adapters/link/enrolling.py).
"""

import ipaddress
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters.tls import SITE_URN
from dispatch import ids
from dispatch.errors import Malformed

# iOS and macOS refuse server certificates of a private authority that live longer (support.apple.com/103769).
ISSUED_VALID = timedelta(days=825)
BACKDATE = timedelta(days=1)  # phones and vehicles whose clock is a little behind still accept a fresh one


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that others trust, and the key that must be guarded."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def issue(
        self,
        key: ec.EllipticCurvePublicKey,
        name: str,
        now: datetime,
        *,
        site: str = "",
        hosts: list[str] | None = None,
        client: bool = False,
    ) -> x509.Certificate:
        """A certificate for a key, by a name people read. Raises Malformed for a bad site or host."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            builder(subject, self.certificate.subject, key, now, ISSUED_VALID)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_purposes(site, client)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
        )
        names = _names(site, hosts or [])
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self.key, hashes.SHA256())


def read_authority(folder: Path, field: str = "dir", *, guarded: bool = False) -> Authority:
    """The authority in a folder. Raises Malformed naming `field`; `guarded`: also where others may read its key."""
    path = folder / "ca.key"
    try:
        certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        mode = path.stat().st_mode
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Malformed(
            field, f"no authority in {folder}; `ganying ca init --dir {folder}` first ({error})"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Malformed(field, f"{path} is not an EC key")
    if guarded and mode & (stat.S_IRWXG | stat.S_IRWXO):
        detail = f"{path} may be read by others (mode {stat.S_IMODE(mode):o}); chmod 600 {path}"
        raise Malformed(field, detail)
    if guarded and key.public_key() != certificate.public_key():
        raise Malformed(field, f"{path} is not the key of {folder / 'ca.crt'}")
    return Authority(certificate, key)


def _purposes(site: str, client: bool) -> list[x509.ObjectIdentifier]:
    """A site both listens and dials; a person only signs in; anything else only serves."""
    if site:
        return [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return [ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH]


def _names(site: str, hosts: list[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    if site:
        names.append(x509.UniformResourceIdentifier(SITE_URN + ids.check_site(site, "site")))
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            try:
                names.append(x509.DNSName(host.encode("idna").decode("ascii")))
            except ValueError as error:
                raise Malformed("host", f"{host!r}: {error}") from None
    return names


def builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, valid: timedelta
) -> x509.CertificateBuilder:
    """What every certificate here has."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now - BACKDATE + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def usage(*, authority: bool) -> x509.KeyUsage:
    """An authority signs certificates and nothing else; whom it names, anything else."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
