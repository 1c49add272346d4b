"""Opening sandboxes: what all runs of a component share, and what each has for itself."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from obelisk.core.random import DeterministicRandom
from obelisk.ids import ExecutionId
from obelisk.interfaces.components import ActivityCall, Logged, StreamLine, StreamType
from obelisk.interfaces.environment import component_environment
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sandbox import OutboundHttpSettings, SandboxSettings
from obelisk.interfaces.secrets import Secrets
from obelisk.wasm.wasi.clocks import FrozenClocks, RunningClocks
from obelisk.wasm.wasi.filesystem.mounts import Directories
from obelisk.wasm.wasi.http.access import HttpAccess, HttpSetup
from obelisk.wasm.wasi.http.client import HttpClient
from obelisk.wasm.wasi.http.connections import Connector
from obelisk.wasm.wasi.http.secrets import RunSecrets
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.streams import EmptyInput, LineOutput

_SEED: Final = b"wasi:random of "


class SandboxSetup:
    """What the sandboxes of an activity component have in common. Raises ``ComponentError`` for what is missing.

    ``directories`` stay open for as long as there are runs. ``outbound`` is the operator's list of hosts, ``secrets`` holds
    those that the component may name.
    """

    def __init__(
        self, settings: SandboxSettings, host: Host, *, outbound: OutboundHttpSettings, secrets: Secrets,
        directories: Directories | None = None,
    ) -> None:  # fmt: skip
        self._host = host
        self._directories = directories
        self._clocks = RunningClocks(host.clock)
        self._environment = tuple(component_environment(settings.env_vars, host.environ).items())
        self._http = HttpSetup(settings, outbound, secrets)
        self._connector = Connector()

    def open(
        self, call: ActivityCall, log: Callable[[Logged], None], *, environment: Mapping[str, str] | None = None,
        caller: object = None,
    ) -> Sandbox:  # fmt: skip
        """Return the sandbox of one run. ``environment`` is added to the component's own, and wins."""
        access = self._http.open(call, self._host.random, log)
        soon = asyncio.get_running_loop().call_soon
        return Sandbox(
            clocks=self._clocks,
            random=self._host.random,
            stdin=EmptyInput(),
            stdout=lines_to(log, StreamType.STDOUT, secrets=access.secrets, soon=soon),
            stderr=lines_to(log, StreamType.STDERR, secrets=access.secrets, soon=soon),
            environment=self._environment_of(access, environment or {}),
            preopens=None if self._directories is None else self._directories.for_run(call.run_id),
            access=access,
            http=HttpClient(access, connector=self._connector, clock=self._host.clock),
            caller=caller,
        )

    def _environment_of(self, access: HttpAccess, more: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        own = (*self._environment, *access.secrets.environment)
        return (*(pair for pair in own if pair[0] not in more), *more.items()) if more else own


def frozen_sandbox(execution_id: ExecutionId, created_at: datetime, log: Callable[[Logged], None]) -> Sandbox:
    """Return the sandbox of a workflow: all in it depends on the execution alone, and nothing can be reached."""
    return Sandbox(
        clocks=FrozenClocks(created_at),
        random=DeterministicRandom(_seed(execution_id)).bytes,
        stdin=EmptyInput(),
        stdout=lines_to(log, StreamType.STDOUT),
        stderr=lines_to(log, StreamType.STDERR),
    )


def lines_to(
    log: Callable[[Logged], None], stream: StreamType, *, secrets: RunSecrets | None = None,
    soon: Callable[[Callable[[], None]], object] | None = None,
) -> LineOutput:  # fmt: skip
    """Return a standard stream whose lines go to ``log`` without ``secrets``; see ``LineOutput`` for ``soon``."""

    def emit(line: bytes) -> None:
        log(StreamLine(stream, line))

    if secrets is None:
        return LineOutput(emit, soon=soon)
    return LineOutput(emit, mask=secrets.mask_bytes, overlap=secrets.longest, soon=soon)


def _seed(execution_id: ExecutionId) -> int:
    return int.from_bytes(hashlib.sha256(_SEED + execution_id.encode()).digest()[:8], "little")
