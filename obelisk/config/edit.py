"""Changing a configuration file without disturbing what people wrote: text in, text out."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Item, Table
from tomlkit.toml_document import TOMLDocument

from obelisk.config.decode import describe_value
from obelisk.errors import ConfigError

REFERENCE = "${"
ESCAPED = "$${"
_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


def add_entry(text: str, table: str, keys: Mapping[str, Any]) -> tuple[str, str]:
    """Return ``text`` with one more entry of ``[[table]]`` at its end, and the text of that entry.

    Raises ``ConfigError`` when ``text`` is not TOML, or ``table`` is there and is no array of tables.
    """
    document = _parsed(text)
    present = document.get(table)
    if isinstance(present, Array):
        inline = tomlkit.inline_table()
        inline.update(keys)
        present.append(inline)
        return tomlkit.dumps(document), f"{table} = [{inline.as_string()}]\n"
    if present is not None and not isinstance(present, AoT):
        found = describe_value(document.unwrap()[table])
        raise ConfigError(f"`{table}`: expected tables of the form `[[{table}]]`, found {found}")
    entry = _entry_text(table, keys)
    result = f"{text.rstrip()}\n\n{entry}" if text.strip() else entry
    _parsed(result)
    return result, entry


def set_locations(text: str, locations: Mapping[tuple[str, int], str]) -> str:
    """Return ``text`` in which entries, by table and index, have other values of ``location``.

    Raises ``ConfigError`` when ``text`` is not TOML.
    """
    _parsed(text)
    seen: Counter[str] = Counter()
    return "".join(_relocated(part, locations, seen) for part in _parts(text))


def escaped(value: Any) -> Any:
    """Return a plain value whose texts mean themselves: references to variables in them are written out."""
    match value:
        case str():
            return value.replace(REFERENCE, ESCAPED)
        case list() | tuple():
            return [escaped(item) for item in value]
        case dict():
            return {key: escaped(item) for key, item in value.items()}
        case _:
            return value


def write_file(path: Path, text: str) -> None:
    """Replace a file in one step, keeping its mode; a link is followed. Raises ``ConfigError``."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=".obelisk-", delete=False
        ) as new:
            try:
                new.write(text)
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).chmod(mode)
                Path(new.name).replace(target)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigError(f"cannot write the configuration file {path}: {error.strerror or error}") from error


def _parts(text: str) -> Iterator[str]:
    """Yield the pieces of a valid document, each from one header to the next.

    The library moves entries of an array of tables together when others stand between them; a piece has one entry only. A
    line that begins like a header is one if what is before it is complete: else it lies in a text or in an array.
    """
    start = 0
    for found in _HEADER.finditer(text):
        if _is_complete(text[start : found.start()]):
            yield text[start : found.start()]
            start = found.start()
    yield text[start:]


def _is_complete(part: str) -> bool:
    try:
        tomllib.loads(part)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _relocated(part: str, locations: Mapping[tuple[str, int], str], seen: Counter[str]) -> str:
    """Return a piece with other locations. ``seen`` counts the entries of each table in the pieces before it."""
    document = _parsed(part)
    changed = False
    for table in {table for table, _ in locations}:
        entries = document.get(table)
        if not isinstance(entries, list):
            continue  # a table below an entry, or none of this name
        for index, entry in enumerate(entries, start=seen[table]):
            if (table, index) in locations:
                entry["location"] = locations[table, index]
                changed = True
        seen[table] += len(entries)
    return tomlkit.dumps(document) if changed else part


def _parsed(text: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise ConfigError(f"not valid TOML: {error}") from error


def _entry_text(table: str, keys: Mapping[str, Any]) -> str:
    """Return ``[[table]]`` and its keys. Tables in it become inline ones, so that the entry ends where it seems to."""
    entry: Table = tomlkit.table()
    for key, value in keys.items():
        entry[key] = _inline(value)
    entries = tomlkit.aot()
    entries.append(entry)
    document = tomlkit.document()
    document[table] = entries
    return tomlkit.dumps(document)


def _inline(value: Any) -> Item:
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, item in value.items():
            table[key] = _inline(item)
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_inline(item))
        return array
    plain: Item = tomlkit.item(value)
    return plain
