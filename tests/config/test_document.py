"""Finding and reading the file, variables and overrides."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.config.document import FILE_NAME, MAX_FILE_SIZE, disabled_plugins, parse_document, read_document
from obelisk.errors import ConfigError


def parse(text: str, **environ: str):
    variables = {"HOME": "/home/somebody", **environ}
    return parse_document(text, origin="obelisk.toml", base=Path("/base"), environ=variables, cwd=Path("/cwd"))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_file_of_the_working_directory_comes_before_that_of_the_user(tmp_path):
    write(tmp_path / "obelisk.toml", "here = 1")
    write(tmp_path / "home/.config/obelisk/obelisk.toml", "there = 1")
    document = read_document(None, environ={"HOME": str(tmp_path / "home")}, cwd=tmp_path)
    assert document.tables == {"here": 1}


def test_the_file_of_the_user_is_found(tmp_path):
    write(tmp_path / "home/.config/obelisk/obelisk.toml", "there = 1")
    document = read_document(None, environ={"HOME": str(tmp_path / "home")}, cwd=tmp_path)
    assert document.tables == {"there": 1}
    assert document.base == tmp_path / "home/.config/obelisk"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read the configuration file .*nothing.toml: No such file"):
        read_document(Path("nothing.toml"), environ={"HOME": "/h"}, cwd=tmp_path)


def test_without_a_file_the_places_that_were_looked_at_are_listed(tmp_path):
    with pytest.raises(ConfigError, match=r"looked for .*obelisk.toml, .*; name one with `--config`"):
        read_document(None, environ={"HOME": str(tmp_path)}, cwd=tmp_path)


def test_a_directory_is_no_configuration(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory"):
        read_document(tmp_path, environ={"HOME": "/h"}, cwd=tmp_path)


@pytest.mark.parametrize("where", ["", "home/.config/obelisk"])
def test_a_directory_where_a_configuration_is_looked_for_is_not_passed_over(tmp_path, where):
    (tmp_path / where / FILE_NAME).mkdir(parents=True)
    with pytest.raises(
        ConfigError, match=rf"cannot read the configuration file {tmp_path / where / FILE_NAME}: Is a dir"
    ):
        read_document(None, environ={"HOME": str(tmp_path / "home")}, cwd=tmp_path)


def test_a_link_to_nothing_is_not_passed_over(tmp_path):
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="cannot read the configuration file"):
        read_document(None, environ={"HOME": "/h"}, cwd=tmp_path)


def test_a_huge_file_is_refused(tmp_path):
    path = write(tmp_path / "big.toml", "#" * (MAX_FILE_SIZE + 1))
    with pytest.raises(ConfigError, match=f"is larger than {MAX_FILE_SIZE} bytes"):
        read_document(path, environ={"HOME": "/h"}, cwd=tmp_path)


@pytest.mark.parametrize("content", [b"\xff\x00\x01", b"\x00asm\x0d\x00\x01\x00\x81"])
def test_bytes_that_are_no_text_are_refused(tmp_path, content):
    path = tmp_path / "binary.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_document(path, environ={"HOME": "/h"}, cwd=tmp_path)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "marked.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    read = read_document(path, environ={"HOME": "/h"}, cwd=tmp_path)
    assert read.tables == {"a": 1}
    assert read.text == "a = 1\r\n"


def test_a_second_byte_order_mark_is_no_toml(tmp_path):
    path = tmp_path / "marked.toml"
    path.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbfa = 1")
    with pytest.raises(ConfigError, match=r"marked\.toml:1: not valid TOML"):
        read_document(path, environ={"HOME": "/h"}, cwd=tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_refused_with_what_to_do(tmp_path, encoding):
    path = tmp_path / "wide.toml"
    path.write_text("[api]\n", encoding=encoding)
    with pytest.raises(ConfigError, match=r"wide\.toml is UTF-16 text, expected UTF-8; save it in that encoding"):
        read_document(path, environ={"HOME": "/h"}, cwd=tmp_path)


def test_a_byte_that_is_no_text_is_told_with_its_line(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes("a = 1\r\nb = 'K\xf6ln'\n".encode("latin-1"))
    with pytest.raises(
        ConfigError, match=r"latin\.toml is not UTF-8 text: line 2 holds the byte 0xf6; save it in that"
    ):
        read_document(path, environ={"HOME": "/h"}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[", "obelisk.toml:1: "),
        ("\n\na = ", "obelisk.toml:3: "),
        ("a = 1\r\na = 2\r\n\r\n", "obelisk.toml:2: "),
        ("a = [\n\u2028\x85\n", "obelisk.toml:2: "),
        ("a = " + "[" * 5000 + "]" * 5000, "obelisk.toml: "),
    ],
)
def test_what_is_not_toml_is_refused_with_its_line(text, place):
    with pytest.raises(ConfigError, match=f"^{place}not valid TOML"):
        parse(text)


def test_a_number_with_too_many_digits_is_refused():
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse("a = " + "9" * 5000)


def test_deep_nesting_is_refused():
    with pytest.raises(ConfigError, match="nested more than 64 deep"):
        parse(".".join("a" * 100) + " = 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${NAME}", "value"),
        ("a ${NAME} b ${NAME}", "a value b value"),
        ("${MISSING:-other}", "other"),
        ("${MISSING-other}", "other"),
        ("${EMPTY:-other}", "other"),
        ("${EMPTY-other}", ""),
        ("${EMPTY}", ""),
        ("${MISSING:-}", ""),
        ("$${NAME}", "${NAME}"),
        ("$NAME", "$NAME"),
        ("${DATA_DIR}/x", "/home/somebody/.local/share/obelisk/x"),
        ("${CACHE_DIR}", "/home/somebody/.cache/obelisk"),
        ("${CONFIG_DIR}", "/base"),
    ],
)
def test_variables_are_replaced(text, expected):
    assert parse(f'key = "{text}"', NAME="value", EMPTY="").tables["key"] == expected


def test_variables_are_replaced_in_lists_and_tables():
    assert parse('a = [{ b = "${NAME}" }]', NAME="value").tables == {"a": [{"b": "value"}]}


def test_a_missing_variable_is_named_with_its_key():
    with pytest.raises(
        ConfigError, match=r"`a\[0\].b`: the variable `MISSING` is not set; write `\$\{MISSING:-default\}`"
    ):
        parse('a = [{ b = "${MISSING}" }]')


def test_a_malformed_reference_is_refused():
    with pytest.raises(ConfigError, match=r"`a`: expected `\$\{NAME\}`"):
        parse('a = "${NOT A NAME}"')


def test_the_directories_can_be_set():
    directories = parse("", OBELISK_DATA_DIR="/data", OBELISK_CACHE_DIR="cache").directories
    assert directories.data == Path("/data")
    assert directories.cache == Path("/cwd/cache")


def test_without_a_home_the_directories_have_to_be_set():
    with pytest.raises(ConfigError, match="set `OBELISK_DATA_DIR`"):
        parse_document("", origin="x", base=Path("/"), environ={}, cwd=Path("/"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("true", True),
        ("127.0.0.1:0", "127.0.0.1:0"),
        ('"5"', "5"),
        ("sqlite", "sqlite"),
        ('["a", "b"]', ["a", "b"]),
        ("{ seconds = 1 }", {"seconds": 1}),
        ("1\nother = 2", "1\nother = 2"),
        ("", ""),
    ],
)
def test_an_override_is_a_toml_value_or_else_a_text(text, expected):
    assert parse("", OBELISK__A__B_C=text).tables == {"a": {"b_c": expected}}


def test_an_override_wins_over_the_file():
    assert parse("[a]\nb = 1\nc = 2", OBELISK__A__B="3").tables == {"a": {"b": 3, "c": 2}}


def test_an_override_remembers_its_variable():
    assert parse("", OBELISK__A__B="3").overrides == {"a.b": "OBELISK__A__B"}


@pytest.mark.parametrize("variable", ["OBELISK__", "OBELISK__A__", "OBELISK____B"])
def test_an_override_needs_a_table_and_a_key(variable):
    with pytest.raises(ConfigError, match=f"`{variable}` cannot be applied"):
        parse("", **{variable: "1"})


def test_an_override_cannot_reach_into_a_list():
    with pytest.raises(ConfigError, match="`a` is not a table of the form"):
        parse("[[a]]\nb = 1", OBELISK__A__B="1")


def test_disabled_plugins_are_read_before_anything_is_checked():
    assert disabled_plugins(parse('[plugins]\ndisabled = ["a", "b"]\n[unknown]')) == {"a", "b"}


@pytest.mark.parametrize("text", ["", "plugins = 1", "[plugins]\ndisabled = 1", "[plugins]\ndisabled = [1]"])
def test_malformed_disabled_plugins_are_left_to_the_check(text):
    assert disabled_plugins(parse(text)) == frozenset()
