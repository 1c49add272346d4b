"""``python -m benchmarks``: what there is to measure, and measuring it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

# Before gRPC is imported: else it prints lines of its own when a server ends.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

import click
import msgspec
from msgspec.structs import replace
from rich.console import Console

from benchmarks import parts
from benchmarks.bench import Bench
from benchmarks.errors import UnavailableError
from benchmarks.group import ReportingGroup
from benchmarks.interrupts import run_until_interrupted
from benchmarks.peers.command import peers as peers_group
from benchmarks.places import CACHE, GUESTS, fibo
from benchmarks.report_file import ReportFile
from benchmarks.results import Report
from benchmarks.run import Options, run
from benchmarks.shared_work import CONCURRENT, SERIAL
from benchmarks.table import markdown, show
from benchmarks.working_directory import working_directory
from benchmarks.workload import Workload, workloads

PROFILED: Final = {
    "serial": (SERIAL, fibo()),
    "serial-effects": (replace(SERIAL, name="serial-effects"), fibo(GUESTS / "fibo_effects.wat")),
    "concurrent": (CONCURRENT, fibo()),
}
ROUNDS = 5
QUICK_ROUNDS = 1
WIDTH = 160


@click.group(cls=ReportingGroup, context_settings={"help_option_names": ["-h", "--help"]})
def benchmarks() -> None:
    """Measure Obelisk, with every commit durable, beside the bare speed of the disk and beside other engines."""


@benchmarks.command("list")
def list_workloads() -> None:
    """List what is measured."""
    for workload in workloads():
        click.echo(f"{workload.NAME:<16} {workload.SUMMARY}")


@benchmarks.command("run")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--peers", is_flag=True, help="Measure other engines too, on the work that they can do.")
@click.option("--json", "path", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to a file.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown.")
@click.option("--rounds", type=click.IntRange(1), help=f"How often each is measured; by default {ROUNDS} times.")
@click.option("--quick", is_flag=True, help="Do little of each, to see that it works; the figures say nothing.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default=CACHE,
    show_default=True,
    help="Where filled databases are kept, and those that are measured; this disk is measured.",
)
def run_workloads(
    *,
    names: tuple[str, ...],
    peers: bool,
    path: Path | None,
    as_markdown: bool,
    rounds: int | None,
    quick: bool,
    cache: Path,
) -> None:
    """Measure what has one of the NAMEs, or everything.

    What was measured is shown also when this is interrupted. The exit code is 1 when something went wrong, 130 after an
    interrupt, and 0 however slow it was.
    """
    measured = chosen(names)
    file = ReportFile(path, _say)
    file.check()
    options = Options(
        rounds=rounds or (QUICK_ROUNDS if quick else ROUNDS), quick=quick, peers=peers, cache=cache.absolute()
    )
    failed = True
    try:
        failed = run_until_interrupted(run(measured, options, say=_say, told=file.take)).failed
    finally:
        if file.report is not None:
            _print_report(file.report, as_markdown=as_markdown)
    sys.exit(int(failed or file.is_behind))


@benchmarks.command("show")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown.")
def show_report(*, path: Path, as_markdown: bool) -> None:
    """Print a report that ``--json`` wrote."""
    try:
        report = Report.read(path)
    except msgspec.MsgspecError as error:
        raise click.UsageError(f"{path} is no report of a run: {error}") from error
    _print_report(report, as_markdown=as_markdown)


@benchmarks.command("parts")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), default=CACHE, show_default=True)
def print_parts(*, names: tuple[str, ...], cache: Path) -> None:
    """Print what a step of NAMEs costs a server, by part; without names, of each work that can be looked at."""
    for name in names:
        if name not in PROFILED:
            raise click.UsageError(f"`{name}` cannot be looked at by parts, expected one of {', '.join(PROFILED)}")
    with working_directory(cache, "parts-") as directory:
        bench = Bench(directory, cache, rounds=1, quick=False)
        for name in names or PROFILED:
            work, config = PROFILED[name]
            try:
                found = run_until_interrupted(parts.cost(bench, work, config))
            except UnavailableError as error:
                raise click.ClickException(str(error)) from error
            click.echo("\n".join(parts.lines(found)))


benchmarks.add_command(peers_group)


def chosen(names: tuple[str, ...]) -> list[Workload]:
    """Return the workloads of these names once each, all without names; raises ``click.UsageError`` for another name."""
    known = {workload.NAME: workload for workload in workloads()}
    for name in names:
        if name not in known:
            raise click.UsageError(f"there is no workload `{name}`, expected one of {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names or known)]


def _say(text: str) -> None:
    click.echo(text, err=True)


def _print_report(report: Report, *, as_markdown: bool) -> None:
    if as_markdown:
        click.echo(markdown(report), nl=False)
    else:
        show(report, Console(width=None if sys.stdout.isatty() else WIDTH, markup=False))


if __name__ == "__main__":
    benchmarks(prog_name="python -m benchmarks")
