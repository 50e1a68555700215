"""Video over the poor line of loadtests/poor_link.py: a camera at 36 that 42 watches while tasking orders pass.

A consent with video by two people, a stream asked for and granted, a sender of numbered frames (some 1.2 Mbit/s: five times what the
line carries) and a viewer over a bare socket. All of it in the sites' own namespaces.
"""

import socket
import threading
import time
from typing import Any

import numpy as np

from dispatch.consent_kinds import ObjectClass
from loadtests.federation_lines import Lines
from loadtests.federation_sites import Person, in_parallel
from loadtests.video_federation import BareViewer
from tests.clips import Camera, datagrams, picture
from tests.journeys.running import PASSWORD, RunningSite, wait_for

PORT, SIZE, RATE = 21_000, (640, 360), 25


class PoorVideo:
    """Begin after the link is live; `figures` at the end."""

    def __init__(self, lines: Lines, ours: RunningSite, theirs: RunningSite) -> None:
        self._lines, self._ours, self._theirs = lines, ours, theirs
        self._over = threading.Event()
        self._viewer: BareViewer | None = None
        self._sent = 0
        self._began = 0.0

    @staticmethod
    def furnish(site: RunningSite) -> None:
        """Before it starts: who signs a consent."""
        secret = site.folder / "password-of-anquan"
        secret.write_text(PASSWORD)
        site.command("account", "add", "anquan", "--role", "secadmin", "--password-file", str(secret))

    def begin(self) -> None:
        """Consent, stream, request, grant; then film and watch."""
        stream_id = in_parallel(self._lines, [self._ours], self._offer)[0]
        asked = in_parallel(self._lines, [self._theirs], lambda site: self._ask(site, stream_id))[0]
        in_parallel(self._lines, [self._ours], lambda site: self._grant(site, asked))
        in_parallel(self._lines, [self._theirs], lambda site: self._watch(site, asked, stream_id))
        self._began = time.monotonic()
        threading.Thread(target=self._film, daemon=True).start()

    def figures(self) -> dict[str, Any]:
        """Stop, and what came of it."""
        self._over.set()
        viewer = self._viewer
        seconds = time.monotonic() - self._began
        pictures, keys = (0, 0) if viewer is None else (viewer.pictures, viewer.keys)
        return {
            "video_made_kbit_s": round(self._sent * 8 / seconds / 1000),
            "video_pictures_seen": pictures,
            "video_key_frames_seen": keys,
            "video_seconds": round(seconds, 1),
        }

    def _offer(self, site: RunningSite) -> str:
        terms = {
            "partner": self._theirs.site,
            "agreement": "六省一市-2023",
            "classes": [{"object_class": str(each)} for each in ObjectClass],
        }
        made = Person(site, "zhiban").post("consents", terms)
        Person(site, "anquan").post(f"consents/{made['id']}/sign", {"version": made["version"]})
        body = {"name": "吊舱", "source": "ts_udp", "address": str(PORT), "carrier": "fixed"}
        return str(Person(site, "diaodu").post("video/streams", body)["stream"]["id"])

    def _ask(self, site: RunningSite, stream_id: str) -> str:
        desk = Person(site, "zhiban")
        wait_for(lambda: desk.get("video/shown")["items"], "the stream at the partner", within_s=60)
        body = {"stream_id": stream_id, "purpose": "loadtest", "minutes": 60}
        return str(desk.post("video/requests", body)["request"]["id"])

    def _grant(self, site: RunningSite, asked: str) -> None:
        desk = Person(site, "zhiban")
        wait_for(lambda: desk.get("video/requests")["items"], "the request", within_s=60)
        desk.post(f"video/requests/{asked}/grant", {"minutes": 60})

    def _watch(self, site: RunningSite, asked: str, stream_id: str) -> None:
        desk = Person(site, "zhiban")
        wait_for(lambda: desk.get(f"video/requests/{asked}")["holds"], "the grant", within_s=60)
        self._viewer = BareViewer(site.sign_in("zhiban"), site.url, stream_id)

    def _film(self) -> None:
        self._lines.enter(self._ours.site)
        camera = Camera(size=SIZE, rate=RATE, group=RATE)
        noise = np.random.default_rng(1).integers(40, 140, (SIZE[1], SIZE[0], 3), np.uint8)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for number in range(1 << 16):
                if self._over.wait(max(0.0, self._began + number / RATE - time.monotonic())):
                    return
                shown = picture(number, SIZE)
                low = SIZE[0] // 4
                shown[low:, :] = np.roll(noise, number * 2, axis=1)[low:, :]
                for part in datagrams(camera.shoot(shown=shown)):
                    out.sendto(part, ("127.0.0.1", PORT))
                    self._sent += len(part)
