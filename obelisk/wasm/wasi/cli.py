"""``wasi:cli``: environment, exit, standard streams, terminals. There is no terminal."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from obelisk.errors import GuestExitError
from obelisk.wasm.wasi.calls import Handlers
from obelisk.wasm.wasi.sandbox import Sandbox, StandardOutput


def _environment(sandbox: Sandbox) -> list[list[str]]:
    return [[name, value] for name, value in sandbox.environment]


def _arguments(sandbox: Sandbox) -> list[str]:
    return []


def _initial_cwd(sandbox: Sandbox) -> str | None:
    return None


def _exit(sandbox: Sandbox, status: dict[str, Any]) -> NoReturn:
    raise GuestExitError(0 if "ok" in status else 1)


def _exit_with_code(sandbox: Sandbox, code: int) -> NoReturn:
    raise GuestExitError(code)


def _stdin(sandbox: Sandbox) -> int:
    return sandbox.resources.add(sandbox.stdin)


def _stdout(sandbox: Sandbox) -> int:
    return sandbox.resources.add(StandardOutput(sandbox.stdout))


def _stderr(sandbox: Sandbox) -> int:
    return sandbox.resources.add(StandardOutput(sandbox.stderr))


def _no_terminal(sandbox: Sandbox) -> int | None:
    return None


FUNCTIONS: Final[Handlers] = {
    "wasi:cli/environment.get-environment": _environment,
    "wasi:cli/environment.get-arguments": _arguments,
    "wasi:cli/environment.initial-cwd": _initial_cwd,
    "wasi:cli/exit.exit": _exit,
    "wasi:cli/exit.exit-with-code": _exit_with_code,
    "wasi:cli/stdin.get-stdin": _stdin,
    "wasi:cli/stdout.get-stdout": _stdout,
    "wasi:cli/stderr.get-stderr": _stderr,
    "wasi:cli/terminal-stdin.get-terminal-stdin": _no_terminal,
    "wasi:cli/terminal-stdout.get-terminal-stdout": _no_terminal,
    "wasi:cli/terminal-stderr.get-terminal-stderr": _no_terminal,
}
