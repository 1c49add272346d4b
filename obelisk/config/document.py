"""Finding and reading a configuration file: text in, plain tables out."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from obelisk.config.expand import Directories, Expander, find_directories
from obelisk.config.placing import OF_VARIABLE, Places, syntax_problem
from obelisk.errors import ConfigError, PluginError

FILE_NAME = "obelisk.toml"
MAX_FILE_SIZE = 1024 * 1024
OVERRIDE_PREFIX = "OBELISK__"
OVERRIDE_SEPARATOR = "__"
_UTF_16 = re.compile(rb"\xff\xfe|\xfe\xff|([^\0]\0){2}|(\0[^\0]){2}")
"""How a file begins that some editors of Windows write."""


class Document(Struct, frozen=True):
    """A configuration as plain tables: overrides are applied and references replaced, nothing is checked yet.

    ``overrides`` maps the path of a key to the variable that set it. ``origin`` names the configuration in messages,
    ``text`` is what was read.
    """

    origin: str
    tables: dict[str, Any]
    overrides: dict[str, str]
    base: Path
    directories: Directories
    expander: Expander
    text: str = ""


def read_document(
    path: Path | None, *, environ: Mapping[str, str], cwd: Path, problems: list[str] | None = None
) -> Document:
    """Read the configuration at ``path``, or the first one found in the usual places.

    Raises ``ConfigError`` when there is none, it cannot be read, or is not TOML; for ``problems`` see ``parse_document``.
    """
    found = cwd / path if path is not None else find_file(environ, cwd=cwd)
    text = read_text(found)
    return parse_document(text, origin=str(found), base=found.parent, environ=environ, cwd=cwd, problems=problems)


def parse_document(
    text: str, *, origin: str, base: Path, environ: Mapping[str, str], cwd: Path, problems: list[str] | None = None
) -> Document:
    """Parse the text of a configuration; relative locations in it start at ``base``.

    Raises ``ConfigError`` that lists every problem. When ``problems`` is given, overrides and references that are wrong are
    put there instead and left as they are.
    """
    tables = _parse(text, origin)
    told, problems = problems is not None, [] if problems is None else problems
    overrides = _apply_overrides(tables, environ, problems)
    directories = find_directories(environ, cwd=cwd, config=base)
    expander = Expander(environ, directories)
    expanded = expander.tree(tables, "", problems)
    document = Document(origin, expanded, overrides, base, directories, expander, text)
    if problems and not told:
        raise Places.of(document).error(problems)
    return document


def disabled_plugins(document: Document) -> frozenset[str]:
    """Return the names in ``[plugins] disabled``; empty when they are not a list of texts, which is reported later."""
    table = document.tables.get("plugins")
    names = table.get("disabled") if isinstance(table, dict) else None
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def plugin_files(document: Document) -> tuple[Path, ...]:
    """Return the paths in ``[plugins] files``, without what is no path, which is reported later."""
    return tuple(plugin_file_keys(document))


def plugin_file_keys(document: Document) -> dict[Path, str]:
    """Return the paths in ``[plugins] files``, as ``plugin_files`` does, with those of their keys: ``plugins.files[0]``."""
    table = document.tables.get("plugins")
    names = table.get("files") if isinstance(table, dict) else None
    found: dict[Path, str] = {}
    for index, text in enumerate(names if isinstance(names, list) else ()):
        if not isinstance(text, str) or not text or "\0" in text:
            continue
        try:
            found.setdefault(document.expander.path(Path(text), base=document.base), f"plugins.files[{index}]")
        except ValueError:  # it refers to a variable that is not there
            continue
    return found


def clash_message(document: Document, error: PluginError) -> str:
    """Return what is said of plugins that cannot be loaded side by side, after the key of the file that is one of them."""
    key = next((key for path, key in plugin_file_keys(document).items() if str(path) in str(error)), None)
    return str(error) if key is None else f"`{key}`: {error}"


def find_file(environ: Mapping[str, str], *, cwd: Path) -> Path:
    """Return the first configuration file in the usual places. Raises ``ConfigError`` when there is none."""
    places = [cwd / FILE_NAME]
    if environ.get("HOME"):
        places.append(Path(environ["HOME"]) / ".config" / "obelisk" / FILE_NAME)
    places.append(Path("/etc/obelisk") / FILE_NAME)
    for place in places:
        if os.path.lexists(place):  # what is no file is told when it is read
            return place
    looked = ", ".join(str(place) for place in places)
    raise ConfigError(
        f"no configuration file found, looked for {looked}; name one with `--config`, "
        "or write one with `obelisk server generate-config`"
    )


def read_text(path: Path) -> str:
    """Return the text of a configuration file, without the mark that some editors begin UTF-8 with.

    Raises ``ConfigError`` when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the configuration file {path}: {error.strerror or error}") from error
    if len(content) > MAX_FILE_SIZE:
        raise ConfigError(f"the configuration file {path} is larger than {MAX_FILE_SIZE} bytes")
    if _UTF_16.match(content):
        raise ConfigError(f"the configuration file {path} is UTF-16 text, expected UTF-8; save it in that encoding")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        raise ConfigError(
            f"the configuration file {path} is not UTF-8 text: line {line} holds the byte {byte:#04x}; "
            "save it in that encoding"
        ) from error


def _parse(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(syntax_problem(text, error, origin=origin).text) from error


def _apply_overrides(tables: dict[str, Any], environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    overrides = {}
    for variable in sorted(name for name in environ if name.startswith(OVERRIDE_PREFIX)):
        keys = variable[len(OVERRIDE_PREFIX) :].lower().split(OVERRIDE_SEPARATOR)
        try:
            _set(tables, keys, _override_value(environ[variable]))
        except ValueError as error:
            problems.append(f"{OF_VARIABLE}{variable}` cannot be applied: {error}")
        overrides[".".join(keys)] = variable
    return overrides


def _set(tables: dict[str, Any], keys: list[str], value: Any) -> None:
    if not all(keys):
        raise ValueError("expected `OBELISK__TABLE__KEY`")
    for depth, key in enumerate(keys[:-1]):
        tables = tables.setdefault(key, {})
        if not isinstance(tables, dict):
            raise ValueError(f"`{'.'.join(keys[: depth + 1])}` is not a table of the form `[name]`")
    tables[keys[-1]] = value


def _override_value(text: str) -> Any:
    """Read a TOML value; what is none is a text, so that ``127.0.0.1:0`` needs no quotes."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text
