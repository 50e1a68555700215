"""The two lowest steps of protobuf's encoding: a message may be written as any concatenation of its fields.

Varints and tags: protobuf.dev, Encoding.
"""

VARINT, LENGTH_DELIMITED = 0, 2  # wire types


def varint(value: int) -> bytes:
    """Seven bits a byte, least significant first."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def tag(number: int, wire_type: int) -> bytes:
    """What stands before a field."""
    return varint(number << 3 | wire_type)


def entry(field: bytes, body: bytes) -> bytes:
    """A string, bytes or message under a field's tag."""
    return b"".join((field, varint(len(body)), body))
