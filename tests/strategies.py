"""Hypothesis strategies for the domain's values: canonical times and positions, any record, any fact."""

import typing
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from dispatch import facts
from dispatch.geo import Position
from dispatch.kinds import Role
from dispatch.records import Step

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

times = st.integers(0, 4_000_000_000_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))
positions = st.builds(
    Position,
    lon_deg=st.integers(-1_800_000_000, 1_800_000_000).map(lambda n: n / 1e7),
    lat_deg=st.integers(-900_000_000, 900_000_000).map(lambda n: n / 1e7),
)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
steps = st.builds(
    Step,
    at=times,
    actor=texts,
    role=st.none() | st.sampled_from(Role),
    action=texts,
    state=texts,
    reason=texts,
)

st.register_type_strategy(datetime, times)
st.register_type_strategy(Position, positions)
st.register_type_strategy(str, texts)
st.register_type_strategy(int, st.integers(0, 2**31 - 1))
st.register_type_strategy(float, st.floats(-1e9, 1e9, allow_nan=False))


def tuples_of(inner: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """Short tuples, so that whole records stay small."""
    return st.lists(strategy(inner), max_size=2).map(tuple)


def strategy(hint: Any) -> st.SearchStrategy[Any]:
    """A strategy for one field's type."""
    import dataclasses

    if typing.get_origin(hint) is tuple:
        return tuples_of(typing.get_args(hint)[0])
    if typing.get_args(hint) and type(None) in typing.get_args(hint):
        (inner,) = (a for a in typing.get_args(hint) if a is not type(None))
        return st.none() | strategy(inner)
    if dataclasses.is_dataclass(hint) and hint is not Position:
        return record(typing.cast("type[Any]", hint))
    return st.from_type(hint)


def record(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any value of a record or fact class."""
    hints = typing.get_type_hints(cls)
    return st.deferred(lambda: st.builds(cls, **{name: strategy(hint) for name, hint in hints.items()}))


any_fact: st.SearchStrategy[Any] = st.one_of(*(record(cls) for cls in typing.get_args(facts.Fact)))
