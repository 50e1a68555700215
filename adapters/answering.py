"""A child process that answers questions, one after the other: its side of the pipe.

    <- length (4 bytes, big end first), a question                  again and again
    -> length, {"ok": true}                                         each followed by
    -> length, the answer                                           or only
    -> length, {"ok": false, "code": …, "detail": …, "field": …}

It ends with its input. Whoever started it (`asked_process.py`) kills it when an answer takes too long.
"""

import json
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

from dispatch.errors import GanyingError

NICE = 5  # below the site, above keeping house
LENGTH = struct.Struct("!I")


def answer_all(told: BinaryIO, said: BinaryIO, answer: Callable[[bytes], bytes]) -> None:
    """Answer until the input ends. What `answer` raises is told, and is the end of that question alone."""
    while (question := receive(told)) is not None:
        try:
            body = answer(question)
        except GanyingError as error:
            say(said, _failure(error.code, error.detail, error.field))
        except Exception as error:  # one question's defect must not take the next one's answer
            print(f"defect in a question: {error!r}", file=sys.stderr)
            say(said, _failure("DEFECT", "a defect in the answer; the server's log says more", ""))
        else:
            say(said, b'{"ok": true}', body)


def receive(told: BinaryIO) -> bytes | None:
    """One message; None when the input has ended."""
    head = told.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return told.read(LENGTH.unpack(head)[0])


def say(said: BinaryIO, *messages: bytes) -> None:
    """Messages, sent at once."""
    for message in messages:
        said.write(LENGTH.pack(len(message)) + message)
    said.flush()


def _failure(code: str, detail: str, field: str) -> bytes:
    return json.dumps({"ok": False, "code": code, "detail": detail, "field": field}).encode()
