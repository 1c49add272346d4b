"""Lines of standard error: cut, masked, and handed on as they come."""

from __future__ import annotations

from obelisk_exec.lines import MAX_LINE, Lines

from obelisk.interfaces.components import Returned, StreamLine, StreamType
from obelisk.interfaces.mask import Mask


def lines_of(*parts: bytes, hidden: str = "") -> list[bytes]:
    """Return the lines that these parts of a stream make."""
    found: list[bytes] = []
    lines = Lines(found.append, Mask([hidden]))
    for part in parts:
        lines.feed(part)
    lines.end()
    return found


def test_lines_are_cut_wherever_the_parts_end():
    stream = b"one\n\ntwo and more\nlast"
    for size in (1, 2, 3, 100):
        parts = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert lines_of(*parts) == [b"one", b"", b"two and more", b"last"]


def test_an_end_adds_no_line():
    assert lines_of(b"one\n") == [b"one"]
    assert lines_of(b"") == []


def test_of_a_long_line_the_beginning_is_kept():
    assert lines_of(b"x" * MAX_LINE + b"\n") == [b"x" * MAX_LINE]
    assert lines_of(b"x" * MAX_LINE, b"y", b"z" * 100_000 + b"\nnext") == [b"x" * MAX_LINE + b"...", b"next"]


def test_a_value_that_comes_in_two_parts_is_hidden():
    assert lines_of(b"it is hun", b"ter2!\n", hidden="hunter2") == [b"it is ***!"]


def test_a_value_across_the_end_of_a_long_line_is_hidden():
    for before in range(MAX_LINE - 8, MAX_LINE + 2):
        (line,) = lines_of(b"x" * before + b"hunter2 and more", hidden="hunter2")
        assert b"hu" not in line, before


def test_the_tail_holds_the_beginnings_of_the_last_lines():
    lines = Lines(lambda _: None, Mask(["hunter2"]))
    lines.feed(b"".join(b"%d hunter2 \xff%s\n" % (number, b"x" * 1000) for number in range(30)))
    tail = lines.tail().split("\n")
    assert [line.split()[:2] for line in tail[:1]] == [["10", "***"]]
    assert (len(tail), {len(line) for line in tail}) == (20, {500})


async def test_lines_come_while_the_program_runs(tables, open_exec, witness):
    text = 'echo one >&2; echo two >&2; exec 3>"$WITNESS"; echo ready >&3; sleep 1000'
    async with open_exec(tables.script(text, witness.key, result="result<u8>")) as activity:
        run = activity.start()
        await witness.line()
        while len(run.logged) < 2:
            await witness.turn()
        assert run.logged == [StreamLine(StreamType.STDERR, b"one"), StreamLine(StreamType.STDERR, b"two")]
        assert run.outcomes == []
        run.cancel()


async def test_a_last_line_without_an_end_is_a_line(tables, open_exec):
    async with open_exec(tables.script("printf 'no end' >&2; echo 1", result="result<u8>")) as activity:
        run = activity.start()
        assert await run.outcome() == Returned({"ok": 1})
    assert run.logged == [StreamLine(StreamType.STDERR, b"no end")]


async def test_lines_need_not_be_text(tables, open_exec):
    async with open_exec(tables.script("printf '\\377\\n' >&2; echo 1", result="result<u8>")) as activity:
        run = activity.start()
        await run.outcome()
    assert run.logged == [StreamLine(StreamType.STDERR, b"\xff")]
