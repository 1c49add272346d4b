"""The values of ``[secrets]``, for those who may use them."""

from __future__ import annotations

from collections.abc import Mapping

from obelisk.errors import ComponentError
from obelisk.interfaces.mask import Mask


class Secrets:
    """What the server read from the variables that ``[secrets]`` names; ``ComponentHost.service(Secrets)`` returns it.

    The variables are no longer in the process's environment. A value is never part of a ``repr``, and whoever asks for one
    keeps it out of logs, errors and events, with ``mask`` where others write the text.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._values)})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the configuration."""
        return tuple(self._values)

    def value(self, name: str) -> str:
        """Return the value of a secret, which is not empty. Raises ``ComponentError`` that names those there are."""
        found = self._values.get(name)
        if found is None:
            known = ", ".join(f"`{known}`" for known in self._values) or "none"
            raise ComponentError(
                f'found the unknown secret `{name}`, known are {known}; add `{name} = {{ env = "..." }}` to `[secrets]`'
            )
        return found

    def mask(self) -> Mask:
        """Return a mask that hides the value of every secret."""
        return Mask(self._values.values())
