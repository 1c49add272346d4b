"""The loader of ``obelisk.toml``: whatever the text is, a configuration or an error that lists what is wrong."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import strategies as st

from obelisk.config.load import config_from_text
from obelisk.config.sample import sample_config
from obelisk.errors import ConfigError
from obelisk.plugins import Plugins
from tests.fuzz.mutation import TEXT, damaged_text
from tests.fuzz.target import Target, simple

KEY = re.compile(r"^# (?=[\w]+ = |\[)", re.MULTILINE)
BASE = Path("/nowhere")
ENVIRON = {"OBELISK_DATA_DIR": "/nowhere/data", "OBELISK_CACHE_DIR": "/nowhere/cache"}
PIECES = st.sampled_from([
    "[", "]", "[[", "]]", "=", ".", '"', "'", '"""', "{", "}", ",", "\n", "#", "${", "${A:-", "}", "$${", "true",
    "-1", "1e999",
    "nan", "99999999999999999999999", '"30s"', "{ seconds = 1 }", "{ seconds = -1 }", '"64MiB"', '"9" ',
    "1979-05-27T07:32:00Z",
    "\0", "\ufeff", "[a.b.c]", "x = 1", "\r", '"\\ud800"', "07:32:00", "0x_1",
]) | TEXT  # fmt: skip
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT
    | st.sampled_from(["30s", "64MiB", "${A}", "${A:-${B}}", "*", "http://127.0.0.1:80", "unlimited", "a:b/c.d", "-1s"])
    | st.datetimes() | st.dates() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["seconds", "name", "key"]) | TEXT,
    inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@functools.cache
def plugins() -> Plugins:
    return Plugins.load(environ={})


@functools.cache
def sample() -> str:
    """Return a configuration in which every key stands."""
    return KEY.sub("", sample_config(plugins()))


@functools.cache
def lines() -> tuple[str, ...]:
    return tuple(sample().splitlines())


@st.composite
def lines_with_other_values(draw: st.DrawFn) -> str:
    """Some lines of the sample, one of them with another value."""
    start = draw(st.integers(0, len(lines()) - 1))
    chosen = list(lines()[start : start + draw(st.integers(1, 30))])
    at = draw(st.integers(0, len(chosen) - 1))
    name, equals, _ = chosen[at].partition(" = ")
    if equals and not name.startswith("#"):
        chosen[at] = f"{name} = {toml(draw(VALUES))}"
    return "\n".join(chosen)


def toml(value: Any) -> str:
    try:
        return tomlkit.item(value).as_string()
    except ValueError:  # a float or a control character that it cannot write
        return '""'


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Known tables with known keys and any values."""
    names = [line for line in lines() if line.startswith("[")]
    keys = [line.partition(" = ")[0] for line in lines() if " = " in line and not line.startswith("#")]
    found = []
    for _ in range(draw(st.integers(1, 4))):
        found.append(draw(st.sampled_from(names)))
        found += [f"{draw(st.sampled_from(keys))} = {toml(draw(VALUES))}" for _ in range(draw(st.integers(0, 4)))]
    return "\n".join(found)


def check(text: str) -> None:
    try:
        config_from_text(text, plugins=plugins(), base=BASE, environ=ENVIRON)
    except ConfigError as error:
        message = str(error)
        assert message, "an error without a message"
        assert "Traceback" not in message
        assert len(message) < 100_000 + 20 * len(text)


def target() -> Target:
    examples = st.deferred(
        lambda: (
            TEXT | lines_with_other_values() | tables() | damaged_text(sample(), PIECES) | st.lists(PIECES).map("".join)
        )
    )
    return simple("config", 150, examples, check)
