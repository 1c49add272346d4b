"""``obelisk client execution``: executions are started, followed and listed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from obelisk.cli.client import api_url_option, ending_the_command, json_option

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 20
ALL = sys.maxsize


def _limit_option(command: F) -> F:
    limit = click.IntRange(min=1)
    return click.option("--limit", type=limit, default=DEFAULT_LIMIT, show_default=True, help="How many to print.")(
        command
    )


def _log_limit_option(command: F) -> F:
    text = f"How many to print; {DEFAULT_LIMIT} unless told, all with --json."
    return click.option("--limit", type=click.IntRange(min=1), default=None, help=text)(command)


def _log_limit(limit: int | None, *, as_json: bool) -> int:
    return limit or (ALL if as_json else DEFAULT_LIMIT)


@click.group()
@api_url_option
def execution() -> None:
    """Submit, follow and list executions."""


@execution.command()
@click.argument("function", metavar="FFQN")
@click.argument("params", metavar="PARAMS_JSON")
@click.option("-e", "--execution-id", metavar="ID", help="Id of the execution; submitting it again changes nothing.")
@click.option("-f", "--follow", is_flag=True, help="Wait for the result; exit with 1 unless it is ok.")
@json_option
@api_url_option
@ending_the_command()
def submit(*, function: str, params: str, execution_id: str | None, follow: bool, as_json: bool) -> None:
    """Start an execution of FFQN with the JSON array PARAMS_JSON.

    FFQN is `namespace:package/interface.function`, or `.../interface.function` where that is unambiguous. PARAMS_JSON may
    be `@FILE`, or `-` for standard input.
    """
    from obelisk.cli import running

    ended = running.submit(function, params, execution_id=execution_id, follow=follow, as_json=as_json)
    raise SystemExit(ended)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("-f", "--follow", is_flag=True, help="Wait for the result.")
@json_option
@api_url_option
@ending_the_command()
def get(*, execution_id: str, follow: bool, as_json: bool) -> None:
    """Show what an execution is doing, and its result once it has ended; exit with 1 unless that is ok."""
    from obelisk.cli import running

    raise SystemExit(running.get(execution_id, follow=follow, as_json=as_json))


@execution.command("list")
@click.option("--ffqn", metavar="PREFIX", help="Only functions whose names begin so.")
@click.option("-e", "--execution-id", metavar="PREFIX", help="Only executions whose ids begin so.")
@click.option("--show-derived", is_flag=True, help="Children too.")
@click.option("--hide-finished", is_flag=True, help="Only executions that have not ended.")
@_limit_option
@json_option
@api_url_option
@ending_the_command()
def list_(
    *,
    ffqn: str | None,
    execution_id: str | None,
    show_derived: bool,
    hide_finished: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List executions, newest first."""
    from obelisk.cli import listing

    wanted = listing.Wanted(ffqn, execution_id, show_derived=show_derived, hide_finished=hide_finished)
    listing.print_executions(wanted, limit=limit, as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("--from", "version", metavar="VERSION", type=click.IntRange(min=0), default=0, help="First version.")
@_log_limit_option
@json_option
@api_url_option
@ending_the_command()
def events(*, execution_id: str, version: int, limit: int | None, as_json: bool) -> None:
    """Print the log of an execution."""
    from obelisk.cli import listing

    listing.print_events(execution_id, version=version, limit=_log_limit(limit, as_json=as_json), as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("--from", "cursor", metavar="CURSOR", type=click.IntRange(min=0), default=0, help="First cursor.")
@_log_limit_option
@json_option
@api_url_option
@ending_the_command()
def responses(*, execution_id: str, cursor: int, limit: int | None, as_json: bool) -> None:
    """Print the responses that an execution got, in their order."""
    from obelisk.cli import listing

    listing.print_responses(execution_id, cursor=cursor, limit=_log_limit(limit, as_json=as_json), as_json=as_json)
