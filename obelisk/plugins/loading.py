"""Plugins that are being loaded: each is registered, or known to be broken and why.

A broken plugin offers nothing, and harms no other: it is taken out of pluggy again.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pluggy

from obelisk import hookspecs
from obelisk.markers import PROJECT
from obelisk.plugins.candidate import Candidate
from obelisk.plugins.implementing import implemented, unknown_hooks, wrong_parameters
from obelisk.plugins.settings_types import settings_problems
from obelisk.plugins.tracing import HookTrace
from obelisk.registry import Offer

STDERR = 2


class Loading:
    """Loads candidates, whose names differ, but those named in ``disabled``.

    ``loaded`` are those that are registered; ``errors`` has everything that is wrong, by the name of the plugin.
    """

    def __init__(self, candidates: Sequence[Candidate], *, disabled: frozenset[str], trace: bool = False) -> None:
        self._manager = _new_manager(trace=trace)
        self._functions: dict[str, Mapping[str, Callable[..., Any]]] = {}
        self.errors: dict[str, list[str]] = {}
        wanted = [candidate for candidate in candidates if candidate.name not in disabled]
        self.loaded = tuple(candidate for candidate in wanted if self._register(candidate))
        self.loaded = tuple(candidate for candidate in self.loaded if self._knows_its_hooks(candidate))

    @property
    def hooks(self) -> dict[str, tuple[str, ...]]:
        """Every hook that exists, with the names of its parameters."""
        callers = vars(self._manager.hook)
        return {name: caller.spec.argnames for name, caller in callers.items() if getattr(caller, "spec", None)}

    def plugin(self, candidate: Candidate) -> object:
        """Return what a loaded candidate registered."""
        return self._manager.get_plugin(candidate.name)

    def call(self, candidate: Candidate, hook: str, **arguments: object) -> list[Any]:
        """Call a hook of one plugin. Raises what it raises."""
        others = [plugin for name, plugin in self._manager.list_name_plugin() if name != candidate.name]
        results: list[Any] = self._manager.subset_hook_caller(hook, others)(**arguments)
        return results

    def offered(self, candidate: Candidate, hook: str, name_of: Callable[[Any], str]) -> list[Offer[Any]]:
        """Return what a plugin offers by a hook; nothing, and an error, when that fails."""
        try:
            providers = [provider for result in self.call(candidate, hook) for provider in result]
            problems = [problem for provider in providers for problem in settings_problems(provider)]
            offers = [Offer(name_of(provider), provider, candidate.label) for provider in providers]
        except KeyboardInterrupt:
            raise  # a person's
        except BaseException as error:  # noqa: BLE001 - the plugin is broken, and is listed as such
            self._note(candidate, f"{hook}: {described(error, candidate.path)}")
            return []
        for problem in problems:
            self._note(candidate, problem)
        return [] if problems else offers

    def _register(self, candidate: Candidate) -> bool:
        try:
            plugin = candidate.load()
            functions = self._functions[candidate.name] = implemented(plugin)
            problems = list(wrong_parameters(functions, self.hooks))
            if not problems:
                self._manager.register(plugin, name=candidate.name)
        except KeyboardInterrupt:
            raise  # a person's
        except BaseException as error:  # noqa: BLE001 - whatever a plugin raises, the others go on without it
            problems = [described(error, candidate.path)]
        return self._is_fine(candidate, problems)

    def _knows_its_hooks(self, candidate: Candidate) -> bool:
        functions, hooks = self._functions[candidate.name], self.hooks  # plugins that came later may have declared some
        return self._is_fine(candidate, [*unknown_hooks(functions, hooks), *wrong_parameters(functions, hooks)])

    def _is_fine(self, candidate: Candidate, problems: list[str]) -> bool:
        for problem in problems:
            self._note(candidate, problem)
        if problems and self._manager.has_plugin(candidate.name):
            self._manager.unregister(name=candidate.name)
        return not problems

    def _note(self, candidate: Candidate, problem: str) -> None:
        self.errors.setdefault(candidate.name, []).append(problem)


def described(error: BaseException, path: Path | None = None) -> str:
    """Return an error in one line, with the line of the file at ``path`` that it comes from."""
    text = " ".join(str(error).split())
    told = f"{type(error).__name__}: {text}" if text else type(error).__name__
    lines = [str(frame.lineno) for frame in _frames(error) if path is not None and frame.filename == str(path)]
    return f"{told} (line {lines[-1]} of {path})" if lines else told


def _frames(error: BaseException) -> Iterator[traceback.FrameSummary]:
    yield from traceback.extract_tb(error.__traceback__)


def _new_manager(*, trace: bool) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    if trace:
        hook_trace = HookTrace(lambda text: os.write(STDERR, text.encode()), time.monotonic_ns)
        manager.add_hookcall_monitoring(hook_trace.before, hook_trace.after)
    manager.hook.obelisk_addhooks.call_historic(kwargs={"manager": manager})
    return manager
