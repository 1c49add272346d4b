"""Every metric there is: name, kind, unit, attributes and meaning.

Names follow the semantic conventions of OpenTelemetry where they have one, units are UCUM. ``docs/reference/signals.md``
holds the same list.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from obelisk.interfaces.signals import MetricKind

FUNCTION: Final = "code.function.name"
STATE: Final = "obelisk.execution.state"
RESULT: Final = "obelisk.execution.result"
ERROR: Final = "error.type"
RETRY_CAUSE: Final = "obelisk.retry.cause"
OUTCOME: Final = "obelisk.commit.outcome"
GUEST_KIND: Final = "obelisk.guest.kind"
GUEST_STATE: Final = "obelisk.guest.state"
EXPORTER: Final = "obelisk.exporter.name"
SIGNAL: Final = "obelisk.signal.kind"
DESTINATION: Final = "obelisk.lines.destination"
CPU_MODE: Final = "cpu.mode"
VERSION: Final = "service.version"
PYTHON: Final = "process.runtime.version"

_COUNTER, _GAUGE, _HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM


class MetricInfo(Struct, frozen=True):
    """What a metric is called and means. ``attributes`` are those that its points may have."""

    name: str
    kind: MetricKind
    unit: str
    attributes: tuple[str, ...]
    description: str


EXECUTIONS: Final = MetricInfo(
    "obelisk.executions", _GAUGE, "{execution}", (FUNCTION, STATE),
    "Unfinished executions of the storage, whichever server runs them.",
)  # fmt: skip
QUEUE_DEPTH: Final = MetricInfo(
    "obelisk.queue.depth", _GAUGE, "{execution}", (FUNCTION,),
    "Executions of the storage that are due and wait for an executor.",
)  # fmt: skip
QUEUE_AGE: Final = MetricInfo(
    "obelisk.queue.age", _GAUGE, "s", (FUNCTION,),
    "How long the one of them that waits longest has been due; 0 when none waits.",
)  # fmt: skip
CREATED: Final = MetricInfo(
    "obelisk.executions.created", _COUNTER, "{execution}", (FUNCTION,), "Executions that this server created."
)
FINISHED: Final = MetricInfo(
    "obelisk.executions.finished", _COUNTER, "{execution}", (FUNCTION, RESULT, ERROR),
    "Executions that this server finished, by result; a failure has its kind.",
)  # fmt: skip
STEPS: Final = MetricInfo(
    "obelisk.steps", _COUNTER, "{step}", (), "Activity executions, stubs among them, that this server finished."
)
RETRIES: Final = MetricInfo(
    "obelisk.retries", _COUNTER, "{retry}", (FUNCTION, RETRY_CAUSE),
    "Runs that failed or timed out and are tried again.",
)  # fmt: skip
EXPIRED_LOCKS: Final = MetricInfo(
    "obelisk.locks.expired", _COUNTER, "{lock}", (FUNCTION,),
    "Locks that expired before their run had ended: it took too long, or its server was gone.",
)  # fmt: skip
REPLAYS: Final = MetricInfo(
    "obelisk.replay.events", _HISTOGRAM, "{event}", (FUNCTION,),
    "Events of its history that a workflow went through again because it was loaded; each replay counts once.",
)  # fmt: skip
COMMITS: Final = MetricInfo(
    "obelisk.commits", _COUNTER, "{commit}", (OUTCOME,), "Commits of this server by what became of them."
)
COMMIT_ENTRIES: Final = MetricInfo(
    "obelisk.commit.entries", _HISTOGRAM, "{entry}", (), "Events and responses in a commit."
)
COMMIT_DURATION: Final = MetricInfo(
    "obelisk.commit.duration", _HISTOGRAM, "s", (), "From handing a commit to the storage to knowing its outcome."
)
GUESTS: Final = MetricInfo(
    "obelisk.guests", _GAUGE, "{guest}", (GUEST_KIND, GUEST_STATE),
    "Activities and workflows in this server's memory; a suspended workflow waits.",
)  # fmt: skip
COLD_WORKFLOWS: Final = MetricInfo(
    "obelisk.workflows.cold", _GAUGE, "{workflow}", (),
    "Workflows that left memory while they wait, and are replayed when their response comes.",
)  # fmt: skip
DROPPED_SIGNALS: Final = MetricInfo(
    "obelisk.signals.dropped", _COUNTER, "{signal}", (EXPORTER, SIGNAL),
    "Signals that an exporter did not deliver, for lack of room or because it failed.",
)  # fmt: skip
DROPPED_LINES: Final = MetricInfo(
    "obelisk.lines.dropped", _COUNTER, "{line}", (DESTINATION,),
    "Lines of components that the server's log, its streams or the storage did not get.",
)  # fmt: skip
MEMORY: Final = MetricInfo(
    "process.memory.usage", _GAUGE, "By", (), "Resident memory of the server; its peak where the system tells no more."
)
VIRTUAL_MEMORY: Final = MetricInfo(
    "process.memory.virtual", _GAUGE, "By", (), "Address space of the server, where the system tells it."
)
CPU_TIME: Final = MetricInfo("process.cpu.time", _COUNTER, "s", (CPU_MODE,), "Processor time of all threads.")
FILE_DESCRIPTORS: Final = MetricInfo(
    "process.unix.file_descriptor.count", _GAUGE, "{file_descriptor}", (),
    "Open file descriptors, where the system tells them.",
)  # fmt: skip
START_TIME: Final = MetricInfo("obelisk.start_time", _GAUGE, "s", (), "When the engine was made, as Unix time.")
UPTIME: Final = MetricInfo("process.uptime", _GAUGE, "s", (), "How long ago the engine was made.")
BUILD: Final = MetricInfo(
    "obelisk.build.info", _GAUGE, "{build}", (VERSION, PYTHON), "Always 1; its attributes tell what runs."
)

METRICS: Final = (
    EXECUTIONS, QUEUE_DEPTH, QUEUE_AGE, CREATED, FINISHED, STEPS, RETRIES, EXPIRED_LOCKS, REPLAYS, COMMITS,
    COMMIT_ENTRIES, COMMIT_DURATION, GUESTS, COLD_WORKFLOWS, DROPPED_SIGNALS, DROPPED_LINES, MEMORY, VIRTUAL_MEMORY,
    CPU_TIME, FILE_DESCRIPTORS, START_TIME, UPTIME, BUILD,
)  # fmt: skip
