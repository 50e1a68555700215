"""Renewal of a site's certificate over its own link: the request (PKCS #10, DER), and the certificate or why there is none."""

import re
from dataclasses import dataclass

from dispatch.errors import Malformed
from protocols.gen import link_pb2

MAX_DER_BYTES = 8_192
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,31}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAsk:
    """A certificate for the key that this request is signed with."""

    csr: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateGiven:
    """The certificate (X.509, DER), or the code of why there is none."""

    certificate: bytes = b""
    refused: str = ""


def renewal_to_wire(message: CertificateAsk | CertificateGiven, wire: link_pb2.LinkMessage) -> None:
    """Fill the message."""
    if isinstance(message, CertificateAsk):
        wire.certificate_ask.csr = message.csr
    else:
        wire.certificate_given.certificate = message.certificate
        wire.certificate_given.refused = message.refused


def renewal_from_wire(wire: link_pb2.LinkMessage, which: str) -> CertificateAsk | CertificateGiven:
    """Raises Malformed with the field's path."""
    if which == "certificate_ask":
        if not 0 < len(wire.certificate_ask.csr) <= MAX_DER_BYTES:
            raise Malformed("certificate_ask.csr", f"is not 1 to {MAX_DER_BYTES} bytes")
        return CertificateAsk(csr=wire.certificate_ask.csr)
    given = wire.certificate_given
    if given.refused and not _CODE.match(given.refused):
        raise Malformed("certificate_given.refused", f"{given.refused[:40]!r} is not a code")
    if bool(given.certificate) == bool(given.refused) or len(given.certificate) > MAX_DER_BYTES:
        raise Malformed(
            "certificate_given.certificate", f"there is one of at most {MAX_DER_BYTES} bytes, or a reason"
        )
    return CertificateGiven(certificate=given.certificate, refused=given.refused)
