"""The process that answers questions, so that no question of a person's holds up the site.

    python -m adapters.archive.reader
    <- length (4 bytes, big end first), settings as JSON            once

and then {"query": {…}, "form": "json" | "columns"} again and again (`adapters/answering.py`).
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, BinaryIO

from adapters.answering import NICE, answer_all, receive
from adapters.archive.answers import as_columns, as_json
from adapters.archive.query import Kept, Query, answer
from adapters.archive.settings import ArchiveSettings
from adapters.archive.source import Reading

FORMS = {"json": as_json, "columns": as_columns}


def read_query(told: dict[str, Any]) -> Query:
    """A query as it crossed the pipe."""
    tuples = {name: tuple(told[name]) for name in ("ids", "addresses")}
    bounds = told["bounds"]
    return Query(**{**told, **tuples, "bounds": None if bounds is None else tuple(bounds)})


def serve(told: BinaryIO, said: BinaryIO) -> None:
    """Answer until the input ends."""
    first = receive(told)
    if first is None:
        return
    kept = Kept(time.monotonic)
    reading = Reading(ArchiveSettings(**json.loads(first)))

    def found(question: bytes) -> bytes:
        asked = json.loads(question)
        with reading.source() as source:
            return FORMS[asked["form"]](answer(source, read_query(asked["query"]), kept))

    answer_all(told, said, found)
    reading.close()


def main(argv: Sequence[str] = ()) -> int:  # noqa: ARG001 (everything comes by stdin)
    """Until the input ends."""
    os.nice(NICE)
    serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
