"""Providers of one kind, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from msgspec import Struct

from obelisk.errors import PluginError

if TYPE_CHECKING:
    from obelisk.interfaces.components import ComponentKindProvider
    from obelisk.interfaces.exporters import Exporter
    from obelisk.interfaces.provider import Provider
    from obelisk.interfaces.sources import SourceProvider
    from obelisk.interfaces.storage import Storage
    from obelisk.interfaces.triggers import TriggerProvider

P = TypeVar("P")


class Offer(Struct, Generic[P], frozen=True):
    """A provider and who offers it, for messages: a plugin with its distribution."""

    name: str
    provider: P
    offered_by: str


class Registry(Generic[P]):
    """The providers of one kind. Iterating gives them in the order of their offers.

    ``kind`` is the word for messages, such as ``storage``. ``hint`` says what could be done about a missing name.
    """

    def __init__(self, kind: str, offers: Sequence[Offer[P]], *, hint: Callable[[str], str]) -> None:
        self.kind = kind
        self._hint = hint
        self._offers: dict[str, Offer[P]] = {}
        for offer in offers:
            self._add(offer)

    def _add(self, offer: Offer[P]) -> None:
        present = self._offers.setdefault(offer.name, offer)
        if present is not offer:
            raise PluginError(
                f"the {self.kind} `{offer.name}` is offered twice, by {present.offered_by} and by {offer.offered_by}; "
                "uninstall one of them or name its plugin in `[plugins] disabled`"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are there."""
        return tuple(self._offers)

    def find(self, name: str) -> P | None:
        """Return the provider called ``name``, ``None`` when there is none."""
        offer = self._offers.get(name)
        return None if offer is None else offer.provider

    def get(self, name: str) -> P:
        """Return the provider called ``name``.

        Raises ``PluginError`` that names what is installed, and what to install where that is known.
        """
        offer = self._offers.get(name)
        if offer is None:
            installed = ", ".join(name or "(no scheme)" for name in self._offers) or "none"
            raise PluginError(f"no {self.kind} is named `{name}` (installed: {installed}){self._hint(name)}")
        return offer.provider

    def offered_by(self, name: str) -> str:
        """Return who offers the provider called ``name``, which has to be there."""
        return self._offers[name].offered_by

    def __iter__(self) -> Iterator[P]:
        return (offer.provider for offer in self._offers.values())

    def __len__(self) -> int:
        return len(self._offers)


class Catalog(Protocol):
    """Everything that the installed plugins offer."""

    @property
    def storages(self) -> Registry[Provider[Any, Storage]]:
        """Places where logs are kept, by name."""

    @property
    def sources(self) -> Registry[SourceProvider]:
        """Places that components come from, by scheme."""

    @property
    def component_kinds(self) -> Registry[ComponentKindProvider]:
        """Kinds of activity and of workflow, by table."""

    @property
    def triggers(self) -> Registry[TriggerProvider]:
        """Ways to start executions from outside, by name."""

    @property
    def exporters(self) -> Registry[Provider[Any, Exporter]]:
        """Destinations of signals, by name."""

    def hint(self, name: str) -> str:
        """Return what could be done about a missing table or provider, empty when nothing is known."""

    def file_problem(self, path: Path) -> str | None:
        """Return what is wrong with the plugin in the file at ``path``, ``None`` when nothing is."""
