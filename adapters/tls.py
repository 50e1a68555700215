"""TLS contexts: https for people, mutual TLS between sites.

Between sites the name that counts is the site id inside the certificate (`urn:ganying:site:43`, a URI SAN written
by `ganying ca issue --site`), not the host that was dialled: a link may run over any address, a satellite terminal
or a relay. So both ends demand a certificate of the federation's CA and then compare the site id with the one they
expected (adapters/link). Host names are left to browsers, which check them on https.

TLS 1.2 is the floor, as everywhere in Twisted since 22.10; OpenSSL offers 1.3 first.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLContextFactory,
    ISSLTransport,
)
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    TLSVersion,
    trustRootFromCertificates,
)
from zope.interface import implementer

from dispatch import ids
from dispatch.errors import Malformed, Refused

SITE_URN = "urn:ganying:site:"


def server_context(certificate: Path, key: Path) -> CertificateOptions:
    """For https listeners: our certificate, nobody asked for theirs. Raises Malformed naming the file's field."""
    own, chain = _read_chain(certificate, "certificate")
    return CertificateOptions(
        privateKey=_read_key(key, own),
        certificate=own,
        extraCertChain=chain,
        raiseMinimumTo=TLSVersion.TLSv1_2,
    )


def link_server_context(certificate: Path, key: Path, ca: Path) -> CertificateOptions:
    """For the `/link` listener: who comes without a certificate of one of the CAs in `ca` is turned away."""
    return _mutual(certificate, key, ca)


def link_client_context(certificate: Path, key: Path, ca: Path) -> CertificateOptions:
    """For dialling a partner: the same demand from the other end."""
    return _mutual(certificate, key, ca)


def feed_client_context(host: str, *, ca: Path, certificate: Path | None, key: Path | None) -> Any:
    """For dialling a source of tracks by its name: it must be `host`'s, of one of the CAs in `ca`."""
    options: dict[str, Any] = {"raiseMinimumTo": TLSVersion.TLSv1_2, "trustRoot": _roots(ca)}
    if certificate is not None and key is not None:
        own, chain = _read_chain(certificate, "certificate")
        options |= {"privateKey": _read_key(key, own), "certificate": own, "extraCertChain": chain}
    return _Named(CertificateOptions(**options), host)


@implementer(IOpenSSLClientConnectionCreator)
class _Named:
    """Connections to one host: its certificate must be of a trusted authority and name it.

    Twisted's own (optionsForClientTLS) cannot read a certificate that names a site (a URN), logs that, and lets it
    pass for any host: any site's certificate would do for any source.
    """

    def __init__(self, options: CertificateOptions, host: str) -> None:
        self._options = options
        self._host = host

    def clientConnectionForTLS(self, _protocol: Any) -> SSL.Connection:  # noqa: N802  # Twisted's name
        """One connection, not yet shaken hands."""
        connection = SSL.Connection(self._options.getContext(), None)
        if _ip(self._host) is None:
            connection.set_tlsext_host_name(self._host.encode("idna"))
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verified)
        return connection

    def _verified(self, _connection: Any, certificate: Any, _error: int, depth: int, ok: int) -> bool:
        if not ok or depth:
            return bool(ok)
        try:
            return names_host(certificate.to_cryptography(), self._host)
        except Exception:  # OpenSSL would go on after it: what cannot be read names nobody
            return False


def names_host(certificate: x509.Certificate, host: str) -> bool:
    """Whether a certificate is for this host: a DNS name (without wildcards) or an address."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    address = _ip(host)
    if address is not None:
        return address in names.get_values_for_type(x509.IPAddress)
    wanted = host.encode("idna").decode().lower().rstrip(".")
    return any(wanted == name.lower().rstrip(".") for name in names.get_values_for_type(x509.DNSName))


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _roots(ca: Path) -> Any:
    first, more = _read_chain(ca, "ca")
    roots = [Certificate(crypto.X509.from_cryptography(root)) for root in (first, *more)]  # type: ignore[no-untyped-call]  # Twisted's has no hints
    return trustRootFromCertificates(roots)  # type: ignore[no-untyped-call]  # the same


def _mutual(certificate: Path, key: Path, ca: Path) -> CertificateOptions:
    own, chain = _read_chain(certificate, "certificate")
    return CertificateOptions(
        privateKey=_read_key(key, own),
        certificate=own,
        extraCertChain=chain,
        trustRoot=_roots(ca),
        raiseMinimumTo=TLSVersion.TLSv1_2,
    )


def _read_chain(path: Path, field: str) -> tuple[Any, list[Any]]:
    # cryptography's own objects: OpenSSL's wrappers, which Twisted's hints still name, are on their way out
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Malformed(field, f"{path}: {error}") from None
    return found[0], found[1:]


def _read_key(path: Path, certificate: x509.Certificate) -> Any:
    try:
        loaded: Any = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Malformed("key", f"{path}: {error}") from None
    if loaded.public_key() != certificate.public_key():
        raise Malformed("key", f"{path} is not the key of the certificate")
    return loaded


def peer_site(transport: object) -> str:
    """The site id in the peer's verified certificate. Raises Refused(CERTIFICATE) if it names none or several."""
    if not ISSLTransport.providedBy(transport):
        raise Refused("CERTIFICATE", "the connection is not TLS")
    try:
        certificate: Any = transport.getPeerCertificate()
    except SSL.Error as error:
        raise Refused("CERTIFICATE", f"no peer certificate: {error}") from None
    if certificate is None:
        raise Refused("CERTIFICATE", "the peer showed no certificate")
    return site_of(certificate.to_cryptography())


def peer_certificate(transport: object) -> bytes:
    """The peer's verified certificate, DER; empty where it showed none."""
    certificate: Any = transport.getPeerCertificate() if ISSLTransport.providedBy(transport) else None
    if certificate is None:
        return b""
    return bytes(certificate.to_cryptography().public_bytes(serialization.Encoding.DER))


def peer_name(transport: object) -> str:
    """The common name in the peer's verified certificate; empty where it showed none."""
    if not ISSLTransport.providedBy(transport):
        return ""
    certificate: Any = transport.getPeerCertificate()
    if certificate is None:
        return ""
    names = certificate.to_cryptography().subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def site_of(certificate: x509.Certificate) -> str:
    """The site id written in a certificate. Raises Refused(CERTIFICATE)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    except (x509.ExtensionNotFound, ValueError):
        uris = []
    sites = [uri.removeprefix(SITE_URN) for uri in uris if uri.startswith(SITE_URN)]
    if len(sites) != 1:
        raise Refused("CERTIFICATE", f"the certificate names {len(sites)} sites, not one")
    try:
        return ids.check_site(sites[0], "certificate")
    except Malformed as error:
        raise Refused("CERTIFICATE", error.detail) from None


@implementer(IOpenSSLContextFactory)
class Renewable:
    """A context that is made anew when its files change: connections from then on show the new certificate."""

    def __init__(self, make: Callable[[], CertificateOptions]) -> None:
        self._make = make
        self._made = make()

    def getContext(self) -> Any:  # noqa: N802  # Twisted's name
        """What a new connection is made with."""
        return self._made.getContext()

    def renew(self) -> None:
        """Read the files again. Raises Malformed; then the former stays."""
        self._made = self._make()


def ends_at(der: bytes) -> datetime | None:
    """When a certificate ends, aware UTC; None for what does not read."""
    try:
        return x509.load_der_x509_certificate(der).not_valid_after_utc
    except ValueError:
        return None
