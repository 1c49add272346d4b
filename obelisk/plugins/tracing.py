"""``OBELISK_TRACE_PLUGINS=1``: a line for each call of a hook.

A line has who implements the hook, the types of its arguments and the names of what it returned, never a value: values
may be secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from obelisk.clock import MICROSECOND_NS

MOST_NAMES = 20


class HookResult(Protocol):
    """What pluggy tells of a call: its results, or what it raised."""

    @property
    def exception(self) -> BaseException | None:
        """What was raised."""

    def get_result(self) -> Any:
        """Return the results. Raises what was raised."""


class HookTrace:
    """Hands a line for each call of a hook to ``write``; ``monotonic_ns`` measures how long it took."""

    def __init__(self, write: Callable[[str], object], monotonic_ns: Callable[[], int]) -> None:
        self._write = write
        self._monotonic_ns = monotonic_ns
        self._begun: list[int] = []

    def before(self, hook: str, implementations: Sequence[Any], arguments: Mapping[str, Any]) -> None:
        """Take note that a call begins."""
        self._begun.append(self._monotonic_ns())

    def after(
        self, outcome: HookResult, hook: str, implementations: Sequence[Any], arguments: Mapping[str, Any]
    ) -> None:
        """Tell of a call that has ended."""
        took = (self._monotonic_ns() - self._begun.pop()) // MICROSECOND_NS
        names = ", ".join(str(each.plugin_name) for each in implementations)
        if names:
            shown = ", ".join(f"{name}={type(value).__name__}" for name, value in arguments.items())
            self._write(f"hook {hook}({shown}) of {names}: {_told(outcome)}, {took} us\n")


def _told(outcome: HookResult) -> str:
    if outcome.exception is not None:
        return f"raised {type(outcome.exception).__name__}"
    results = outcome.get_result()
    items = [each for result in results for each in (result if isinstance(result, list | tuple) else [result])]
    shown = [_named(each) for each in items[:MOST_NAMES] if each is not None]
    more = f" and {len(items) - MOST_NAMES} more" if len(items) > MOST_NAMES else ""
    return f"returned {', '.join(shown)}{more}" if shown else "returned nothing"


def _named(value: object) -> str:
    """Return the type of what a hook returned; a provider's name is public, for it is a key of the configuration."""
    kind, name = type(value).__name__, getattr(value, "table", None) or getattr(value, "name", None)
    return f"{kind} {name}" if kind.endswith("Provider") and isinstance(name, str) else kind
