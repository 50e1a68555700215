"""Messages in a pipe: four bytes of length, big end first, then the message. Knows no pipe.

-> length, WorkerMessage ...
"""

import struct

from protocols.codec.sightings import MAX_MESSAGE_BYTES

_LENGTH = struct.Struct("!I")


class BrokenStream(Exception):
    """What comes is no row of messages, and where the next would begin is not to be known."""


def framed(message: bytes) -> bytes:
    """A message as it goes into the pipe."""
    return _LENGTH.pack(len(message)) + message


class Deframer:
    """Cuts what comes out of the pipe into messages. Holds one message at most."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Whole messages, in order. Raises BrokenStream for one longer than any of ours."""
        held = self._held
        held += data
        messages, at = [], 0
        while len(held) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(held, at)
            if length > MAX_MESSAGE_BYTES:
                raise BrokenStream(f"a message of {length} bytes")
            end = at + _LENGTH.size + length
            if len(held) < end:
                break
            messages.append(bytes(memoryview(held)[at + _LENGTH.size : end]))
            at = end
        del held[:at]
        return messages
