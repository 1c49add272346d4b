"""How lines of the server's log look."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from obelisk.config.log_settings import LogStyle
from obelisk.core.lines import LINE_BYTES
from obelisk.runtime.server_log.entry import ComponentLine, entry_of
from obelisk.runtime.server_log.styles import style_format

NOON = datetime(2026, 1, 31, 12, 0, 0, 250_000, UTC)
HOSTILE = "a\nERROR b\r\x1b[2J\x00\x7f\x9b1m\u2028c\t"


def record(message: str, *args: Any, level: int = logging.INFO, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("obelisk.timers", level, __file__, 1, message, args, None)
    made.created = NOON.timestamp()
    made.__dict__.update(extra)
    return made


def component_record(message: str) -> logging.LogRecord:
    line = ComponentLine(
        logged_at=NOON, message=message, execution_id="E_1", run_id="Run_1", component="fetch", trace_id="t1", span_id="s1"
    )  # fmt: skip
    made = record("E_1: %s", message, level=5, component_line=line)
    made.name = "app"
    return made


def failed_record(text: str) -> logging.LogRecord:
    try:
        raise ValueError(text)
    except ValueError:
        return record("it broke", exc_info=sys.exc_info())


def shown(
    made: logging.LogRecord, style: LogStyle, *, span: bool = False, target: bool = True, colours: bool = False
) -> str:
    line = style_format(style, span=span, target=target, colours=colours)(entry_of(made))
    assert line.endswith("\n")
    return line[:-1]


def test_compact_says_when_what_and_where():
    assert shown(record("tick %d", 3), LogStyle.COMPACT) == "2026-01-31T12:00:00.250Z INFO  obelisk.timers: tick 3"
    assert shown(record("tick"), LogStyle.COMPACT, target=False) == "2026-01-31T12:00:00.250Z INFO  tick"


def test_compact_says_which_component_and_which_execution_a_line_is_of():
    assert shown(component_record("hi"), LogStyle.COMPACT) == "2026-01-31T12:00:00.250Z TRACE app: [fetch E_1] hi"


def test_plain_says_every_id_behind_the_message():
    head = "2026-01-31T12:00:00.250000Z TRACE app: hi component=fetch execution_id=E_1 run_id=Run_1"
    assert shown(component_record("hi"), LogStyle.PLAIN) == head
    assert shown(component_record("hi"), LogStyle.PLAIN, span=True) == f"{head} trace_id=t1 span_id=s1"


def test_json_has_all_that_is_known():
    assert json.loads(shown(component_record("hi"), LogStyle.JSON)) == {
        "time": "2026-01-31T12:00:00.250000Z", "level": "trace", "target": "app", "message": "hi", "execution_id": "E_1",
        "run_id": "Run_1", "component": "fetch", "trace_id": "t1", "span_id": "s1",
    }  # fmt: skip
    assert json.loads(shown(record("x", level=logging.CRITICAL), LogStyle.JSON))["level"] == "error"


def test_json_has_the_traceback_of_an_exception():
    exception = json.loads(shown(failed_record("bad"), LogStyle.JSON))["exception"]
    assert exception.startswith("Traceback (most recent call last):\n")
    assert exception.endswith("\nValueError: bad")


@pytest.mark.parametrize("style", list(LogStyle))
def test_nothing_that_a_component_logs_breaks_its_line_or_acts_on_a_terminal(style: LogStyle):
    line = shown(component_record(HOSTILE), style)
    assert [letter for letter in line if not letter.isprintable() and letter not in "\t\u2028"] == []


def test_json_keeps_what_it_escapes():
    line = shown(record("%s", HOSTILE + "\ud800"), LogStyle.JSON)
    assert line.isprintable()
    assert json.loads(line)["message"] == HOSTILE + "?"


@pytest.mark.parametrize("style", [LogStyle.PLAIN, LogStyle.COMPACT])
def test_further_lines_of_the_servers_own_are_indented(style: LogStyle):
    first, *others = shown(failed_record("one\n2026-01-31 forged\x1b[2J"), style).split("\n")
    assert first.endswith("obelisk.timers: it broke")
    assert others[-1] == "    2026-01-31 forged\\x1b[2J"
    assert all(line.startswith("    ") for line in others)


def test_colours_are_only_there_when_they_are_asked_for():
    assert "\x1b" not in shown(record("x"), LogStyle.COMPACT)
    assert "\x1b[32mINFO \x1b[0m" in shown(record("x"), LogStyle.COMPACT, colours=True)
    assert "\x1b" not in shown(record("x"), LogStyle.JSON, colours=True)


@pytest.mark.parametrize("style", list(LogStyle))
def test_a_line_has_an_end(style: LogStyle):
    assert len(shown(record("x" * 10 * LINE_BYTES), style)) < LINE_BYTES + 200
