"""Recorded surveillance from a file or stdin: plain, gzip or a packet capture, as timed pieces of bytes.

Shared by `decode` and `replay`. Which format the bytes are in is told or, for `replay`, guessed from the first of them.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader

from dispatch.errors import Malformed
from protocols import pcap
from protocols.frames import BadFrame

PIECE_BYTES = 65_536
_GZIP = b"\x1f\x8b"
_SENTENCE = re.compile(rb"\$[A-Z]{2}[A-Z]{3},")

Stream = BufferedReader | gzip.GzipFile
Piece = tuple[float | None, bytes] | BadFrame


@contextmanager
def opened(name: str) -> Iterator[Stream]:
    """The file, or stdin for `-`, unpacked when its first bytes say gzip. Raises Malformed when it cannot be read."""
    try:
        # by descriptor, so that stdin is read as any file and is left open
        with open(0 if name == "-" else name, "rb", closefd=name != "-") as raw:
            yield gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == _GZIP else raw
    except BrokenPipeError:  # whoever reads our output went away: not the file's fault
        raise
    except (OSError, EOFError, zlib.error) as error:
        raise Malformed("file", f"cannot read {name}: {error}") from None


def pieces(stream: Stream, size: int = PIECE_BYTES) -> Iterator[Piece]:
    """The stream's bytes in order; those of a capture are UDP payloads with their time, and its faults."""
    data = stream.read(4)
    if data not in pcap.MAGICS:
        while data:
            yield None, data
            data = stream.read1(size)  # what there is: a pipe may be slow
        return
    reader = pcap.Reader()
    while data:
        yield from _timed(reader.feed(data))
        data = stream.read1(size)
    yield from _timed(reader.close())


def _timed(items: list[pcap.Datagram | BadFrame]) -> Iterator[Piece]:
    for item in items:
        yield item if isinstance(item, BadFrame) else (item.at_s, item.payload)


def guess(head: bytes) -> str:
    """The format of these first bytes. Raises Malformed when they could be none or several."""
    if head.startswith(b"\x1a"):
        return "beast"
    text = head.lstrip()
    if text.startswith((b"<?xml", b"<event", b"\xbf")):
        return "cot"
    if text.startswith(b"\x7e"):
        return "jt808"
    if text[:1] in (b"*", b"@", b"<", b"%"):
        return "avr"
    if b"MSG," in text:
        return "sbs"
    if _SENTENCE.search(head):
        return "nmea"
    if b"\x1a" in head:
        return "beast"
    raise Malformed("format", "cannot be told from the first bytes; say --format")
