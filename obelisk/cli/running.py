"""How ``execution submit`` and ``execution get`` work."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click

from obelisk.api import pool
from obelisk.api.convert.basics import PARAMS_TYPE_URL, function_message, function_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import Connection, connected
from obelisk.cli.execution_view import JsonView, StatusLine, TextView, View, show, status_name
from obelisk.cli.follow import follow, timing_of_command
from obelisk.cli.output import OK, print_json_line, print_line
from obelisk.cli.reading import read_params
from obelisk.cli.reasons import Reasons
from obelisk.core.trace_context import PARENT_KEY, STATE_KEY, outer_metadata
from obelisk.errors import FunctionNotFoundError, InputError, InvalidNameError
from obelisk.ids import parse_execution_id
from obelisk.names import Ffqn, parse_ffqn

ANY_PACKAGE = ".../"


def submit(function: str, params: str, *, execution_id: str | None, paused: bool, follow: bool, as_json: bool) -> int:
    """Start an execution and print its id, or with ``follow`` all about it; return the exit code."""
    if execution_id is not None:
        parse_execution_id(execution_id)
    content = read_params(params)
    with connected() as connection:
        name = _matched(connection, function)
        execution_id = execution_id or connection.generate_execution_id()
        request = _request(execution_id, name, params=content, paused=paused)
        connection.submit(request, surrounding_trace(os.environ))
        if not as_json:
            print_line(execution_id)
        if follow:
            return _follow(connection, execution_id, as_json=as_json, reached=True)
        if as_json:
            _print_status(connection, execution_id)
        return OK


def get(execution_id: str, *, follow: bool, as_json: bool) -> int:
    """Print what an execution is doing, and without ``follow`` why it cannot run if that is so; return the exit code."""
    parse_execution_id(execution_id)
    with connected() as connection:
        if follow:
            return _follow(connection, execution_id, as_json=as_json, reached=False)
        return _once(connection, execution_id, _view(execution_id, as_json=as_json, live=False))


def surrounding_trace(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the trace that a command is run in as metadata of a call; empty when there is none, or it is not valid.

    Its variables are those of OpenTelemetry (https://opentelemetry.io/docs/specs/otel/context/env-carriers/).
    """
    found = outer_metadata(environ.get("TRACEPARENT", ""), environ.get("TRACESTATE", ""))
    names = {PARENT_KEY: "traceparent", STATE_KEY: "tracestate"}
    return tuple((names[key], text) for key, text in found.items())


def _request(execution_id: str, name: Ffqn, *, params: bytes, paused: bool) -> pb.SubmitRequest:
    return pb.SubmitRequest(
        execution_id=pb.ExecutionId(id=execution_id),
        function_name=function_message(name),
        params=pool.Any(type_url=PARAMS_TYPE_URL + name, value=params),
        paused=paused,
    )


def _matched(connection: Connection, function: str) -> Ffqn:
    if not function.startswith(ANY_PACKAGE):
        return _checked(function)
    submittable = [
        function_of(detail.function_name)
        for component in connection.components(extensions=False)
        for detail in component.exports
        if detail.submittable
    ]
    found = sorted({name for name in submittable if _is_suffix(function.removeprefix(ANY_PACKAGE), name)})
    if len(found) == 1:
        click.echo(f"Matched {found[0]}", err=True)
        return found[0]
    if found:
        raise InputError(f"`{function}` matches {', '.join(f'`{name}`' for name in found)}, expected one of them")
    known = ", ".join(f"`{name}`" for name in sorted(set(submittable))) or "none"
    raise FunctionNotFoundError(f"`{function}` matches no function that can be submitted; there are: {known}")


def _checked(function: str) -> Ffqn:
    try:
        return parse_ffqn(function)
    except InvalidNameError as error:
        expected = "`namespace:package/interface[@version].function` or `.../interface.function`"
        raise InvalidNameError(f"`{function}` is not the name of a function, expected {expected}") from error


def _is_suffix(wanted: str, name: Ffqn) -> bool:
    interface, _, function = name.partition("/")[2].rpartition(".")
    return wanted in (f"{interface}.{function}", f"{interface.partition('@')[0]}.{function}")


def _follow(connection: Connection, execution_id: str, *, as_json: bool, reached: bool) -> int:
    timing = timing_of_command()
    view = _view(execution_id, as_json=as_json, live=True)
    code = OK
    for message in follow(connection, execution_id, timing=timing, reached=reached):
        code = show(message, view, now=timing.clock.now())
    return code


def _once(connection: Connection, execution_id: str, view: View) -> int:
    now = timing_of_command().clock.now()
    code = OK
    reasons = Reasons(connection, now)
    for message in connection.status(execution_id, follow=False):
        reason = reasons.of(message.summary) if message.HasField("summary") else None
        code = show(message, view, now=now, reason=reason)
    return code


def _print_status(connection: Connection, execution_id: str) -> None:
    name = status_name(connection.summary(execution_id).current_status, timing_of_command().clock.now())
    print_json_line(StatusLine(execution_id, name))


def _view(execution_id: str, *, as_json: bool, live: bool) -> View:
    if as_json:
        return JsonView(execution_id)
    return TextView(sys.stdout, terminal=live and sys.stdout.isatty())
