"""What ``obelisk.toml`` holds once it has been read and checked."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from obelisk.config.dev_settings import DevSettings
from obelisk.config.event_loop import EventLoop
from obelisk.config.log_settings import LogSettings
from obelisk.config.token_hash import HASH_OF_NOTHING, TokenHash
from obelisk.interfaces.components import ComponentKindProvider
from obelisk.interfaces.exporters import Exporter
from obelisk.interfaces.host_pattern import MAX_PORT
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.sandbox import OutboundHttpSettings
from obelisk.interfaces.settings import LONGEST, ComponentSettings, Duration, Size
from obelisk.interfaces.sources import SourceProvider
from obelisk.interfaces.storage import Storage
from obelisk.interfaces.triggers import TriggerEntry, TriggerProvider

P = TypeVar("P")
DEFAULT_MAX_REQUEST_SIZE = Size(16 * 1024**2)
LARGEST_REQUEST_SIZE = 2**31 - 1
"""What gRPC can count."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_address(text: str) -> None:
    """Raise ``ValueError`` unless ``text`` is ``HOST:PORT``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT or (":" in host and not host.startswith("[")):
        raise ValueError(f"`listening_addr`: expected `HOST:PORT` with a port of at most {MAX_PORT}, found `{text}`")


def check_at_least(name: str, value: int, *, least: int) -> None:
    """Raise ``ValueError`` when ``value`` is below ``least``."""
    if value < least:
        raise ValueError(f"`{name}`: expected at least {least}, found {value}")


class ApiTlsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the API shows to its clients.

    * ``certificate``: a PEM file with the certificate and those between it and the root.
    * ``key``: a PEM file with its private key, not encrypted.
    """

    certificate: Path
    key: Path


class ApiSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The gRPC server.

    * ``listening_addr``: where it listens, ``HOST:PORT``; port 0 takes a free one. At an address that other machines can
      reach ``token_hashes`` is required.
    * ``token_hashes``: hashes of the tokens that callers have to show one of, as ``obelisk generate token`` prints them;
      empty, everybody may call.
    * ``tls``: ``certificate`` and ``key``; left out, connections are not encrypted.
    * ``max_request_size``: bytes of a request; a larger one is refused.
    """

    listening_addr: str = "127.0.0.1:5005"
    token_hashes: tuple[TokenHash, ...] = ()
    tls: ApiTlsSettings | None = None
    max_request_size: Size = DEFAULT_MAX_REQUEST_SIZE

    def __post_init__(self) -> None:
        check_address(self.listening_addr)
        check_at_least("max_request_size", self.max_request_size, least=1)
        if self.max_request_size > LARGEST_REQUEST_SIZE:
            raise ValueError(
                f"`max_request_size`: expected at most {LARGEST_REQUEST_SIZE} bytes, found {self.max_request_size}"
            )
        if HASH_OF_NOTHING in self.token_hashes:
            raise ValueError("`token_hashes`: found the hash of the empty token, expected hashes of real ones")


class OperatorSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Metrics and health of the server over HTTP, for whoever runs it.

    * ``listening_addr``: where they are served, ``HOST:PORT``, or ``"off"``; port 0 takes a free one. It asks nobody who
      they are: keep it where only operators reach it.
    """

    listening_addr: str = "off"

    @property
    def address(self) -> str | None:
        """Where to listen, ``None`` for nowhere."""
        return None if self.listening_addr == "off" else self.listening_addr

    def __post_init__(self) -> None:
        if self.address is not None:
            check_address(self.address)


class ServerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The server process.

    * ``shutdown_timeout``: how long running activities may go on once the server was asked to stop.
    * ``exporter_timeout``: how long exporters may take at the end to deliver what they still hold.
    * ``event_loop``: what the server waits with. ``uvloop`` takes some percent less of the processor, and comes with
      ``pip install obelisk[uvloop]``.
    """

    shutdown_timeout: Duration = Duration(seconds=10)
    exporter_timeout: Duration = Duration(seconds=5)
    event_loop: EventLoop = EventLoop.ASYNCIO

    def __post_init__(self) -> None:
        self.event_loop.check()


class StorageSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where logs are kept.

    * ``use``: the name of a storage; the table of that name configures it.
    """

    use: str = "sqlite"


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What is deleted in the course of time.

    * ``finished``: how long after its end a top-level execution is deleted, with everything below it and its lines; unset,
      never. One below which something has not finished stays until that has.
    """

    finished: Duration | None = None

    def __post_init__(self) -> None:
        if self.finished is not None and not timedelta() < self.finished <= LONGEST:
            raise ValueError(
                f"`finished`: expected more than nothing and at most {LONGEST.days} days, "
                f"found {self.finished.total_seconds():.0f} s"
            )


class WorkflowsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings that all workflows share.

    * ``hot_limit``: how many waiting workflows are kept in memory; unset, as many as the system's limit on memory
      maps (``vm.max_map_count``) allows, at most 20000, or 8000 where that cannot be told.
    * ``max_events_per_run``: after so many events a workflow lets others have their turn.
    * ``run_ahead``: whether pure activities may start before the write that requests them is durable.
    """

    hot_limit: int | None = None
    max_events_per_run: int = 100
    run_ahead: bool = True

    def __post_init__(self) -> None:
        if self.hot_limit is not None:
            check_at_least("hot_limit", self.hot_limit, least=0)
        check_at_least("max_events_per_run", self.max_events_per_run, least=1)


class TimersWatcherSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What finishes delays and gives up expired locks.

    * ``enabled``: false leaves that to the other servers on the same storage.
    * ``leeway``: how long after its expiry a lock is given up.
    * ``tick_sleep``: how often to look for delays and locks that other processes left.
    """

    enabled: bool = True
    leeway: Duration = Duration(milliseconds=500)
    tick_sleep: Duration = Duration(seconds=1)


class PluginsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which plugins are used.

    * ``disabled``: names of plugins that are not imported, as ``obelisk plugins`` lists them.
    * ``files``: plugins that are one file each, such as ``"./my_plugin.py"``. They are run with the rights of the server.
    """

    disabled: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


class CodegenCacheSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Compiled components.

    * ``enabled``: whether they are kept on disk.
    * ``directory``: where they are kept.
    """

    enabled: bool = True
    directory: Path = Path("${CACHE_DIR}/codegen")


class CompileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The process that compiles a component which is not in the cache.

    * ``timeout``: how long it may take.
    * ``memory``: how much memory it may take.
    """

    timeout: Duration = Duration(minutes=5)
    memory: Size = Size(4 * 1024**3)


class WasmSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What one execution of a WebAssembly component may take.

    * ``memory``: each linear memory of an execution; most guests have one, those in QuickJS three of which one grows.
    * ``table_elements``: elements of each table.
    * ``tables``: tables of an execution.
    * ``memories``: linear memories of an execution.
    * ``instances``: core instances of an execution.
    * ``stack``: the stack of a guest.
    * ``fuel``: instructions, roughly, that one run may execute, or ``"unlimited"``.
    * ``max_component_size``: the size of a component's file.
    * ``global_executor_instance_limiter``: how many executions of all components together may run at once, or
      ``"unlimited"``. A workflow that waits does not run.
    """

    memory: Size = Size(512 * 1024**2)
    table_elements: int = 1_000_000
    tables: int = 100
    memories: int = 10
    instances: int = 100
    stack: Size = Size(512 * 1024)
    fuel: int | Literal["unlimited"] = "unlimited"
    max_component_size: Size = Size(64 * 1024**2)
    global_executor_instance_limiter: int | Literal["unlimited"] = "unlimited"
    codegen_cache: CodegenCacheSettings = CodegenCacheSettings()
    compile: CompileSettings = CompileSettings()

    def __post_init__(self) -> None:
        for name in ("table_elements", "tables", "memories", "instances"):
            check_at_least(name, getattr(self, name), least=1)
        for name in ("fuel", "global_executor_instance_limiter"):
            value = getattr(self, name)
            if isinstance(value, int):
                check_at_least(name, value, least=1)


class SecretSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret comes from.

    * ``env``: the variable that holds it. It is read at the start, and taken out of the process's environment.
    """

    env: str

    def __post_init__(self) -> None:
        if not self.env or "=" in self.env or "\0" in self.env:
            raise ValueError(f"`env`: expected the name of a variable, found `{self.env}`")


class KernelSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tables of the kernel, and its keys outside of tables. Every other table belongs to a plugin.

    * ``allow_exec_activities``: which components may run programs outside of a sandbox: ``false`` for none, ``true`` for
      all, or a table of their names and digests such as ``{ "tools.add" = "sha256:..." }``.
    * ``secrets``: what components may be given and nobody may read, by name; a component lists the names that it needs.
    """

    allow_exec_activities: bool | dict[str, str] = False
    api: ApiSettings = ApiSettings()
    operator: OperatorSettings = OperatorSettings()
    server: ServerSettings = ServerSettings()
    storage: StorageSettings = StorageSettings()
    retention: RetentionSettings = RetentionSettings()
    workflows: WorkflowsSettings = WorkflowsSettings()
    timers_watcher: TimersWatcherSettings = TimersWatcherSettings()
    plugins: PluginsSettings = PluginsSettings()
    wasm: WasmSettings = WasmSettings()
    log: LogSettings = LogSettings()
    dev: DevSettings = DevSettings()
    outbound_http: OutboundHttpSettings = OutboundHttpSettings()
    secrets: dict[str, SecretSettings] = {}

    def __post_init__(self) -> None:
        self._check_digests()
        self._check_addresses()
        for name in self.secrets:
            if not _VARIABLE.fullmatch(name):
                raise ValueError(
                    f"`secrets.{name}`: expected a name of letters, digits and `_` that does not begin with a digit"
                )
        for index, entry in enumerate(self.outbound_http.allowed_host):
            for name in entry.secrets:
                if name not in self.secrets:
                    raise ValueError(
                        f"`outbound_http.allowed_host[{index}].secrets`: found `{name}`, which `[secrets]` does not define"
                    )

    def _check_addresses(self) -> None:
        address = self.operator.address
        if address is not None and address == self.api.listening_addr and not address.endswith(":0"):
            raise ValueError(
                f"`operator.listening_addr`: found `{address}`, where `[api]` listens; choose another port"
            )

    def _check_digests(self) -> None:
        if isinstance(self.allow_exec_activities, bool):
            return
        for name, digest in self.allow_exec_activities.items():
            if not _DIGEST.fullmatch(digest):
                raise ValueError(
                    f"`allow_exec_activities.{name}`: expected `sha256:` and 64 hexadecimal digits, found `{digest[:80]}`"
                )


class Chosen(Struct, Generic[P], frozen=True):
    """A provider that the configuration uses, with the settings of its table."""

    provider: P
    settings: Struct


class ComponentUse(Struct, frozen=True):
    """A component that the configuration names: its kind, its settings, and what messages call it: ``activity_wasm[a]``."""

    provider: ComponentKindProvider
    settings: ComponentSettings
    path: str = ""


class TriggerUse(Struct, frozen=True):
    """A trigger that the configuration uses, with every entry of its tables in their order."""

    provider: TriggerProvider
    entries: tuple[TriggerEntry, ...]


class Config(Struct, frozen=True, kw_only=True):
    """A checked configuration.

    ``store`` is the storage that ``[storage] use`` names. ``sources`` are all that are installed. ``components`` are
    grouped by table, the tables in the order in which they begin in the file. Relative locations start at ``base``. None
    of the directories has been created.
    """

    kernel: KernelSettings
    store: Chosen[Provider[Any, Storage]]
    sources: tuple[Chosen[SourceProvider], ...]
    exporters: tuple[Chosen[Provider[Any, Exporter]], ...]
    triggers: tuple[TriggerUse, ...]
    components: tuple[ComponentUse, ...]
    base: Path
    data_dir: Path
    cache_dir: Path
