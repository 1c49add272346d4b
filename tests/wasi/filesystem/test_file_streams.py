"""Streams from and to files."""

from __future__ import annotations

import threading

from obelisk.wasm.wasi.filesystem import streams

CHUNK = 64 * 1024


async def test_a_stream_reads_from_an_offset_to_the_end(mounted):
    (mounted.rw / "file").write_text("0123456789")
    script = """
stream = opened(rw, "file").read_via_stream(3)
result = [stream.blocking_read(4), stream.blocking_read(100), code(stream.blocking_read, 1)]
"""
    assert await mounted.run(script) == ["3456", "789", "StreamError_Closed"]


async def test_a_read_that_does_not_wait_may_return_nothing_yet(mounted):
    (mounted.rw / "file").write_text("content")
    script = """
stream = opened(rw, "file").read_via_stream(0)
first = stream.read(4)
stream.subscribe().block()
result = [first, stream.read(100), stream.read(0)]
"""
    assert await mounted.run(script) == ["", "cont", ""]


async def test_who_only_asks_whether_a_stream_is_ready_gets_it_ready(mounted):
    (mounted.rw / "file").write_text("content")
    script = """
stream = opened(rw, "file").read_via_stream(0)
pollable, turns = stream.subscribe(), 0
while not pollable.ready():
    turns += 1
result = stream.read(100)
"""
    assert await mounted.run(script) == "content"


async def test_bytes_are_skipped(mounted):
    (mounted.rw / "file").write_text("0123456789")
    script = """
stream = opened(rw, "file").read_via_stream(0)
result = [stream.blocking_skip(4), stream.blocking_read(2), stream.blocking_skip(100)]
"""
    assert await mounted.run(script) == [4, "45", 4]


async def test_a_large_file_is_read_in_bounded_pieces(mounted):
    content = bytes(range(256)) * 1000
    (mounted.rw / "file").write_bytes(content)
    script = """
stream, pieces = opened(rw, "file").read_via_stream(0), []
while code(lambda: pieces.append(stream.blocking_read(2 ** 40))) == "ok":
    pass
result = [[len(piece) for piece in pieces], b"".join(pieces)]
"""
    sizes, found = await mounted.run(script)
    assert found.encode("latin-1") == content
    assert sum(sizes) == len(content)
    assert max(sizes) == CHUNK


async def test_a_stream_sees_what_was_written_before_it_gets_there(mounted):
    script = """
file = made("file", b"old!old!")
stream = file.read_via_stream(0)
first = stream.blocking_read(4)
file.write(b"new", 4)
result = [first, stream.blocking_read(4)]
"""
    assert await mounted.run(script) == ["old!", "new!"]


async def test_streams_of_a_file_do_not_interfere(mounted):
    (mounted.rw / "file").write_text("0123456789")
    script = """
file = opened(rw, "file")
one, two = file.read_via_stream(0), file.read_via_stream(5)
result = [one.blocking_read(2), two.blocking_read(2), one.blocking_read(2)]
"""
    assert await mounted.run(script) == ["01", "56", "23"]


async def test_a_stream_writes_from_an_offset(mounted):
    script = """
stream = made("file", b"0123456789").write_via_stream(4)
stream.blocking_write_and_flush(b"ab")
stream.blocking_write_and_flush(b"c")
result = stream.check_write()
"""
    assert await mounted.run(script) == CHUNK
    assert (mounted.rw / "file").read_text() == "0123abc789"


async def test_a_stream_appends_where_the_end_is_by_then(mounted):
    script = """
file = made("file", b"ab")
stream = file.append_via_stream()
stream.blocking_write_and_flush(b"cd")
file.write(b"efgh", 4)
stream.blocking_write_and_flush(b"ij")
result = None
"""
    await mounted.run(script)
    assert (mounted.rw / "file").read_text() == "abcdefghij"


async def test_no_more_is_taken_while_a_write_is_under_way(mounted):
    script = """
stream = made("file").write_via_stream(0)
stream.write(b"a" * stream.check_write())
busy = stream.check_write()
stream.blocking_flush()
result = [busy, stream.check_write()]
"""
    busy, after = await mounted.run(script)
    assert busy in (0, CHUNK)
    assert after == CHUNK
    assert (mounted.rw / "file").stat().st_size == CHUNK


async def test_zeroes_are_written(mounted):
    script = 'stream = made("file").write_via_stream(2)\nstream.blocking_write_zeroes_and_flush(3)\nresult = None'
    await mounted.run(script)
    assert (mounted.rw / "file").read_bytes() == bytes(5)


async def test_a_stream_is_spliced_into_another(mounted):
    (mounted.ro / "file").write_text("content")
    script = """
source = opened(ro, "file").read_via_stream(0)
target = made("copy").write_via_stream(0)
moved = target.blocking_splice(source, 100)
target.blocking_flush()
result = moved
"""
    assert await mounted.run(script) == 7
    assert (mounted.rw / "copy").read_text() == "content"


async def test_a_stream_outlives_its_descriptor(mounted):
    (mounted.rw / "file").write_text("content")
    script = """
with opened(rw, "file") as file:
    stream = file.read_via_stream(0)
result = stream.blocking_read(100)
"""
    assert await mounted.run(script) == "content"


async def test_what_was_written_without_waiting_is_in_the_file_when_the_run_is_over(mounted):
    script = 'stream = made("file").write_via_stream(0)\nstream.write(b"content")\nresult = None'
    await mounted.run(script)
    await mounted.run("result = None")
    assert (mounted.rw / "file").read_text() == "content"


async def test_a_failed_write_is_told_once_with_its_code(mounted):
    script = f"""
stream = made("file").write_via_stream({2**63 - 5000})
try:
    stream.blocking_write_and_flush(b"abcd")
except Err as failure:
    error = failure.value.value
    result = [filesystem.filesystem_error_code(error), error.to_debug_string(), code(stream.check_write)]
"""
    assert await mounted.run(script) == ["file-too-large", "File too large", "StreamError_Closed"]


async def test_streams_count_as_open_files(mounted):
    script = """
file, streams = made("file"), []
make = [lambda: file.read_via_stream(0), lambda: file.write_via_stream(0), file.append_via_stream]
while (failed := code(lambda: streams.append(make[len(streams) % 3]()))) == "ok":
    pass
streams.clear()
result = [failed, code(lambda: streams.append(file.read_via_stream(0)))]
"""
    assert await mounted.run(script) == ["insufficient-memory", "ok"]


async def test_streams_that_were_dropped_with_much_to_write_are_waited_for(mounted, monkeypatch):
    go, write_all = threading.Event(), streams.write_all

    def write_later(number: int, content: bytes, offset: int) -> None:
        go.wait()
        write_all(number, content, offset)

    monkeypatch.setattr(streams, "write_all", write_later)
    script = """
file, count = made("file"), 0
while code(lambda: file.write_via_stream(0).write(b"content")) == "ok":
    count += 1
result = count
"""
    assert 900 < await mounted.run(script) <= 1000
    go.set()
