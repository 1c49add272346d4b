"""Why executions cannot run, or will not go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from msgspec import UNSET

from obelisk.api.convert.basics import function_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli import pages
from obelisk.cli.connection import Connection
from obelisk.cli.execution_view import BLOCKED, PAUSED, PENDING, SCHEDULED, status_name
from obelisk.cli.exported import exporting_digests
from obelisk.core.events import ComponentUpgradeFinished, LogEvent
from obelisk.names import Ffqn

_TO_RUN = frozenset((PENDING, SCHEDULED, BLOCKED, PAUSED))
_OF_TRIGGERS = frozenset((pb.COMPONENT_TYPE_WEBHOOK_ENDPOINT, pb.COMPONENT_TYPE_CRON))
TAIL = 1000
"""How much of a log is searched for its last upgrade: once that has failed, little follows, since nothing runs it."""


class Reasons:
    """Tells why executions cannot run, for executions of the server's storage that were seen at ``now``.

    The server is asked for its components when the first execution comes that has to be run again, and for the end of a
    log only when another component exports a pending execution's function than the one that the log fits.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    @cached_property
    def _exporting(self) -> dict[Ffqn, str]:
        return exporting_digests(self._connection)

    def of(self, summary: pb.ExecutionSummary) -> str | None:
        """Return why an execution cannot run, ``None`` when it can, runs, or has not to run any more."""
        status = status_name(summary.current_status, self._now)
        if status not in _TO_RUN or summary.component_type in _OF_TRIGGERS:
            return None
        function = function_of(summary.function_name)
        current = self._exporting.get(function)
        if current is None:
            return f"no component exports {function}"
        if status != PENDING:
            return None
        if current == summary.component_digest.digest or not self._has_refused(summary.execution_id.id, current):
            return None
        return f"incompatible with the current component {current}"

    def _has_refused(self, execution_id: str, digest: str) -> bool:
        """Whether the last upgrade that was tried is one to ``digest`` that failed."""
        for event in self._backwards(execution_id):
            if isinstance(event.event, ComponentUpgradeFinished):
                return event.event.component_digest == digest and event.event.outcome.failed is not UNSET
        return False

    def _backwards(self, execution_id: str) -> Iterator[LogEvent]:
        end = pages.last_version(self._connection, execution_id) + 1
        stop = max(end - TAIL, 0)
        while end > stop:
            start = max(end - pages.PAGE, stop)
            page = list(pages.events(self._connection, execution_id, version=start, limit=end - start))
            yield from reversed(page)
            end = start
