"""How ``execution upgrade`` works."""

from __future__ import annotations

from obelisk.api.convert.basics import function_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.cli.connection import connected
from obelisk.cli.exported import exporting_digests
from obelisk.cli.outcome import Outcome, print_outcome
from obelisk.cli.output import print_line
from obelisk.errors import FunctionNotFoundError
from obelisk.ids import parse_execution_id
from obelisk.names import Ffqn


def upgrade(execution_id: str, *, skip_determinism_check: bool, as_json: bool) -> None:
    """Let an execution go on with the component that exports its function now."""
    parse_execution_id(execution_id)
    with connected() as connection:
        summary = connection.summary(execution_id)
        present = summary.component_digest.digest
        wanted = _wanted(exporting_digests(connection), summary)
        if wanted == present:
            print_outcome(execution_id, Outcome.ALREADY_UP_TO_DATE, as_json=as_json, detail=f" ({present})")
            return
        if not as_json:
            print_line(f"Upgrading from {present} to {wanted}")
        connection.upgrade(
            pb.UpgradeExecutionComponentRequest(
                execution_id=summary.execution_id,
                expected_component_digest=summary.component_digest,
                new_component_digest=pb.ContentDigest(digest=wanted),
                skip_determinism_check=skip_determinism_check,
            )
        )
    print_outcome(execution_id, Outcome.UPGRADED, as_json=as_json)


def _wanted(exporting: dict[Ffqn, str], summary: pb.ExecutionSummary) -> str:
    function = function_of(summary.function_name)
    if function not in exporting:
        raise FunctionNotFoundError(
            f"no component of the server exports `{function}`, the function of `{summary.execution_id.id}`;"
            " see `obelisk client component list`"
        )
    return exporting[function]
