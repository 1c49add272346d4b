"""What one run has for its outgoing HTTP requests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from obelisk.core.trace_context import trace_of
from obelisk.errors import ComponentError, RequestDeniedError
from obelisk.interfaces.components import ActivityCall, Logged, LogLevel, LogLine, StreamLine
from obelisk.interfaces.provider import RandomSource
from obelisk.interfaces.sandbox import OutboundHttpSettings, SandboxSettings, variable_name, without_methods
from obelisk.interfaces.secrets import Secrets
from obelisk.wasm.wasi.http.policy import AllowLists, Policy
from obelisk.wasm.wasi.http.secrets import RunSecrets
from obelisk.wasm.wasi.http.traces import HttpTraces

MAX_DENIALS_LOGGED: Final = 100
_log = logging.getLogger("obelisk.http")


class HttpAccess:
    """What one run may send, with which secrets, and what is kept of it. ``log`` is the run's log with secrets hidden."""

    def __init__(self, policy: Policy, secrets: RunSecrets, traces: HttpTraces, log: Callable[[Logged], None]) -> None:
        self.policy = policy
        self.secrets = secrets
        self.traces = traces
        self.log = log

    def close(self) -> None:
        """Say what was lost of the run's requests."""
        if self.traces.lost:
            self.log(LogLine(LogLevel.WARN, f"{self.traces.lost} more HTTP requests were sent; they left no trace"))


class HttpSetup:
    """What the runs of a component share. Raises ``ComponentError`` for secrets that are not there."""

    def __init__(self, settings: SandboxSettings, outbound: OutboundHttpSettings, secrets: Secrets) -> None:
        self._lists = AllowLists(settings.allowed_host, outbound.allowed_host)
        names = dict.fromkeys(name for entry in settings.allowed_host for name in entry.secrets)
        _check_names(names, settings, secrets)
        self._values = {name: secrets.value(name) for name in names}
        _warn(names, settings, outbound)

    def open(self, call: ActivityCall, random: RandomSource, log: Callable[[Logged], None]) -> HttpAccess:
        """Return what one run has."""
        denials = _Denials(log)
        secrets = RunSecrets(self._values, random, denials.tell)
        denials.mask = secrets.mask
        return HttpAccess(
            Policy(self._lists, denials.tell),
            secrets,
            HttpTraces(
                call.execution_id,
                call.run_id,
                context=call.trace or trace_of(call.execution_id, {}),
                mask=secrets.mask,
            ),
            _masked(log, secrets) if self._values else log,
        )


class _Denials:
    """Tells of the denials of one run in its log, which is part of the server's."""

    def __init__(self, log: Callable[[Logged], None]) -> None:
        self._log = log
        self._count = 0
        self.mask: Callable[[str], str] = str

    def tell(self, error: RequestDeniedError) -> None:
        self._count += 1
        if self._count > MAX_DENIALS_LOGGED:
            return
        text = self.mask(str(error))
        if self._count == MAX_DENIALS_LOGGED:
            text = f"{text} (further denials of this run are not logged)"
        self._log(LogLine(LogLevel.WARN, text))


def _masked(log: Callable[[Logged], None], secrets: RunSecrets) -> Callable[[Logged], None]:
    def write(line: Logged) -> None:
        if isinstance(line, LogLine):
            log(replace(line, message=secrets.mask(line.message)))
        else:
            log(StreamLine(line.stream, secrets.mask_bytes(line.payload)))

    return write


def _check_names(names: Iterable[str], settings: SandboxSettings, secrets: Secrets) -> None:
    missing = [name for name in names if name not in secrets.names]
    if missing:
        known = ", ".join(f"`{name}`" for name in secrets.names) or "none"
        raise ComponentError(
            f"`allowed_host` names the secret {_listed(missing)}, which `[secrets]` does not define, known there: {known}; "
            f'add `{missing[0]} = {{ env = "..." }}` to `[secrets]`'
        )
    set_too = [name for each in settings.env_vars if (name := variable_name(each)) in set(names)]
    if set_too:
        raise ComponentError(
            f"`env_vars` sets {_listed(set_too)}, which `allowed_host` names as a secret; remove it from `env_vars`: the "
            "guest finds the secret's placeholder in its environment"
        )


def _warn(names: Iterable[str], settings: SandboxSettings, outbound: OutboundHttpSettings) -> None:
    """Say what cannot be meant so: entries that allow nothing, secrets that the operator never lets out."""
    for pattern in without_methods(settings.allowed_host):
        _log.warning(
            "component `%s`: the `allowed_host` `%s` has no `methods`: it allows no request", settings.name, pattern
        )
    let_out = {name for entry in outbound.allowed_host for name in entry.secrets}
    for name in names:
        if name not in let_out:
            _log.warning(
                "component `%s`: no `[[outbound_http.allowed_host]]` names the secret `%s`: it is never sent",
                settings.name, name,
            )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
