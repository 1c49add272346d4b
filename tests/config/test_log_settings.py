"""The tables of the server's log."""

from __future__ import annotations

import pytest

from obelisk.config.log_settings import FileLogSettings, LogSpan, LogStyle, LogWriter
from obelisk.errors import ConfigError


def test_a_level_alone_is_enough(load):
    assert load('[log.console]\nlevel = "info"').kernel.log.console.level == "info"


def test_names_of_the_other_implementation_are_understood(load):
    console = load(
        'log.console = { style = "plain_compact", writer = "Stderr", span = "none", target = false }'
    ).kernel.log
    assert console.console.style is LogStyle.COMPACT
    assert console.console.writer is LogWriter.STDERR
    assert (console.console.span, console.console.target) == (LogSpan.NONE, False)


def test_no_file_is_written_unless_its_table_is_there(load):
    assert load().kernel.log.file is None
    file = load('[log.file]\ndirectory = "${DATA_DIR}/log"\nmax_size = "1MiB"\nmax_files = 3').kernel.log.file
    assert isinstance(file, FileLogSettings)
    assert (file.directory.name, file.max_size, file.max_files) == ("log", 1024**2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[log.console]\nlevel = "loud"', "`log.console`: `level`: expected a level, one of off, trace, "),
        ('[log.console]\nstyle = "neat"', '`log.console.style`: expected one of "plain", "compact", "json", found'),
        ('[log.console]\nwriter = "file"', '`log.console.writer`: expected one of "stderr", "stdout", found'),
        ('[log.file]\nprefix = "x"', "`log.file.directory`: missing, expected a path"),
        (
            '[log.file]\ndirectory = "x"\nprefix = "a/b"',
            "`prefix`: expected the beginning of a file's name, found `a/b`",
        ),
        ('[log.file]\ndirectory = "x"\nmax_size = 10', "`max_size`: expected at least 4096 bytes, found 10"),
        ('[log.file]\ndirectory = "x"\nmax_files = 0', "`max_files`: expected at least 1, found 0"),
        ('[log.file]\ndirectory = "x"\nrotation = "yearly"', '"never", "minutely", "hourly", "daily", found the text'),
    ],
)
def test_a_wrong_key_is_told_with_what_was_expected(load, text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert message in str(caught.value)
