"""Wherever a workflow leaves its log and wherever it is interrupted then: what is open is closed once, and it ends."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.core.commands import Done, DrawU64
from obelisk.core.events import (
    NO_TIME,
    ComponentId,
    ComponentRole,
    Created,
    ExecutionResult,
    Finished,
    JoinNext,
    Locked,
    Response,
    RetryConfig,
)
from obelisk.core.joinsets import open_members
from obelisk.core.state import Status
from obelisk.errors import NondeterminismError
from obelisk.ids import DELAY_PREFIX, DelayId, DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.testing.folding import Folding
from tests.core.generated import Entry, Run, Step, history_of, responses_of, scripts
from tests.core.replaying import FIBO, LOCK, START, finished, logged, passed, responded

COMPONENT = ComponentId(ComponentRole.WORKFLOW, "w", "sha256:0")
CREATED = Created(FIBO, [], None, START, COMPONENT, DeploymentId("Dep_1"))
LOCKED = Locked(COMPONENT, ExecutorId("Exr_1"), DeploymentId("Dep_1"), RunId("Run_1"), LOCK, RetryConfig(None, NO_TIME))
# No script draws from this range.
CHANGED = DrawU64(7, 8)


class Life(Folding):
    """The state of the execution that has a log."""

    def __init__(self, log: Sequence[Entry]) -> None:
        super().__init__()
        for entry in (CREATED, LOCKED, *log):
            self.append(entry, START)

    @property
    def waits_for(self) -> JoinSetId | None:
        assert self.state is not None
        return self.state.join_set_id if self.state.status is Status.BLOCKED else None


class GivenUp(Run):
    """A run that does something else than its log holds after a number of commands, if it comes that far."""

    def __init__(self, log: Sequence[Entry], script: Sequence[Step], turn: int) -> None:
        super().__init__(log, [])
        self.life = Life(log)
        self.is_given_up = False
        try:
            for step in script[:turn]:
                if not self.replay.is_replaying or self.replay.is_waiting:
                    return
                self._do(step)
            if self.replay.is_replaying:
                self.replay.apply(CHANGED, START)
        except NondeterminismError:
            self.replay.abandon()
            self.is_given_up = True

    def _wait(self, number: int):
        """Return what came; a wait that the log does not answer is the last thing that the workflow did."""
        return self.replay.resume()

    def close(self) -> list[Entry]:
        """End, answer what is to be cancelled as it comes, and return what was written."""
        start = len(self.journal)
        while (reply := self.replay.finish()) is None:
            self._write()
            assert self.life.waits_for == self.replay.waits_for
            self._cancelled(self.replay.to_cancel[0])
        self._write()
        assert reply == Done()
        assert self.life.waits_for is None
        return self.journal[start:]

    def _write(self) -> None:
        effects = self.replay.take_effects()
        assert effects.executions == ()
        for event in effects.events:
            assert isinstance(event, JoinNext) and event.closing
            self.journal.append(event)
            self.life.append(event, START)

    def _cancelled(self, member: ExecutionId | DelayId) -> None:
        is_delay = member.startswith(DELAY_PREFIX)
        response: Response = passed(DelayId(member), success=False) if is_delay else finished(ExecutionId(member))
        self.journal.append(response)
        self.life.append(response, START)
        self.replay.arrive(response)


@settings(max_examples=300, deadline=None)
@given(scripts, st.floats(0, 1), st.integers(0, 12))
def test_what_a_workflow_left_open_is_closed_however_often_it_is_interrupted(script, part, turn):
    journal = Run().play(script).journal
    log = journal[: round(part * len(journal))]
    first = GivenUp(log, script, turn)
    if not first.is_given_up:
        return
    closing = first.close()
    assert open_members(logged(history_of(first.journal)), responded(responses_of(first.journal))) == []
    assert first.replay.to_cancel == []
    first.life.append(Finished(ExecutionResult(ok=None)), START)
    for end in range(len(closing) + 1):
        again = GivenUp([*log, *closing[:end]], script, turn)
        assert again.is_given_up
        assert again.close() == closing[end:]
