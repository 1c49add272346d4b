"""What goes wrong with a registry or an artifact."""

from __future__ import annotations

from obelisk.errors import ComponentError


class RegistryError(ComponentError):
    """A registry refuses, or what it sends is wrong. The message says so without the name of the artifact."""


class TransientError(RegistryError):
    """What failed may succeed soon. ``after`` is how many seconds the registry asks to wait, ``None`` if it does not say."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class UnreachableError(TransientError):
    """There was no connection at all."""


class StoppedError(RegistryError):
    """Nobody waits for the artifact any more."""
