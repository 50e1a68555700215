"""An RTSP server that asks for a password and sends by UDP alone, as some cameras do. Its RTP is ffmpeg's; tests only."""

import base64
import re
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from tests.ffmpeg import QUIET, playing

SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=film\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track\r\n"


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def _request(self) -> str:
        """The next one, without a body; nothing: the line is closed."""
        lines = []
        while (line := self.rfile.readline(4_096)) not in (b"", b"\r\n"):
            lines.append(line)
        return b"".join(lines).decode()

    def handle(self) -> None:
        running: subprocess.Popen[bytes] | None = None
        port = "0"
        try:
            while asked := self._request():
                method, _, _ = asked.partition(" ")
                (number,) = re.findall(r"CSeq: *(\d+)", asked)
                self.server.asked.append((method, asked))
                said, body = {"CSeq": number}, ""
                allowed = base64.b64encode(self.server.login.encode()).decode() in asked
                status = "200 OK"
                if not allowed and method != "OPTIONS":
                    status, said["WWW-Authenticate"] = "401 Unauthorized", 'Basic realm="film"'
                elif method == "DESCRIBE":
                    body, said["Content-Type"] = SDP, "application/sdp"
                elif method == "SETUP" and "RTP/AVP/TCP" in asked:
                    status = self.server.no_tcp
                elif method == "SETUP":
                    (port,) = re.findall(r"client_port=(\d+)", asked)
                    said |= {
                        "Session": "1",
                        "Transport": f"RTP/AVP/UDP;unicast;client_port={port}-{int(port) + 1}",
                    }
                elif method == "PLAY":
                    where = ("-f", "rtp", f"rtp://127.0.0.1:{port}")
                    said["Session"] = "1"
                    command = [imageio_ffmpeg.get_ffmpeg_exe(), *QUIET, *playing(self.server.film), *where]
                    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
                if body:
                    said["Content-Length"] = str(len(body))
                head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
                self.wfile.write(f"RTSP/1.0 {status}\r\n{head}\r\n{body}".encode())
        finally:
            if running is not None:
                running.kill()
                running.wait()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextmanager
def udp_camera(film: Path, login: str, no_tcp: str = "461 Unsupported Transport") -> Iterator[Any]:
    """Its port, and what it was asked."""
    with _Server(("127.0.0.1", 0), _Talk) as server:
        made: Any = server
        made.film, made.login, made.no_tcp, made.asked = film, login, no_tcp, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown()
