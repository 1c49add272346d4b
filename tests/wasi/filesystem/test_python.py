"""What Python programs do with files, through its own functions."""

from __future__ import annotations


async def test_text_is_written_appended_and_read(mounted):
    script = """
with open("/rw/notes", "w") as file:
    file.write("one\\n")
with open("/rw/notes", "a") as file:
    file.write("two\\n")
with open("/rw/notes") as file:
    result = file.readlines()
"""
    assert await mounted.run(script) == ["one\n", "two\n"]
    assert (mounted.rw / "notes").read_text() == "one\ntwo\n"


async def test_a_file_is_changed_in_its_middle(mounted):
    (mounted.rw / "file").write_bytes(b"0123456789")
    script = """
with open("/rw/file", "r+b") as file:
    file.seek(4)
    file.write(b"ab")
    file.seek(-2, os.SEEK_END)
    tail = file.read()
    file.truncate(9)
    file.seek(0)
    result = [tail, file.read(), file.read()]
"""
    assert await mounted.run(script) == ["89", "0123ab678", ""]


async def test_a_large_file_goes_there_and_back(mounted):
    script = """
content = bytes(range(256)) * 4096
with open("/tmp/large", "wb") as file:
    file.write(content)
with open("/tmp/large", "rb") as file:
    result = [file.read() == content, os.stat("/tmp/large").st_size]
"""
    assert await mounted.run(script) == [True, 1024 * 1024]


async def test_directories_are_made_listed_and_walked(mounted):
    script = """
os.makedirs("/rw/a/b/c")
pathlib.Path("/rw/a/file").write_text("x")
walked = [where for where, _, _ in os.walk("/rw")]
result = [sorted(os.listdir("/rw/a")), walked, [str(path) for path in pathlib.Path("/rw").glob("**/file")]]
"""
    assert await mounted.run(script) == [["b", "file"], ["/rw", "/rw/a", "/rw/a/b", "/rw/a/b/c"], ["/rw/a/file"]]


async def test_entries_are_renamed_and_removed(mounted):
    script = """
path = pathlib.Path("/rw/one")
path.write_text("content")
os.rename("/rw/one", "/rw/two")
os.replace("/rw/two", "/tmp/three")
pathlib.Path("/rw/directory").mkdir()
os.rmdir("/rw/directory")
result = [path.exists(), pathlib.Path("/tmp/three").read_text(), os.listdir("/rw")]
os.unlink("/tmp/three")
"""
    assert await mounted.run(script) == [False, "content", []]


async def test_links_are_made_and_followed(mounted):
    script = """
pathlib.Path("/rw/file").write_text("content")
os.symlink("file", "/rw/link")
os.link("/rw/file", "/rw/hard")
same = os.path.samefile("/rw/file", "/rw/hard")
result = [os.readlink("/rw/link"), open("/rw/link").read(), os.path.islink("/rw/link"), same]
"""
    assert await mounted.run(script) == ["file", "content", True, True]


async def test_times_are_set(mounted):
    (mounted.rw / "file").touch()
    assert await mounted.run('os.utime("/rw/file", (1, 2))\nresult = os.stat("/rw/file").st_mtime') == 2
    assert (mounted.rw / "file").stat().st_mtime == 2


async def test_errors_are_those_that_a_program_expects(mounted):
    (mounted.ro / "file").touch()
    script = """
def failure(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return type(error).__name__, error.errno
errno = {name: number for number, name in __import__("errno").errorcode.items()}
result = [
    failure(open, "/rw/gone")[0],
    failure(open, "/rw")[0],
    failure(os.listdir, "/ro/file")[0],
    failure(os.mkdir, "/rw")[0],
    failure(open, "/ro/new", "w")[1] == errno["EROFS"],
]
"""
    assert await mounted.run(script) == [
        "FileNotFoundError",
        "IsADirectoryError",
        "NotADirectoryError",
        "FileExistsError",
        True,
    ]


async def test_nothing_outside_of_the_mounts_is_there(mounted):
    (mounted.rw / "out").symlink_to("/etc")
    script = """
def failure(path):
    try:
        return open(path).read()
    except OSError as error:
        return type(error).__name__
paths = ["/etc/passwd", "/rw/../../etc/passwd", "/rw/../etc/passwd", "/rw/out/passwd", "../etc/passwd", "/proc/self/environ"]
result = [failure(path) for path in paths]
"""
    found = await mounted.run(script)
    assert set(found) <= {"FileNotFoundError", "PermissionError"}


async def test_a_long_path_with_dots_leads_where_it_says(mounted):
    script = """
os.makedirs("/rw/a/b")
pathlib.Path("/rw/file").write_text("content")
result = open("/rw/a/./b/../../a//b/../../file").read()
"""
    assert await mounted.run(script) == "content"


async def test_a_deep_tree_is_made_and_reached(mounted):
    script = """
for depth in range(1, 200):
    os.makedirs("/tmp/" + "d/" * depth, exist_ok=True)
deepest = "/tmp/" + "d/" * 199 + "file"
pathlib.Path(deepest).write_text("content")
result = open(deepest).read()
"""
    assert await mounted.run(script) == "content"
