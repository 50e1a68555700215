"""The process that draws maps of consultations and encodes them as H.264.

    python -m adapters.rooms.map_picture.child
    -> an Ask as JSON (scene.py)          <- one access unit in Annex B form (adapters/answering.py)

One encoder for each map; a key frame every second picture. Drawing and encoding are libraries in C, and neither is quick:
not on the site's reactor.
"""

import os
import sys
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image

from adapters.answering import NICE, answer_all
from adapters.rooms.map_picture.ground import ground
from adapters.rooms.map_picture.overlay import framed, marked, moving
from adapters.rooms.map_picture.scene import Scene, read_ask
from adapters.rooms.map_picture.view import HEIGHT, WIDTH, View

KEY_EVERY = 2  # pictures, and so seconds: whoever comes waits no longer
QUALITY = "22"  # x264's constant rate factor: letters stay clean, some 100 kB for a key frame


class Maps:
    """All maps that are pulled."""

    def __init__(self) -> None:
        self._encoders: dict[str, tuple[Any, int]] = {}
        self._still: tuple[Any, Image.Image] | None = None

    def answer(self, question: bytes) -> bytes:
        """The next access unit of a map."""
        asked = read_ask(question)
        if asked.first:
            self._encoders = {asked.of: (_encoder(), 0)} | {
                of: each for of, each in self._encoders.items() if of != asked.of
            }
        coder, count = self._encoders.get(asked.of) or (_encoder(), 0)
        frame: Any = av.VideoFrame.from_ndarray(np.asarray(self.picture(asked.scene)), "rgb24")
        frame.pts = count
        self._encoders[asked.of] = coder, count + 1
        return b"".join(bytes(packet) for packet in coder.encode(frame.reformat(format="yuv420p")))

    def picture(self, scene: Scene) -> Image.Image:
        """What stands still is drawn once as long as it is the same."""
        view = View(scene.centre, scene.half_km)
        key = scene.centre, scene.half_km, scene.marks, scene.bases
        if self._still is None or self._still[0] != key:
            still = ground(scene.centre, scene.half_km, tuple(each.at for each in scene.bases)).copy()
            marked(still, view, scene)
            self._still = key, still
        image = self._still[1].copy()
        moving(image, view, scene)
        framed(image, view, scene)
        return image


def _encoder() -> Any:
    coder: Any = av.CodecContext.create("libx264", "w")
    coder.width, coder.height, coder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    coder.time_base, coder.framerate = Fraction(1, 1), Fraction(1, 1)
    coder.thread_count = 1
    coder.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "crf": QUALITY,
        "g": str(KEY_EVERY),
        "x264-params": "scenecut=0:repeat-headers=1:annexb=1",
        "profile": "main",
    }
    return coder


def main() -> int:
    """Until the input ends."""
    os.nice(NICE)
    answer_all(sys.stdin.buffer, sys.stdout.buffer, Maps().answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
