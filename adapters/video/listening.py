"""Sockets at which senders of video are waited for: made, read, and what the kernel may hold of them."""

import socket

from adapters.video.intake import SourceFailed

POLL_S = 0.5
BUFFER_BYTES = 4 << 20  # what the kernel may hold for us while we are busy: 8 s at 4 Mbit/s
DATAGRAM_BYTES = 65_535
READ_BYTES = 1 << 16


def listen_at(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A socket that waits POLL_S at most. Raises SourceFailed."""
    made = socket.socket(socket.AF_INET, kind)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        made.bind((host, port))
    except OSError:
        made.close()
        raise SourceFailed("cannot_listen") from None
    made.settimeout(POLL_S)
    return made


def read_some(sending: socket.socket, most: int) -> bytes:
    """What there is; nothing: it is closed."""
    try:
        return sending.recv(most)
    except OSError:  # reset: as good as closed
        return b""
