"""What `[sms]` says, read and checked: where the gateway is, what signs for us, how patient we are."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from adapters.config import Config, is_loopback
from dispatch.errors import Malformed

LEAST_SECRET_BYTES = 16  # RFC 2104 §3 wants L (32 for SHA-256); what people type in is seldom so long
MOST_SECRET_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`[sms]` with its files read. `ca` None: the gateway speaks http on this machine."""

    url: str
    host: str
    secret: bytes
    ca: Path | None
    signature: str
    voice: bool
    wait: timedelta
    code_valid: timedelta
    report_within: timedelta
    timeout_s: float
    attempts: int


def settings_of(config: Config) -> Settings | None:
    """None where there is no gateway. Raises Malformed naming `sms.KEY`."""
    sms = config.sms
    if not sms.url:
        return None
    parts = urlsplit(sms.url)
    try:
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Malformed("sms.url", "has no port that could be") from None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
        raise Malformed("sms.url", "is not http(s)://host[:port]/path")
    if parts.scheme == "http" and not is_loopback(host):
        raise Malformed("sms.url", f"to {host} it is https: texts name people and places")
    if parts.scheme == "https" and not sms.ca:
        raise Malformed("sms.ca", "is missing: whose certificate the gateway shows")
    if not sms.secret:
        raise Malformed("sms.secret", "is missing: the file whose bytes sign what we send")
    return Settings(
        url=sms.url,
        host=host,
        secret=_secret(config.path(sms.secret)),
        ca=config.path(sms.ca) if parts.scheme == "https" else None,
        signature=sms.signature,
        voice=sms.voice,
        wait=timedelta(seconds=sms.wait_s),
        code_valid=timedelta(seconds=sms.code_valid_s),
        report_within=timedelta(seconds=sms.report_within_s),
        timeout_s=sms.timeout_s,
        attempts=sms.attempts,
    )


def _secret(path: Path) -> bytes:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise Malformed("sms.secret", f"cannot read {path}: {error.strerror}") from None
    if not LEAST_SECRET_BYTES <= len(secret) <= MOST_SECRET_BYTES:
        raise Malformed("sms.secret", f"{path} has not {LEAST_SECRET_BYTES} to {MOST_SECRET_BYTES} bytes")
    return secret
