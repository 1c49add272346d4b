"""Types of WIT, and values of each."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from obelisk.wit.model import (
    Case,
    EnumType,
    Field,
    FlagsType,
    ListType,
    OptionType,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    VariantType,
)
from tests.wasm.test_lift_lower import values_of

LABELS = (
    "a",
    "b-c",
    "type",
    "x1",
    "own",
    "a-1",
    "record",
    "some",
    "none",
    "ok",
    "err",
    "z-z-z",
    "u8",
    "from",
    "list",
    "as",
)


def labels(least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(LABELS), min_size=least, max_size=5, unique=True).map(tuple)


@st.composite
def records(draw: st.DrawFn, parts: st.SearchStrategy[Type]) -> Type:
    return RecordType(tuple(Field(name, draw(parts)) for name in draw(labels())))


@st.composite
def variants(draw: st.DrawFn, parts: st.SearchStrategy[Type]) -> Type:
    return VariantType(tuple(Case(name, draw(st.none() | parts)) for name in draw(labels())))


def composed(parts: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    maybe = st.none() | parts
    return st.one_of(
        parts.map(ListType),
        parts.map(OptionType),
        st.builds(ResultType, maybe, maybe),
        st.lists(parts, min_size=1, max_size=4).map(lambda found: TupleType(tuple(found))),
        records(parts),
        variants(parts),
    )


LEAVES: st.SearchStrategy[Type] = st.one_of(
    st.sampled_from(list(Primitive)), labels().map(EnumType), labels().map(FlagsType)
)
TYPES: st.SearchStrategy[Type] = st.recursive(LEAVES, composed, max_leaves=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["ok", "err", "a", "b_c", "b-c", "some"]) | st.text(max_size=3), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Type, Any]:
    """A type and a value of it."""
    type_ = draw(TYPES)
    return type_, draw(values_of(type_))


def exact(value: Any) -> bytes:
    """Return the JSON text, which tells -0.0 from 0 and 1 from true."""
    return msgspec.json.encode(value, order="deterministic")
