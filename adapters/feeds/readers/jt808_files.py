"""What the terminals of a JT/T 808 feed need from disk: terminals.csv, read again when it changes, and the secret.

The list is looked at every LOOK_S while terminals talk and read on a worker thread; a list with a fault in it is
logged and the one before goes on to hold. The secret is the site's own, made on first use.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from twisted.internet.threads import deferToThread

from dispatch.errors import Malformed
from protocols import jt808_roster
from protocols.jt808_roster import Terminal
from protocols.resources_csv import BadTable

LOOK_S = 5.0  # a stat of one file
SECRET_BYTES = 32

log = structlog.get_logger()

Listed = Mapping[str, Terminal]


class RosterFile:
    """One feed's terminals.csv. Raises Malformed where it cannot be read at the start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked_s = 0.0
        self._reading = False
        self._seen = self._stamp()
        self.listed: Listed = self._read()

    def look(self, now_s: float, changed: Callable[[Listed], None]) -> None:
        """Call often; `changed` gets the new list, later, where there is one."""
        if self._reading or 0.0 <= now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen, self._reading = stamp, True
        done = deferToThread(self._read)
        done.addCallbacks(lambda listed: self._take(listed, changed), self._failed)

    def _take(self, listed: Listed, changed: Callable[[Listed], None]) -> None:
        self._reading = False
        self.listed = listed
        log.info("terminals read again", file=str(self._path), terminals=len(listed))
        changed(listed)

    def _failed(self, failure: Any) -> None:
        self._reading = False
        log.error("terminals not read; the list before holds", why=failure.getErrorMessage())

    def _stamp(self) -> tuple[int, int, int]:
        """Changes when the file does; zeros where there is none."""
        try:
            seen = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def _read(self) -> Listed:
        try:
            with self._path.open(encoding="utf-8") as file:
                text = file.read(jt808_roster.MAX_TEXT_CHARS + 1)
        except (OSError, UnicodeDecodeError) as error:
            raise Malformed("feed.terminals", f"cannot read {self._path}: {error}") from None
        try:
            return jt808_roster.read(text)
        except BadTable as bad:
            raise Malformed("feed.terminals", f"{self._path}: {bad.faults[0]}") from None


def own_secret(path: Path) -> bytes:
    """The secret in `path`, made there on first use, for its owner only. Raises Malformed for a file that is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            secret = path.read_bytes()
            if len(secret) != SECRET_BYTES:
                raise Malformed("feed.secrets", f"{path} does not hold {SECRET_BYTES} bytes") from None
            return secret
    except OSError as error:
        raise Malformed("feed.secrets", f"cannot make or read {path}: {error}") from None
    secret = secrets.token_bytes(SECRET_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())  # before a code made with it is given to a terminal
    return secret
