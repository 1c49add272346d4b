"""What the commands that talk to a server have in common; light, so that their help answers quickly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from obelisk.cli.output import FAILED, USAGE, fail, reporting_errors
from obelisk.errors import ClientError, InputError

DEFAULT_API_URL = "http://127.0.0.1:5005"
API_URL = "OBELISK_API_URL"
API_TOKEN = "OBELISK_API_TOKEN"  # noqa: S105 - the name of a variable
API_CA = "OBELISK_API_CA"

F = TypeVar("F", bound=Callable[..., Any])


class CallError(ClientError):
    """A call failed. ``lost`` tells that the server may be there again, ``missing`` that what was named is not there.

    ``exit_code`` is how the command ends.
    """

    def __init__(self, message: str, *, exit_code: int, lost: bool = False, missing: bool = False) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.lost = lost
        self.missing = missing


@contextmanager
def ending_the_command() -> Iterator[None]:
    """Let errors end the command with one message: 2 for rejected input, 3 for an unreachable server, 1 for others.

    Usable as a decorator of a command.
    """
    with reporting_errors(FAILED):
        try:
            yield
        except CallError as error:
            fail(str(error), error.exit_code)
        except InputError as error:
            fail(str(error), USAGE)


def json_option(command: F) -> F:
    """Add ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")(command)


def server_options(command: F) -> F:
    """Add ``--api-url``, ``--api-token`` and ``--api-ca`` to a command."""
    helps = {
        API_CA: "PEM file with the authorities that an https:// server is trusted by; else those that gRPC knows.",
        API_TOKEN: "Token of the API. On a command line others see it; prefer the variable.",
        API_URL: f"URL of the server.  [default: {DEFAULT_API_URL}]",
    }
    names = {API_CA: ("--api-ca", "FILE"), API_TOKEN: ("--api-token", "TOKEN"), API_URL: ("--api-url", "URL")}
    for variable, (flag, metavar) in names.items():
        text = f"{helps[variable]}  [env: {variable}]"
        command = _remembered(variable, flag, metavar=metavar, help_text=text)(command)
    return command


def chosen(context: click.Context, variable: str) -> str | None:
    """Return what the option that ``variable`` stands for has in the running command; ``None``: neither is set."""
    value: str | None = context.meta.get(variable)
    return value if value is not None else os.environ.get(variable) or None


def was_given(context: click.Context, variable: str) -> bool:
    """Tell whether the option itself was given, whatever ``variable`` holds."""
    return variable in context.meta


def _remembered(variable: str, flag: str, *, metavar: str, help_text: str) -> Callable[[F], F]:
    def remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            context.meta[variable] = value

    return click.option(flag, metavar=metavar, expose_value=False, callback=remember, help=help_text)
