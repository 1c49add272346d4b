"""What a command did to an execution or a delay."""

from __future__ import annotations

from enum import Enum

from msgspec import UNSET, Struct, UnsetType

from obelisk.cli.output import print_json_line, print_line
from obelisk.ids import DELAY_PREFIX


class Outcome(Enum):
    """What came of a request."""

    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLED = "cancelled"
    ALREADY_FINISHED = "already_finished"
    ALREADY_CANCELLING = "already_cancelling"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    STUBBED = "stubbed"
    DELETED = "deleted"
    UPGRADED = "upgraded"
    ALREADY_UP_TO_DATE = "already_up_to_date"

    @property
    def text(self) -> str:
        """The outcome for people."""
        return self.value.replace("_", " ").capitalize()


class OutcomeLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The line of ``--json``; one of the ids is there."""

    execution_id: str | UnsetType = UNSET
    delay_id: str | UnsetType = UNSET
    outcome: Outcome


def is_delay(target: str) -> bool:
    """Tell whether an id that may be that of an execution or of a delay is to be read as the latter."""
    return target.startswith(DELAY_PREFIX)


def print_outcome(target: str, outcome: Outcome, *, as_json: bool, detail: str = "") -> None:
    """Print what came of a request about ``target``; ``detail`` is for people."""
    if not as_json:
        print_line(outcome.text + detail)
    elif is_delay(target):
        print_json_line(OutcomeLine(delay_id=target, outcome=outcome))
    else:
        print_json_line(OutcomeLine(execution_id=target, outcome=outcome))
