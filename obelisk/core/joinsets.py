"""Join sets as a replay sees them: what was requested, which responses came, which were taken."""

from __future__ import annotations

from collections import deque

from obelisk.core.events import Response
from obelisk.ids import DelayId, ExecutionId, JoinSetId, child_execution_id, delay_id


class JoinSet:
    """One join set of one execution.

    Responses are taken in the order in which they were committed, whatever was requested first.
    """

    __slots__ = ("_children", "_delays", "_responses", "execution_id", "id", "last_taken", "requested", "taken")

    def __init__(self, execution_id: ExecutionId, join_set: JoinSetId) -> None:
        self.execution_id = execution_id
        self.id = join_set
        self.requested = 0
        self.taken = 0
        self.last_taken: ExecutionId | DelayId | None = None
        self._children = 0
        self._delays = 0
        self._responses: deque[Response] = deque()

    @property
    def remaining(self) -> int:
        """How many requests have not been answered to the workflow."""
        return self.requested - self.taken

    @property
    def has_response(self) -> bool:
        """Whether a response can be taken at once."""
        return bool(self._responses)

    def next_child_id(self) -> ExecutionId:
        """Return the id of the next child and count it, whether or not its request succeeds."""
        self._children += 1
        return child_execution_id(self.execution_id, self.id, self._children)

    def next_delay_id(self) -> DelayId:
        """Return the id of the next delay and count it."""
        self._delays += 1
        return delay_id(self.execution_id, self.id, self._delays)

    def arrive(self, response: Response) -> None:
        """Take note of a response, in the order of commits."""
        self._responses.append(response)

    def take(self) -> Response:
        """Take the next response; there has to be one."""
        self.taken += 1
        return self._responses.popleft()
