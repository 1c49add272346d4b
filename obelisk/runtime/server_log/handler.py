"""The handler of the standard library that hands records to a sink."""

from __future__ import annotations

import logging

from obelisk.clock import Clock
from obelisk.interfaces.components import LogLevel
from obelisk.interfaces.log_filter import LogFilter
from obelisk.runtime.server_log.entry import LogEntry, entry_of
from obelisk.runtime.server_log.levels import LEAST_NUMBERS, level_of
from obelisk.runtime.server_log.sink import LOG_TARGET, Output, Sink
from obelisk.runtime.server_log.styles import Format

FLUSH_SECONDS = 1.0


class SinkHandler(logging.Handler):
    """Hands the records that a filter wants to an output; never blocks, never raises.

    A record becomes text at once, on the thread that logs it: what it names may be something else a moment later.
    """

    def __init__(self, output: Output, style: Format, wanted: LogFilter, *, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._style = style
        self._least: dict[str, int] = {}
        self._wanted = wanted
        self._sink = Sink(output, lambda text: style(self._warning(text)))

    @property
    def wanted(self) -> LogFilter:
        """Which records are handed on."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: LogFilter) -> None:
        # Other threads may be asking: what they find belongs to one filter.
        self._wanted, self._least = wanted, {}

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record that is wanted."""
        if record.levelno >= self._least_of(record.name):
            self._sink.put(self._text(record))

    def flush(self) -> None:
        """Wait until all is written, at most ``FLUSH_SECONDS``."""
        self._sink.flush(FLUSH_SECONDS)

    def end(self, seconds: float) -> None:
        """Write what is queued, unless that takes longer, and take nothing more."""
        self._sink.close(seconds)
        self.close()

    def _least_of(self, target: str) -> int:
        least = self._least
        number = least.get(target)
        if number is None:
            number = least[target] = LEAST_NUMBERS[self._wanted.level_of(target)]
        return number

    def _text(self, record: logging.LogRecord) -> str:
        try:
            return self._style(entry_of(record))
        except Exception as error:  # noqa: BLE001 - whoever logs something that is no text is not ended by it
            message = f"a line of level {level_of(record.levelno).value} is no text: {type(error).__name__}"
            return self._style(self._warning(message, target=record.name))

    def _warning(self, message: str, *, target: str = LOG_TARGET) -> LogEntry:
        return LogEntry(time=self._clock.now(), level=LogLevel.WARN, target=target, message=message)
