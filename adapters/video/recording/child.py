"""A process that answers for recordings: `python -m adapters.video.recording.child`. One question after the other.

<- length, the settings as JSON         once
<- length, one line of JSON, then bytes for what needs them; -> as in adapters/answering.py
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from adapters.answering import NICE, answer_all, receive
from adapters.video.recording import clips, stills
from adapters.video.recording.catalogue import Catalogue, Sought
from adapters.video.recording.house import Bound, Held, keep
from adapters.video.recording.recorder import FULL
from adapters.video.recording.settings import RecordingSettings
from dispatch.errors import Refused


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`what`: search, still, still_of, clip, digest, keep; the fields that it needs."""

    what: str
    sought: Sought | None = None
    stream_id: str = ""
    at_us: int = 0
    to_us: int = 0
    path: str = ""
    with_klv: bool = False
    told: dict[str, str] = {}
    bound: tuple[Bound, ...] = ()
    carriers: tuple[str, ...] | None = None  # nothing that was recorded on others; None: on any


def main() -> int:
    """Until the input ends."""
    os.nice(NICE)
    told, said = sys.stdin.buffer, sys.stdout.buffer
    first = receive(told)
    if first is None:
        return 0
    answering = _Answering(msgspec.json.decode(first, type=RecordingSettings))
    answer_all(told, said, answering.answer)
    return 0


class _Answering:
    def __init__(self, settings: RecordingSettings) -> None:
        self._settings = settings
        self._catalogue: Catalogue | None = None
        self._known: dict[Path, Held] = {}

    def answer(self, message: bytes) -> bytes:
        line, _, rest = message.partition(b"\n")
        question = msgspec.json.decode(line, type=Question)
        answers: dict[str, Callable[[Question, bytes], bytes]] = {
            "search": self._search,
            "still": self._still,
            "still_of": lambda _, body: stills.still_of(body),
            "clip": self._clip,
            "digest": self._digest,
            "keep": self._keep,
        }
        try:
            return answers[question.what](question, rest)
        except OSError as error:
            code = "DISK_FULL" if error.errno in FULL else "RECORDINGS_UNREADABLE"
            raise Refused(code, error.strerror or str(error)) from None

    def _search(self, question: Question, _: bytes) -> bytes:
        if question.sought is None:
            raise ValueError("search for what?")
        if self._catalogue is None:
            self._catalogue = Catalogue(self._settings.root)
        return msgspec.json.encode(self._catalogue.search(question.sought))

    def _still(self, question: Question, _: bytes) -> bytes:
        root, carriers = self._settings.root, question.carriers
        return stills.still_at(root, question.stream_id, question.at_us, carriers)

    def _clip(self, question: Question, _: bytes) -> bytes:
        span = question.at_us, question.to_us
        path = Path(question.path)
        made = clips.make(
            self._settings.root, question.stream_id, span, path, question.told, with_klv=question.with_klv
        )
        return msgspec.json.encode(made)

    def _digest(self, question: Question, _: bytes) -> bytes:
        path = Path(question.path)
        return msgspec.json.encode(clips.digest_of(path) if path.is_file() else None)

    def _keep(self, question: Question, _: bytes) -> bytes:
        return msgspec.json.encode(keep(self._settings, question.bound, question.to_us, self._known))


if __name__ == "__main__":
    sys.exit(main())
