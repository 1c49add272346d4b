"""The root of the commands: names and where they are, without importing them."""

from __future__ import annotations

import gc
import os
import sys

import click

from obelisk import __version__
from obelisk.cli.groups import LazyGroup, RootGroup
from obelisk.cli.output import FAILED, output_problem, reporting_errors

CLIENT_COMMANDS = {
    "component": ("obelisk.cli.component:component", "List, inspect, push and pull components."),
    "execution": ("obelisk.cli.execution:execution", "Submit, follow, list and control executions."),
    "log-level": ("obelisk.cli.log_level:log_level", "Show or change which lines a running server logs."),
}
COMMANDS = CLIENT_COMMANDS | {
    "server": ("obelisk.cli.server:server", "Run a server, or check its configuration."),
    "plugins": ("obelisk.cli.plugins:plugins", "List, check and make plugins."),
    "new": ("obelisk.cli.new:new", "Write a project with a workflow, an activity or a webhook."),
    "dev": ("obelisk.cli.dev:dev", "Run a server that follows the files that are worked on."),
    "generate": ("obelisk.cli.generate:generate", "Make ids and other things."),
}


OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""More than a command's imports make, in which there is next to no garbage: looking for it took a tenth of a call."""


@click.group(cls=RootGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", "-v", message="%(version)s")
def cli() -> None:
    """Obelisk: deterministic workflows on the WebAssembly component model."""


@cli.group(cls=LazyGroup, lazy=CLIENT_COMMANDS)
def client() -> None:
    """Talk to a running server."""


def main() -> None:
    """Run the command line and end the process."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # Unless it is told so before it is imported, gRPC prints lines of its own: when a peer's TLS fails, or at an interrupt.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        with reporting_errors(FAILED):
            cli(prog_name="obelisk")
    except SystemExit as end:
        _exit_now(end)


def _exit_now(end: SystemExit) -> None:
    """End the process with everything written, without taking the interpreter apart: that costs a quarter of a call."""
    if not isinstance(end.code, int | None):
        raise end
    code = end.code or 0
    problem = output_problem()
    try:
        if problem is not None and code == 0:
            code = FAILED
            click.echo(f"error: {problem}", err=True)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # the process may have been started without it
                stream.flush()
    except OSError:
        os._exit(code or FAILED)  # nobody reads what was printed
    os._exit(code)
