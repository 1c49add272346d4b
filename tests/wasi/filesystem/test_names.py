"""What is done to names: links, directories, renames, removals."""

from __future__ import annotations

import os

from tests.wasi.filesystem.listing import names


async def test_a_directory_is_made_and_removed(mounted):
    assert await mounted.code('rw.create_directory_at("new/")') == "ok"
    assert (mounted.rw / "new").is_dir()
    assert await mounted.code('rw.create_directory_at("new")') == "exist"
    assert await mounted.code('rw.create_directory_at("gone/new")') == "no-entry"
    assert await mounted.code('rw.remove_directory_at("new/")') == "ok"
    assert await mounted.code('rw.remove_directory_at("new")') == "no-entry"


async def test_only_an_empty_directory_is_removed(mounted):
    (mounted.rw / "full" / "below").mkdir(parents=True)
    (mounted.rw / "file").touch()
    (mounted.rw / "link").symlink_to("full/below")
    assert await mounted.code('rw.remove_directory_at("full")') == "not-empty"
    assert await mounted.code('rw.remove_directory_at("file")') == "not-directory"
    assert await mounted.code('rw.remove_directory_at("link")') == "not-directory"


async def test_a_file_or_a_link_is_unlinked_and_a_directory_is_not(mounted):
    (mounted.rw / "directory").mkdir()
    (mounted.rw / "file").touch()
    (mounted.rw / "link").symlink_to("directory")
    assert await mounted.code('rw.unlink_file_at("directory")') == "is-directory"
    assert await mounted.code('rw.unlink_file_at("directory/")') == "is-directory"
    assert await mounted.code('rw.unlink_file_at("file/")') == "not-directory"
    assert await mounted.code('rw.unlink_file_at("link/")') == "not-directory"
    assert await mounted.run('result = [code(rw.unlink_file_at, name) for name in ("file", "link", "link")]') == [
        "ok",
        "ok",
        "no-entry",
    ]
    assert names(mounted.rw) == ["directory"]


async def test_a_fifo_can_be_removed(mounted):
    os.mkfifo(mounted.rw / "fifo")
    assert await mounted.code('rw.unlink_file_at("fifo")') == "ok"


async def test_a_file_is_renamed_over_another(mounted):
    (mounted.rw / "old").write_text("content")
    (mounted.rw / "new").write_text("other")
    assert await mounted.code('rw.rename_at("old", rw, "new")') == "ok"
    assert names(mounted.rw) == ["new"]
    assert (mounted.rw / "new").read_text() == "content"


async def test_an_entry_is_renamed_into_another_directory(mounted):
    (mounted.rw / "one").mkdir()
    (mounted.rw / "two").mkdir()
    (mounted.rw / "one" / "link").symlink_to("nowhere")
    assert await mounted.code('opened(rw, "one").rename_at("link", opened(rw, "two"), "moved")') == "ok"
    assert (mounted.rw / "two" / "moved").is_symlink()


async def test_a_file_is_renamed_from_one_mount_into_another(mounted):
    (mounted.rw / "file").write_text("content")
    script = 'rw.rename_at("file", tmp, "moved")\nresult = opened(tmp, "moved").read(10, 0)[0]'
    assert await mounted.run(script) == "content"
    assert names(mounted.rw) == []


async def test_a_rename_that_cannot_be_says_why(mounted):
    (mounted.rw / "full" / "below").mkdir(parents=True)
    (mounted.rw / "file").touch()
    assert await mounted.code('rw.rename_at("gone", rw, "new")') == "no-entry"
    assert await mounted.code('rw.rename_at("file", rw, "full")') == "is-directory"
    assert await mounted.code('rw.rename_at("full", rw, "file")') == "not-directory"
    assert await mounted.code('rw.rename_at("full", rw, "full/below/deeper")') == "invalid"
    assert await mounted.code('rw.rename_at("file/", rw, "new")') == "not-directory"
    assert await mounted.code('rw.rename_at("file", rw, "new/")') == "not-directory"
    assert await mounted.code('rw.rename_at("full/", rw, "moved/")') == "ok"
    assert await mounted.code('rw.rename_at(".", rw, "new")') == "busy"


async def test_a_hard_link_names_the_same_file(mounted):
    (mounted.rw / "file").write_text("content")
    (mounted.rw / "below").mkdir()
    assert await mounted.code('rw.link_at(STAY, "file", opened(rw, "below"), "link")') == "ok"
    assert (mounted.rw / "below" / "link").samefile(mounted.rw / "file")


async def test_a_hard_link_follows_a_link_only_when_that_is_asked_for(mounted):
    (mounted.rw / "file").write_text("content")
    (mounted.rw / "link").symlink_to("file")
    assert await mounted.run('rw.link_at(STAY, "link", rw, "a")\nrw.link_at(FOLLOW, "link", rw, "b")\nresult = 1') == 1
    assert (mounted.rw / "a").is_symlink()
    assert not (mounted.rw / "b").is_symlink()


async def test_a_hard_link_that_cannot_be_says_why(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "below").mkdir()
    assert await mounted.code('rw.link_at(STAY, "below", rw, "new")') == "not-permitted"
    assert await mounted.code('rw.link_at(STAY, "file", rw, "below")') == "exist"
    assert await mounted.code('rw.link_at(STAY, "file", rw, "new/")') == "no-entry"
    assert await mounted.code('rw.link_at(STAY, "gone", rw, "new")') == "no-entry"
    assert await mounted.code('rw.link_at(STAY, "file", made("other"), "new")') == "not-directory"


async def test_a_link_is_made_and_read(mounted):
    script = 'rw.symlink_at("../some where/ä", "link")\nresult = rw.readlink_at("link")'
    assert await mounted.run(script) == "../some where/ä"
    assert str((mounted.rw / "link").readlink()) == "../some where/ä"


async def test_a_link_that_cannot_be_made_says_why(mounted):
    (mounted.rw / "file").touch()
    assert await mounted.code('rw.symlink_at("/etc", "link")') == "not-permitted"
    assert await mounted.code('rw.symlink_at("", "link")') == "no-entry"
    assert await mounted.code('rw.symlink_at("a\\0b", "link")') == "invalid"
    assert await mounted.code('rw.symlink_at("target", "file")') == "exist"
    assert await mounted.code('rw.symlink_at("target", "new/")') == "no-entry"
    assert await mounted.code('rw.symlink_at("x" * 5000, "link")') == "name-too-long"


async def test_a_link_that_cannot_be_read_says_why(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "absolute").symlink_to("/etc")
    (mounted.rw / "bytes").symlink_to(os.fsdecode(b"\xff"))
    assert await mounted.code('rw.readlink_at("file")') == "invalid"
    assert await mounted.code('rw.readlink_at("gone")') == "no-entry"
    assert await mounted.code('rw.readlink_at("absolute")') == "not-permitted"
    assert await mounted.code('rw.readlink_at("bytes")') == "illegal-byte-sequence"


async def test_stat_at_follows_a_link_only_when_that_is_asked_for(mounted):
    (mounted.rw / "file").write_text("content")
    (mounted.rw / "link").symlink_to("file")
    script = 'stats = rw.stat_at(STAY, "link"), rw.stat_at(FOLLOW, "link")\nresult = [[s.type, s.size] for s in stats]'
    assert await mounted.run(script) == [["symbolic-link", 4], ["regular-file", 7]]


async def test_stat_at_tells_of_what_cannot_be_opened(mounted):
    os.mkfifo(mounted.rw / "fifo")
    assert await mounted.run('result = rw.stat_at(STAY, "fifo").type') == "fifo"


async def test_set_times_at_sets_those_of_a_link_itself(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "link").symlink_to("file")
    await mounted.run(
        'rw.set_times_at(STAY, "link", at(1), at(2))\nrw.set_times_at(FOLLOW, "link", KEEP, at(3))\nresult = 1'
    )
    assert (mounted.rw / "link").lstat().st_mtime_ns == 2_000_000_000
    assert (mounted.rw / "file").stat().st_mtime_ns == 3_000_000_000


async def test_set_times_at_needs_something_to_set_even_if_nothing_changes(mounted):
    assert await mounted.code('rw.set_times_at(STAY, "gone", KEEP, KEEP)') == "no-entry"


async def test_metadata_hash_at_follows_a_link_only_when_that_is_asked_for(mounted):
    (mounted.rw / "file").write_text("content")
    (mounted.rw / "link").symlink_to("file")
    script = """
hashes = [rw.metadata_hash_at(STAY, "file"), rw.metadata_hash_at(FOLLOW, "link"), rw.metadata_hash_at(STAY, "link")]
result = [hashes[0] == hashes[1], hashes[0] == hashes[2]]
"""
    assert await mounted.run(script) == [True, False]


FROM_A_DIRECTORY = [
    'stat_at(STAY, "x")',
    'open_at(STAY, "x", NONE, READ)',
    'create_directory_at("x")',
    'remove_directory_at("x")',
    'unlink_file_at("x")',
    'readlink_at("x")',
    'symlink_at("t", "x")',
    'rename_at("x", rw, "y")',
    'link_at(STAY, "x", rw, "y")',
    'set_times_at(STAY, "x", NOW, NOW)',
    'metadata_hash_at(STAY, "x")',
    "read_directory()",
]


async def test_a_file_is_no_directory_to_start_from(mounted):
    calls = ", ".join(f"{call!r}: code(lambda: file.{call})" for call in FROM_A_DIRECTORY)
    found = await mounted.run(f'file = made("file")\nresult = {{{calls}}}')
    assert found == dict.fromkeys(FROM_A_DIRECTORY, "not-directory")


# --- directories ------------------------------------------------------------------------------------------------------


async def test_a_directory_is_listed_with_types_and_without_itself(mounted):
    (mounted.rw / "file").touch()
    (mounted.rw / "directory").mkdir()
    (mounted.rw / "link").symlink_to("file")
    os.mkfifo(mounted.rw / "pipe")
    assert await mounted.run("result = listed(rw)") == [
        ["directory", "directory"],
        ["file", "regular-file"],
        ["link", "symbolic-link"],
        ["pipe", "fifo"],
    ]


async def test_a_large_directory_is_listed_whole(mounted):
    names = [f"{number:04}" for number in range(1234)]
    for name in names:
        (mounted.rw / name).touch()
    assert await mounted.run("result = [name for name, _ in listed(rw)]") == names


async def test_each_reading_starts_at_the_beginning_and_ends_once(mounted):
    (mounted.rw / "file").touch()
    script = """
one, two = rw.read_directory(), rw.read_directory()
result = [each.read_directory_entry() is None for each in (one, two, one, one, two)]
"""
    assert await mounted.run(script) == [False, False, True, True, True]


async def test_names_that_are_no_utf_8_are_left_out(mounted):
    (mounted.rw / os.fsdecode(b"\xff")).mkdir()
    (mounted.rw / "ä").touch()
    assert await mounted.run("result = listed(rw)") == [["ä", "regular-file"]]


async def test_a_directory_that_was_removed_is_empty(mounted):
    script = """
rw.create_directory_at("below")
below = opened(rw, "below")
rw.remove_directory_at("below")
result = [listed(below), code(below.create_directory_at, "new"), below.stat().type]
"""
    assert await mounted.run(script) == [[], "no-entry", "directory"]
