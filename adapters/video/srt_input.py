"""MPEG-TS over SRT: from a caller we wait for, or from a listener we call. Blocking, in the stream's thread.

ffmpeg speaks SRT and passes on what it carries as it came (its `data` format: nothing is taken apart and put together
again, so KLV stays and nothing waits for the next picture); protocols/mpegts.py reads it as it reads any other.
"""

import re
import time

from adapters.video.intake import Intake, SourceFailed
from adapters.video.listening import POLL_S
from adapters.video.relay import Relay
from adapters.video.ts_input import Feeding

LEAST_SECRET, MOST_SECRET = 10, 64  # characters, as ffmpeg takes them
PAYLOAD_BYTES = 1316  # seven transport packets, what senders put into one of SRT's
_REASONS = (
    (re.compile(r"BADSECRET|Incorrect passphrase"), "wrong_passphrase"),
    (re.compile(r"UNSECURE|Password required or unexpected"), "wrong_passphrase"),
    (re.compile(r"Address already in use|Cannot assign requested|Permission denied"), "cannot_listen"),
    (re.compile(r"Protocol not found"), "no_ffmpeg"),  # one without SRT
)


def take_srt(intake: Intake) -> None:
    """Until the stream is stopped. Raises SourceFailed."""
    feeding = Feeding(intake)
    while not intake.stopping:
        if not _session(intake, feeding):
            raise SourceFailed(intake.reason)
        feeding.again()


def _session(intake: Intake, feeding: Feeding) -> bool:
    """One connection; whether anything came. Sets the reason."""
    calling = bool(intake.order.url)
    intake.reason = "connecting" if calling else "no_sender"
    try:
        relay = Relay(intake.order.ffmpeg, _arguments(intake), intake.order.password)
    except OSError:
        raise SourceFailed("no_ffmpeg") from None
    came = False
    try:
        while not intake.stopping:
            intake.alive()
            data = relay.read(POLL_S)
            if data:
                came = True
                feeding.feed(data, time.monotonic())
            elif data is not None:
                break
            elif not came:
                intake.reason = _reason(relay.words) or intake.reason
    finally:
        relay.close()
    if not came:
        intake.reason = _reason(relay.words) or ("timed_out" if calling else "no_sender")
    return came


def _arguments(intake: Intake) -> tuple[str, ...]:
    order = intake.order
    said = ["-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", "-protocol_whitelist", "srt,pipe"]
    said += ["-latency", str(order.latency_ms * 1000), "-connect_timeout", "3000"]
    if order.user:
        said += ["-srt_streamid", order.user]
    if order.password:
        if not LEAST_SECRET <= len(order.password) <= MOST_SECRET:
            raise SourceFailed("no_login")
        said += ["-passphrase", order.password]
    address = order.url or f"srt://{order.host}:{order.port}"
    mode = "caller" if order.url else "listener"
    said += ["-f", "data", "-raw_packet_size", str(PAYLOAD_BYTES), "-i", f"{address}?mode={mode}"]
    return (*said, "-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "data", "pipe:1")


def _reason(words: str) -> str:
    return next((code for pattern, code in _REASONS if pattern.search(words)), "")
