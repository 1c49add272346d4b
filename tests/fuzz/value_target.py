"""Values: JSON against types, JSON text, and values through a guest."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from obelisk.core.values import MAX_JSON_DEPTH, ReturnShape, checker, parse_json
from obelisk.errors import InvalidValueError
from obelisk.wit.model import Type
from tests.fuzz.mutation import TEXT, damaged_text
from tests.fuzz.target import Target, simple
from tests.fuzz.wit_types import JSON, TYPES, exact, typed_values

PIECES = st.sampled_from([
    "[", "]", "{", "}", ",", ":", '"', "\\", "\\ud800", "\\u0000", "1e999", "-", "0", "9" * 30, "1" * 5000, "0.1",
    "NaN", "null",
    "true", " ", "\n", "[" * 300, '{"a":' * 300, "\ufeff", "\0", "1.", "01", "Infinity", "1e-999", "18446744073709551616",
]) | TEXT  # fmt: skip


def check_typed(example: tuple[Type, Any]) -> None:
    """A value of a type stays what it is: checked, as text, and as a result of a function."""
    type_, value = example
    check = checker(type_)
    assert exact(check(value)) == exact(value)
    assert exact(check(parse_json(exact(value), "the value"))) == exact(value)
    shape = ReturnShape(type_)
    result = shape.result(value)
    assert exact(shape.extension(result)["ok"] if not shape.projectable else shape.project(result)) == exact(value)
    assert shape.stubbed({"ok": value} if not shape.projectable else value) == result


def check_any(example: tuple[Type, Any]) -> None:
    """A value of no type is refused, or has a normal form that is its own normal form."""
    type_, value = example
    check = checker(type_)
    try:
        normal = check(value)
    except InvalidValueError as error:
        assert "expected" in str(error)
        assert len(str(error)) < 3000
    else:
        assert exact(check(normal)) == exact(normal)


def check_text(text: str) -> None:
    """Text is JSON that can be written again, or is refused."""
    try:
        value = parse_json(text, "the value")
    except InvalidValueError as error:
        assert len(str(error)) < 1000
        return
    assert exact(parse_json(msgspec.json.encode(value), "the value")) == exact(value)
    assert depth(value) <= MAX_JSON_DEPTH


def depth(value: Any) -> int:
    level, found = [value], 0
    while level := [part for outer in level for part in parts(outer)]:
        found += 1
    return found


def parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []


def typed() -> Target:
    return simple("values", 150, typed_values(), check_typed)


def wrong() -> Target:
    return simple("wrong-values", 150, st.tuples(TYPES, JSON), check_any)


def texts() -> Target:
    json = JSON.map(lambda value: msgspec.json.encode(value).decode())
    examples = st.lists(PIECES, max_size=12).map("".join) | json.flatmap(lambda text: damaged_text(text, PIECES))
    return simple("json-text", 200, examples, check_text)
