"""Finding, loading and listing plugins.

Plugins that ship with the kernel are a list of module names; the others are found through the entry-point group
``obelisk`` and loaded in the order of their names. A plugin that does not load, or whose hook raises, is *broken*: it is
listed with the reason, and offers nothing. Whoever needs what it might have offered gets an error that says so.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
from msgspec import Struct

from obelisk import __version__, hookspecs
from obelisk.errors import PluginError
from obelisk.markers import ENTRY_POINT_GROUP, PROJECT
from obelisk.registry import Offer, Registry

if TYPE_CHECKING:
    import click

    from obelisk.interfaces.commands import CommandHost
    from obelisk.interfaces.components import ComponentKindProvider
    from obelisk.interfaces.exporters import Exporter
    from obelisk.interfaces.provider import Provider
    from obelisk.interfaces.sources import SourceProvider
    from obelisk.interfaces.storage import Storage
    from obelisk.interfaces.triggers import TriggerProvider

BUILT_INS = (
    "obelisk.builtin.memory_storage",
    "obelisk.builtin.console_exporter",
    "obelisk.builtin.file_source",
    "obelisk.builtin.stub_activity",
    "obelisk.builtin.wasm_activity",
    "obelisk.builtin.wasm_workflow",
)
DISABLED_VARIABLE = "OBELISK_PLUGINS_DISABLED"
TRACE_VARIABLE = "OBELISK_TRACE_PLUGINS"

EXTRAS = {
    "sqlite": "sqlite",
    "oci": "oci",
    "otlp": "otlp",
    "http_server": "http-webhook",
    "webhook_endpoint_wasm": "http-webhook",
    "webhook_function": "http-webhook",
    "cron": "cron",
    "activity_exec": "exec",
    "component push": "oci",
    "component pull": "oci",
    "component add": "oci",
    "component pin": "oci",
}
"""The extra that brings a table, a storage, a scheme or a command of a plugin of ours."""

T = TypeVar("T")


class Origin(Enum):
    """Where a plugin comes from, or why it is not there."""

    BUILT_IN = "built-in"
    INSTALLED = "installed"
    DISABLED = "disabled"
    BROKEN = "broken"


class PluginInfo(Struct, frozen=True):
    """What there is to know about a plugin. ``offers`` holds texts such as ``storage:sqlite``."""

    name: str
    version: str
    distribution: str
    origin: Origin
    offers: tuple[str, ...] = ()
    error: str | None = None


class Candidate(Struct, frozen=True):
    """A plugin that was found and not loaded yet."""

    name: str
    distribution: str
    version: str
    origin: Origin
    load: Callable[[], object]

    @property
    def label(self) -> str:
        """The plugin as messages name it."""
        return f"plugin `{self.name}` from {self.distribution} {self.version}"


class Plugins:
    """The plugins of one engine or command line, and what they offer. ``Plugins.load`` makes one."""

    def __init__(self, candidates: Sequence[Candidate], *, disabled: frozenset[str], trace: bool = False) -> None:
        """Load ``candidates`` but those named in ``disabled``.

        Raises ``PluginError`` when a name is offered twice, or a plugin implements a hook that does not exist.
        """
        _check_names(candidates)
        self._manager = _new_manager(trace=trace)
        self._errors: dict[str, str] = {}
        self._candidates = tuple(candidates)
        self._disabled = disabled
        self._loaded = tuple(candidate for candidate in candidates if self._register(candidate))
        self._check_hooks()
        self._offers: dict[str, list[str]] = {candidate.name: [] for candidate in candidates}
        self.storages: Registry[Provider[Any, Storage]] = self._registry("storage", _by_name)
        self.sources: Registry[SourceProvider] = self._registry("component_source", _by_scheme)
        self.component_kinds: Registry[ComponentKindProvider] = self._kinds()
        self.triggers: Registry[TriggerProvider] = self._registry("trigger", _by_name)
        self.exporters: Registry[Provider[Any, Exporter]] = self._registry("exporter", _by_name)

    @classmethod
    def load(
        cls, *, environ: Mapping[str, str] | None = None, disabled: Iterable[str] = (), built_ins: bool = True
    ) -> Plugins:
        """Load the built-in plugins, unless ``built_ins`` is false, and every installed one.

        ``disabled`` are the names of ``[plugins] disabled``; ``OBELISK_PLUGINS_DISABLED`` (names separated by commas)
        adds to them. A disabled plugin is not imported. ``OBELISK_TRACE_PLUGINS=1`` prints each call of a hook to stderr.
        """
        variables = os.environ if environ is None else environ
        listed = (name.strip() for name in variables.get(DISABLED_VARIABLE, "").split(","))
        names = frozenset(disabled) | {name for name in listed if name}
        return cls(find_plugins(built_ins=built_ins), disabled=names, trace=variables.get(TRACE_VARIABLE) == "1")

    @property
    def infos(self) -> tuple[PluginInfo, ...]:
        """Every plugin that was found, also those that are disabled or broken."""
        return tuple(self._info(candidate) for candidate in self._candidates)

    def hint(self, name: str) -> str:
        """Return what could be done about a missing table or provider; starts with ``; `` or is empty."""
        parts = [f"plugin `{info.name}` is disabled" for info in self.infos if info.origin is Origin.DISABLED]
        parts += [
            f"plugin `{info.name}` from {info.distribution} does not load: {info.error}"
            for info in self.infos
            if info.origin is Origin.BROKEN
        ]
        extra = EXTRAS.get(name)
        if extra is not None and not self._present(extra.replace("-", "_")):
            parts.insert(0, f"try `pip install obelisk[{extra}]`")
        return "".join(f"; {part}" for part in parts)

    def add_commands(self, cli: click.Group, host: CommandHost) -> None:
        """Let each plugin add its commands to ``cli`` and to the groups of ``host``.

        Raises ``PluginError`` when one replaces a command.
        """
        for candidate in self._loaded:
            before = dict(cli.commands)
            try:
                self._call(candidate, "obelisk_register_command", cli=cli, host=host)
            except PluginError as error:
                raise PluginError(f"{candidate.label}: {error}") from error
            replaced = sorted(name for name, command in before.items() if cli.commands.get(name) is not command)
            if replaced:
                raise PluginError(f"{candidate.label} replaces the command `{replaced[0]}`")

    def _register(self, candidate: Candidate) -> bool:
        if candidate.name in self._disabled:
            return False
        try:
            self._manager.register(candidate.load(), name=candidate.name)
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the others go on without it
            self._errors[candidate.name] = _one_line(error)
            return False
        return True

    def _check_hooks(self) -> None:
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            name = self._manager.get_name(error.plugin)
            raise PluginError(
                f"plugin `{name}` implements a hook that does not exist: {_one_line(error)}; "
                f'correct it, or disable it with `[plugins] disabled = ["{name}"]`'
            ) from error

    def _call(self, candidate: Candidate, hook: str, **arguments: object) -> list[Any]:
        others = [self._manager.get_plugin(other.name) for other in self._loaded if other is not candidate]
        results: list[Any] = self._manager.subset_hook_caller(hook, others)(**arguments)
        return results

    def _offered(self, candidate: Candidate, hook: str, name_of: Callable[[Any], str]) -> list[Offer[Any]]:
        try:
            providers = [provider for result in self._call(candidate, hook) for provider in result]
            return [Offer(name_of(provider), provider, candidate.label) for provider in providers]
        except Exception as error:  # noqa: BLE001 - the plugin is broken, and is listed as such
            self._errors[candidate.name] = f"{hook}: {_one_line(error)}"
            return []

    def _registry(self, kind: str, name_of: Callable[[Any], str]) -> Registry[Any]:
        offers = self._collect(f"obelisk_register_{kind}", kind, name_of)
        return Registry(kind.replace("_", " "), offers, hint=self.hint)

    def _kinds(self) -> Registry[ComponentKindProvider]:
        offers = [
            *self._collect("obelisk_register_activity_kind", "activity_kind", _by_table),
            *self._collect("obelisk_register_workflow_kind", "workflow_kind", _by_table),
        ]
        return Registry("component kind", offers, hint=self.hint)

    def _collect(self, hook: str, kind: str, name_of: Callable[[Any], str]) -> list[Offer[Any]]:
        offers = []
        for candidate in self._loaded:
            offered = self._offered(candidate, hook, name_of)
            self._offers[candidate.name] += [f"{kind}:{offer.name or offer.provider.name}" for offer in offered]
            offers += offered
        return offers

    def _info(self, candidate: Candidate) -> PluginInfo:
        error = self._errors.get(candidate.name)
        origin = candidate.origin
        if candidate.name in self._disabled:
            origin = Origin.DISABLED
        elif error is not None:
            origin = Origin.BROKEN
        offers = tuple(self._offers[candidate.name])
        return PluginInfo(candidate.name, candidate.version, candidate.distribution, origin, offers, error)

    def _present(self, name: str) -> bool:
        return any(candidate.name == name for candidate in self._candidates)


def find_plugins(*, built_ins: bool = True) -> list[Candidate]:
    """Return the built-in plugins, then the installed ones in the order of their names."""
    found = [_built_in(module) for module in BUILT_INS] if built_ins else []
    return found + [_installed(point) for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=_point_key)]


def _built_in(module: str) -> Candidate:
    name = module.rpartition(".")[2]
    return Candidate(name, PROJECT, __version__, Origin.BUILT_IN, lambda: importlib.import_module(module))


def _installed(point: EntryPoint) -> Candidate:
    distribution = "an unknown distribution" if point.dist is None else point.dist.name
    dist_version = "" if point.dist is None else point.dist.version
    return Candidate(point.name, distribution, dist_version, Origin.INSTALLED, point.load)


def _point_key(point: EntryPoint) -> tuple[str, str]:
    return point.name, "" if point.dist is None else point.dist.name


def _check_names(candidates: Sequence[Candidate]) -> None:
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        present = seen.setdefault(candidate.name, candidate)
        if present is not candidate:
            raise PluginError(
                f"two plugins are named `{candidate.name}`, one from {present.distribution} and one from "
                f"{candidate.distribution}; uninstall one of them"
            )


def _new_manager(*, trace: bool) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    if trace:
        manager.trace.root.setwriter(lambda text: os.write(2, text.encode()))
        manager.enable_tracing()
    manager.hook.obelisk_addhooks.call_historic(kwargs={"manager": manager})
    return manager


def _by_name(provider: Provider[Any, Any] | TriggerProvider) -> str:
    return provider.name


def _by_scheme(provider: SourceProvider) -> str:
    return provider.scheme


def _by_table(provider: ComponentKindProvider) -> str:
    return provider.table


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
