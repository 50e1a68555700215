"""An ffmpeg that receives what nothing else here can (SRT), and hands us the bytes as they came.

It is ended with whoever reads it, however that ended (leash.py). Of what it says on standard error the last 4 KiB are
kept, to find a reason in; they are not logged, for they hold addresses. A secret cannot be given to it but in its
arguments, which every account of the machine can read: it is overwritten there as soon as ffmpeg has taken it.
"""

import os
import selectors
import subprocess
import sys
from pathlib import Path
from typing import IO

import structlog

log = structlog.get_logger()

READ_BYTES = 1 << 16
KEPT_BYTES = 4 << 10
END_S = 1.0
_LEASH = str(Path(__file__).with_name("leash.py"))


def executable(named: str) -> str:
    """The site's own, or the one that came with us. Raises OSError."""
    if named:
        return named
    import imageio_ffmpeg

    try:
        found: str = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from None
    return found


class Relay:
    """One ffmpeg. Raises OSError where there is none."""

    def __init__(self, named: str, arguments: tuple[str, ...], secret: str = "") -> None:
        program = executable(named)
        if not os.access(program, os.X_OK):
            raise FileNotFoundError("no ffmpeg")
        self._process = subprocess.Popen(  # noqa: S603  # arguments are ours
            [sys.executable, "-I", "-S", _LEASH, str(os.getpid()), program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._secret = secret.encode()
        self._words = b""
        self._selector = selectors.DefaultSelector()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def words(self) -> str:
        """The last it said."""
        return self._words.decode(errors="replace")

    def read(self, timeout_s: float) -> bytes | None:
        """What has come; None: nothing yet; empty: it has ended."""
        if self._secret:
            timeout_s = min(timeout_s, 0.02)
            self._hide()
        data: bytes | None = None
        for key, _ in self._selector.select(timeout_s):
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]  # what was registered
            try:
                some = os.read(stream.fileno(), READ_BYTES)
            except BlockingIOError:
                continue
            if stream is self._process.stdout:
                data = some
            elif some:
                self._words = (self._words + some)[-KEPT_BYTES:]
            else:
                self._selector.unregister(stream)
        return data

    def close(self) -> None:
        """End it; what is left of its words is kept."""
        self._process.kill()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            log.warning("an ffmpeg does not end", pid=self.pid)
        if self._process.stderr is not None:
            try:
                self._words = (self._words + (self._process.stderr.read() or b""))[-KEPT_BYTES:]
            except OSError:
                log.debug("nothing more was said")
            self._process.stderr.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._selector.close()

    def _hide(self) -> None:
        """Overwrite the secret among the arguments. With its first socket ffmpeg has read them all."""
        if self._process.poll() is not None:
            self._secret = b""
            return
        process = Path(f"/proc/{self.pid}")
        try:
            if not any(str(each.readlink()).startswith("socket:") for each in (process / "fd").iterdir()):
                return
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            begin, end = int(fields[45]), int(fields[46])  # arg_start, arg_end: proc_pid_stat(5)
            with (process / "mem").open("r+b", buffering=0) as memory:
                memory.seek(begin)
                at = memory.read(end - begin).find(self._secret)
                if at >= 0:
                    memory.seek(begin + at)
                    memory.write(b"*" * len(self._secret))
        except (OSError, ValueError, IndexError) as error:
            log.warning("the secret of a stream stays among ffmpeg's arguments", why=type(error).__name__)
        self._secret = b""
