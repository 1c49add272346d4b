"""A report as a table, for people: in a terminal, or as Markdown for the README."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.results import Figure, Report, Result, Settings

COLUMNS = ("work", "system", "figure", "median", "least to most", "of disk", "target")
RIGHT = frozenset({"median", "least to most", "of disk"})
GIB = 1024**3


def show(report: Report, console: Console) -> None:
    """Print a report."""
    console.print(described(report.settings), highlight=False)
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in RIGHT else "left")
    for row in rows(report):
        table.add_row(*row)
    console.print(table)
    for line in durabilities(report):
        console.print(line, highlight=False)
    for missing in report.missing:
        console.print(f"missing: {missing.name}: {missing.reason}", highlight=False, markup=False)


def markdown(report: Report) -> str:
    """Return a report as Markdown."""
    rule = [" ---: " if name in RIGHT else " --- " for name in COLUMNS]
    lines = [described(report.settings), "", _line(COLUMNS), f"|{'|'.join(rule)}|"]
    lines += [_line(row) for row in rows(report)]
    if others := durabilities(report):
        lines += ["", *(f"- {line}" for line in others)]
    if report.missing:
        lines += ["", *(f"- missing: {missing.name}: {missing.reason}" for missing in report.missing)]
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def described(settings: Settings) -> str:
    """Return the settings in a few lines."""
    quick = ", quick: the figures say nothing" if settings.quick else ""
    return (
        f"{settings.cpu}, {settings.cores} cores, {settings.memory_bytes / GIB:.0f} GiB, {settings.kernel}, "
        f"{settings.filesystem}; {settings.python}, SQLite {settings.sqlite}, Obelisk {settings.obelisk}; "
        f"{settings.durability}; {settings.rounds} rounds{quick}, {settings.date:%Y-%m-%d %H:%M} UTC, "
        f"load before it {settings.load:.1f}"
    )


def durabilities(report: Report) -> list[str]:
    """Return how durable other systems were, a line for each; that of Obelisk is among the settings."""
    own = report.settings.durability
    found = {result.system: result.durability for result in report.results if result.durability != own}
    return [f"{system}: {durability}" for system, durability in found.items()]


def rows(report: Report) -> Iterator[tuple[str, ...]]:
    """Yield a row for each figure, as ``COLUMNS`` says."""
    for result in report.results:
        for figure in result.figures:
            yield _row(result, figure, quick=report.settings.quick)


def _row(result: Result, figure: Figure, *, quick: bool) -> tuple[str, ...]:
    return (
        result.workload,
        result.system,
        figure.name,
        f"{number(figure.median)} {figure.unit}",
        "" if len(figure.samples) == 1 else f"{number(figure.low)} to {number(figure.high)}",
        "" if figure.of_bare is None else f"{figure.of_bare:.2f}",
        "" if quick else _target(figure),
    )


def _target(figure: Figure) -> str:
    if figure.target is None or figure.of_target is None:
        return ""
    sign = ">=" if figure.higher_is_better else "<="
    word = "met" if figure.met else "MISSED"
    return f"{sign} {number(figure.target)}: {word}, {figure.of_target:.2f} of it"


def number(value: float) -> str:
    """Return a number with three digits that matter, or all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
