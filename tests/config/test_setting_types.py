"""Settings of every type that a plugin may choose: each is read, shown and described."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft7Validator
from msgspec import NODEFAULT, Meta, Struct, defstruct, field

from obelisk.config.load import config_from_text
from obelisk.config.sample import sample_config
from obelisk.config.schema import schema_text
from obelisk.errors import ConfigError
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.settings import Duration, Size
from obelisk.plugins import Plugins
from obelisk.registry import Offer, Registry

HERE = Path(__file__).parent
PROBE = "\n[probe]\n"


class Colour(Enum):
    RED = "red"


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part.

    * ``wait``: how long.
    """

    wait: Duration = Duration(seconds=1)


PARTS = (Part(Duration(seconds=2)),)
TYPES: list[tuple[Any, str, Any]] = [
    (tuple[int, int], "[1, 2]", (1, 2)),
    (tuple[int, Path, Duration], '[1, "a", "2s"]', (1, HERE / "a", Duration(seconds=2))),
    (tuple[()], "[]", ()),
    (tuple[int, int] | None, "[1, 2]", (1, 2)),
    (tuple[tuple[int, str], ...], '[[1, "a"], [2, "b"]]', ((1, "a"), (2, "b"))),
    (tuple, "[1]", (1,)),
    (set[int], "[1, 2, 1]", {1, 2}),
    (frozenset[Path], '["a"]', frozenset({HERE / "a"})),
    (frozenset[Duration], '["2s"]', frozenset({Duration(seconds=2)})),
    (frozenset[Colour], '["red"]', frozenset({Colour.RED})),
    (frozenset[Part], '[{ wait = "2s" }]', frozenset(PARTS)),
    (Sequence[int], "[1]", [1]),
    (tuple[Part, ...], '[{ wait = "2s" }]', PARTS),
    (Part | None, '{ wait = "2s" }', PARTS[0]),
    (Literal["a", 1, None], '"a"', "a"),
    (dict[str, Part], '{ x = { wait = "2s" } }', {"x": PARTS[0]}),
    (dict[int, int], "{ 1 = 2 }", {1: 2}),
    (dict[Colour, Size], '{ red = "1KiB" }', {Colour.RED: Size(1024)}),
    (datetime, "2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
    (date | None, "2026-01-01", date(2026, 1, 1)),
    (time, "10:00:00", time(10)),
    (timedelta, '"2s"', timedelta(seconds=2)),
    (timedelta | None, '"PT2S"', timedelta(seconds=2)),
    (Annotated[int, Meta(ge=1)], "1", 1),
    (Annotated[Duration, Meta(description="long")], '"2s"', Duration(seconds=2)),
    (Annotated[Part, Meta(description="one")], '{ wait = "2s" }', PARTS[0]),
]


def offering(hint: Any, default: Any = NODEFAULT) -> Plugins:
    """Return the plugins with an exporter whose table has a key of a type."""
    key = ("key", hint) if default is NODEFAULT else ("key", hint, field(default_factory=lambda: default))
    settings = defstruct("Settings", [key], frozen=True, forbid_unknown_fields=True, namespace={"__doc__": "S."})
    plugins = Plugins.load(environ={})
    offers = [Offer("probe", Provider("probe", "Takes signals.", settings, None), "a test")]
    plugins.exporters = Registry("exporter", offers, hint=plugins.hint)
    return plugins


def loaded(plugins: Plugins, toml: str) -> Any:
    (used,) = config_from_text(toml, plugins=plugins, base=HERE, environ={"HOME": "/h"}).exporters
    return used.settings.key


@pytest.mark.parametrize(("hint", "toml", "value"), TYPES, ids=[str(hint) for hint, _, _ in TYPES])
def test_a_key_of_any_type_is_read_and_fits_the_schema(hint: Any, toml: str, value: Any):
    plugins, text = offering(hint), f"probe.key = {toml}"
    assert loaded(plugins, text) == value
    plain = json.loads(json.dumps(tomllib.loads(text), default=str))
    assert list(Draft7Validator(json.loads(schema_text(plugins))).iter_errors(plain)) == []


@pytest.mark.parametrize(("hint", "toml", "value"), TYPES, ids=[str(hint) for hint, _, _ in TYPES])
def test_the_default_that_the_sample_shows_is_what_the_key_has(hint: Any, toml: str, value: Any):
    plugins = offering(hint, value)
    Draft7Validator.check_schema(json.loads(schema_text(plugins)))
    shown = sample_config(plugins).replace("# [probe", "[probe").partition(PROBE)[2].partition("\n\n")[0]
    lines = [line.removeprefix("# ") for line in shown.splitlines()]
    assert loaded(plugins, PROBE + "\n".join(lines)) == value


@pytest.mark.parametrize(
    ("hint", "toml", "problem"),
    [
        (tuple[int, str], "[1]", "`probe.key`: expected a list of 2: a whole number, text, found a list of 1"),
        (tuple[int, str], "[1, 2]", "`probe.key[1]`: expected text, found the number 2"),
        (tuple[()], "[1]", "`probe.key`: expected an empty list, found a list of 1"),
        (frozenset[int], '["a"]', '`probe.key[0]`: expected a whole number, found the text "a"'),
        (set[int], "true", "`probe.key`: expected a list, each item a whole number, found true"),
        (dict[int, int], "{ a = 1 }", "`probe.key`: expected keys that are each a whole number, found `a`"),
        (datetime, "1", "`probe.key`: expected a date with a time, found the number 1"),
        (timedelta, "1", "`probe.key`: expected a duration such as "),
        (Annotated[int, Meta(ge=1)], "0", "`probe.key`: expected a whole number, at least 1, found the number 0"),
        (frozenset[list[int]], "[[1]]", "its plugin has to use a list"),
    ],
)
def test_what_does_not_fit_is_told(hint: Any, toml: str, problem: str):
    with pytest.raises(ConfigError) as caught:
        loaded(offering(hint), f"probe.key = {toml}")
    assert problem in str(caught.value)


def test_the_items_of_a_set_are_shown_in_one_order():
    plugins = offering(frozenset[str], frozenset({"c", "a", "b"}))
    assert '# key = ["a", "b", "c"]\n' in sample_config(plugins)
    assert json.loads(schema_text(plugins))["definitions"]["Settings"]["properties"]["key"]["default"] == [
        "a",
        "b",
        "c",
    ]
