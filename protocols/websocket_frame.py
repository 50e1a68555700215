"""A server's unfragmented binary WebSocket frame (RFC 6455 §5.2), made once and written to every console alike.

Everything else of WebSocket (handshake, control frames, what clients send) is autobahn's.
"""

_FIN_BINARY = 0x82  # FIN, opcode 2; RFC 6455 §5.2


def binary_frame(message: bytes) -> bytes:
    """The frame of one message, unmasked as a server's are."""
    size = len(message)
    if size < 126:
        return bytes((_FIN_BINARY, size)) + message
    if size < 65_536:
        return bytes((_FIN_BINARY, 126)) + size.to_bytes(2) + message
    return bytes((_FIN_BINARY, 127)) + size.to_bytes(8) + message
