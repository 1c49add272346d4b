"""A catalog of providers made for tests, so that these tests need no plugin."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from msgspec import Struct

from obelisk.config.load import config_from_text
from obelisk.config.model import Config
from obelisk.core.events import ComponentRole
from obelisk.interfaces.components import ComponentKindProvider
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.settings import ActivitySettings, Duration, Size, WorkflowSettings
from obelisk.interfaces.sources import SourceProvider
from obelisk.interfaces.triggers import TriggerProvider, TriggerTable
from obelisk.registry import Offer, Registry


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    """Something inside.

    * ``depth``: how deep.
    """

    depth: int = 1


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A store for tests.

    * ``directory``: where it is.
    * ``note``: a text.
    * ``patience``: a duration.
    * ``room``: a size.
    * ``colour``: an enum.
    * ``mode``: a choice
      that is told in two lines.
    * ``tags``: a list.
    * ``limits``: a table of numbers.
    """

    directory: Path = Path("${DATA_DIR}/store")
    note: str = "kept in ${DATA_DIR}"
    patience: Duration = Duration(seconds=30)
    room: Size = Size(64 * 1024**2)
    colour: Colour = Colour.RED
    mode: int | Literal["unlimited"] = "unlimited"
    tags: tuple[str, ...] = ()
    limits: dict[str, int] = {}
    inner: Inner = Inner()


class NeedySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A store that has to be told where it is."""

    url: str


class FileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Files."""


class ActivityTable(ActivitySettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An activity.

    * ``location``: where it is.
    """

    location: str


class WorkflowTable(WorkflowSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A workflow."""

    location: str


class CronSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A schedule."""

    schedule: str


def _unused(*_: Any) -> Any:
    raise AssertionError("nothing is opened while a configuration is read")


class FakeCatalog:
    """Providers without plugins."""

    def __init__(self, *, exporters: list[Provider[Any, Any]] | None = None) -> None:
        self.storages = self._registry(
            "storage",
            ("store", Provider("store", "A store.", StoreSettings, _unused)),
            ("needy", Provider("needy", "A store.", NeedySettings, _unused)),
        )
        self.sources = self._registry("source", ("", SourceProvider("file", "", "Files.", FileSettings, _unused)))
        self.component_kinds = self._registry(
            "component kind",
            ("activity_wasm", self._kind("activity_wasm", ComponentRole.ACTIVITY, ActivityTable)),
            ("workflow_wasm", self._kind("workflow_wasm", ComponentRole.WORKFLOW, WorkflowTable)),
        )
        cron = TriggerProvider("cron", "Schedules.", (TriggerTable("cron", CronSettings),), _unused)
        self.triggers = self._registry("trigger", ("cron", cron))
        self.exporters = self._registry("exporter", *((item.name, item) for item in exporters or []))

    def hint(self, name: str) -> str:
        extra = {"otlp": "otlp", "activity_exec": "exec"}.get(name)
        return f"; try `pip install obelisk[{extra}]`" if extra else ""

    def _kind(self, table: str, role: ComponentRole, settings: Any) -> ComponentKindProvider:
        return ComponentKindProvider(table, table, role, "A kind.", settings, _unused)

    def _registry(self, kind: str, *items: tuple[str, Any]) -> Registry[Any]:
        return Registry(kind, [Offer(name, provider, "a test") for name, provider in items], hint=self.hint)


@pytest.fixture
def catalog() -> FakeCatalog:
    """Two storages, files, two component kinds and a trigger."""
    return FakeCatalog()


@pytest.fixture
def catalog_with() -> Callable[..., FakeCatalog]:
    """Make a catalog with more in it."""
    return FakeCatalog


Load = Callable[..., Config]


@pytest.fixture
def load(catalog: FakeCatalog, tmp_path: Path) -> Load:
    """Load a configuration from a text whose storage is `store`, with the given environment variables."""

    def load_text(text: str = "", *, storage: str = "store", **environ: str) -> Config:
        variables = {"HOME": str(tmp_path / "home"), "OBELISK__STORAGE__USE": storage, **environ}
        return config_from_text(text, plugins=catalog, base=tmp_path, environ=variables)

    return load_text
