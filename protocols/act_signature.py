"""Signatures of acts: HTTP Message Signatures (RFC 9421) with the digest of RFC 9530, in one fixed form.

    Content-Digest:  sha-256=:<base64>:
    Ganying-Act:     seq=17, at=1732600000123       the device's count, and its clock in ms since 1970 at the press
    Ganying-Sent:    1732600060456                  its clock as it sends; not signed, so that a kept act may wait
    Signature-Input: act=("@method" "@path" "content-digest" "ganying-act");keyid="DEV-…";alg="ecdsa-p256-sha256"
    Signature:       act=:<base64 of r and s, 64 bytes>:

The version seen, the reason and all else that is asked stand in the body and so under the digest. The
Idempotency-Key is not signed: what is sent again under another key is told from what is new by `seq`. A page that
cannot sign (plain http has no WebCrypto) sends Ganying-Act and Ganying-Sent alone.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from dispatch.errors import Malformed, Refused
from protocols.codec.common import EPOCH

POINT_BYTES = 65  # SEC 1 §2.3.3, uncompressed, P-256
_PARAMS = re.compile(
    r'act=(\("@method" "@path" "content-digest" "ganying-act"\);keyid="(DEV-[0-9a-f]{24})";alg="ecdsa-p256-sha256")'
)
_ACT = re.compile(r"seq=([1-9][0-9]{0,15}), at=([0-9]{1,14})")
_SENT = re.compile(r"[0-9]{1,14}")
_LAST_MS = 253_402_300_799_000  # the end of the year 9999
HEADERS = ("content-digest", "ganying-act", "ganying-sent", "signature-input", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAct:
    """What the headers say, not yet believed. `signature` None: unsigned."""

    seq: int
    pressed_at: datetime
    sent_at: datetime
    device_id: str = ""
    base: bytes = b""
    signature: bytes | None = None


def device_id(public_key: bytes) -> str:
    """A device's name: of its key, so that nobody can take another's."""
    return f"DEV-{hashlib.sha256(public_key).hexdigest()[:24]}"


def read_key(text: str) -> bytes:
    """A public key as a sign-in sends it, base64. Raises Malformed `device.public_key`."""
    try:
        point = base64.b64decode(text, validate=True)
        _key(point)
    except (binascii.Error, ValueError):
        raise Malformed("device.public_key", "is not a P-256 point, uncompressed, in base64") from None
    return point


def read(headers: Mapping[str, str], method: str, path: str, body: bytes) -> SignedAct | None:
    """The act's own headers, by lower-case name; None where there are none. Raises Malformed, Refused BAD_SIGNATURE."""
    if "ganying-act" not in headers:
        if "signature" in headers or "signature-input" in headers:
            raise Malformed("Ganying-Act", "is missing beside a signature")
        return None
    act = _ACT.fullmatch(headers["ganying-act"])
    sent = _SENT.fullmatch(headers.get("ganying-sent", ""))
    if act is None:
        raise Malformed("Ganying-Act", "is not seq=<count>, at=<ms since 1970>")
    if sent is None:
        raise Malformed("Ganying-Sent", "is not ms since 1970")
    pressed_at, sent_at = _time(act[2], "Ganying-Act"), _time(sent[0], "Ganying-Sent")
    if "signature" not in headers:
        return SignedAct(seq=int(act[1]), pressed_at=pressed_at, sent_at=sent_at)
    params = _PARAMS.fullmatch(headers.get("signature-input", ""))
    if params is None:
        raise Malformed("Signature-Input", "is not of the one form that is taken")
    if headers.get("content-digest") != digest_of(body):
        raise Refused("BAD_SIGNATURE", "the digest is not the body's", field="Content-Digest")
    return SignedAct(
        seq=int(act[1]),
        pressed_at=pressed_at,
        sent_at=sent_at,
        device_id=params[2],
        base=base_of(method, path, headers["content-digest"], headers["ganying-act"], params[1]),
        signature=_bytes(headers["signature"]),
    )


def digest_of(body: bytes) -> str:
    """Content-Digest."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def params_of(device: str) -> str:
    """The signature's parameters."""
    return f'("@method" "@path" "content-digest" "ganying-act");keyid="{device}";alg="ecdsa-p256-sha256"'


def base_of(method: str, path: str, digest: str, act: str, params: str) -> bytes:
    """What is signed, RFC 9421 §2.5."""
    return (
        f'"@method": {method}\n"@path": {path}\n"content-digest": {digest}\n"ganying-act": {act}\n'
        f'"@signature-params": {params}'
    ).encode()


def verify(act: SignedAct, public_key: bytes) -> None:
    """Raises Refused BAD_SIGNATURE unless the key's owner signed."""
    signature = act.signature or b""
    if len(signature) != 64:
        raise Refused("BAD_SIGNATURE", "is not 64 bytes", field="Signature")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        _key(public_key).verify(encode_dss_signature(r, s), act.base, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise Refused("BAD_SIGNATURE", "this device did not sign this", field="Signature") from None


def _key(point: bytes) -> ec.EllipticCurvePublicKey:
    if len(point) != POINT_BYTES:
        raise ValueError(len(point))
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def _bytes(text: str) -> bytes:
    found = re.fullmatch(r"act=:([A-Za-z0-9+/=]{1,128}):", text)
    try:
        return base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        return b""


def _time(text: str, field: str) -> datetime:
    ms = int(text)
    if ms > _LAST_MS:
        raise Malformed(field, f"{ms} ms is not a time")
    return EPOCH + timedelta(milliseconds=ms)
