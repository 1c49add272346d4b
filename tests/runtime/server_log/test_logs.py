"""The log of a process, from its set-up to its end."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obelisk.clock import SystemClock
from obelisk.config.log_settings import ConsoleLogSettings, FileLogSettings, LogSettings, LogStyle
from obelisk.errors import InputError, ServerError
from obelisk.interfaces.log_filter import LogFilter
from obelisk.runtime.server_log import console
from obelisk.runtime.server_log.console import shows_colours
from obelisk.runtime.server_log.handler import SinkHandler
from obelisk.runtime.server_log.levels import TRACE
from obelisk.runtime.server_log.logs import ServerLogs, server_logs

app = logging.getLogger("app")
timers = logging.getLogger("obelisk.timers")


class Text:
    """Something that raises when it becomes text."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.fixture(autouse=True)
def _levels() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.level, app.level, timers.level, [*root.handlers])
    yield
    assert (root.level, app.level, timers.level, [*root.handlers]) == before


def settings(directory: Path, *, level: str = "info,app=debug", console_level: str | None = None) -> LogSettings:
    """Log into a file, and to the console with ``console_level``."""
    shown = ConsoleLogSettings(level=console_level or "off", enabled=console_level is not None, style=LogStyle.JSON)
    return LogSettings(shown, FileLogSettings(directory=directory, style=LogStyle.JSON, level=level))


def logged(directory: Path) -> list[str]:
    lines = [json.loads(line) for line in (directory / "obelisk.log").read_text().splitlines()]
    return [line["message"] for line in lines if line["target"] != "obelisk.log"]


def test_each_log_has_the_lines_that_its_own_filter_wants(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    with server_logs(settings(tmp_path, level="warn,app=trace", console_level="info"), clock=SystemClock()):
        app.log(TRACE, "one")
        timers.info("two")
        timers.warning("three")
        timers.debug("four")
    assert logged(tmp_path) == ["one", "three"]
    assert [json.loads(line)["message"] for line in capfd.readouterr().err.splitlines()] == ["two", "three"]


def test_a_line_that_nobody_wants_is_refused_by_its_logger(tmp_path: Path):
    with server_logs(settings(tmp_path, level="off,app=debug", console_level="warn"), clock=SystemClock()) as logs:
        found = [
            each.isEnabledFor(level) for each in (app, timers) for level in (TRACE, logging.DEBUG, logging.WARNING)
        ]
        assert found == [False, True, True, False, False, True]
        logs.set_level("app=off", "file")
        assert not app.isEnabledFor(logging.INFO)
        logs.set_level("trace")
        assert app.isEnabledFor(TRACE)
        assert timers.isEnabledFor(TRACE)


def test_a_filter_is_changed_for_one_log_or_for_all(tmp_path: Path):
    with server_logs(settings(tmp_path, console_level="error"), clock=SystemClock()) as logs:
        timers.debug("one")
        logs.set_level("debug", "console")
        timers.debug("two")
        logs.set_level("debug,app=off")
        timers.debug("three")
        app.error("four")
        assert [(each.sink, str(each.wanted)) for each in logs.levels()] == [
            ("console", "debug,app=off"),
            ("file", "debug,app=off"),
        ]
    assert logged(tmp_path) == ["three"]


def test_exporters_get_what_they_want_though_no_log_does(tmp_path: Path):
    with server_logs(settings(tmp_path, level="error"), clock=SystemClock()) as logs:
        logs.also_wanted((LogFilter.parse("info,app=trace,obelisk.timers=debug"),))
        other = logging.getLogger("obelisk.api")
        found = [each.isEnabledFor(logging.DEBUG) for each in (app, timers, other)]
        assert (found, other.isEnabledFor(logging.INFO)) == ([False, True, False], True)
        logs.set_level("off")
        assert timers.isEnabledFor(logging.DEBUG)
        timers.info("not for the file")
    assert logged(tmp_path) == []


@pytest.mark.parametrize(("text", "sink"), [("loud", None), ("", None), ("info", "console"), ("info", "\x1b")])
def test_what_cannot_be_changed_is_refused(tmp_path: Path, text: str, sink: str | None):
    with server_logs(settings(tmp_path), clock=SystemClock()) as logs:
        with pytest.raises(InputError, match=r"expected (a level|`file`)"):
            logs.set_level(text, sink)
        assert str(logs.levels()[0].wanted) == "info,app=debug"


def test_without_logs_there_is_nothing_to_change():
    with pytest.raises(InputError, match=r"this server writes no log; switch on `\[log\.console\]`"):
        ServerLogs().set_level("info")


def test_with_every_log_off_nothing_is_printed(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    with server_logs(LogSettings(ConsoleLogSettings(enabled=False)), clock=SystemClock()):
        logging.getLogger("obelisk.nobody").error("x")
    assert capfd.readouterr().err == ""
    monkeypatch.undo()


@pytest.mark.parametrize("end", [SystemExit(3), KeyboardInterrupt(), RuntimeError()])
def test_all_is_written_however_the_process_ends(tmp_path: Path, end: BaseException):
    with pytest.raises(type(end)), server_logs(settings(tmp_path), clock=SystemClock()):
        for number in range(2000):
            app.info("%d", number)
        raise end
    assert logged(tmp_path) == [str(number) for number in range(2000)]


def test_flush_waits_until_all_is_written(tmp_path: Path):
    with server_logs(settings(tmp_path), clock=SystemClock()) as logs:
        for number in range(500):
            app.info("%d", number)
        logs.flush()
        assert len(logged(tmp_path)) == 500


@pytest.mark.parametrize(("text", "argument"), [("%d", "no number"), ("%s", Text()), ("%s %s", 1)])
def test_what_is_no_text_is_told_and_raises_nothing(tmp_path: Path, text: str, argument: Any):
    record = logging.LogRecord("app", logging.INFO, __file__, 1, text, (argument,), None)
    with server_logs(settings(tmp_path), clock=SystemClock()):
        (handler,) = (each for each in logging.getLogger().handlers if isinstance(each, SinkHandler))
        handler.handle(record)
    assert logged(tmp_path)[0].startswith("a line of level info is no text: ")


def test_a_directory_that_cannot_be_made_is_a_start_error(tmp_path: Path):
    (tmp_path / "file").touch()
    directory = tmp_path / "file" / "logs"
    with pytest.raises(ServerError) as caught, server_logs(settings(directory), clock=SystemClock()):
        pass
    assert str(caught.value) == f"`log.file.directory`: cannot write {directory}: Not a directory"


def test_a_process_without_standard_error_logs_into_its_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "__stderr__", None)
    with server_logs(settings(tmp_path, console_level="info"), clock=SystemClock()) as logs:
        assert [each.sink for each in logs.levels()] == ["file"]


def test_colours_are_for_terminals_and_for_those_who_want_them(monkeypatch: pytest.MonkeyPatch):
    writer = ConsoleLogSettings().writer
    monkeypatch.setattr(console.os, "isatty", lambda _: False)
    assert not shows_colours(writer, {})
    monkeypatch.setattr(console.os, "isatty", lambda _: True)
    assert [shows_colours(writer, environ) for environ in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"})] == [
        True,
        False,
        False,
    ]
