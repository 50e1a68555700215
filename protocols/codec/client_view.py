"""Where somebody looks and points: viewports, and the gestures of consultations, which are told now or never."""

from dataclasses import dataclass

from dispatch.errors import Malformed
from dispatch.geo import Position
from dispatch.ids import check_id
from dispatch.kinds import Role
from protocols.codec.common import DEGREES_TO_WIRE, enum_to_number, from_wire_position, to_wire_position
from protocols.gen import client_pb2


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewport:
    """Degrees. West may be greater than east: then it spans the antimeridian."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomGesture:
    """Where somebody in a room points or looks, now. `left`: points no more; nothing of it: is there."""

    room_id: str
    pointer: Position | None = None
    view: Viewport | None = None
    left: bool = False


def viewport_in(port: client_pb2.Viewport, field: str) -> Viewport:
    """A viewport. Raises Malformed."""
    west, south, east, north = (
        value / DEGREES_TO_WIRE for value in (port.west_e7, port.south_e7, port.east_e7, port.north_e7)
    )
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Malformed(field, "is not west, south, east, north in degrees")
    return Viewport(west_deg=west, south_deg=south, east_deg=east, north_deg=north)


def gesture_in(wire: client_pb2.RoomGesture) -> RoomGesture:
    """A gesture. Raises Malformed."""
    return RoomGesture(
        room_id=check_id(wire.room_id, "room_gesture.room_id"),
        pointer=from_wire_position(wire.pointer) if wire.HasField("pointer") else None,
        view=viewport_in(wire.view, "room_gesture.view") if wire.HasField("view") else None,
        left=wire.left,
    )


def room_gesture(gesture: RoomGesture, *, site: str, person_id: str, name: str, role: Role) -> bytes:
    """Somebody's gesture to the others in the room."""
    message = client_pb2.ServerMessage()
    one = message.room_gestures.gestures.add()
    one.gesture.room_id, one.gesture.left = gesture.room_id, gesture.left
    if gesture.pointer is not None:
        to_wire_position(gesture.pointer, one.gesture.pointer)
    if gesture.view is not None:
        for name_, value in (
            ("west_e7", gesture.view.west_deg),
            ("south_e7", gesture.view.south_deg),
            ("east_e7", gesture.view.east_deg),
            ("north_e7", gesture.view.north_deg),
        ):
            setattr(one.gesture.view, name_, round(value * DEGREES_TO_WIRE))
    one.site, one.person_id, one.name = site, person_id, name
    one.role = enum_to_number(role)  # type: ignore[assignment]  # stubs want the wire enum
    return message.SerializeToString()
