"""How a trace is shown to people: a tree, and on a terminal that is wide enough a bar for the time of each line."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.cli.durations import duration_text
from obelisk.cli.trace_tree import TraceNode, TraceTree, status_of, walk
from obelisk.core.lines import readable
from obelisk.ids import LEVEL_SEPARATOR

UNLIMITED: Final = 1_000_000
WIDE: Final = 100
MIN_LABEL: Final = 24
GUIDE: Final = 4
BAR_SHARE: Final = 4
MAX_BAR: Final = 48
GAP: Final = "  "
GOES_ON: Final = "…"
_STYLES: Final = {"ok": "green", "error": "red", "failed": "bold red", "running": "cyan", "unknown": "dim"}
_OTHER_STYLE: Final = "yellow"
_KIND: Final = admin.TraceSpan


class Naming(IntEnum):
    """How much of names and ids is shown."""

    FULL = 0
    SHORT_FUNCTIONS = 1
    SHORT_IDS = 2


class TraceView:
    """Shows a tree on a stream. ``width`` is in columns: ``None`` for that of the terminal, 0 for as much as it takes."""

    def __init__(self, tree: TraceTree, stream: TextIO, *, width: int | None) -> None:
        self._tree = tree
        self._is_plain = width == 0
        self._console = Console(file=stream, width=UNLIMITED if self._is_plain else width, highlight=False)
        self._bar = (
            0 if self._is_plain or self._console.width < WIDE else min(self._console.width // BAR_SHARE, MAX_BAR)
        )
        times = [self._times(node) for _, node in walk(tree.root)]
        self._start_width = max(len(start) for start, _ in times)
        self._duration_width = max(len(duration) for _, duration in times)
        if not self._is_plain:
            self._leave_out_times()
        self._naming = Naming.FULL if self._is_plain else self._chosen_naming()
        self._column = 0 if self._is_plain else min(self._widest(self._naming, messages=True), self._available())

    def print(self) -> None:
        """Print the tree, and how many executions were left out."""
        self._console.print(self._rendered(), soft_wrap=True)
        if self._tree.left_out:
            noun = "execution" if self._tree.left_out == 1 else "executions"
            more = f"… and {self._tree.left_out:,} more {noun}; --limit and --depth show more"
            self._console.print(Text(more), soft_wrap=True)

    def _rendered(self) -> Tree:
        above: list[Tree] = []
        cut: list[tuple[Tree, int]] = []
        for depth, node in walk(self._tree.root):
            branch = Tree(self._line(depth, node))
            del above[depth:]
            if above:
                above[-1].children.append(branch)
            above.append(branch)
            if node.span.left_out:
                cut.append((branch, node.span.left_out))
        for branch, count in cut:
            branch.add(Text(f"… and {count:,} more of its own, see --json", "dim"))
        return above[0]

    def _line(self, depth: int, node: TraceNode) -> Text:
        line, (start, duration) = self._label(node, self._naming), self._times(node)
        if self._is_plain:
            return Text(GAP).join([line, *(Text(time) for time in (start, duration) if time)])
        line.truncate(max(self._column - GUIDE * depth, MIN_LABEL), overflow="ellipsis", pad=True)
        shown = ((start, self._start_width), (duration, self._duration_width))
        times = Text("".join(f"{GAP}{text:>{width}}" for text, width in shown if width), "dim")
        return Text.assemble(line, times, GAP, self._time_bar(node)) if self._bar else Text.assemble(line, times)

    def _available(self) -> int:
        """Return how many columns there are for labels and what they hang on."""
        columns = (self._start_width, self._duration_width, self._bar)
        return self._console.width - sum(width + len(GAP) for width in columns if width)

    def _leave_out_times(self) -> None:
        """Show no times for which there is no room beside short labels: what is cut off would be read as another time."""
        if self._available() < MIN_LABEL + GUIDE:
            self._start_width = 0
        if self._available() < MIN_LABEL + GUIDE:
            self._duration_width = 0

    def _widest(self, naming: Naming, *, messages: bool) -> int:
        """Return how many columns labels need, with what they hang on."""
        lines = walk(self._tree.root)
        return max(self._label(node, naming, message=messages).cell_len + GUIDE * depth for depth, node in lines)

    def _chosen_naming(self) -> Naming:
        """Return the first way to name with which every line fits; messages may be cut."""
        fitting = (naming for naming in Naming if self._widest(naming, messages=False) <= self._available())
        return next(fitting, Naming.SHORT_IDS)

    # --- labels -------------------------------------------------------------------------------------------------------

    def _label(self, node: TraceNode, naming: Naming, *, message: bool = True) -> Text:
        span = node.span
        parts: list[Text] = []
        if span.kind == _KIND.KIND_SCHEDULED:
            parts.append(Text("scheduled", "dim"))
        parts += map(Text, self._names(node, naming))
        parts.append(_status(node))
        why = self._message(node) if message else ""
        if why:
            parts.append(Text(why, "dim"))
        return Text(GAP).join(parts)

    def _names(self, node: TraceNode, naming: Naming) -> list[str]:
        span = node.span
        match span.kind:
            case _KIND.KIND_RUN:
                return [f"run {span.attributes['obelisk.run.attempt']}"]
            case _KIND.KIND_HTTP_REQUEST:
                return [readable(span.name)]
            case _KIND.KIND_DELAY:
                return ["delay", _short_id(span.name) if naming is Naming.SHORT_IDS else span.name]
        is_short = naming is Naming.SHORT_IDS and node is not self._tree.root and node.is_execution
        function = span.name if naming is Naming.FULL else span.name.rpartition("/")[2]
        names = [function, _short_id(span.execution_id) if is_short else span.execution_id]
        return [name for name in names if name]

    def _message(self, node: TraceNode) -> str:
        """Return the first line of why something is as it is; an execution's is left out when a run below says the same."""
        message = node.span.status_message
        if not message and node.span.kind == _KIND.KIND_RUN:
            message = next((event.text for event in node.span.events), "")
        if node.is_execution and message in {run.span.status_message for run in node.runs}:
            return ""
        return readable(message.partition("\n")[0])

    # --- times --------------------------------------------------------------------------------------------------------

    def _times(self, node: TraceNode) -> tuple[str, str]:
        started = f"+{duration_text(self._offset(node.started_at))}" if node is not self._tree.root else ""
        if node.span.kind == _KIND.KIND_SCHEDULED:
            return started, ""
        duration = duration_text((node.ended_at or self._tree.now) - node.started_at)
        return started, duration if node.ended_at is not None else duration + GOES_ON

    def _offset(self, when: datetime) -> timedelta:
        return max(when - self._tree.root.started_at, timedelta(0))

    def _time_bar(self, node: TraceNode) -> Text:
        if node.span.kind == _KIND.KIND_SCHEDULED:
            return Text("")
        whole = max(self._offset(self._tree.ended_at), timedelta(microseconds=1))
        start = min(int(self._offset(node.started_at) / whole * self._bar), self._bar - 1)
        end = round(self._offset(node.ended_at or self._tree.now) / whole * self._bar)
        length = max(min(end, self._bar) - start, 1)
        letter = "#" if self._console.options.ascii_only else "━"
        return Text(" " * start + letter * length, _style(status_of(node.span)))


def _status(node: TraceNode) -> Text:
    """Return a status, with the kind of a failure and the number of an answer."""
    name, attributes = status_of(node.span), node.span.attributes
    code = attributes.get("http.response.status_code", "")
    shown = name
    if node.span.kind == _KIND.KIND_HTTP_REQUEST and code:
        shown = code
    elif name == "failed" and attributes.get("error.type"):
        shown = f"{name}: {attributes['error.type']}"
    return Text(shown, _style(name))


def _style(status: str) -> str:
    return _STYLES.get(status, _OTHER_STYLE)


def _short_id(ident: str) -> str:
    return GOES_ON + ident.rpartition(LEVEL_SEPARATOR)[2]
