"""What is wrong with the hooks that a plugin implements, as far as their names and parameters tell."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

PREFIX = "obelisk_"
MARK = f"{PREFIX}impl"
"""The attribute that ``hookimpl`` sets."""


def implemented(plugin: object) -> dict[str, Callable[..., Any]]:
    """Return the functions of a plugin that are marked with ``hookimpl``, by the hook that each implements."""
    found: dict[str, Callable[..., Any]] = {}
    for name in dir(plugin):
        function: Any = getattr(plugin, name, None)
        options = getattr(function, MARK, None) if inspect.isroutine(function) else None
        if isinstance(options, dict):
            found[options.get("specname") or name] = function
    return found


def unmarked(plugin: object, specs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the functions of a plugin that are called as a hook is, and that nobody will call."""
    names = [name for name in dir(plugin) if name in specs and inspect.isroutine(getattr(plugin, name))]
    return [name for name in names if not hasattr(getattr(plugin, name), MARK)]


def wrong_parameters(functions: Mapping[str, Callable[..., Any]], specs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Tell of each parameter that its hook lacks. A hook may leave out those that it does not need."""
    for hook, function in functions.items():
        if hook in specs:
            for name in _needed(function):
                if name not in specs[hook]:
                    yield f"`{hook}` has the parameter `{name}`, expected {_listed(specs[hook])}"


def unknown_hooks(hooks: Iterable[str], specs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Tell of each hook that does not exist."""
    for hook in hooks:
        if hook not in specs:
            nearest = difflib.get_close_matches(hook, list(specs), n=1, cutoff=0.5)
            known = f"did you mean `{nearest[0]}`?" if nearest else f"expected one of {', '.join(sorted(specs))}"
            yield f"`{hook}` is no hook, {known}"


def _needed(function: Callable[..., Any]) -> Iterator[str]:
    for name, parameter in inspect.signature(function).parameters.items():
        is_named = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if is_named and parameter.default is parameter.empty:
            yield name


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) if names else "none"
