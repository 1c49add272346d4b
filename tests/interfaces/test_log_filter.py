"""Which lines a filter wants."""

from __future__ import annotations

import pytest

from obelisk.interfaces.components import LogLevel
from obelisk.interfaces.log_filter import DEFAULT_FILTER, FilterLevel, LogFilter


def test_a_level_alone_is_that_of_all_targets():
    wanted = LogFilter.parse("warn")
    assert [level for level in LogLevel if wanted.wants("app", level)] == [LogLevel.WARN, LogLevel.ERROR]


def test_a_target_stands_for_those_below_it_and_the_longest_counts():
    wanted = LogFilter.parse("error, obelisk=debug, obelisk.timers=off")
    found = {name: wanted.level_of(name).value for name in ("obelisk.api", "obelisk.timers.x", "obelisks", "app")}
    assert found == {"obelisk.api": "debug", "obelisk.timers.x": "off", "obelisks": "error", "app": "error"}


def test_targets_alone_leave_the_others_at_info():
    assert LogFilter.parse("app=trace").level_of("obelisk") is FilterLevel.INFO


def test_levels_are_read_as_people_write_them():
    assert str(LogFilter.parse("WARNING,app=Error")) == "warn,app=error"


def test_the_text_of_a_filter_is_read_back():
    assert str(LogFilter.parse(DEFAULT_FILTER)) == DEFAULT_FILTER
    assert LogFilter.parse(DEFAULT_FILTER) == LogFilter()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a level, one of off, trace, debug, info, warn, error, found ``"),
        ("loud", "found `loud`"),
        ("info,", "found ``"),
        ("=info", "expected `TARGET=LEVEL`, found `=info`"),
        ("a=b=info", "expected `TARGET=LEVEL`, found `a=b=info`"),
        ("app=", "found ``"),
        ("info,debug", "expected one level for all other targets, found another in `debug`"),
        ("app=info,app=debug", "expected one level for the target `app`, found another in `app=debug`"),
        ("\x1b[2J" + "x" * 1000, "found `\\x1b[2J" + "x" * 76 + "`"),
    ],
)
def test_what_is_no_filter_is_refused_with_what_was_expected(text: str, message: str):
    with pytest.raises(ValueError, match="expected") as caught:
        LogFilter.parse(text)
    assert str(caught.value).endswith(message)
