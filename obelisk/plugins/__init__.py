"""Finding, loading and listing plugins.

Plugins that ship with the kernel are a list of module names; the others are found through the entry-point group
``obelisk`` and loaded in the order of their names, then come those that are files. A plugin that does not load, implements
a hook that does not exist, or whose hook raises, is *broken*: it is listed with the reason, and offers nothing. Whoever
needs what it might have offered gets an error that says so; a file that the configuration names has to load.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obelisk.errors import PluginError
from obelisk.plugins.candidate import BUILT_INS, Candidate, Origin, PluginInfo, find_plugins
from obelisk.plugins.files import file_plugin
from obelisk.plugins.implementing import implemented
from obelisk.plugins.loading import Loading, described
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

__all__ = [
    "BUILT_INS", "DISABLED_VARIABLE", "EXTRAS", "TRACE_VARIABLE", "Candidate", "Origin", "PluginInfo", "Plugins",
    "disabled_names", "find_plugins", "taken_distributions",
]  # fmt: skip

DISABLED_VARIABLE = "OBELISK_PLUGINS_DISABLED"
TRACE_VARIABLE = "OBELISK_TRACE_PLUGINS"
COMMAND_HOOK = "obelisk_register_command"

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


class Plugins:
    """The plugins of one engine or command line, and what they offer. ``Plugins.load`` makes one."""

    def __init__(self, candidates: Sequence[Candidate], *, disabled: frozenset[str], trace: bool = False) -> None:
        """Load ``candidates`` but those named in ``disabled``.

        Raises ``PluginError`` when a name is offered twice.
        """
        _check_names(candidates)
        self._candidates = tuple(candidates)
        self._disabled = disabled
        self._loading = Loading(candidates, disabled=disabled, trace=trace)
        self._offers: dict[str, list[str]] = {candidate.name: [] for candidate in candidates}
        self.storages: Registry[Provider[Any, Storage]] = self._registry("storage", _by_name)
        self.sources: Registry[SourceProvider] = self._registry("component_source", _by_scheme)
        self.component_kinds: Registry[ComponentKindProvider] = self._kinds()
        self.triggers: Registry[TriggerProvider] = self._registry("trigger", _by_name)
        self.exporters: Registry[Provider[Any, Exporter]] = self._registry("exporter", _by_name)

    @classmethod
    def load(
        cls, *, environ: Mapping[str, str] | None = None, disabled: Iterable[str] = (), files: Iterable[Path] = (),
        built_ins: bool = True,
    ) -> Plugins:  # fmt: skip
        """Load the built-in plugins, unless ``built_ins`` is false, every installed one, and those that are ``files``.

        ``disabled`` are the names of ``[plugins] disabled``; ``OBELISK_PLUGINS_DISABLED`` (names separated by commas)
        adds to them. A disabled plugin is not imported. ``OBELISK_TRACE_PLUGINS=1`` prints a line for each call of a hook
        to stderr.
        """
        variables = os.environ if environ is None else environ
        candidates = [*find_plugins(built_ins=built_ins), *map(file_plugin, dict.fromkeys(files))]
        names = disabled_names(variables) | frozenset(disabled)
        return cls(candidates, disabled=names, trace=variables.get(TRACE_VARIABLE) == "1")

    @property
    def infos(self) -> tuple[PluginInfo, ...]:
        """Every plugin that was found, also those that are disabled or broken."""
        return tuple(self._info(candidate) for candidate in self._candidates)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with each plugin that is broken, and what to do about it."""
        return tuple(self._problem(candidate) for candidate in self._candidates if self._error(candidate) is not None)

    def hint(self, name: str) -> str:
        """Return what could be done about a missing table or provider; starts with ``; `` or is empty.

        Why a file does not load is left to ``file_problem``: where a configuration names it, that is a problem of its own.
        """
        parts = [f"plugin `{info.name}` is disabled" for info in self.infos if info.origin is Origin.DISABLED]
        files = {candidate.name for candidate in self._candidates if candidate.path is not None}
        parts += [
            f"plugin `{info.name}` from {info.distribution} does not load"
            + ("" if info.name in files else f": {info.error}")
            for info in self.infos
            if info.origin is Origin.BROKEN
        ]
        extra = EXTRAS.get(name)
        if extra is not None and not self._present(extra.replace("-", "_")):
            parts.insert(0, f"try `pip install obelisk[{extra}]`")
        return "".join(f"; {part}" for part in parts)

    def file_problem(self, path: Path) -> str | None:
        """Return what is wrong with the file at ``path``, which the configuration names; ``None`` when nothing is."""
        found = next((candidate for candidate in self._candidates if candidate.path == path), None)
        if found is None:
            return f"{path} was not loaded; a program hands it to `Plugins.load(files=...)`"
        return None if self._error(found) is None else self._problem(found)

    def add_commands(self, cli: click.Group, host: CommandHost) -> None:
        """Let each plugin add its commands to ``cli`` and to the groups of ``host``.

        Raises ``PluginError`` when one replaces a command, or when its hook raises.
        """
        for candidate in self._loading.loaded:
            before = dict(cli.commands)
            try:
                self._loading.call(candidate, COMMAND_HOOK, cli=cli, host=host)
            except PluginError as error:
                raise PluginError(f"{candidate.label}: {error}") from error
            except KeyboardInterrupt:
                raise  # a person's
            except BaseException as error:
                raise PluginError(
                    f"{candidate.label}: {COMMAND_HOOK}: {described(error)}; {candidate.remedy}"
                ) from error
            replaced = sorted(name for name, command in before.items() if cli.commands.get(name) is not command)
            if replaced:
                raise PluginError(f"{candidate.label} replaces the command `{replaced[0]}`")

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
        for candidate in self._loading.loaded:
            offered = self._loading.offered(candidate, hook, name_of)
            self._offers[candidate.name] += [f"{kind}:{offer.name or offer.provider.name}" for offer in offered]
            offers += offered
        return offers

    def _info(self, candidate: Candidate) -> PluginInfo:
        error = self._error(candidate)
        origin = candidate.origin
        if candidate.name in self._disabled:
            origin = Origin.DISABLED
        elif error is not None:
            origin = Origin.BROKEN
        offers = (*self._offers[candidate.name], *(["commands"] if self._has_commands(candidate) else []))
        return PluginInfo(candidate.name, candidate.version, candidate.distribution, origin, offers, error)

    def _has_commands(self, candidate: Candidate) -> bool:
        is_loaded = candidate in self._loading.loaded
        return is_loaded and COMMAND_HOOK in implemented(self._loading.plugin(candidate))

    def _error(self, candidate: Candidate) -> str | None:
        errors = self._loading.errors.get(candidate.name)
        return None if errors is None else "; ".join(errors)

    def _problem(self, candidate: Candidate) -> str:
        return f"{candidate.label} does not load: {self._error(candidate)}; {candidate.remedy}"

    def _present(self, name: str) -> bool:
        return any(candidate.name == name for candidate in self._candidates)


def disabled_names(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the names in ``OBELISK_PLUGINS_DISABLED``."""
    listed = (name.strip() for name in environ.get(DISABLED_VARIABLE, "").split(","))
    return frozenset(name for name in listed if name)


def taken_distributions(installed: Iterable[str]) -> frozenset[str]:
    """Return the names that no new distribution can have: those of the installed ones, and of ours that may be later."""
    return frozenset(installed) | {f"obelisk-{extra}" for extra in EXTRAS.values()}


def _check_names(candidates: Sequence[Candidate]) -> None:
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        present = seen.setdefault(candidate.name, candidate)
        if present is not candidate:
            raise PluginError(
                f"two plugins are named `{candidate.name}`, one from {present.distribution} and one from "
                f"{candidate.distribution}; {'uninstall one of them' if candidate.path is None else 'rename the file'}"
            )


def _by_name(provider: Provider[Any, Any] | TriggerProvider) -> str:
    return provider.name


def _by_scheme(provider: SourceProvider) -> str:
    return provider.scheme


def _by_table(provider: ComponentKindProvider) -> str:
    return provider.table
