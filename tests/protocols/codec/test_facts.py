"""Facts travel as protobuf and come back equal; the schema and the dataclasses never drift apart."""

import contextlib
import dataclasses
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import facts
from dispatch.errors import Malformed
from protocols.codec import common
from protocols.codec import facts as codec
from tests.strategies import any_fact


@settings(max_examples=300, deadline=None)
@given(any_fact)
def test_every_fact_comes_back_equal(fact: Any) -> None:
    """decode(encode(fact)) is the fact, and encoding is stable."""
    kind, body = codec.encode(fact)
    back = codec.decode(kind, body)
    assert back == fact
    assert codec.encode(back) == (kind, body)


def every_record(cls: type[Any]) -> set[type[Any]]:
    """A fact class and every dataclass inside it."""
    found = {cls}
    for plan in common.fields_of(cls):
        if dataclasses.is_dataclass(plan.inner) and plan.inner.__name__ != "Position":
            found |= every_record(typing.cast("type[Any]", plan.inner))
    return found


@pytest.mark.parametrize("kind", sorted(codec.KINDS))
def test_schema_and_records_have_the_same_fields(kind: str) -> None:
    """A field added on one side only is found here."""
    for cls in every_record(codec.KINDS[kind]):
        wire = {field.name for field in common.message_class(cls).DESCRIPTOR.fields}
        assert {plan.wire for plan in common.fields_of(cls)} == wire, cls


def test_unknown_kind_is_named() -> None:
    """A fact of a newer version is told apart from a broken one."""
    with pytest.raises(Malformed) as caught:
        codec.decode("MoonLanded", b"")
    assert caught.value.field == "kind"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(codec.KINDS)), st.binary(max_size=200))
def test_random_bodies_are_malformed_or_facts(kind: str, body: bytes) -> None:
    """Hostile bytes never raise anything else."""
    with contextlib.suppress(Malformed):
        assert isinstance(codec.decode(kind, body), codec.KINDS[kind])


def test_there_is_a_message_for_every_fact() -> None:
    """KINDS is the whole union."""
    assert set(codec.KINDS.values()) == set(typing.get_args(facts.Fact))
