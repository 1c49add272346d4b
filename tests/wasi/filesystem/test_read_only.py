"""A mount that is read-only: nothing in it can be changed by any way."""

from __future__ import annotations

from tests.wasi.filesystem.listing import names

MUTATING = [
    'opened(ro, "new", CREATE, WRITE)',
    'opened(ro, "file", CREATE, READ)',
    'opened(ro, "file", flags=WRITE)',
    'opened(ro, "file", TRUNCATE, READ | WRITE)',
    'opened(ro, "below", DIRECTORY, READ | Flags.MUTATE_DIRECTORY)',
    'opened(ro, "file").set_size(0)',
    'opened(ro, "file").set_times(NOW, NOW)',
    "ro.set_times(NOW, NOW)",
    'ro.set_times_at(STAY, "file", NOW, NOW)',
    'ro.create_directory_at("new")',
    'ro.remove_directory_at("below")',
    'ro.unlink_file_at("file")',
    'ro.symlink_at("file", "new")',
    'ro.rename_at("file", ro, "new")',
    'ro.rename_at("file", rw, "new")',
    'rw.rename_at("file", ro, "new")',
    'ro.link_at(STAY, "file", ro, "new")',
    'ro.link_at(STAY, "file", rw, "new")',
    'rw.link_at(STAY, "file", ro, "new")',
    'opened(ro, "below").create_directory_at("new")',
]


def seen(directory):
    """Return all that a change could show in: names, contents and times."""
    return sorted(
        (path.name, path.stat().st_ctime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [directory, *directory.rglob("*")]
    )


async def test_every_call_that_would_change_something_is_refused(mounted):
    (mounted.ro / "file").write_text("content")
    (mounted.ro / "below").mkdir()
    (mounted.rw / "file").touch()
    before = seen(mounted.ro)
    calls = ", ".join(f"{call!r}: code(lambda: {call})" for call in MUTATING)
    assert await mounted.run(f"result = {{{calls}}}") == dict.fromkeys(MUTATING, "read-only")
    assert seen(mounted.ro) == before
    assert names(mounted.rw) == ["file"]


async def test_a_link_to_a_read_only_mount_makes_nothing_writable(mounted):
    (mounted.rw / "link").symlink_to(mounted.ro)
    (mounted.ro / "file").write_text("content")
    assert await mounted.code('opened(rw, "link/file", flags=WRITE)') == "not-permitted"


async def test_all_that_only_reads_works(mounted):
    (mounted.ro / "file").write_text("content")
    (mounted.ro / "link").symlink_to("file")
    script = """
file = opened(ro, "link")
result = [
    file.read(10, 0)[0], file.read_via_stream(0).blocking_read(10), ro.readlink_at("link"), listed(ro)[0][0],
    ro.stat_at(FOLLOW, "link").size, code(file.write, b"a", 0), code(file.append_via_stream),
]
"""
    assert await mounted.run(script) == [
        "content",
        "content",
        "file",
        "file",
        7,
        "bad-descriptor",
        "bad-descriptor",
    ]
