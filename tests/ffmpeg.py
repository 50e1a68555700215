"""The ffmpeg that comes with us as an independent sender and server of video, for tests."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "error")


@contextmanager
def ffmpeg(*said: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs while the block does."""
    running = subprocess.Popen(
        [imageio_ffmpeg.get_ffmpeg_exe(), *QUIET, *said], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.terminate()  # so that it says goodbye, where its protocol has one
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def playing(film: Path, *, again: bool = False) -> tuple[str, ...]:
    """A film from a file at its own pace, with everything in it, to be followed by where to.

    `again`: for ever; of a transport stream it then leaves out some pictures at its beginning.
    """
    return ("-re", *(("-stream_loop", "-1") if again else ()), "-i", str(film), "-map", "0", "-c", "copy")
