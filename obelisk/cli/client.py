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
API_URL_VARIABLE = "OBELISK_API_URL"

F = TypeVar("F", bound=Callable[..., Any])


class CallError(ClientError):
    """A call failed. ``lost`` tells that the server may be there again; ``exit_code`` is how the command ends."""

    def __init__(self, message: str, *, exit_code: int, lost: bool = False) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.lost = lost


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


def api_url_option(command: F) -> F:
    """Add ``--api-url`` to a command."""
    help_text = f"URL of the server.  [env: {API_URL_VARIABLE}; default: {DEFAULT_API_URL}]"
    return click.option("--api-url", metavar="URL", expose_value=False, callback=_remember, help=help_text)(command)


def chosen_url(context: click.Context) -> str:
    """Return the URL of the server that the running command is to talk to."""
    chosen: str = context.meta.get(API_URL_VARIABLE) or os.environ.get(API_URL_VARIABLE) or DEFAULT_API_URL
    return chosen


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[API_URL_VARIABLE] = value
