"""The configuration that a command of a plugin works on; see ``obelisk.interfaces.commands``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from obelisk.config.decode import Decoder
from obelisk.config.document import (
    Document,
    disabled_plugins,
    find_file,
    parse_document,
    plugin_files,
    read_text,
)
from obelisk.config.edit import REFERENCE, add_entry, escaped, set_locations, write_file
from obelisk.config.load import decode_document
from obelisk.config.model import Config
from obelisk.config.plain import differing_keys
from obelisk.errors import ConfigError, InputError, PluginError
from obelisk.interfaces.commands import Described, Inspected, NewComponent, Place
from obelisk.interfaces.components import ComponentKindProvider
from obelisk.interfaces.provider import Host
from obelisk.plugins import Plugins

OWN_KEYS = ("name", "location")
UNNAMED = "unnamed"
NO_FILE = "no configuration"


class Entry(Struct, frozen=True):
    """An entry of a component table as the file has it, nothing replaced in it."""

    table: str
    index: int
    keys: dict[str, Any]

    def text(self, key: str) -> str:
        """Return the text of a key, empty when it is none."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else ""


def open_project(path: Path | None) -> FileProject:
    """Return the project of the configuration at ``path``, of the one in the usual places, or of none."""
    environ, cwd = os.environ, Path.cwd()
    file = cwd / path if path is not None else _found(environ, cwd)
    text = "" if file is None else read_text(file)
    base = cwd if file is None else file.parent
    origin = NO_FILE if file is None else str(file)
    document = parse_document(text, origin=origin, base=base, environ=environ, cwd=cwd)
    return FileProject(file, text, document)


def _found(environ: Mapping[str, str], cwd: Path) -> Path | None:
    try:
        return find_file(environ, cwd=cwd)
    except ConfigError:
        return None


class FileProject:
    """A configuration file, or the defaults."""

    def __init__(self, file: Path | None, text: str, document: Document) -> None:
        self.file = file
        self._text = text
        self._document = document
        self._plugins = Plugins.load(disabled=disabled_plugins(document), files=plugin_files(document))
        self._config: Config = decode_document(document, self._plugins)

    @property
    def host(self) -> Host:
        """What everything that is opened gets."""
        from obelisk.runtime.engine import make_host

        return make_host(self._config)

    @property
    def max_component_size(self) -> int:
        """``wasm.max_component_size``."""
        return int(self._config.kernel.wasm.max_component_size)

    def source_settings(self, scheme: str) -> Struct:
        """Return the settings of the component source for a scheme."""
        for source in self._config.sources:
            if source.provider.scheme == scheme:
                return source.settings
        raise PluginError(f"no component source for `{scheme}://`{self._plugins.hint(scheme)}")

    async def inspect(self, content: bytes, *, origin: str) -> Inspected:
        """Look at a component."""
        from obelisk.wasm.inspect import inspect_content

        job, world = await inspect_content(content, origin=origin, max_size=self.max_component_size)
        exports = (*(each.name for each in world.exports), *(each.name for each in world.bare_exports))
        imports = (*(each.name for each in world.imports), *(each.name for each in world.bare_imports))
        return Inspected(job.binary, job.digest, exports, imports)

    def places(self) -> tuple[Place, ...]:
        """Return where the components come from."""
        return tuple(
            Place(entry.table, self._expanded(entry, "name"), self._expanded(entry, "location"), entry.text("location"))
            for entry in self._entries()
        )

    def describe(self, path: Path) -> Described | None:
        """Return what the configuration says of the component at ``path``."""
        wanted = path.resolve()
        found = [self._described(entry) for entry in self._entries() if self._path(entry) == wanted]
        if any(each != found[0] for each in found):
            raise InputError(f"{self.file} has several components at {path} whose tables differ")
        return found[0] if found else None

    def add(self, component: NewComponent) -> str:
        """Add a component to the file."""
        file = self._existing_file()
        if any(component.name == place.name for place in self.places()):
            raise InputError(f"{file} has a component named `{component.name}` already")
        kind = self._kind(component.table)
        keys = {"name": component.name, "location": component.location, **escaped(self._shared(kind, component))}
        text, entry = add_entry(self._text, component.table, keys)
        self._write(file, text)
        return entry

    def relocate(self, locations: Mapping[str, str]) -> None:
        """Give components other locations."""
        file = self._existing_file()
        places = {self._expanded(entry, "name"): (entry.table, entry.index) for entry in self._entries()}
        missing = [name for name in locations if name not in places]
        if missing:
            raise InputError(f"{file} has no component `{missing[0]}` with a location")
        changed = {places[name]: location for name, location in locations.items()}
        self._write(file, set_locations(self._text, changed))

    def _entries(self) -> Iterator[Entry]:
        tables = tomllib.loads(self._text)
        for kind in self._plugins.component_kinds:
            for index, keys in enumerate(tables.get(kind.table, ())):
                entry = Entry(kind.table, index, keys)
                if entry.text("location"):
                    yield entry

    def _expanded(self, entry: Entry, key: str) -> str:
        return self._document.expander.text(entry.text(key))

    def _path(self, entry: Entry) -> Path | None:
        location = self._expanded(entry, "location")
        return None if "://" in location else (self._document.base / Path(location).expanduser()).resolve()

    def _described(self, entry: Entry) -> Described:
        kind = self._kind(entry.table)
        withheld = tuple(key for key, value in entry.keys.items() if key not in OWN_KEYS and _refers(value))
        keys = {key: value for key, value in entry.keys.items() if key not in (*OWN_KEYS, *withheld)}
        component = NewComponent(entry.table, UNNAMED, UNNAMED, keys)
        return Described(entry.table, self._shared(kind, component), withheld)

    def _shared(self, kind: ComponentKindProvider, component: NewComponent) -> dict[str, Any]:
        if kind.share is None:
            return {}
        decoder = Decoder(self._document.expander, base=self._document.base)
        table = {**component.keys, "name": component.name, "location": component.location}
        try:
            settings = decoder.struct(kind.settings, table, f"{component.table}[{component.name}]")
        except ConfigError as error:
            raise ConfigError("\n".join(map(str, error.args))) from error
        return differing_keys(kind.share(settings), without=OWN_KEYS)

    def _kind(self, table: str) -> ComponentKindProvider:
        kind = self._plugins.component_kinds.find(table)
        if kind is None:
            known = ", ".join(f"`{name}`" for name in self._plugins.component_kinds.names)
            raise InputError(f"no kind of component has the table `{table}`, known: {known}{self._plugins.hint(table)}")
        return kind

    def _existing_file(self) -> Path:
        if self.file is None:
            find_file(os.environ, cwd=Path.cwd())  # says where it looked
            raise InputError("no configuration file")
        return self.file

    def _write(self, file: Path, text: str) -> None:
        """Write the file unless that would make it wrong."""
        document = parse_document(text, origin=str(file), base=self._document.base, environ=os.environ, cwd=Path.cwd())
        config = decode_document(document, self._plugins)
        write_file(file, text)
        self._text, self._document, self._config = text, document, config


def _refers(value: Any) -> bool:
    """Tell whether some text in a plain value refers to a variable."""
    match value:
        case str():
            return REFERENCE in value
        case list():
            return any(map(_refers, value))
        case dict():
            return any(map(_refers, value.values()))
        case _:
            return False
