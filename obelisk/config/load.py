"""A checked configuration from a file or a text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import fields

from obelisk.config.decode import Decoder, describe_value, raise_problems
from obelisk.config.document import Document, parse_document, plugin_files, read_document
from obelisk.config.model import Chosen, ComponentEntry, Config, KernelSettings, TriggerUse
from obelisk.errors import ConfigError, PluginError
from obelisk.interfaces.components import ComponentKindProvider
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.settings import ComponentSettings
from obelisk.interfaces.storage import Storage
from obelisk.interfaces.triggers import TriggerEntry
from obelisk.registry import Catalog

S = TypeVar("S", bound=Struct)
KERNEL = "the kernel"


class Claim(Struct, frozen=True):
    """A TOML table that a provider is configured by."""

    table: str
    settings: type[Struct]
    array: bool
    owner: str


def load_config(path: Path | None, *, environ: Mapping[str, str], plugins: Catalog, cwd: Path) -> Config:
    """Load the configuration at ``path``, or the first one in the usual places.

    Raises ``ConfigError`` that lists every problem, one per line.
    """
    return decode_document(read_document(path, environ=environ, cwd=cwd), plugins)


def config_from_text(text: str, *, plugins: Catalog, base: Path, environ: Mapping[str, str]) -> Config:
    """Load a configuration from its text; relative locations start at ``base``.

    ``environ`` has to hold ``HOME``, or ``OBELISK_DATA_DIR`` and ``OBELISK_CACHE_DIR``. Raises as ``load_config`` does.
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
        raise ConfigError("\n".join(f"{document.origin}: {message}" for message in error.args)) from error


def claims(plugins: Catalog) -> dict[str, Claim]:
    """Return every table of the installed plugins. Raises ``PluginError`` when two claim the same one."""
    found = {field.name: Claim(field.name, Struct, False, KERNEL) for field in fields(KernelSettings)}
    kernel = frozenset(found)
    for claim in _plugin_claims(plugins):
        present = found.setdefault(claim.table, claim)
        if present is not claim:
            raise PluginError(f"the table `{claim.table}` is claimed by {present.owner} and by {claim.owner}")
    return {name: claim for name, claim in found.items() if name not in kernel}


def taken_tables(plugins: Catalog) -> dict[str, str]:
    """Return every table that there is, the kernel's too, and whose it is. Raises as ``claims`` does."""
    kernel = {field.name: KERNEL for field in fields(KernelSettings)}
    return kernel | {claim.table: claim.owner for claim in claims(plugins).values()}


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

    def __init__(self, document: Document, plugins: Catalog) -> None:
        self._tables = document.tables
        self._document = document
        self._plugins = plugins
        self._claims = claims(plugins)
        self._problems: list[ConfigError] = []
        self._decoder = Decoder(document.expander, base=document.base, overrides=document.overrides)

    def config(self) -> Config:
        self._check_files()
        self._check_tables()
        own = {field.name for field in fields(KernelSettings)}
        kernel = self._struct(KernelSettings, {k: v for k, v in self._tables.items() if k in own}, "")
        single = {name: self._single(claim) for name, claim in self._claims.items() if not claim.array}
        arrays = {name: self._array(self._claims[name]) for name in self._tables if self._is_array(name)}
        components = self._components(arrays)
        provider = self._storage(kernel) if kernel is not None else None
        raise_problems(self._problems)
        assert kernel is not None and provider is not None  # else there were problems
        directories = self._document.directories
        return Config(
            kernel=kernel,
            store=Chosen(provider, single[provider.name]),
            sources=tuple(Chosen(s, single[s.name]) for s in self._plugins.sources if single[s.name] is not None),
            exporters=tuple(Chosen(e, single[e.name]) for e in self._plugins.exporters if e.name in self._tables),
            triggers=self._triggers(single, arrays),
            components=components,
            base=self._document.base,
            data_dir=directories.data,
            cache_dir=directories.cache,
        )

    def _check_tables(self) -> None:
        known = [*(field.name for field in fields(KernelSettings)), *self._claims]
        for name in self._tables:
            if name not in known:
                self._problems.append(self._decoder.unknown(name, "", known, hint=self._plugins.hint(name)))

    def _check_files(self) -> None:
        """What a plugin does not offer because it does not load is told after that."""
        for index, path in enumerate(plugin_files(self._document)):
            problem = self._plugins.file_problem(path)
            if problem is not None:
                self._problems.append(self._decoder.problem(f"plugins.files[{index}]", problem))

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

    def _array(self, claim: Claim) -> list[Struct | None]:
        entries = self._tables[claim.table]
        if not isinstance(entries, list):
            message = f"expected tables of the form `[[{claim.table}]]`, found {describe_value(entries)}"
            self._problems.append(self._decoder.problem(claim.table, message))
            return []
        return [
            self._struct(claim.settings, entry, f"{claim.table}[{_label(entry, index)}]")
            for index, entry in enumerate(entries)
        ]

    def _storage(self, kernel: KernelSettings) -> Provider[Any, Storage] | None:
        try:
            provider = self._plugins.storages.get(kernel.storage.use)
        except PluginError as error:
            self._problems.append(self._decoder.problem("storage.use", str(error)))
            return None
        if provider.name not in self._tables and any(field.required for field in fields(provider.settings)):
            self._struct(provider.settings, {}, provider.name)
        return provider

    def _components(self, arrays: Mapping[str, list[Struct | None]]) -> tuple[ComponentEntry, ...]:
        entries = []
        names: dict[str, str] = {}
        for table, settings in arrays.items():
            provider = self._plugins.component_kinds.find(table)
            if provider is not None:
                entries += [self._component(provider, item, names) for item in settings if item is not None]
        return tuple(entries)

    def _component(self, provider: ComponentKindProvider, settings: Any, names: dict[str, str]) -> ComponentEntry:
        assert isinstance(settings, ComponentSettings)
        if settings.name in names:
            tables = f"`{names[settings.name]}` and `{provider.table}`"
            self._problems.append(ConfigError(f"two components are named `{settings.name}`, in {tables}"))
        names.setdefault(settings.name, provider.table)
        return ComponentEntry(provider, settings)

    def _triggers(self, single: Mapping[str, Any], arrays: Mapping[str, list[Struct | None]]) -> tuple[TriggerUse, ...]:
        uses = []
        for trigger in self._plugins.triggers:
            entries = [
                TriggerEntry(table.name, settings)
                for table in trigger.tables
                if table.name in self._tables
                for settings in (arrays[table.name] if table.array else [single[table.name]])
                if settings is not None
            ]
            if entries or trigger.always:
                uses.append(TriggerUse(trigger, tuple(entries)))
        return tuple(uses)


def _label(entry: object, index: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name else str(index)
