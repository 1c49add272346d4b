"""Values of a workflow's host functions as the log holds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from obelisk.clock import EPOCH, FAR_FUTURE
from obelisk.core.events import ScheduleAt, TimeSpan
from obelisk.wasm.workflow_values import to_schedule_at


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("now", "now"),
        ({"in": {"milliseconds": 1}}, ScheduleAt(in_=TimeSpan(0, 1_000_000))),
        ({"in": {"milliseconds": 2**64 - 1}}, ScheduleAt(in_=TimeSpan(18446744073709551, 615_000_000))),
        ({"in": {"seconds": 2**64 - 1}}, ScheduleAt(in_=TimeSpan(2**64 - 1))),
        ({"in": {"minutes": 2}}, ScheduleAt(in_=TimeSpan(120))),
        ({"in": {"hours": 2**32 - 1}}, ScheduleAt(in_=TimeSpan((2**32 - 1) * 3600))),
        ({"in": {"days": 1}}, ScheduleAt(in_=TimeSpan(86_400))),
        ({"at": {"seconds": 0, "nanoseconds": 0}}, ScheduleAt(at=EPOCH)),
        ({"at": {"seconds": 1, "nanoseconds": 1}}, ScheduleAt(at=EPOCH + timedelta(seconds=1, microseconds=1))),
        ({"at": {"seconds": 1, "nanoseconds": 999_999_001}}, ScheduleAt(at=EPOCH + timedelta(seconds=2))),
        ({"at": {"seconds": 1, "nanoseconds": 4_000_000_000}}, ScheduleAt(at=EPOCH + timedelta(seconds=5))),
        ({"at": {"seconds": 2**64 - 1, "nanoseconds": 2**32 - 1}}, ScheduleAt(at=FAR_FUTURE)),
        (
            {"at": {"seconds": 253_402_300_798, "nanoseconds": 999_999_999}},
            ScheduleAt(at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ),
        ({"at": {"seconds": 253_402_300_798, "nanoseconds": 4_000_000_000}}, ScheduleAt(at=FAR_FUTURE)),
    ],
)
def test_a_time_is_what_the_log_holds(value, expected):
    assert to_schedule_at(value) == expected
