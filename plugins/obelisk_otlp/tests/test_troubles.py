"""What people are told, and how often."""

from __future__ import annotations

from obelisk_otlp.outcome import Accepted, Failed
from obelisk_otlp.plan import Kind, Target
from obelisk_otlp.settings import Protocol
from obelisk_otlp.troubles import Troubles
from obelisk_otlp.wire import Notice

REFUSED = Failed("UNAVAILABLE: refused", "start the collector", is_passing=True)


class Told:
    """Troubles on a clock of the test."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.notices: list[Notice] = []
        self.troubles = Troubles(self.notices.append, lambda: self.now)

    @property
    def last(self) -> str:
        return self.notices[-1].text


def to(kind: Kind, shown: str = "http://x:1") -> Target:
    return Target(kind=kind, protocol=Protocol.GRPC, address="x:1", shown=shown, is_secure=False)


def test_the_first_failure_is_told_at_once():
    told = Told()
    told.troubles.failed(to(Kind.TRACES), REFUSED)
    assert told.last == (
        "cannot send traces to http://x:1 over grpc: UNAVAILABLE: refused; start the collector; the server goes on"
    )


def test_failures_of_half_a_minute_are_one_line():
    told = Told()
    for second in range(31):
        told.now = 1000.0 + second
        told.troubles.failed(to(Kind.TRACES if second % 2 else Kind.LOGS), REFUSED)
    assert len(told.notices) == 2
    assert "cannot send traces and logs to" in told.last
    assert "30 tries failed since the last such message" in told.last


def test_lines_become_rarer_while_nothing_gets_better():
    told = Told()
    for second in range(3600):
        told.now = 1000.0 + second
        told.troubles.failed(to(Kind.TRACES), REFUSED)
    assert len(told.notices) == 10


def test_each_place_has_lines_of_its_own():
    told = Told()
    told.troubles.failed(to(Kind.TRACES), REFUSED)
    told.troubles.failed(to(Kind.LOGS, "http://y:2"), REFUSED)
    assert ["http://x:1" in notice.text for notice in told.notices] == [True, False]


def test_what_was_dropped_is_told_once():
    told = Told()
    told.troubles.failed(to(Kind.TRACES), REFUSED)
    told.troubles.dropped(to(Kind.TRACES), 3)
    told.troubles.dropped(to(Kind.METRICS), 1)
    told.now += 31
    told.troubles.failed(to(Kind.TRACES), REFUSED)
    assert "dropped: 3 spans, 1 snapshot of metrics" in told.last
    told.troubles.close()
    assert len(told.notices) == 2


def test_a_collector_that_is_only_slow_is_told():
    told = Told()
    told.troubles.dropped(to(Kind.TRACES), 7)
    assert "it takes them slower than they come; dropped: 7 spans" in told.last


def test_that_all_is_well_again_is_told_when_the_trouble_was():
    told = Told()
    told.troubles.failed(to(Kind.TRACES), REFUSED)
    told.troubles.failed(to(Kind.LOGS), REFUSED)
    told.troubles.dropped(to(Kind.LOGS), 2)
    told.now += 12
    told.troubles.answered(to(Kind.TRACES), Accepted())
    assert len(told.notices) == 1
    told.troubles.answered(to(Kind.LOGS), Accepted())
    assert told.last == "http://x:1 over grpc takes signals again after 12 s; dropped: 2 log records"


def test_a_collector_that_comes_and_goes_is_not_told_each_time():
    told = Told()
    for second in range(29):
        told.now = 1000.0 + second
        told.troubles.failed(to(Kind.TRACES), REFUSED)
        told.troubles.answered(to(Kind.TRACES), Accepted())
    assert len(told.notices) == 2


def test_what_a_collector_says_to_what_it_took_is_told():
    told = Told()
    told.troubles.answered(to(Kind.LOGS), Accepted(0, "please send less"))
    assert "it rejected 0 of them: please send less" in told.last


def test_the_end_tells_what_was_left():
    told = Told()
    told.troubles.failed(to(Kind.TRACES), REFUSED)
    told.troubles.dropped(to(Kind.TRACES), 5)
    told.troubles.left(to(Kind.LOGS), 2)
    told.troubles.close()
    assert told.last == "http://x:1 over grpc did not take all by the end; dropped: 5 spans, 2 log records"
