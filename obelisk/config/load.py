"""A checked configuration from a file or a text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields

from obelisk.config.decode import Decoder, describe_value, raise_problems
from obelisk.config.document import Document, parse_document, plugin_file_keys
from obelisk.config.labels import entry_labels
from obelisk.config.model import Chosen, ComponentUse, Config, KernelSettings, TriggerUse
from obelisk.config.placing import Places
from obelisk.errors import ConfigError, PluginError
from obelisk.interfaces.components import ComponentKindProvider
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.storage import Storage
from obelisk.interfaces.triggers import TriggerEntry
from obelisk.registry import Catalog

S = TypeVar("S", bound=Struct)
KERNEL = "the kernel"
OWN_TABLES = KernelSettings.__struct_fields__
OF_COMPONENTS = ("allow_exec_activities", "outbound_http", "secrets", "wasm")
"""Keys of the kernel that decide whether a component opens."""
Placed = tuple[str, Struct | None]
"""What an entry of a list of tables is called in messages, and its settings unless they are wrong."""
_ENTRY = re.compile(r"(\w+)\[([0-9]+)\]")


class Claim(Struct, frozen=True):
    """A TOML table that a provider is configured by."""

    table: str
    settings: type[Struct]
    array: bool
    owner: str


def config_from_text(text: str, *, plugins: Catalog, base: Path, environ: Mapping[str, str]) -> Config:
    """Load a configuration from its text; relative locations start at ``base``.

    ``environ`` has to hold ``HOME``, or ``OBELISK_DATA_DIR`` and ``OBELISK_CACHE_DIR``. Raises as
    ``decode_document`` does.
    """
    document = parse_document(text, origin="configuration", base=base, environ=environ, cwd=base)
    return decode_document(document, plugins)


def decode_document(document: Document, plugins: Catalog) -> Config:
    """Check a configuration that was read. Raises ``ConfigError`` that lists every problem, one per line.

    Raises ``PluginError`` when plugins claim the same table.
    """
    try:
        return _Loader(document, plugins).config()
    except ConfigError as error:
        raise Places.of(document).error(error.args) from error


class Examined(Struct, frozen=True):
    """What is right and what is wrong with a configuration.

    ``problems`` begin with the path of a key where they have one. ``config`` is what is right, for further checks; ``None``
    when that would tell of nothing but consequences. ``complete`` tells whether no component is left out of it.
    """

    problems: tuple[str, ...]
    config: Config | None
    complete: bool


def examine_document(document: Document, plugins: Catalog, *, unread: Sequence[str] = ()) -> Examined:
    """Check a configuration that was read, and keep what is right of it.

    ``unread`` are the paths of texts whose references could not be replaced: what holds them is left out. Raises
    ``PluginError`` when plugins claim the same table.
    """
    return _Loader(document, plugins, unread=unread).examined()


def claims(plugins: Catalog) -> dict[str, Claim]:
    """Return every table of the installed plugins. Raises ``PluginError`` when two claim the same one."""
    found = {name: Claim(name, Struct, False, KERNEL) for name in OWN_TABLES}
    kernel = frozenset(found)
    for claim in _plugin_claims(plugins):
        present = found.setdefault(claim.table, claim)
        if present is not claim:
            raise PluginError(f"the table `{claim.table}` is claimed by {present.owner} and by {claim.owner}")
    return {name: claim for name, claim in found.items() if name not in kernel}


def taken_tables(plugins: Catalog) -> dict[str, str]:
    """Return every table that there is, the kernel's too, and whose it is. Raises as ``claims`` does."""
    return dict.fromkeys(OWN_TABLES, KERNEL) | {claim.table: claim.owner for claim in claims(plugins).values()}


def _plugin_claims(plugins: Catalog) -> list[Claim]:
    storages = [_own_table(s, f"the storage `{s.name}`") for s in plugins.storages]
    sources = [_own_table(s, f"the component source `{s.name}`") for s in plugins.sources]
    exporters = [_own_table(e, f"the exporter `{e.name}`") for e in plugins.exporters]
    kinds = [Claim(k.table, k.settings, True, f"the component kind `{k.name}`") for k in plugins.component_kinds]
    triggers = [
        Claim(table.name, table.settings, table.array, f"the trigger `{trigger.name}`")
        for trigger in plugins.triggers
        for table in trigger.tables
    ]
    return storages + sources + exporters + kinds + triggers


def _own_table(provider: Any, owner: str) -> Claim:
    return Claim(provider.name, provider.settings, False, owner)


class _Loader:
    """One pass over one document; ``problems`` grows on the way."""

    def __init__(self, document: Document, plugins: Catalog, *, unread: Sequence[str] = ()) -> None:
        self._unread = tuple(unread)
        self._tables = document.tables
        self._document = document
        self._plugins = plugins
        self._claims = claims(plugins)
        self._problems: list[ConfigError] = []
        self._decoder = Decoder(document.expander, base=document.base)

    def config(self) -> Config:
        config = self._checked(None)
        raise_problems(self._problems)
        assert config is not None  # else there were problems
        return config

    def examined(self) -> Examined:
        kernel = self._kernel_without_what_is_wrong()
        self._problems.clear()
        config = self._checked(kernel)
        told = dict.fromkeys(message for problem in self._problems for message in problem.args)
        unread = tuple(f"`{self._labelled(path)}`: " for path in self._unread)
        problems = tuple(message for message in told if not message.startswith(unread))
        return Examined(problems, config, complete=config is not None and self._is_complete(config))

    def _is_complete(self, config: Config) -> bool:
        """Tell whether no component table is left out; one of a name that nobody knows may be meant as one."""
        tables = [name for name in self._tables if self._plugins.component_kinds.find(name) is not None]
        entries = sum(len(self._tables[name]) for name in tables if isinstance(self._tables[name], list))
        return len(config.components) == entries and all(self._is_known(name) for name in self._tables)

    def _is_known(self, table: str) -> bool:
        return table in self._claims or table in OWN_TABLES

    def _checked(self, substitute: KernelSettings | None) -> Config | None:
        """Check all; return what is right. ``substitute`` is used where the kernel's own tables are wrong."""
        self._check_files()
        self._check_tables()
        kernel = self._struct(KernelSettings, self._own_tables(), "") or substitute
        single = {name: self._single(claim) for name, claim in self._claims.items() if not claim.array}
        arrays = {name: self._array(self._claims[name]) for name in self._tables if self._is_array(name)}
        components = self._components(arrays)
        store = None if kernel is None else self._store(kernel, single)
        if store is None and substitute is not None:
            store = self._any_store(single)
        has_sources = all(single[s.name] is not None or s.name not in self._tables for s in self._plugins.sources)
        if kernel is None or store is None or not has_sources:
            return None
        directories = self._document.directories
        return Config(
            kernel=kernel,
            store=store,
            sources=tuple(Chosen(s, single[s.name]) for s in self._plugins.sources if single[s.name] is not None),
            exporters=tuple(
                Chosen(e, single[e.name])
                for e in self._plugins.exporters
                if e.name in self._tables and single[e.name] is not None
            ),
            triggers=self._triggers(single, arrays),
            components=components,
            base=self._document.base,
            data_dir=directories.data,
            cache_dir=directories.cache,
        )

    def _own_tables(self) -> dict[str, Any]:
        return {name: value for name, value in self._tables.items() if name in OWN_TABLES}

    def _kernel_without_what_is_wrong(self) -> KernelSettings | None:
        """Return the kernel's settings less its tables that are wrong; ``None`` when components depend on one of those."""
        right = {}
        for name, value in self._own_tables().items():
            is_read = not any(_top(path) == name for path in self._unread)
            if is_read and self._struct(KernelSettings, {name: value}, "") is not None:
                right[name] = value
            elif name in OF_COMPONENTS:
                return None
        return self._struct(KernelSettings, right, "")

    def _store(self, kernel: KernelSettings, single: Mapping[str, Any]) -> Chosen[Provider[Any, Storage]] | None:
        provider = self._storage(kernel)
        settings = None if provider is None else single[provider.name]
        return None if provider is None or settings is None else Chosen(provider, settings)

    def _any_store(self, single: Mapping[str, Any]) -> Chosen[Provider[Any, Storage]] | None:
        """Return a storage in place of one that is wrong, so that all else can be checked; none is opened for that."""
        named = ((storage, single[storage.name]) for storage in self._plugins.storages)
        return next((Chosen(storage, settings) for storage, settings in named if settings is not None), None)

    def _labelled(self, path: str) -> str:
        """Return a path as messages have it: with an entry's name in place of its index."""
        match = _ENTRY.match(path)
        if match is None or not self._is_array(match[1]):
            return path
        return f"{match[1]}[{entry_labels(self._tables[match[1]])[int(match[2])]}]{path[match.end() :]}"

    def _check_tables(self) -> None:
        known = [*OWN_TABLES, *self._claims]
        for name in self._tables:
            if not self._is_known(name):
                self._problems.append(self._decoder.unknown(name, "", known, hint=self._plugins.hint(name)))

    def _check_files(self) -> None:
        """What a plugin does not offer because it does not load is told after that."""
        for path, key in plugin_file_keys(self._document).items():
            problem = self._plugins.file_problem(path)
            if problem is not None:
                self._problems.append(self._decoder.problem(key, problem))

    def _is_array(self, name: str) -> bool:
        return name in self._claims and self._claims[name].array

    def _struct(self, settings: type[S], table: object, path: str) -> S | None:
        try:
            return self._decoder.struct(settings, table, path)
        except ConfigError as error:
            self._problems.append(error)
            return None

    def _single(self, claim: Claim) -> Any:
        """Decode a plugin's table. One that is absent and has required keys is only missed by who uses it."""
        if claim.table not in self._tables and any(field.required for field in fields(claim.settings)):
            return None
        return self._struct(claim.settings, self._tables.get(claim.table, {}), claim.table)

    def _array(self, claim: Claim) -> list[Placed]:
        entries = self._tables[claim.table]
        if not isinstance(entries, list):
            message = f"expected tables of the form `[[{claim.table}]]`, found {describe_value(entries)}"
            self._problems.append(self._decoder.problem(claim.table, message))
            return []
        labelled = zip(entries, entry_labels(entries), strict=True)
        return [self._item(claim, entry, index, label) for index, (entry, label) in enumerate(labelled)]

    def _item(self, claim: Claim, entry: object, index: int, label: str) -> Placed:
        path = f"{claim.table}[{label}]"
        settings = self._struct(claim.settings, entry, path)
        is_read = not any(unread.startswith(f"{claim.table}[{index}]") for unread in self._unread)
        return path, settings if is_read else None

    def _storage(self, kernel: KernelSettings) -> Provider[Any, Storage] | None:
        try:
            provider = self._plugins.storages.get(kernel.storage.use)
        except PluginError as error:
            self._problems.append(self._decoder.problem("storage.use", str(error)))
            return None
        if provider.name not in self._tables and any(field.required for field in fields(provider.settings)):
            self._struct(provider.settings, {}, provider.name)
        return provider

    def _components(self, arrays: Mapping[str, list[Placed]]) -> tuple[ComponentUse, ...]:
        entries = []
        names: dict[str, str] = {}
        for table, found in arrays.items():
            provider = self._plugins.component_kinds.find(table)
            if provider is not None:
                entries += [self._component(provider, item, path, names) for path, item in found if item is not None]
        return tuple(entries)

    def _component(
        self, provider: ComponentKindProvider, settings: Any, path: str, names: dict[str, str]
    ) -> ComponentUse:
        assert isinstance(settings, ComponentSettings)
        first = names.setdefault(settings.name, path)
        if first != path:
            message = f"two components are named `{settings.name}`, the other is `{first}`; rename one of them"
            self._problems.append(self._decoder.problem(f"{path}.name", message))
        return ComponentUse(provider, settings, path)

    def _triggers(self, single: Mapping[str, Any], arrays: Mapping[str, list[Placed]]) -> tuple[TriggerUse, ...]:
        uses = []
        for trigger in self._plugins.triggers:
            entries = [
                TriggerEntry(table.name, settings, path)
                for table in trigger.tables
                if table.name in self._tables
                for path, settings in (arrays[table.name] if table.array else [(table.name, single[table.name])])
                if settings is not None
            ]
            if entries or trigger.always:
                uses.append(TriggerUse(trigger, tuple(entries)))
        return tuple(uses)


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
