"""What of consultations goes over a link beside the rows: hands that point, and files piece by piece."""

import re
from dataclasses import dataclass

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.ids import check_id
from dispatch.kinds import Role
from protocols.codec.client_view import RoomGesture, Viewport
from protocols.codec.common import DEGREES_TO_WIRE, enum_from_number, enum_to_number
from protocols.gen import link_pb2

MAX_HANDS = 64  # in one message: more people than ever pointed at once
PART_BYTES = 16_384  # half a second of a line of 256 kbit/s: an order waits no longer behind it
_DIGEST_BYTES = 32
_CODE = re.compile(r"^[A-Z][A-Z0-9_]{0,31}\Z")
_POINTER, _VIEW = 2, 4  # numbers in each


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomHand:
    """Where one person of the sender's site points or looks, now."""

    gesture: RoomGesture
    person_id: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomHands:
    """Of several people, the newest of each."""

    hands: tuple[RoomHand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAsk:
    """A piece of a file is asked for, from `offset` bytes on. `sha256` in hex."""

    room_id: str
    sha256: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A piece of a file of `size` bytes, or the code of why there is none."""

    sha256: str
    offset: int
    size: int = 0
    data: bytes = b""
    refused: str = ""


def hands_to_wire(message: RoomHands, wire: link_pb2.RoomHands) -> None:
    """Fill the message."""
    wire.SetInParent()
    for hand in message.hands:
        one, gesture = wire.hands.add(), hand.gesture
        one.room_id, one.person_id, one.left = gesture.room_id, hand.person_id, gesture.left
        one.role = enum_to_number(hand.role)  # type: ignore[assignment]  # stubs want the wire enum
        if gesture.pointer is not None:
            one.pointer_e7.extend(_e7(gesture.pointer.lon_deg, gesture.pointer.lat_deg))
        if (view := gesture.view) is not None:
            one.view_e7.extend(_e7(view.west_deg, view.south_deg, view.east_deg, view.north_deg))


def hands_from_wire(wire: link_pb2.RoomHands) -> RoomHands:
    """Raises Malformed with the field's path."""
    if len(wire.hands) > MAX_HANDS:
        raise Malformed("room_hands.hands", f"{len(wire.hands)}, at most {MAX_HANDS}")
    return RoomHands(
        hands=tuple(_hand(one, f"room_hands.hands[{index}].") for index, one in enumerate(wire.hands))
    )


def _hand(wire: link_pb2.RoomHand, where: str) -> RoomHand:
    pointer, view = None, None
    if wire.pointer_e7:
        lon_deg, lat_deg = _degrees(wire.pointer_e7, _POINTER, f"{where}pointer_e7")
        pointer = Position(lon_deg=lon_deg, lat_deg=lat_deg)
    if wire.view_e7:
        west_deg, south_deg, east_deg, north_deg = _degrees(wire.view_e7, _VIEW, f"{where}view_e7")
        if south_deg > north_deg:
            raise Malformed(f"{where}view_e7", "is not west, south, east, north in degrees")
        view = Viewport(west_deg=west_deg, south_deg=south_deg, east_deg=east_deg, north_deg=north_deg)
    return RoomHand(
        gesture=RoomGesture(
            room_id=check_id(wire.room_id, f"{where}room_id"), pointer=pointer, view=view, left=wire.left
        ),
        person_id=check_id(wire.person_id, f"{where}person_id"),
        role=Role(enum_from_number(Role, wire.role, f"{where}role")),
    )


def _e7(*degrees: float) -> list[int]:
    return [round(each * DEGREES_TO_WIRE) for each in degrees]


def _degrees(numbers: object, count: int, where: str) -> tuple[float, ...]:
    values = tuple(number / DEGREES_TO_WIRE for number in numbers)  # type: ignore[attr-defined]  # a repeated field
    if len(values) != count:
        raise Malformed(where, f"{len(values)} numbers, not {count}")
    if not all(abs(each) <= (90 if index % 2 else 180) for index, each in enumerate(values)):
        raise Malformed(where, "is not longitude, latitude in degrees")
    return values


def word_to_wire(
    word: RoomHands | FileAsk | FilePart, wire: link_pb2.LinkMessage | link_pb2.WordPassed
) -> None:
    """Fill the message's one word."""
    match word:
        case RoomHands():
            hands_to_wire(word, wire.room_hands)
        case FileAsk():
            ask_to_wire(word, wire.file_ask)
        case FilePart():
            part_to_wire(word, wire.file_part)


def word_from_wire(
    wire: link_pb2.LinkMessage | link_pb2.WordPassed, which: str
) -> RoomHands | FileAsk | FilePart:
    """The word of a link message that has one; `which` is the field's name. Raises Malformed."""
    if which == "room_hands":
        return hands_from_wire(wire.room_hands)
    if which == "file_ask":
        return ask_from_wire(wire.file_ask)
    return part_from_wire(wire.file_part)


def ask_to_wire(ask: FileAsk, wire: link_pb2.FileAsk) -> None:
    """Fill the message."""
    wire.room_id, wire.sha256, wire.offset = ask.room_id, bytes.fromhex(ask.sha256), ask.offset


def ask_from_wire(wire: link_pb2.FileAsk) -> FileAsk:
    """Raises Malformed."""
    return FileAsk(
        room_id=check_id(wire.room_id, "file_ask.room_id"),
        sha256=_digest(wire.sha256, "file_ask.sha256"),
        offset=wire.offset,
    )


def part_to_wire(part: FilePart, wire: link_pb2.FilePart) -> None:
    """Fill the message."""
    wire.sha256, wire.offset, wire.size = bytes.fromhex(part.sha256), part.offset, part.size
    wire.data, wire.refused = part.data, part.refused


def part_from_wire(wire: link_pb2.FilePart) -> FilePart:
    """Raises Malformed."""
    if wire.refused and not _CODE.match(wire.refused):
        raise Malformed("file_part.refused", f"{wire.refused[:40]!r} is not a code")
    if len(wire.data) > PART_BYTES:
        raise Malformed("file_part.data", f"{len(wire.data)} bytes, at most {PART_BYTES}")
    if bool(wire.data) == bool(wire.refused):
        raise Malformed("file_part.data", "there are bytes, or a reason for none")
    return FilePart(
        sha256=_digest(wire.sha256, "file_part.sha256"),
        offset=wire.offset,
        size=wire.size,
        data=wire.data,
        refused=wire.refused,
    )


def _digest(raw: bytes, where: str) -> str:
    if len(raw) != _DIGEST_BYTES:
        raise Malformed(where, f"{len(raw)} bytes, not {_DIGEST_BYTES}")
    return raw.hex()
