"""The line on which a key stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.config.positions import Positions, path_in

TOML = '''\
top = 1
inline = [ # [
  { name = "one", key = ["x", "y"] },
  # , {},
  { name = "one", key = [
    1, 2
  ] }, { name = "two", key = 1 },

  {},
]
deep = [[1,
  2], [3,
    """
4""", 5]]
# [comment]
dotted.key = """
[not.a.table]
not_a_key = 1
"""

[workflows] # with a comment
hot_limit = 1
"quoted key" = [
  1, # ]
  [2],
  "]",
]
after = { inner = 1 }

[[activity_wasm]]
location = "x.wasm"
name = "fibo"
exec.lock_expiry.seconds = 1

[[activity_wasm.allowed_host]]
pattern = "one"

[[activity_wasm.allowed_host]]
pattern = 'two'

[activity_wasm.nested]
deep = 1

[[activity_wasm]]
location = "y.wasm"

[ spaced . out ]
key = \'\'\'
[nothing]\'\'\'
last = 1'''


@pytest.fixture(scope="module")
def positions() -> Positions:
    return Positions(TOML, tomllib.loads(TOML))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("top", "top = 1"),
        ("dotted.key", 'dotted.key = """'),
        ("workflows", "[workflows] # with a comment"),
        ("workflows.hot_limit", "hot_limit = 1"),
        ("workflows.quoted key", '"quoted key" = ['),
        ("workflows.quoted key[0]", "  1, # ]"),
        ("workflows.quoted key[1]", "  [2],"),
        ("workflows.quoted key[1][0]", "  [2],"),
        ("workflows.quoted key[2]", '  "]",'),
        ("workflows.quoted key[3]", '"quoted key" = ['),
        ("inline[one].key", '  { name = "one", key = ["x", "y"] },'),
        ("inline[1].key[1]", '  { name = "one", key = ['),
        ("inline[two].key", '  ] }, { name = "two", key = 1 },'),
        ("inline[3]", "  {},"),
        ("deep[0][1]", "  2], [3,"),
        ("deep[1][0]", "  2], [3,"),
        ("deep[1][1]", '    """'),
        ("deep[1][2]", '4""", 5]]'),
        ("workflows.after.inner", "after = { inner = 1 }"),
        ("workflows.missing", "[workflows] # with a comment"),
        ("activity_wasm", "[[activity_wasm]]"),
        ("activity_wasm[fibo].allowed_host", "[[activity_wasm.allowed_host]]"),
        ("activity_wasm[fibo].name", 'name = "fibo"'),
        ("activity_wasm[fibo].exec.lock_expiry", "exec.lock_expiry.seconds = 1"),
        ("activity_wasm[fibo].allowed_host[1].pattern", "pattern = 'two'"),
        ("activity_wasm[fibo].nested.deep", "deep = 1"),
        ("activity_wasm[1].location", 'location = "y.wasm"'),
        ("spaced.out.key", "key = '''"),
        ("spaced.out.last", "last = 1"),
    ],
)
def test_a_path_has_the_line_of_its_key(positions: Positions, path: str, line: str):
    assert positions.line_of(path) == TOML.split("\n").index(line) + 1


@pytest.mark.parametrize("path", ["not_a_key", "not.a.table", "comment", "nothing", ""])
def test_what_does_not_stand_there_has_none(positions: Positions, path: str):
    assert positions.line_of(path) is None


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("`workflows.hot_limit`: expected at least 0, found -1", "workflows.hot_limit"),
        ("`workflows`: `hot_limit`: expected at least 0, found -1", "workflows.hot_limit"),
        ("component `fibo` imports `a:b/c`, which does not exist", ""),
    ],
)
def test_a_message_may_begin_with_a_path(message: str, path: str):
    assert path_in(message) == path


def test_a_message_is_about_the_entry_that_it_names(positions: Positions):
    assert positions.entry_in("component `fibo` imports `a:b/c`, which does not exist") == "activity_wasm[fibo]"
    assert positions.entry_in("no home directory is known; set `OBELISK_DATA_DIR`") == ""


def test_entries_of_one_name_have_their_own_lines():
    entry = '[[t]]\nname = "same"\nkey = 1\n'
    positions = Positions(entry * 3, tomllib.loads(entry * 3))
    assert [positions.line_of(path) for path in ("t[same].key", "t[1].key", "t[2].name")] == [3, 6, 8]
    assert positions.entry_in("two are named `same`") == "t[2]"


@given(
    st.lists(st.sampled_from(["a = 1", "[[t]]", "[u]", "# x", 's = """', '"""', "l = [", "]", "'", '"']), max_size=12)
)
def test_any_text_is_read_to_its_end(lines: list[str]):
    assert Positions("\n".join(lines), {}).line_of("zzz") is None
