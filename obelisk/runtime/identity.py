"""Where new ids come from: the clock and the random source of an engine."""

from __future__ import annotations

from datetime import datetime

from obelisk.clock import Clock, to_milliseconds
from obelisk.ids import (
    ULID_RANDOM_BYTES,
    DeploymentId,
    ExecutionId,
    ExecutorId,
    RunId,
    new_deployment_id,
    new_execution_id,
    new_executor_id,
    new_run_id,
)
from obelisk.interfaces.provider import RandomSource


class IdSource:
    """Makes ids that were never made before."""

    def __init__(self, clock: Clock, random: RandomSource) -> None:
        self._clock = clock
        self._random = random

    def _parts(self, at: datetime | None = None) -> tuple[int, bytes]:
        return to_milliseconds(self._clock.now() if at is None else at), self._random(ULID_RANDOM_BYTES)

    def execution(self) -> ExecutionId:
        """Return a new top-level execution id."""
        return new_execution_id(*self._parts())

    def executor(self) -> ExecutorId:
        """Return a new executor id."""
        return new_executor_id(*self._parts())

    def run(self, at: datetime | None = None) -> RunId:
        """Return a new run id, of now or of the time ``at``."""
        return new_run_id(*self._parts(at))

    def deployment(self) -> DeploymentId:
        """Return a new deployment id."""
        return new_deployment_id(*self._parts())
