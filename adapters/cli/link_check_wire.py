"""A WebSocket client for the link checks: blocking, mutual TLS, and free to say what no honest partner would."""

import base64
import hashlib
import os
import socket
import ssl
import struct
import time
import urllib.parse
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from adapters.tls import site_of
from dispatch.errors import Malformed
from protocols.codec import link
from protocols.codec.link import Message, Part

CONNECT_S = 5.0
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_BINARY, _TEXT, _CLOSE, _PING, _PONG = 2, 1, 8, 9, 10


class Ended(Exception):
    """The other side has ended the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Whom we claim to be, and whom we trust. `certificate` empty: nobody."""

    certificate: Path | None
    key: Path | None
    ca: Path


class Wire:
    """One connection. Raises Ended when it is over, TimeoutError when nothing comes, OSError and ssl.SSLError."""

    def __init__(self, url: str, papers: Papers, *, subprotocol: str = link.SUBPROTOCOL) -> None:
        place = urllib.parse.urlsplit(url)
        if place.scheme != "wss" or not place.hostname:
            raise Malformed("url", f"{url} is not wss://host:port/path")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # the name that counts is the site in the certificate
        context.load_verify_locations(papers.ca)
        if papers.certificate is not None:
            context.load_cert_chain(papers.certificate, papers.key)
        plain = socket.create_connection((place.hostname, place.port or 443), timeout=CONNECT_S)
        try:
            self._socket = context.wrap_socket(plain)
            shown = self._socket.getpeercert(binary_form=True)
            self.site = site_of(x509.load_der_x509_certificate(shown or b""))
            self._held = b""
            self.status, self.subprotocol = self._upgrade(place.path or "/", place.netloc, subprotocol)
        except BaseException:
            plain.close()
            raise

    def _upgrade(self, path: str, host: str, subprotocol: str) -> tuple[int, str]:
        key = base64.b64encode(os.urandom(16))
        self._socket.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._held:
            self._more()
        head, self._held = self._held.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
        }
        status = int(first.split(" ")[1])
        accepted = base64.b64encode(hashlib.sha1(key + _MAGIC).digest()).decode()  # noqa: S324  # RFC 6455 says SHA-1
        if status == 101 and fields.get("sec-websocket-accept") != accepted:
            raise Ended("the answer to the upgrade has another key")
        return status, fields.get("sec-websocket-protocol", "")

    def send(self, message: Message) -> None:
        """One message."""
        self.send_bytes(link.encode(message))

    def send_bytes(self, data: bytes, *, text: bool = False) -> None:
        """Any bytes in one frame."""
        self._frame(_TEXT if text else _BINARY, data)

    def announce(self, size: int) -> None:
        """The head of a frame of so many bytes, and a little of it."""
        self._put(struct.pack("!BBQ", 0x80 | _BINARY, 0x80 | 127, size) + os.urandom(4) + bytes(1024))

    def _frame(self, code: int, data: bytes) -> None:
        size = len(data)
        head = bytes([0x80 | code])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65_536:
            head += struct.pack("!BH", 0x80 | 126, size)
        else:
            head += struct.pack("!BQ", 0x80 | 127, size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index & 3] for index, byte in enumerate(data))
        self._put(head + mask + masked)

    def _put(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except (OSError, ssl.SSLError) as error:
            raise Ended(str(error)) from None

    def receive(self, within_s: float) -> Message:
        """The next message."""
        self._socket.settimeout(within_s)
        while True:
            head = self._take(2)
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            if size > link.MAX_MESSAGE_BYTES:
                raise Ended(f"a frame of {size} bytes")
            data = self._take(size)
            match head[0] & 0x0F:
                case 2:
                    return link.decode(data)
                case 8:
                    raise Ended("closed")
                case 9:
                    self._frame(_PONG, data)

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            self._more()
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def _more(self) -> None:
        try:
            data = self._socket.recv(65_536)
        except TimeoutError:
            raise
        except OSError as error:
            raise Ended(str(error)) from None
        if not data:
            raise Ended("closed")
        self._held += data

    def until_ended(self, within_s: float) -> str:
        """The code it was ended with; empty without a Part. Raises TimeoutError when it goes on."""
        code, until = "", time.monotonic() + within_s
        try:
            while True:
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                message = self.receive(left)
                if isinstance(message, Part):
                    code = message.code
        except Ended:
            return code

    def cut(self) -> None:
        """Break off, as a line that fails does: nothing is said."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()

    def close(self) -> None:
        """Go."""
        with suppress(OSError):
            self._socket.close()
