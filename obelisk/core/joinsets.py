"""Join sets as a replay sees them: what was requested, which responses came, which were taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from obelisk.core.events import (
    OK_OUTCOME,
    ChildExecutionFinished,
    DelayRequest,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Response,
)
from obelisk.ids import DelayId, ExecutionId, JoinSetId, child_execution_id, delay_id


def open_members(events: Iterable[LogEvent], responses: Iterable[LogResponse]) -> list[ExecutionId | DelayId]:
    """Return the children and delays that a log asked for and that have no response yet, the newest first."""
    answered = {responder(response.response) for response in responses}
    members = [member for event in events if (member := _member(event)) is not None and member not in answered]
    return members[::-1]


def responder(response: Response) -> ExecutionId | DelayId:
    """Return whose response it is."""
    return response.child_execution_id if isinstance(response, ChildExecutionFinished) else response.delay_id


def _member(logged: LogEvent) -> ExecutionId | DelayId | None:
    if not isinstance(logged.event, JoinSetRequest):
        return None
    request = logged.event.request
    if isinstance(request, DelayRequest):
        return request.delay_id
    return request.child_execution_id if request.result == OK_OUTCOME else None


class JoinSet:
    """One join set of one execution.

    Responses are taken in the order in which they were committed, whatever was requested first.
    """

    __slots__ = (
        "_children", "_delays", "_early", "_responses", "_unanswered", "execution_id", "id", "last_taken", "requested",
        "taken",
    )  # fmt: skip

    def __init__(self, execution_id: ExecutionId, join_set: JoinSetId) -> None:
        self.execution_id = execution_id
        self.id = join_set
        self.requested = 0
        self.taken = 0
        self.last_taken: ExecutionId | DelayId | None = None
        self._children = 0
        self._delays = 0
        self._responses: deque[Response] = deque()
        self._unanswered: dict[ExecutionId | DelayId, None] = {}
        self._early: set[ExecutionId | DelayId] = set()

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

    def add(self, member: ExecutionId | DelayId) -> None:
        """Take note of a request that succeeded."""
        self.requested += 1
        if member in self._early:  # in a replay all responses are known before the requests are
            self._early.remove(member)
        else:
            self._unanswered[member] = None

    def unanswered(self) -> list[ExecutionId | DelayId]:
        """Return the requests that have no response yet, in the order of their creation."""
        return list(self._unanswered)

    def awaits(self, member: ExecutionId | DelayId) -> bool:
        """Tell whether a request has no response yet; during a replay, whether no response of it was seen."""
        return member in self._unanswered

    def accept(self, response: Response) -> bool:
        """Take note of a response if what it answers was requested and has none yet; tell whether that is so."""
        member = responder(response)
        if member not in self._unanswered:
            return False
        del self._unanswered[member]
        self._responses.append(response)
        return True

    def arrive(self, response: Response) -> None:
        """Take note of a response, in the order of commits."""
        self._responses.append(response)
        member = responder(response)
        if member in self._unanswered:
            del self._unanswered[member]
        else:
            self._early.add(member)

    def take(self) -> Response:
        """Take the next response; there has to be one."""
        self.taken += 1
        return self._responses.popleft()
