"""Seals on what travels over a third site, rows and words: made with the key of our site certificate, checked against the origin's.

The certificate travels with the row; it counts if one of the federation's authorities issued it, it is valid now, and
the site in it is the row's origin.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from adapters.tls import site_of
from dispatch.errors import Malformed, Refused
from protocols.codec.link_rows import LinkRow
from protocols.link_relay import signed_bytes

REMEMBERED = 64  # certificates already checked; beyond it the memory starts anew


class Seals:
    """Ours to make, others' to check. Raises Malformed for files that do not serve."""

    def __init__(self, certificate: Path, key: Path, ca: Path) -> None:
        self._files = (certificate, key, ca)
        self._known: dict[bytes, x509.Certificate] = {}
        self.renew()

    def renew(self) -> None:
        """Read the files anew: what is sealed from now on carries the certificate that lies there now."""
        certificate, key, ca = self._files
        try:
            own = x509.load_pem_x509_certificate(certificate.read_bytes())
            self._key: Any = serialization.load_pem_private_key(key.read_bytes(), password=None)
            self._roots = x509.load_pem_x509_certificates(ca.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise Malformed("federation", f"certificate, key or ca: {error}") from None
        self.certificate = own.public_bytes(serialization.Encoding.DER)

    def sign(self, data: bytes) -> bytes:
        """Our signature."""
        return _sign(self._key, data)

    def seal(self, row: LinkRow) -> LinkRow:
        """The row with our signature."""
        return replace(row, signature=self.sign(signed_bytes(row)), certificate=self.certificate)

    def check(self, row: LinkRow, now: datetime) -> None:
        """Raises Refused: CERTIFICATE or TAMPERED."""
        self.verify(row.origin, row.certificate, row.signature, signed_bytes(row), now)

    def verify(self, origin: str, der: bytes, signature: bytes, data: bytes, now: datetime) -> None:
        """Whether a site signed this. Raises Refused: CERTIFICATE or TAMPERED."""
        certificate = self._known.get(der) or self._issued(der)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise Refused("CERTIFICATE", "the origin's certificate is not valid now", field="signer")
        if site_of(certificate) != origin:
            raise Refused("CERTIFICATE", "it is another site's than the origin", field="signer")
        if not _verified(certificate.public_key(), signature, data):
            raise Refused("TAMPERED", f"not what site {origin[:20]!r} signed", field="signature")

    def _issued(self, der: bytes) -> x509.Certificate:
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            raise Refused("CERTIFICATE", "the origin's certificate does not read", field="signer") from None
        for root in self._roots:
            try:
                certificate.verify_directly_issued_by(root)
            except (InvalidSignature, ValueError, TypeError):
                continue
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[der] = certificate
            return certificate
        raise Refused("CERTIFICATE", "no authority of ours issued the origin's certificate", field="signer")


def _sign(key: Any, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    raise Malformed("federation.key", "is neither EC, Ed25519 nor RSA")


def _verified(key: Any, signature: bytes, data: bytes) -> bool:
    verify: Callable[[], None]
    if isinstance(key, ec.EllipticCurvePublicKey):
        verify = lambda: key.verify(signature, data, ec.ECDSA(hashes.SHA256()))  # noqa: E731
    elif isinstance(key, ed25519.Ed25519PublicKey):
        verify = lambda: key.verify(signature, data)  # noqa: E731
    elif isinstance(key, rsa.RSAPublicKey):
        verify = lambda: key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())  # noqa: E731
    else:
        return False
    try:
        verify()
    except InvalidSignature:
        return False
    return True
