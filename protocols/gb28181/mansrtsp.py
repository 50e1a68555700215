"""MANSRTSP: what the receiver of a playback says in INFO (GB/T 28181-2016 annex B: RFC 2326 in a few words). Pure.

PLAY MANSRTSP/1.0        go on, at Scale if it says one, from Range (npt) if it says one
PAUSE MANSRTSP/1.0       stand still
"""

import re
from dataclasses import dataclass

from protocols.gb28181.errors import BadGb

CONTENT_TYPE = "Application/MANSRTSP"
MOST_BYTES, MOST_LINES = 1_024, 16
PLAY, PAUSE = "PLAY", "PAUSE"
_FIRST = re.compile(r"([A-Z]{1,16})(?: \S{1,200})? (?:MANSRTSP|RTSP)/1\.0")
_SCALE = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,6})?")
_RANGE = re.compile(
    r"npt\s{0,4}=\s{0,4}(now|[0-9]{1,9}(?:\.[0-9]{1,6})?)\s{0,4}-\s{0,4}(?:[0-9]{1,9}(?:\.[0-9]{1,6})?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """`method` as it stood. `scale` None: as before; `from_s`: seconds after the beginning; None: from where it is."""

    method: str
    scale: float | None = None
    from_s: float | None = None


def _bad(field: str, detail: str) -> BadGb:
    return BadGb("BAD_RTSP", field, detail)


def read(body: bytes) -> Control:
    """Raises BadGb(BAD_RTSP)."""
    if len(body) > MOST_BYTES:
        raise _bad("body", f"has {len(body)} bytes")
    lines = [each.strip() for each in body.decode("utf-8", "replace").splitlines() if each.strip()]
    if not lines or len(lines) > MOST_LINES:
        raise _bad("body", f"has {len(lines)} lines")
    first = _FIRST.fullmatch(lines[0])
    if first is None:
        raise _bad("first line", "is no method of MANSRTSP")
    said: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise _bad("headers", "hold a line that is none")
        said.setdefault(name.strip().lower(), value.strip())
    return Control(method=first[1], scale=_scale(said.get("scale", "")), from_s=_from(said.get("range", "")))


def _scale(text: str) -> float | None:
    if not text:
        return None
    if not _SCALE.fullmatch(text):
        raise _bad("Scale", "is no number")
    return float(text)


def _from(text: str) -> float | None:
    if not text:
        return None
    found = _RANGE.fullmatch(text)
    if found is None:
        raise _bad("Range", "is no npt")
    return None if found[1] == "now" else float(found[1])
