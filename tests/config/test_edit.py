"""Changing a configuration file without disturbing what people wrote."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.config.edit import add_entry, escaped, set_locations, write_file
from obelisk.config.expand import Directories, Expander
from obelisk.errors import ConfigError

TEXT = """\
# Mine.
[server] # the server
shutdown_timeout = '1s'

[[activity_wasm]]   # the first
name = "a"          # its name
location = 'a.wasm' # where
max_retries = 1
"""


def test_an_entry_is_added_behind_everything():
    text, entry = add_entry(TEXT, "activity_wasm", {"name": "b", "location": "b.wasm"})
    assert entry == '[[activity_wasm]]\nname = "b"\nlocation = "b.wasm"\n'
    assert text == f"{TEXT}\n{entry}"


def test_an_entry_is_added_to_an_empty_file():
    text, entry = add_entry("", "workflow_wasm", {"name": "b"})
    assert text == entry == '[[workflow_wasm]]\nname = "b"\n'


def test_an_entry_belongs_to_its_table_wherever_that_began():
    text, _ = add_entry(f'{TEXT}\n[[workflow_wasm]]\nname = "w"\n', "activity_wasm", {"name": "b"})
    tables = tomllib.loads(text)
    assert [entry["name"] for entry in tables["activity_wasm"]] == ["a", "b"]
    assert [entry["name"] for entry in tables["workflow_wasm"]] == ["w"]


def test_an_entry_may_join_a_list():
    text, _ = add_entry('activity_wasm = [{ name = "a" }] # all\n', "activity_wasm", {"name": "b"})
    assert tomllib.loads(text) == {"activity_wasm": [{"name": "a"}, {"name": "b"}]}
    assert "# all" in text


def test_tables_in_an_entry_stay_in_it():
    keys = {"name": "b", "exec": {"lock_expiry": "1s"}, "allowed_host": [{"pattern": "p", "methods": ["GET"]}]}
    text, entry = add_entry(TEXT, "activity_wasm", keys)
    assert entry.count("[[") == 1
    assert tomllib.loads(text)["activity_wasm"][1] == keys


plain = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc\"'.[]# ", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("ab-_", min_size=1), plain, max_size=4))
def test_whatever_is_added_is_read_again(keys):
    text, _ = add_entry(TEXT, "activity_wasm", keys)
    tables = tomllib.loads(text)
    assert tables["activity_wasm"][1] == keys
    assert tables["server"] == {"shutdown_timeout": "1s"}


def test_a_table_of_another_form_is_an_error():
    with pytest.raises(ConfigError, match=r"expected tables of the form `\[\[server\]\]`, found a table"):
        add_entry(TEXT, "server", {"name": "b"})


def test_what_is_no_toml_is_an_error():
    with pytest.raises(ConfigError, match="not valid TOML"):
        add_entry("[", "activity_wasm", {"name": "b"})


def test_a_location_is_replaced_and_nothing_else():
    assert set_locations(TEXT, {("activity_wasm", 0): "oci://x"}) == TEXT.replace("'a.wasm'", '"oci://x"')


def test_a_location_in_a_list_is_replaced():
    text = 'activity_wasm = [\n  { location = "a", name = "a" }, # one\n  { location = "b", name = "b" },\n]\n'
    assert set_locations(text, {("activity_wasm", 1): "c"}) == text.replace('location = "b"', 'location = "c"')


SCATTERED = """# first
[[activity_wasm]]
name = "a"
location = "old-a" # kept

# between
[[workflow_wasm]]
name = "w"
location = "old-w"
text = '''
[[activity_wasm]]
'''
lists = [
  [[1]],
]

[server]
x = 1

# last
[[activity_wasm]]
name = "b"
location = "old-b"
[activity_wasm.below]
location = "below"
[[activity_wasm.belows]]
location = "below"
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_entries_with_others_between_them_stay_where_they_are(end):
    text = SCATTERED.replace("\n", end)
    changed = set_locations(text, {("activity_wasm", 0): "A", ("activity_wasm", 1): "B", ("workflow_wasm", 0): "W"})
    assert changed == text.replace("old-a", "A").replace("old-b", "B").replace("old-w", "W")


@given(st.text("${}:-AB_", max_size=20))
def test_an_escaped_text_means_itself(text):
    directories = Directories(Path("/d"), Path("/c"), Path("/x"), None)
    assert Expander({"A": "secret"}, directories).text(escaped({"k": [text]})["k"][0]) == text


def test_a_file_is_replaced_with_its_mode(tmp_path):
    path = tmp_path / "obelisk.toml"
    path.write_text("a")
    path.chmod(0o640)
    write_file(path, "b")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("b", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file.toml").write_text("a")
    link = tmp_path / "obelisk.toml"
    link.symlink_to("real/file.toml")
    write_file(link, "b")
    assert link.is_symlink()
    assert (tmp_path / "real" / "file.toml").read_text() == "b"


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot write the configuration file .*gone\.toml"):
        write_file(tmp_path / "gone.toml", "b")
