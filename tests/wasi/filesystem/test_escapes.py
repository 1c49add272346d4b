"""A guest that tries to get out, with all that it can do."""

from __future__ import annotations

import pytest

from tests.wasi.filesystem.listing import names
from tests.wasi.probing import open_probe

HOSTILE = [
    "/etc/passwd",
    "..",
    "../..",
    "../../../../etc/passwd",
    "below/../../secret",
    "/",
    "//etc/passwd",
    "below/.././..",
]


@pytest.fixture(autouse=True)
def secret(mounted):
    """A file beside the mounts, and a directory in one."""
    (mounted.rw.parent / "secret").write_text("secret")
    (mounted.rw / "below").mkdir()
    (mounted.rw / "file").write_text("content")


async def test_no_function_takes_a_path_that_leads_out(mounted):
    script = f"""
def codes(path):
    return {{
        code(rw.open_at, FOLLOW, path, NONE, READ),
        code(rw.open_at, STAY, path, CREATE, WRITE),
        code(rw.open_at, STAY, path, DIRECTORY, READ),
        code(rw.stat_at, FOLLOW, path),
        code(rw.metadata_hash_at, STAY, path),
        code(rw.set_times_at, STAY, path, NOW, NOW),
        code(rw.create_directory_at, path),
        code(rw.remove_directory_at, path),
        code(rw.unlink_file_at, path),
        code(rw.readlink_at, path),
        code(rw.symlink_at, "file", path),
        code(rw.rename_at, "file", rw, path),
        code(rw.rename_at, path, rw, "stolen"),
        code(rw.link_at, STAY, path, rw, "stolen"),
        code(rw.link_at, STAY, "file", rw, path),
    }}
result = {{path: sorted(codes(path)) for path in {HOSTILE!r}}}
"""
    assert await mounted.run(script) == {path: ["not-permitted"] for path in HOSTILE}
    assert names(mounted.rw) == ["below", "file"]


async def test_links_that_lead_out_can_be_made_but_not_followed(mounted):
    script = """
rw.symlink_at("../secret", "one")
rw.symlink_at("below/../..", "two")
rw.symlink_at("two/secret", "three")
names = ["one", "two", "three", "two/secret", "one/"]
result = sorted({code(rw.open_at, FOLLOW, name, NONE, READ) for name in names})
"""
    assert await mounted.run(script) == ["not-permitted"]


async def test_a_link_of_the_host_that_leads_out_is_not_followed(mounted):
    (mounted.rw / "passwd").symlink_to("/etc/passwd")
    (mounted.rw / "root").symlink_to("/")
    (mounted.rw / "process").symlink_to("/proc/self/root")
    script = """
names = ["passwd", "root", "root/etc/passwd", "process/etc/passwd"]
result = sorted({code(rw.open_at, FOLLOW, name, NONE, READ) for name in names})
"""
    assert await mounted.run(script) == ["not-permitted"]


async def test_a_hard_link_of_a_link_that_leads_out_is_only_a_link(mounted):
    (mounted.rw / "out").symlink_to("../secret")
    script = """
rw.link_at(STAY, "out", rw, "copy")
result = [code(rw.link_at, FOLLOW, "out", rw, "stolen"), code(opened, rw, "copy")]
"""
    assert await mounted.run(script) == ["not-permitted", "not-permitted"]


async def test_writing_through_a_link_that_leads_out_makes_nothing(mounted):
    (mounted.rw / "out").symlink_to("../created")
    assert await mounted.code('opened(rw, "out", CREATE | TRUNCATE, WRITE)') == "not-permitted"
    assert not (mounted.rw.parent / "created").exists()


async def test_a_directory_that_the_host_moves_out_has_no_way_up(mounted):
    script = """
below = opened(rw, "below")
rw.rename_at("below", tmp, "moved")
result = [code(below.open_at, FOLLOW, "../secret", NONE, READ), code(below.open_at, FOLLOW, "..", NONE, READ)]
"""
    assert await mounted.run(script) == ["not-permitted", "not-permitted"]


async def test_a_descriptor_of_a_directory_below_does_not_reach_the_one_above(mounted):
    assert (
        await mounted.code('below = opened(rw, "below")', 'below.open_at(FOLLOW, "../file", NONE, READ)')
        == "not-permitted"
    )


async def test_long_names_and_nul_are_refused(mounted):
    assert await mounted.code('opened(rw, "x" * 300)') == "name-too-long"
    assert await mounted.code('opened(rw, "x/" * 3000)') == "name-too-long"
    assert await mounted.code('opened(rw, "file\\0")') == "invalid"
    assert await mounted.code('opened(rw, "")') == "no-entry"


async def test_links_in_a_circle_end(mounted):
    assert await mounted.code('rw.symlink_at("loop", "loop")', 'opened(rw, "loop/x")') == "loop"


async def test_a_guest_without_directories_has_none(probe):
    assert await probe.run("result = preopens.get_directories()") == []
    assert (
        await probe.error('open("/tmp/file", "w")\nresult = None')
        == "FileNotFoundError: [Errno 44] No such file or directory: '/tmp/file'"
    )


async def test_a_mount_at_the_root_is_found_by_programs(wasi_probe, tmp_path):
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "etc").mkdir()
    (tmp_path / "host" / "etc" / "passwd").write_text("of the guest")
    keys = 'mount = [{ host = "host", guest = "/" }]\n'
    async with open_probe(wasi_probe, tmp_path, keys=keys) as probe:
        assert await probe.run('result = open("/etc/passwd").read()') == "of the guest"
