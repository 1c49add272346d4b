"""``obelisk client execution``: executions are started, followed, listed and controlled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from obelisk.cli.client import ending_the_command, json_option, server_options
from obelisk.cli.output import INTERRUPTED

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 20
TRACE_LIMIT = 100
MAX_COUNT = 2**32 - 1
LEVELS = ("trace", "debug", "info", "warn", "error")
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
    return min(limit or (ALL if as_json else DEFAULT_LIMIT), ALL)


@click.group()
@server_options
def execution() -> None:
    """Submit, follow, list and control executions."""


@execution.command()
@click.argument("function", metavar="FFQN")
@click.argument("params", metavar="PARAMS_JSON")
@click.option("-e", "--execution-id", metavar="ID", help="Id of the execution; submitting it again changes nothing.")
@click.option("--paused", is_flag=True, help="Create it paused: nothing runs it until `unpause`.")
@click.option("-f", "--follow", is_flag=True, help="Wait for the result; exit with 1 unless it is ok.")
@json_option
@server_options
@ending_the_command()
def submit(*, function: str, params: str, execution_id: str | None, paused: bool, follow: bool, as_json: bool) -> None:
    """Start an execution of FFQN with the JSON array PARAMS_JSON.

    FFQN is `namespace:package/interface.function`, or `.../interface.function` where that is unambiguous. PARAMS_JSON may
    be `@FILE`, or `-` for standard input.
    """
    from obelisk.cli import running

    ended = running.submit(function, params, execution_id=execution_id, paused=paused, follow=follow, as_json=as_json)
    raise SystemExit(ended)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("-f", "--follow", is_flag=True, help="Wait for the result.")
@json_option
@server_options
@ending_the_command()
def get(*, execution_id: str, follow: bool, as_json: bool) -> None:
    """Show what an execution is doing, why it cannot run, or its result once it has ended; exit with 1 unless that is ok."""
    from obelisk.cli import running

    raise SystemExit(running.get(execution_id, follow=follow, as_json=as_json))


@execution.command("list")
@click.option("--ffqn", metavar="PREFIX", help="Only functions whose names begin so.")
@click.option("-e", "--execution-id", metavar="PREFIX", help="Only executions whose ids begin so.")
@click.option("--show-derived", is_flag=True, help="Children too.")
@click.option("--hide-finished", is_flag=True, help="Only executions that have not ended.")
@click.option("--stubs", is_flag=True, help="Only stub executions that wait for their result, children too.")
@_limit_option
@json_option
@server_options
@ending_the_command()
def list_(
    *,
    ffqn: str | None,
    execution_id: str | None,
    show_derived: bool,
    hide_finished: bool,
    stubs: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List executions, newest first, with the reason why one cannot run."""
    from obelisk.cli import listing
    from obelisk.cli.pages import Wanted

    wanted = Wanted(ffqn, execution_id, show_derived=show_derived, hide_finished=hide_finished)
    listing.print_executions(wanted, stubs=stubs, limit=min(limit, ALL), as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("--from", "version", metavar="VERSION", type=click.IntRange(min=0), default=0, help="First version.")
@_log_limit_option
@json_option
@server_options
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
@server_options
@ending_the_command()
def responses(*, execution_id: str, cursor: int, limit: int | None, as_json: bool) -> None:
    """Print the responses that an execution got, in their order."""
    from obelisk.cli import listing

    listing.print_responses(execution_id, cursor=cursor, limit=_log_limit(limit, as_json=as_json), as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option(
    "--from-version", "version", metavar="VERSION", type=click.IntRange(min=0), default=0, help="First version."
)
@click.option("--from-cursor", "cursor", metavar="CURSOR", type=click.IntRange(min=0), default=0, help="First cursor.")
@_log_limit_option
@json_option
@server_options
@ending_the_command()
def history(*, execution_id: str, version: int, cursor: int, limit: int | None, as_json: bool) -> None:
    """Print the log of an execution together with the responses that it got."""
    from obelisk.cli.history import print_history

    limit = _log_limit(limit, as_json=as_json)
    print_history(execution_id, version=version, cursor=cursor, limit=limit, as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("-f", "--follow", is_flag=True, help="Go on until the execution has ended.")
@click.option("--show-derived", is_flag=True, help="Lines of its children too.")
@click.option(
    "--level", type=click.Choice(LEVELS), default="debug", show_default=True, help="Only lines of this level or above."
)
@click.option(
    "--stream-type",
    "stream_types",
    type=click.Choice(("stdout", "stderr", "none")),
    multiple=True,
    help="Only lines of this standard stream beside those with a level, or of none; may be given twice.",
)
@click.option("--show-run-id", is_flag=True, help="Show which run logged a line.")
@click.option("--after", metavar="TIME", help="Only lines logged after this time, such as 2026-01-31T12:00:00Z.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=None,
    help=f"How many to print; {DEFAULT_LIMIT} unless told, all with --json or --follow.",
)
@json_option
@server_options
@ending_the_command()
def logs(*, execution_id: str, follow: bool, limit: int | None, as_json: bool, **wanted: Any) -> None:
    """Print what the components of an execution logged, oldest first."""
    from obelisk.cli.logs import WantedLines, print_logs

    limit = _log_limit(limit, as_json=as_json or follow)
    try:
        print_logs(WantedLines(execution_id, **wanted), follow=follow, limit=limit, as_json=as_json)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option(
    "--depth", type=click.IntRange(0, MAX_COUNT), default=None, help="How many levels below it; all unless told."
)
@click.option(
    "--limit",
    type=click.IntRange(1, MAX_COUNT),
    default=None,
    help=f"How many executions to print; {TRACE_LIMIT} unless told, all with --json.",
)
@json_option
@server_options
@ending_the_command()
def trace(*, execution_id: str, depth: int | None, limit: int | None, as_json: bool) -> None:
    """Print an execution and all below it as a tree: what ran when, for how long, and how it ended.

    Runs are shown when there was more than one, or one failed. With --json each line is a span.
    """
    from obelisk.cli.trace import print_trace

    limit = None if limit is None and as_json else limit or TRACE_LIMIT
    print_trace(execution_id, depth=depth, limit=limit, as_json=as_json)


@execution.command()
@click.argument("target", metavar="ID")
@json_option
@server_options
@ending_the_command()
def cancel(*, target: str, as_json: bool) -> None:
    """Cancel an activity, a workflow whose function's name ends with `-cancellable`, or a delay."""
    from obelisk.cli import control

    control.cancel(target, as_json=as_json)


@execution.command()
@click.argument("target", metavar="ID")
@json_option
@server_options
@ending_the_command()
def pause(*, target: str, as_json: bool) -> None:
    """Keep an execution from running, or a delay from ending, until `unpause`."""
    from obelisk.cli import control

    control.pause(target, as_json=as_json)


@execution.command()
@click.argument("target", metavar="ID")
@json_option
@server_options
@ending_the_command()
def unpause(*, target: str, as_json: bool) -> None:
    """Let a paused execution or delay go on."""
    from obelisk.cli import control

    control.unpause(target, as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@json_option
@server_options
@ending_the_command()
def delete(*, execution_id: str, as_json: bool) -> None:
    """Delete a top-level execution that has finished, with everything below it, for good."""
    from obelisk.cli import deleting

    deleting.delete(execution_id, as_json=as_json)


# A value such as `-5` is no option.
@execution.command(context_settings={"ignore_unknown_options": True})
@click.argument("execution_id", metavar="ID")
@click.argument("value", metavar="RETURN_JSON")
@json_option
@server_options
@ending_the_command()
def stub(*, execution_id: str, value: str, as_json: bool) -> None:
    """Finish a stub execution with RETURN_JSON, the JSON of what its function returns.

    RETURN_JSON may be `@FILE`, or `-` for standard input.
    """
    from obelisk.cli import control

    control.stub(execution_id, value, as_json=as_json)


@execution.command()
@click.argument("execution_id", metavar="ID")
@json_option
@server_options
@ending_the_command()
def replay(*, execution_id: str, as_json: bool) -> None:
    """Replay a workflow's log against the component that exports its function now; exit with 1 when that fails.

    Nothing is written; what would be is shown.
    """
    from obelisk.cli import replaying

    raise SystemExit(replaying.replay(execution_id, as_json=as_json))


@execution.command()
@click.argument("execution_id", metavar="ID")
@click.option("--skip-determinism-check", is_flag=True, help="Do not replay the log against the new component first.")
@json_option
@server_options
@ending_the_command()
def upgrade(*, execution_id: str, skip_determinism_check: bool, as_json: bool) -> None:
    """Let a workflow go on with the component that exports its function now."""
    from obelisk.cli import upgrading

    upgrading.upgrade(execution_id, skip_determinism_check=skip_determinism_check, as_json=as_json)
