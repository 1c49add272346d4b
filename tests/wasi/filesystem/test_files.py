"""Reading, writing and changing an open file."""

from __future__ import annotations

import os

MAX_U64 = 2**64 - 1
CHUNK = 64 * 1024


async def test_read_returns_what_is_at_an_offset_and_whether_the_file_ends_there(mounted):
    script = """
file = made("file", b"0123456789")
result = [file.read(4, 3), file.read(9, 5), file.read(4, 10), file.read(0, 0)]
"""
    assert await mounted.run(script) == [["3456", False], ["56789", True], ["", True], ["", False]]


async def test_a_huge_read_returns_a_part(mounted):
    with (mounted.rw / "huge").open("wb") as file:
        file.truncate(2**40)
    script = f'content, ended = opened(rw, "huge").read({MAX_U64}, 2 ** 39)\nresult = [len(content), ended]'
    assert await mounted.run(script) == [CHUNK, False]


async def test_an_offset_that_no_file_has_is_invalid(mounted):
    assert await mounted.code(f'made("file").read(1, {MAX_U64})') == "invalid"
    assert await mounted.code(f'made("file").read_via_stream({MAX_U64})') == "invalid"
    assert await mounted.code(f'made("file").write(b"a", {MAX_U64})') == "file-too-large"
    assert await mounted.code(f'made("file").write_via_stream({MAX_U64})') == "file-too-large"
    assert await mounted.code(f'made("file").set_size({MAX_U64})') == "file-too-large"
    assert await mounted.code(f'made("file").advise({MAX_U64}, 1, filesystem.Advice.NORMAL)') == "invalid"


async def test_writing_past_the_end_fills_with_zeroes(mounted):
    assert await mounted.run('file = made("file", b"ab")\nresult = file.write(b"cd", 4)') == 2
    assert (mounted.rw / "file").read_bytes() == b"ab\0\0cd"


async def test_what_was_not_opened_for_it_cannot_be_read_or_written(mounted):
    (mounted.rw / "file").write_text("content")
    reading, writing = 'opened(rw, "file", flags=READ)', 'opened(rw, "file", flags=WRITE)'
    assert await mounted.code(f"{reading}.write(b'a', 0)") == "bad-descriptor"
    assert await mounted.code(f"{reading}.write_via_stream(0)") == "bad-descriptor"
    assert await mounted.code(f"{reading}.append_via_stream()") == "bad-descriptor"
    assert await mounted.code(f"{reading}.set_size(1)") == "bad-descriptor"
    assert await mounted.code(f"{writing}.read(1, 0)") == "bad-descriptor"
    assert await mounted.code(f"{writing}.read_via_stream(0)") == "bad-descriptor"
    assert (mounted.rw / "file").read_text() == "content"


async def test_a_directory_is_not_read_as_a_file(mounted):
    assert await mounted.code("rw.read(1, 0)") == "is-directory"
    assert await mounted.code("rw.read_via_stream(0)") == "is-directory"
    assert await mounted.code("rw.write(b'a', 0)") == "is-directory"
    assert await mounted.code("rw.set_size(1)") == "is-directory"


async def test_set_size_cuts_and_extends(mounted):
    assert await mounted.code('file = made("file", b"abcdef")', "file.set_size(2)") == "ok"
    assert (mounted.rw / "file").read_bytes() == b"ab"
    assert await mounted.code('opened(rw, "file", flags=WRITE).set_size(4)') == "ok"
    assert (mounted.rw / "file").read_bytes() == b"ab\0\0"


async def test_any_advice_is_taken(mounted):
    script = 'file = made("file")\nresult = [code(file.advise, 0, 10, advice) for advice in filesystem.Advice]'
    assert await mounted.run(script) == ["ok"] * 6


async def test_files_and_directories_can_be_synced(mounted):
    (mounted.ro / "file").touch()
    script = """
things = [made("file"), rw, ro, opened(ro, "file")]
result = [code(each.sync) for each in things] + [code(each.sync_data) for each in things]
"""
    assert await mounted.run(script) == ["ok"] * 8


async def test_set_times_sets_each_time_by_itself(mounted):
    file = mounted.rw / "file"
    file.touch()
    os.utime(file, ns=(1_000_000_001, 2_000_000_002))
    assert await mounted.code('opened(rw, "file").set_times(KEEP, at(5, 6))') == "ok"
    assert (file.stat().st_atime_ns, file.stat().st_mtime_ns) == (1_000_000_001, 5_000_000_006)
    assert await mounted.code('opened(rw, "file").set_times(at(7), KEEP)') == "ok"
    assert (file.stat().st_atime_ns, file.stat().st_mtime_ns) == (7_000_000_000, 5_000_000_006)


async def test_set_times_of_a_directory_works_too(mounted):
    (mounted.rw / "below").mkdir()
    assert await mounted.code('opened(rw, "below").set_times(at(1), at(2))') == "ok"
    assert (mounted.rw / "below").stat().st_mtime_ns == 2_000_000_000


async def test_now_is_the_time_of_the_guests_clock(mounted):
    (mounted.rw / "file").touch()
    os.utime(mounted.rw / "file", ns=(0, 0))
    script = """
before = wall_clock.now().seconds
opened(rw, "file").set_times(NOW, NOW)
stat = opened(rw, "file").stat()
result = before <= stat.data_modification_timestamp.seconds <= wall_clock.now().seconds
"""
    assert await mounted.run(script) is True


async def test_times_that_cannot_be_are_refused(mounted):
    assert await mounted.code(f'made("file").set_times(KEEP, at({MAX_U64}))') == "overflow"
    assert await mounted.code('made("file").set_times(KEEP, at(1, 1_000_000_000))') == "invalid"


async def test_nothing_is_changed_by_no_change(mounted):
    (mounted.rw / "file").touch()
    before = (mounted.rw / "file").stat().st_ctime_ns
    assert await mounted.code('opened(rw, "file").set_times(KEEP, KEEP)') == "ok"
    assert (mounted.rw / "file").stat().st_ctime_ns == before


async def test_stat_tells_size_links_and_times(mounted):
    file = mounted.rw / "file"
    file.write_text("content")
    os.link(file, mounted.rw / "other")
    os.utime(file, ns=(1_500_000_000, 2_000_000_003))
    stat = await mounted.run('result = opened(rw, "file").stat()')
    assert stat["type"] == "regular-file"
    assert (stat["size"], stat["link_count"]) == (7, 2)
    times = [stat[name] for name in ("data_access_timestamp", "data_modification_timestamp")]
    assert [(time["seconds"], time["nanoseconds"]) for time in times] == [(1, 500_000_000), (2, 3)]
    assert stat["status_change_timestamp"]["seconds"] == file.stat().st_ctime_ns // 10**9


async def test_a_time_before_1970_is_not_told(mounted):
    (mounted.rw / "file").touch()
    os.utime(mounted.rw / "file", ns=(-1, 0))
    stat = await mounted.run('result = opened(rw, "file").stat()')
    assert (stat["data_access_timestamp"], stat["data_modification_timestamp"]["seconds"]) == (None, 0)


async def test_the_hash_is_that_of_the_object_until_it_is_modified(mounted):
    script = """
file = made("file", b"a")
first = file.metadata_hash()
same = [rw.metadata_hash_at(STAY, "file"), opened(rw, "file").metadata_hash()]
other = [made("other", b"a").metadata_hash()]
file.write(b"bc", 0)
result = [[each == first for each in same], [each == first for each in [*other, file.metadata_hash()]]]
"""
    assert await mounted.run(script) == [[True, True], [False, False]]


async def test_a_file_that_was_removed_is_still_there_for_who_has_it_open(mounted):
    script = """
file = made("file", b"content")
rw.unlink_file_at("file")
result = [file.read(7, 0)[0], file.stat().link_count]
"""
    assert await mounted.run(script) == ["content", 0]
