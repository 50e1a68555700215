"""Child processes of a drill: started on a leash, watched, stopped in order. Nothing of what they do is known here."""

import contextlib
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

STOP_S = 4.5  # SIGTERM to all, then SIGKILL: below the 5 s that a service manager expects
LOG_TAIL_LINES = 20


class Child:
    """One process. Its standard input stays open: letting go of it is its end (leash.py)."""

    def __init__(self, name: str, arguments: list[str], folder: Path) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()  # a child says a few lines, not more
        with self._log.open("ab") as log:
            # a session of its own: Ctrl-C is the parent's to hear, the children are told in order
            self._process = subprocess.Popen(  # noqa: S603 - our own modules under our own interpreter
                [sys.executable, *arguments],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._listen, name=f"{name}-output", daemon=True).start()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._said.put(line.decode(errors="replace").strip())

    def tell(self, line: bytes) -> None:
        """A line on its standard input."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it has ended, which is found out by `ended`
                self._process.stdin.write(line + b"\n")
                self._process.stdin.flush()

    def hear(self, word: str, within_s: float) -> str | None:
        """What follows `word` on its next line that begins so; None when it does not say it in time."""
        ends_at = time.monotonic() + within_s
        while (left_s := ends_at - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self._said.get(timeout=left_s)
                if line.startswith(word):
                    return line.removeprefix(word).strip()
        return None

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self._process.poll() is not None

    def last_words(self) -> str:
        """How it is, and the end of its log."""
        how = f"ended with status {self._process.returncode}" if self.ended else "runs"
        lines = self._log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"{self.name} {how}; its last words:", *lines])

    def terminate(self) -> None:
        """Ask it to end."""
        if not self.ended:
            self._process.terminate()

    def reap(self, until: float) -> None:
        """Wait for its end until a monotonic time, then make it."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # unread words to a child that is gone
                self._process.stdin.close()


def stop(children: list[Child]) -> None:
    """End all of them, the youngest first, within STOP_S."""
    until = time.monotonic() + STOP_S
    for child in reversed(children):
        child.terminate()
    for child in children:
        child.reap(until)
