"""The spans of a trace as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from obelisk.api.convert.basics import datetime_of, name_of
from obelisk.api.pb import obelisk_admin_pb2 as admin

ENDED_BADLY: Final = frozenset((admin.TraceSpan.STATUS_ERROR, admin.TraceSpan.STATUS_FAILED))


def status_of(span: admin.TraceSpan) -> str:
    """Return what scripts call the status of a span; ``unknown`` for an execution that is not stored any more."""
    if span.status == admin.TraceSpan.STATUS_UNSPECIFIED:
        return "unknown"
    return name_of(admin.TraceSpan.Status, span.status, prefix="STATUS_").lower()


class TraceNode:
    """A span and what is below it, in the order in which it began."""

    def __init__(self, span: admin.TraceSpan) -> None:
        self.span = span
        self.started_at = datetime_of(span.started_at)
        self.ended_at = datetime_of(span.ended_at) if span.HasField("ended_at") else None
        self.children: list[TraceNode] = []

    @property
    def is_execution(self) -> bool:
        """Whether it is an execution of this trace."""
        return self.span.kind == admin.TraceSpan.KIND_EXECUTION

    @property
    def runs(self) -> list[TraceNode]:
        """The runs of an execution."""
        return [child for child in self.children if child.span.kind == admin.TraceSpan.KIND_RUN]


class TraceTree:
    """An execution with what is below it. ``now`` is the end, for the time being, of what goes on.

    A run that was the only one and went well tells nothing: it is left out, and its requests are the execution's.
    """

    def __init__(self, responses: Iterable[admin.GetTraceResponse], *, now: datetime) -> None:
        self.now = now
        self.left_out = 0
        self._executions: dict[str, TraceNode] = {}
        nodes = self._nodes(responses)
        self.root = nodes[0]
        self._link(nodes)
        for node in self._executions.values():
            _leave_out_plain_run(node)
            node.children.sort(key=lambda child: child.started_at)

    @property
    def ended_at(self) -> datetime:
        """When the last of what is shown ended, ``now`` when something goes on."""
        return max(node.ended_at or self.now for node in self._executions.values())

    def _nodes(self, responses: Iterable[admin.GetTraceResponse]) -> list[TraceNode]:
        nodes = []
        for response in responses:
            if not response.HasField("span"):
                self.left_out = response.left_out
                continue
            node = TraceNode(response.span)
            nodes.append(node)
            if node.is_execution:
                self._executions[response.span.execution_id] = node
        return nodes

    def _link(self, nodes: list[TraceNode]) -> None:
        by_span = {node.span.span_id: node for node in nodes if node.span.kind != admin.TraceSpan.KIND_SCHEDULED}
        last = self.root
        for node in nodes[1:]:
            # What was left out may have been the parent; then it hangs below its execution, or the root.
            above = by_span.get(node.span.parent_span_id) or (self.root if node.is_execution else last)
            above.children.append(node)
            last = node if node.is_execution else last


def _leave_out_plain_run(node: TraceNode) -> None:
    match node.runs:
        case [run] if run.span.status not in ENDED_BADLY:
            node.children.remove(run)
            node.children += run.children


def walk(root: TraceNode) -> Iterator[tuple[int, TraceNode]]:
    """Yield nodes with their depths, each before what is below it."""
    open_ = [(0, root)]
    while open_:
        depth, node = open_.pop()
        yield depth, node
        open_ += [(depth + 1, child) for child in reversed(node.children)]
