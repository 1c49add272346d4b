"""Values cross the boundary both ways and are the same."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.core.values import checker
from obelisk.errors import GuestError
from obelisk.names import Ffqn
from obelisk.wasm.guest import Poll
from obelisk.wasm.lift import lifter
from obelisk.wasm.lower import lowerer
from obelisk.wit.model import (
    BorrowType,
    EnumType,
    FlagsType,
    ListType,
    OptionType,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    UnsupportedType,
    VariantType,
)
from tests.wasm.bench import VALUES, Bench

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PRIMITIVES: dict[Primitive, st.SearchStrategy[Any]] = {
    Primitive.BOOL: st.booleans(),
    Primitive.CHAR: st.characters(exclude_categories=["Cs"]),
    Primitive.STRING: text,
    **{
        getattr(Primitive, f"{sign}{bits}"): st.integers(low, high)
        for bits in (8, 16, 32, 64)
        for sign, low, high in (("S", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1), ("U", 0, 2**bits - 1))
    },
    **{
        kind: st.floats(allow_nan=False, allow_infinity=False, width=width) | st.sampled_from(["nan", "inf", "-inf"])
        for kind, width in ((Primitive.F32, 32), (Primitive.F64, 64))
    },
}
EDGES = {
    "s8": [-128, 127], "u8": [0, 255], "s16": [-(2**15), 2**15 - 1], "u16": [0, 2**16 - 1],
    "s32": [-(2**31), 2**31 - 1], "u32": [0, 2**32 - 1], "s64": [-(2**63), 2**63 - 1], "u64": [0, 2**53 + 1, 2**64 - 1],
    "f32": ["nan", "inf", "-inf", 0.0, -0.0, 1.401298464324817e-45, 3.4028234663852886e38],
    "f64": ["nan", "inf", "-inf", -0.0, 5e-324, 1.7976931348623157e308, 0.1],
    "bool": [True, False],
    "char": ["\0", "a", "ß", "\ud7ff", "\ue000", "\U0010ffff"],
    "string": ["", "\0", "ä\u2028\U0001f600", "x" * 100_000],
    "bytes": [[], [0, 255], [7] * 50_000], "strings": [[], [""], ["", "\0", "ä"]],
    "numbers": [[], [0, 2**64 - 1]], "nested-list": [[], [[]], [[], [True], []]],
    "options": [[], [None, "\U0010ffff", None]], "option": [None, 0], "nested-option": [None, 0],
    "result": [{"ok": 0}, {"err": ""}], "result-ok": [{"ok": 0}, {"err": None}],
    "result-err": [{"ok": None}, {"err": "ä"}], "result-bare": [{"ok": None}, {"err": None}],
    "variant": ["dot", {"circle": "nan"}, {"circle": -0.0}, {"label": ""}, {"size": 2**32 - 1}],
    "enum": ["red", "dark_green", "blue"], "flags": [[], ["write"], ["read", "write", "run_it"]],
}  # fmt: skip


def values_of(type_: Type) -> st.SearchStrategy[Any]:
    """Return a strategy for the JSON of a type's values."""
    match type_:
        case Primitive():
            return PRIMITIVES[type_]
        case ListType(element):
            return st.lists(values_of(element), max_size=6)
        case OptionType(payload):
            return st.none() | values_of(payload)
        case TupleType(elements):
            return st.tuples(*map(values_of, elements)).map(list)
        case RecordType(fields):
            return st.fixed_dictionaries({snake(field.name): values_of(field.type) for field in fields})
        case EnumType(cases):
            return st.sampled_from([snake(case) for case in cases])
        case FlagsType(flags):
            names = [snake(flag) for flag in flags]
            return st.sets(st.sampled_from(names)).map(lambda found: [name for name in names if name in found])
        case ResultType(ok, err):
            return tagged("ok", ok) | tagged("err", err)
        case VariantType(cases):
            return st.one_of(
                st.just(snake(case.name)) if case.type is None else tagged(snake(case.name), case.type)
                for case in cases
            )
        case _:
            raise AssertionError(type_)


def tagged(name: str, type_: Type | None) -> st.SearchStrategy[Any]:
    payload = st.none() if type_ is None else values_of(type_)
    return payload.map(lambda value: {name: value})


def snake(name: str) -> str:
    return name.replace("-", "_")


def exact(value: Any) -> bytes:
    """Return the JSON text, which tells -0.0 from 0 and 1 from true."""
    return msgspec.json.encode(value, order="deterministic")


class Echo:
    """The values guest, called without a loop that turns."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def __call__(self, function: str, value: Any) -> Any:
        running = self._bench.guest("values.wat", VALUES + function, value)
        self._bench._running.clear()
        while (poll := self._bench.engine._poll(running.guest)) is Poll.YIELDED:
            pass
        assert poll is Poll.ENDED
        assert running.guest.error is None, running.guest.error
        result = running.guest.result
        running.release()
        return result

    def type_of(self, function: str) -> Type:
        found = self._bench.link("values.wat").export(Ffqn(VALUES + function)).function.result
        assert found is not None
        return found


@pytest.fixture(scope="module")
def echo():
    loop = asyncio.new_event_loop()

    async def opened() -> Bench:
        return Bench()

    bench = loop.run_until_complete(opened())
    yield Echo(bench)
    bench.close()
    loop.close()


FUNCTIONS = [*EDGES, "records", "tuple", "record", "long-tuple"]


def test_every_function_of_the_guest_is_tried(echo):
    exported = {name.removeprefix(VALUES + "echo-") for name in echo._bench.link("values.wat")._exports}
    assert exported - {VALUES + "nothing"} == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_goes_in_comes_out(echo, name):
    type_ = echo.type_of(f"echo-{name}")

    @settings(max_examples=40, deadline=None)
    @given(values_of(type_))
    def comes_out(value):
        assert exact(checker(type_)(value)) == exact(value)
        assert exact(echo(f"echo-{name}", value)) == exact(value)

    comes_out()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in EDGES.items() for value in values])
def test_an_edge_comes_out(echo, name, value):
    assert exact(echo(f"echo-{name}", value)) == exact(value)


def test_a_function_without_a_result_returns_nothing(bench):
    running = bench.guest("values.wat", VALUES + "nothing")
    while bench.engine._poll(running.guest) is Poll.YIELDED:
        pass
    assert (running.guest.result, running.guest.error) == (None, None)


def test_flags_come_out_in_the_order_of_their_type(echo):
    assert echo("echo-flags", ["run_it", "read"]) == ["read", "run_it"]


def test_a_nan_of_any_sign_comes_out_as_nan(echo):
    assert echo("echo-f64", "nan") == "nan"


def test_a_borrowed_handle_is_not_lowered():
    with pytest.raises(GuestError, match="borrowed handle"):
        lowerer(BorrowType("thing"))


@pytest.mark.parametrize("build", [lifter, lowerer])
def test_a_type_without_values_is_refused_by_name(build):
    with pytest.raises(GuestError, match="`stream<u8>` are not supported"):
        build(ListType(UnsupportedType("stream<u8>")))


@pytest.mark.parametrize(("function", "value"), [("echo-string", "x" * 2000), ("echo-bytes", [1] * 2000)])
async def test_a_value_above_the_budget_is_an_error_of_the_guest(bench, function, value):
    limits = msgspec.structs.replace(bench.engine.limits, value_size=1000)
    running = bench.guest("values.wat", VALUES + function, value, limits=limits)
    await bench.run(running)
    assert "too large" in running.guest.error
