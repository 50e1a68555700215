"""Records to protobuf messages and back, by name.

Every dataclass in dispatch/records.py and dispatch/facts.py has a message of the same name, field for field;
three spellings differ: a datetime `x` is int64 `x_us`, a Position is its own message in 1e-7 degrees, and an
enum value `forest_fire` of IncidentKind is INCIDENT_KIND_FOREST_FIRE. A test walks both sides and finds any drift.
Unknown enum numbers and missing required fields raise Malformed with the field's path.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from dispatch.errors import Malformed
from dispatch.geo import Position
from protocols.gen import facts_pb2, records_pb2

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
DEGREES_TO_WIRE = 10_000_000


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC."""
    return (at - EPOCH) // _MICROSECOND


def from_us(us: int, field: str = "at") -> datetime:
    """An aware UTC time. Raises Malformed outside the years 1 to 9999."""
    try:
        return EPOCH + timedelta(microseconds=us)
    except OverflowError:
        raise Malformed(field, f"{us} microseconds is not a time") from None


def to_wire_position(position: Position, message: Any) -> None:
    """Write a position into a wire Position."""
    message.lon_e7 = round(position.lon_deg * DEGREES_TO_WIRE)
    message.lat_e7 = round(position.lat_deg * DEGREES_TO_WIRE)


def from_wire_position(message: Any) -> Position:
    """Read a wire Position. Raises Malformed when out of range."""
    return Position(lon_deg=message.lon_e7 / DEGREES_TO_WIRE, lat_deg=message.lat_e7 / DEGREES_TO_WIRE)


_MESSAGES: dict[type[Any], type[Message]] = {}


def message_class(cls: type[Any]) -> type[Message]:
    """The message of a record or fact class."""
    known = _MESSAGES.get(cls)
    if known is None:
        known = _MESSAGES[cls] = _find_message(cls)
    return known


def _find_message(cls: type[Any]) -> type[Message]:
    for module in (records_pb2, facts_pb2):
        found = getattr(module, cls.__name__, None)
        if found is not None:
            return typing.cast(type[Message], found)
    raise KeyError(cls.__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class _Plan:
    """How one dataclass field travels."""

    name: str
    wire: str
    inner: Any  # the type without Optional and tuple
    optional: bool
    repeated: bool


def _unwrap(hint: Any) -> tuple[Any, bool, bool]:
    optional = repeated = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
        optional = True
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
        repeated = True
    return hint, optional, repeated


_PLANS: dict[type[Any], tuple[_Plan, ...]] = {}


def fields_of(cls: type[Any]) -> tuple[_Plan, ...]:
    """The travel plan of each field of a dataclass."""
    known = _PLANS.get(cls)
    if known is None:
        known = _PLANS[cls] = _plan(cls)
    return known


def _plan(cls: type[Any]) -> tuple[_Plan, ...]:
    hints = typing.get_type_hints(cls)
    plans = []
    for field in dataclasses.fields(cls):
        inner, optional, repeated = _unwrap(hints[field.name])
        wire = f"{field.name}_us" if inner is datetime else field.name
        plans.append(_Plan(field.name, wire, inner, optional, repeated))
    return tuple(plans)


@cache
def _enum_prefix(cls: type[StrEnum]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper() + "_"


@cache
def _enum_tables(cls: type[StrEnum]) -> tuple[dict[StrEnum, int], dict[int, StrEnum]]:
    from protocols.gen import kinds_pb2

    wire = getattr(kinds_pb2, cls.__name__)
    to_number = {member: wire.Value(_enum_prefix(cls) + member.name) for member in cls}
    return to_number, {number: member for member, number in to_number.items()}


def enum_to_number(value: StrEnum) -> int:
    """The wire number of an enum value."""
    return _enum_tables(type(value))[0][value]


def enum_from_number(cls: type[StrEnum], number: int, field: str) -> StrEnum:
    """The enum value of a wire number. Raises Malformed for 0 and for numbers this version does not know."""
    try:
        return _enum_tables(cls)[1][number]
    except KeyError:
        raise Malformed(field, f"{number} is not a {cls.__name__}") from None


def to_message(value: Any) -> Message:
    """A record or fact as its protobuf message."""
    message = message_class(type(value))()
    fill(value, message)
    return message


def fill(value: Any, message: Message) -> None:
    """Write a record or fact into an existing message of its kind."""
    for plan in fields_of(type(value)):
        item = getattr(value, plan.name)
        if item is None:
            continue
        if plan.repeated:
            _fill_repeated(plan.inner, item, getattr(message, plan.wire))
        elif plan.inner is Position:
            to_wire_position(item, getattr(message, plan.wire))
        elif dataclasses.is_dataclass(plan.inner):
            child = getattr(message, plan.wire)
            child.SetInParent()
            fill(item, child)
        else:
            setattr(message, plan.wire, _scalar_out(item))


def _fill_repeated(inner: Any, items: tuple[Any, ...], target: Any) -> None:
    if inner is Position:
        for item in items:
            to_wire_position(item, target.add())
    elif dataclasses.is_dataclass(inner):
        for item in items:
            fill(item, target.add())
    else:
        target.extend(_scalar_out(item) for item in items)


def _scalar_out(item: Any) -> Any:
    if isinstance(item, datetime):
        return to_us(item)
    if isinstance(item, StrEnum):
        return enum_to_number(item)
    return item


def from_message(message: Message, cls: type[T], path: str = "") -> T:
    """The record or fact in a message. Raises Malformed with the field's path."""
    values: dict[str, Any] = {}
    for name, wire, read, optional, repeated, required in _readings(cls):
        if repeated:
            items = getattr(message, wire)
            values[name] = tuple(items if read is None else [read(item, f"{path}{name}") for item in items])
        elif optional and not message.HasField(wire):
            values[name] = None
        else:
            if required and not message.HasField(wire):
                raise Malformed(f"{path}{name}", "is missing")
            raw = getattr(message, wire)
            values[name] = raw if read is None else read(raw, f"{path}{name}")
    return cls(**values)


_Read = Callable[[Any, str], Any]
# Of each field: name, name on the wire, its reader (None: as it is), optional, repeated, whether it must be there
_Readings = tuple[tuple[str, str, _Read | None, bool, bool, bool], ...]
_READINGS: dict[type[Any], _Readings] = {}


def _readings(cls: type[Any]) -> _Readings:
    known = _READINGS.get(cls)
    if known is None:
        known = _READINGS[cls] = _readings_of(cls)
    return known


def _readings_of(cls: type[Any]) -> _Readings:
    wires = message_class(cls).DESCRIPTOR.fields_by_name
    return tuple(
        (
            plan.name,
            plan.wire,
            _reader(plan.inner),
            plan.optional,
            plan.repeated,
            wires[plan.wire].type == FieldDescriptor.TYPE_MESSAGE,
        )
        for plan in fields_of(cls)
    )


@cache
def _reader(inner: Any) -> _Read | None:
    if inner is datetime:
        return from_us
    if inner is Position:
        return lambda raw, _where: from_wire_position(raw)
    if dataclasses.is_dataclass(inner):
        return lambda raw, where: from_message(raw, typing.cast(type, inner), where + ".")
    if isinstance(inner, type) and issubclass(inner, StrEnum):
        return lambda raw, where: enum_from_number(inner, raw, where)
    return None
