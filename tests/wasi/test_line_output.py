"""How the standard streams of a guest become lines."""

from __future__ import annotations

from collections.abc import Callable

from obelisk.interfaces.mask import Mask
from obelisk.wasm.wasi.streams import LINES_AT_ONCE, LineOutput

SECRET = "hunter2-hunter2"
Work = Callable[[], None]


def masked(line: bytes) -> bytes:
    return Mask([SECRET]).data(line, len(line))


def test_after_some_lines_of_one_write_others_have_their_turn():
    lines: list[bytes] = []
    soon: list[Work] = []
    stream = LineOutput(lines.append, soon=soon.append)
    stream.write(b"\n" * (2 * LINES_AT_ONCE + 1) + b"rest")
    assert (len(lines), stream.check_write(), stream.is_ready()) == (LINES_AT_ONCE, 0, False)
    soon.pop()()
    assert not stream.is_ready()
    soon.pop()()
    assert (len(lines), soon, stream.is_ready()) == (2 * LINES_AT_ONCE + 1, [], True)
    stream.finish()
    assert lines[-1] == b"rest"


def test_who_waits_is_woken_once_all_lines_were_handed_over():
    soon: list[Work] = []
    woken: list[bool] = []
    stream = LineOutput(lambda line: None, soon=soon.append)
    stream.subscribe(lambda: woken.append(stream.is_ready()))
    stream.write(b"\n" * (LINES_AT_ONCE + 1))
    soon.pop()()
    assert woken == [True]


def test_lines_that_still_wait_at_the_end_of_a_run_are_one_line():
    lines: list[bytes] = []
    soon: list[Work] = []
    stream = LineOutput(lines.append, soon=soon.append)
    stream.write(b"a\n" * (LINES_AT_ONCE + 2))
    stream.finish()
    soon.pop()()
    assert lines[LINES_AT_ONCE:] == [b"a\na\n"]


def test_where_nobody_can_wait_the_lines_beyond_are_one_line():
    lines: list[bytes] = []
    stream = LineOutput(lines.append)
    stream.write(b"a\n" * (LINES_AT_ONCE + 2) + b"rest")
    assert (lines[LINES_AT_ONCE:], stream.is_ready()) == ([b"a\na"], True)
    stream.finish()
    assert lines[-1] == b"rest"


def test_what_is_to_be_hidden_is_found_where_a_long_line_is_cut():
    lines: list[bytes] = []
    stream = LineOutput(lines.append, max_line=32, mask=masked, overlap=len(SECRET))
    for byte in (f"{'x' * 25}{SECRET}{'y' * 200}\n").encode():
        stream.write(bytes([byte]))
    assert b"".join(lines).decode() == f"{'x' * 25}***{'y' * 200}"
