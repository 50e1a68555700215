"""A server's unfragmented binary WebSocket frame (RFC 6455 §5.2), made once and written to every console alike.

Everything else of WebSocket (handshake, control frames, what clients send) is autobahn's.
"""

from collections.abc import Sequence

_FIN_BINARY = 0x82  # FIN, opcode 2; RFC 6455 §5.2


def binary_frame(message: bytes) -> bytes:
    """The frame of one message, unmasked as a server's are."""
    return head_of(len(message)) + message


def frame_of(pieces: Sequence[bytes | memoryview], then: bytes = b"") -> bytes:
    """The frame of a message that comes in pieces, and what follows it on the wire, in one join."""
    return b"".join((head_of(sum(map(len, pieces))), *pieces, then))


def head_of(size: int) -> bytes:
    """What stands before a message of `size` bytes."""
    if size < 126:
        return bytes((_FIN_BINARY, size))
    if size < 65_536:
        return bytes((_FIN_BINARY, 126)) + size.to_bytes(2)
    return bytes((_FIN_BINARY, 127)) + size.to_bytes(8)


def payload_of(frame: bytes) -> bytes:
    """The message of a frame that binary_frame made."""
    size = frame[1]
    return frame[2 if size < 126 else 4 if size == 126 else 10 :]
