"""The process that answers questions, so that no question of a person's holds up the site.

    python -m adapters.archive.reader
    <- length (4 bytes, big end first), settings as JSON            once
    <- length, {"query": {…}, "form": "json" | "columns"}           then again and again
    -> length, {"ok": true}                                         each followed by
    -> length, the answer                                           or only
    -> length, {"ok": false, "code": …, "detail": …, "field": …}

It ends with its input. Whoever started it kills it when an answer takes too long.
"""

import json
import os
import struct
import sys
import time
from collections.abc import Sequence
from typing import Any, BinaryIO

from adapters.archive.answers import as_columns, as_json
from adapters.archive.query import Kept, Query, answer
from adapters.archive.settings import ArchiveSettings
from adapters.archive.source import Reading
from dispatch.errors import GanyingError

NICE = 5  # below the site, above keeping house
LENGTH = struct.Struct("!I")
FORMS = {"json": as_json, "columns": as_columns}


def read_query(told: dict[str, Any]) -> Query:
    """A query as it crossed the pipe."""
    tuples = {name: tuple(told[name]) for name in ("ids", "addresses")}
    bounds = told["bounds"]
    return Query(**{**told, **tuples, "bounds": None if bounds is None else tuple(bounds)})


def serve(told: BinaryIO, said: BinaryIO) -> None:
    """Answer until the input ends."""
    first = _read(told)
    if first is None:
        return
    kept = Kept(time.monotonic)
    reading = Reading(ArchiveSettings(**json.loads(first)))
    while (request := _read(told)) is not None:
        asked = json.loads(request)
        try:
            with reading.source() as source:
                body = FORMS[asked["form"]](answer(source, read_query(asked["query"]), kept))
        except GanyingError as error:
            _write(said, _failure(error.code, error.detail, error.field))
        except Exception as error:  # one question's defect must not take the next one's answer
            print(f"defect in a question: {error!r}", file=sys.stderr)
            _write(said, _failure("DEFECT", "the archive could not be read; the server's log says why", ""))
        else:
            _write(said, b'{"ok": true}')
            _write(said, body)
        said.flush()
    reading.close()


def _failure(code: str, detail: str, field: str) -> bytes:
    return json.dumps({"ok": False, "code": code, "detail": detail, "field": field}).encode()


def _read(told: BinaryIO) -> bytes | None:
    head = told.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return told.read(LENGTH.unpack(head)[0])


def _write(said: BinaryIO, data: bytes) -> None:
    said.write(LENGTH.pack(len(data)) + data)


def main(argv: Sequence[str] = ()) -> int:  # noqa: ARG001 (everything comes by stdin)
    """Until the input ends."""
    os.nice(NICE)
    serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
