"""``open-at``, flags and types."""

from __future__ import annotations

import os
import socket

import pytest


async def test_the_directories_come_in_the_order_of_the_configuration_and_the_scratch_last(mounted):
    assert await mounted.run("result = list(roots)") == ["/rw", "/ro", "/tmp"]


async def test_each_call_gives_new_descriptors_of_the_same_directories(mounted):
    script = "again, _ = preopens.get_directories()[0]\nresult = again.is_same_object(rw)"
    assert await mounted.run(script) is True


async def test_a_file_is_created_only_when_that_is_asked_for(mounted):
    assert await mounted.code('opened(rw, "new")') == "no-entry"
    assert await mounted.code('opened(rw, "new", CREATE, WRITE)') == "ok"
    assert (mounted.rw / "new").read_bytes() == b""


async def test_an_existing_file_is_opened_by_create_as_it_is(mounted):
    (mounted.rw / "old").write_text("kept")
    assert await mounted.code('opened(rw, "old", CREATE, WRITE)') == "ok"
    assert (mounted.rw / "old").read_text() == "kept"


async def test_exclusive_refuses_what_is_there(mounted):
    (mounted.rw / "old").touch()
    (mounted.rw / "link").symlink_to("nowhere")
    (mounted.rw / "directory").mkdir()
    for name in ("old", "link", "directory"):
        assert await mounted.code(f'opened(rw, "{name}", CREATE | EXCLUSIVE, WRITE)') == "exist"
    assert await mounted.code('opened(rw, "new", CREATE | EXCLUSIVE, WRITE)') == "ok"


async def test_create_makes_what_a_dangling_link_leads_to(mounted):
    (mounted.rw / "link").symlink_to("target")
    assert await mounted.code('opened(rw, "link", CREATE, WRITE)') == "ok"
    assert (mounted.rw / "target").is_file()


async def test_truncate_empties_a_file(mounted):
    (mounted.rw / "old").write_text("content")
    assert await mounted.code('opened(rw, "old", TRUNCATE, WRITE)') == "ok"
    assert (mounted.rw / "old").read_bytes() == b""


async def test_truncate_without_write_is_invalid(mounted):
    (mounted.rw / "old").write_text("content")
    assert await mounted.code('opened(rw, "old", TRUNCATE, READ)') == "invalid"
    assert (mounted.rw / "old").read_text() == "content"


async def test_directory_refuses_files_and_links_that_are_not_followed(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "directory").mkdir()
    (mounted.rw / "link").symlink_to("directory")
    assert await mounted.code('opened(rw, "file", DIRECTORY)') == "not-directory"
    assert await mounted.code('opened(rw, "link", DIRECTORY, follow=STAY)') == "not-directory"
    assert await mounted.code('opened(rw, "link", DIRECTORY)') == "ok"
    assert await mounted.code('opened(rw, "gone", DIRECTORY)') == "no-entry"
    assert await mounted.code('opened(rw, "new", DIRECTORY | CREATE)') == "invalid"


async def test_a_directory_cannot_be_written(mounted):
    (mounted.rw / "directory").mkdir()
    assert await mounted.code('opened(rw, "directory", flags=WRITE)') == "is-directory"
    assert await mounted.code('opened(rw, "directory", CREATE)') == "is-directory"
    assert await mounted.code('opened(rw, "directory", TRUNCATE, WRITE)') == "is-directory"


async def test_a_link_that_is_not_followed_is_a_loop(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "link").symlink_to("file")
    assert await mounted.code('opened(rw, "link", follow=STAY)') == "loop"
    assert await mounted.code('opened(rw, "link", follow=FOLLOW)') == "ok"


async def test_a_slash_after_a_file_is_refused(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "directory").mkdir()
    assert await mounted.code('opened(rw, "file/")') == "not-directory"
    assert await mounted.code('opened(rw, "directory/")') == "ok"
    assert await mounted.code('opened(rw, "new/", CREATE, WRITE)') == "no-entry"


async def test_nothing_can_be_opened_below_a_file(mounted):
    assert await mounted.code('file = made("file")', 'file.open_at(STAY, "x", NONE, READ)') == "not-directory"


async def test_a_descriptor_tells_its_flags(mounted):
    script = """
file = opened(rw, "new", CREATE, READ | WRITE | Flags.DATA_INTEGRITY_SYNC)
result = [file.get_flags(), rw.get_flags(), ro.get_flags(), opened(rw, "new").get_flags()]
"""
    assert await mounted.run(script) == [
        ["read", "write", "data-integrity-sync"],
        ["read", "mutate-directory"],
        ["read"],
        ["read"],
    ]


async def test_what_is_written_in_sync_is_there(mounted):
    flags = "WRITE | Flags.FILE_INTEGRITY_SYNC | Flags.REQUESTED_WRITE_SYNC"
    assert await mounted.run(f'result = opened(rw, "new", CREATE, {flags}).write(b"abc", 0)') == 3
    assert (mounted.rw / "new").read_bytes() == b"abc"


async def test_a_directory_below_can_be_changed_too(mounted):
    (mounted.rw / "below").mkdir()
    assert await mounted.code('opened(rw, "below", DIRECTORY).create_directory_at("deeper")') == "ok"
    assert (mounted.rw / "below" / "deeper").is_dir()


async def test_a_descriptor_tells_its_type(mounted):
    script = 'result = [rw.get_type(), made("file").get_type()]'
    assert await mounted.run(script) == ["directory", "regular-file"]


@pytest.mark.parametrize("flags", ["READ", "WRITE", "READ | WRITE"])
async def test_a_fifo_is_refused_without_waiting_for_its_other_end(mounted, flags):
    os.mkfifo(mounted.rw / "fifo")
    assert await mounted.code(f'opened(rw, "fifo", flags={flags})') == "unsupported"


async def test_a_socket_and_a_device_are_refused(mounted, monkeypatch):
    monkeypatch.chdir(mounted.rw)  # the path of a socket may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert await mounted.code('opened(rw, "socket")') == "unsupported"


async def test_a_descriptor_is_the_same_object_as_another_of_the_same_file(mounted):
    (mounted.rw / "file").touch()
    os.link(mounted.rw / "file", mounted.rw / "link")
    script = 'a, b, c = opened(rw, "file"), opened(rw, "link"), made("other")\n'
    assert await mounted.run(script + "result = [a.is_same_object(b), a.is_same_object(c)]") == [True, False]


async def test_no_more_files_than_the_limit_can_be_open(mounted):
    script = """
made("file")
held, result = [], []
for count in range(2000):
    failed = code(lambda: held.append(opened(rw, "file")))
    if failed != "ok":
        break
result = [count, failed, code(rw.read_directory), code(opened, rw, "new", CREATE, WRITE)]
held.pop().__exit__(None, None, None)
result.append(code(opened, rw, "file"))
"""
    count, *rest = await mounted.run(script)
    assert 900 < count <= 1000
    assert rest == ["insufficient-memory"] * 3 + ["ok"]
    assert not (mounted.rw / "new").exists()
