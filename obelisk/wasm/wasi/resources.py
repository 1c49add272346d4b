"""The table of a guest's resources: objects of the host that the guest holds numbers of."""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from obelisk.errors import GuestTrapError

T = TypeVar("T")

FIRST: Final = 1 << 30
"""Below are the numbers of a workflow's join sets, which share the guest's handles."""
MAX_RESOURCES: Final = 10_000
MAX_WEIGHT: Final = 16 * 1024 * 1024
"""How many bytes the resources of a guest may hold that say what they weigh; up to twice as many for a moment."""


@runtime_checkable
class Closable(Protocol):
    """A resource that holds something outside of Python."""

    def close(self) -> None:
        """Give back at once what it holds; idempotent, raises nothing, never waits."""


class Resources:
    """See the module's documentation. Numbers are never used twice.

    Small resources can be many, and each hold a little. What they hold is not counted when they shrink or go: now and then,
    when enough has come, all of them are asked for their ``weight``, bytes, if they have one.
    """

    def __init__(self) -> None:
        self._next = FIRST
        self._grown = 0
        self._held: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._held)

    def add(self, resource: object) -> int:
        """Return the number of a new resource. Raises ``GuestTrapError`` when the guest holds too many."""
        if len(self._held) >= MAX_RESOURCES:
            if isinstance(resource, Closable):
                resource.close()
            raise GuestTrapError(f"the guest holds {MAX_RESOURCES} resources, no more are possible; drop some")
        self._next += 1
        self._held[self._next] = resource
        weight = getattr(resource, "weight", 0)
        if weight:
            self.grow(weight)
        return self._next

    def grow(self, size: int) -> None:
        """Take note that a resource holds so many bytes more. Raises ``GuestTrapError`` when all hold too many."""
        self._grown += size
        if self._grown <= MAX_WEIGHT:
            return
        self._grown = 0
        held = sum(getattr(resource, "weight", 0) for resource in self._held.values())
        if held > MAX_WEIGHT:
            raise GuestTrapError(f"the guest's messages hold {held} bytes, expected at most {MAX_WEIGHT}; drop some")

    def get(self, number: int, kind: type[T]) -> T:
        """Return a resource. Raises ``GuestTrapError`` when there is none of the kind."""
        found = self._held.get(number)
        if not isinstance(found, kind):
            raise GuestTrapError(f"handle {number} is no {kind.__name__}")
        return found

    def take(self, number: int, kind: type[T]) -> T:
        """Return a resource that the guest gave away; it stays open."""
        found = self.get(number, kind)
        del self._held[number]
        return found

    def drop(self, number: int) -> None:
        """Close a resource that the guest dropped. One that is not here was given away."""
        found = self._held.pop(number, None)
        close = getattr(found, "close", None)  # an isinstance check of a protocol takes longer than all else here
        if close is not None:
            close()

    def close(self) -> None:
        """Close all."""
        for number in list(self._held):
            self.drop(number)
