"""What a table says, and what is said about a wrong one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from obelisk_exec import obelisk_register_activity_kind
from obelisk_exec.settings import ExecActivitySettings

from obelisk.core.events import ComponentRole
from obelisk.errors import ComponentError, ConfigError
from obelisk.interfaces.components import Returned

FFQN = 'ffqn = "tools:t/t.run"\n'
SCRIPT = 'content = "#!/bin/sh"\n'
WIT = """
package tools:text@1.0.0;
interface words {
  use shapes:base/shapes.{size};
  record words { all: list<string>, longest: size }
  resource reader { next: func() -> string; }
  split: func(text: string) -> result<words, string>;
  read: func(source: borrow<reader>) -> result;
}
"""
SHAPES = "package shapes:base;\ninterface shapes { type size = u32; }\n"


def test_the_kind_is_offered():
    (kind,) = obelisk_register_activity_kind()
    assert (kind.name, kind.table, kind.role) == ("exec", "activity_exec", ComponentRole.ACTIVITY)
    assert kind.settings is ExecActivitySettings


def test_listing_the_plugin_imports_nothing_heavy():
    program = (
        "import sys, obelisk_exec; "
        "print([m for m in ('wasmtime', 'obelisk_exec.run', 'obelisk.wit.parser') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


async def test_a_component_is_called_after_its_function(tables, open_exec):
    async with open_exec(tables.script("true")) as opened:
        component = opened.activity.component
    assert (component.id.name, component.role, component.pure) == ("t.run", ComponentRole.ACTIVITY, False)
    assert [interface.name for interface in component.exports] == ["tools:t/t"]
    assert component.world.imports == ()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (FFQN, "expected either `location` or `content`, found neither"),
        (FFQN + SCRIPT + 'location = "x"', "expected either `location` or `content`, found both"),
        (SCRIPT, "`activity_exec[0].ffqn`: missing, expected text"),
        ('ffqn = "run"\n' + SCRIPT, "`ffqn`: found `run`, expected `namespace:package/interface[@version].function`"),
        (FFQN + 'content = "echo 1"', "`content`: expected a script that begins with `#!` and its interpreter"),
        (FFQN + SCRIPT + 'return_type = "nothing"', "`return_type`: WIT type, line 1, column 1: found the unknown type"),
        (FFQN + SCRIPT + 'params = [{ name = "a", type = "u7" }]', "`activity_exec[0].params[0]`: `type`: WIT type"),
        (FFQN + SCRIPT + 'wit = "wit"\nreturn_type = "u8"', "`wit`: found beside `params` or `return_type`"),
        (FFQN + SCRIPT + "max_output_bytes = 0", "`max_output_bytes`: expected at least 1, found 0"),
        (FFQN + SCRIPT + "max_retries = -1", "`max_retries`: expected at least 0, found -1"),
        (FFQN + SCRIPT + 'param_via_stdin = true', "unknown key, did you mean `activity_exec[0].params_via_stdin`?"),
        (FFQN + 'content = "#!/bin/sh\\necho ${1}"', "write `$${` for a plain `${`"),
    ],
)  # fmt: skip
async def test_a_wrong_table_says_what_was_expected(open_exec, table, message):
    with pytest.raises(ConfigError) as caught:
        async with open_exec(f"[[activity_exec]]\n{table}"):
            raise AssertionError("it opened")
    assert message in str(caught.value)


# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"echo 1\n", "expected a script that begins with `#!`, or an executable, at {path}, found neither"),
        (b"", "expected a script that begins with `#!`, or an executable, at {path}, found nothing"),
        (b"#!/no/such/shell\n", "the first line of {path} names the interpreter `/no/such/shell`, found no such file"),
        (
            b"#!/etc/passwd\n",
            "the first line of {path} names the interpreter `/etc/passwd`, found one that is not exec",
        ),
        (b"#!/etc\n", "the first line of {path} names the interpreter `/etc`, found one that is not executable"),
        (b"#!sh\n", "the first line of {path} names the interpreter `sh`, expected an absolute path"),
        (b"#!\n", "the first line of {path} names the interpreter ``, expected an absolute path"),
        (b"#!/bin/sh\r\necho 1\r\n", "the first line of {path} ends with CR LF, expected LF alone"),
        (b"#!/bin/sh " + b"x" * 300, "the first line of {path} is 310 bytes long, expected at most 255"),
    ],
)
async def test_a_file_that_cannot_be_run_is_a_start_up_error(tables, open_exec, tmp_path, content, message):
    path = tmp_path / "program"
    path.write_bytes(content)
    with pytest.raises(ComponentError) as caught:
        async with open_exec(tables.file("program", ffqn="tools:t/t.run"), base=tmp_path):
            raise AssertionError("it opened")
    assert f"component `t.run`: {message.format(path=path)}" in str(caught.value)


async def test_a_file_that_is_missing_is_a_start_up_error(tables, open_exec, tmp_path):
    with pytest.raises(
        ComponentError, match=r"component `t\.run`: expected a component file at .*gone\.sh, found nothing"
    ):
        async with open_exec(tables.file("gone.sh", ffqn="tools:t/t.run"), base=tmp_path):
            raise AssertionError("it opened")


async def test_a_script_need_not_be_executable_since_a_copy_is_run(tables, open_exec, tmp_path):
    (tmp_path / "one.sh").write_text("#!/bin/sh\necho 1\n")
    (tmp_path / "one.sh").chmod(0o600)
    async with open_exec(tables.file("one.sh", ffqn="tools:t/t.run", result="result<u8>"), base=tmp_path) as activity:
        assert await activity.run() == Returned({"ok": 1})


async def test_a_cache_that_cannot_be_written_is_a_start_up_error(tables, open_exec, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "exec").write_text("a file")
    with pytest.raises(ComponentError, match=r"component `t\.run`: cannot write the program to .*cache/exec"):
        async with open_exec(tables.script("true")):
            raise AssertionError("it opened")


async def test_a_variable_that_is_not_set_is_a_start_up_error(tables, open_exec):
    table = tables.script("true", 'env_vars = ["NOT_SET", "SET"]')
    with pytest.raises(ComponentError) as caught:
        async with open_exec(table, SET="1"):
            raise AssertionError("it opened")
    assert "component `t.run`: `env_vars` forwards `NOT_SET` from the server's environment, where it is" in str(
        caught.value
    )


# --- WIT directories --------------------------------------------------------------------------------------------------


def wit_table(function: str) -> str:
    content = '#!/bin/sh\\necho \'{\\"all\\": [], \\"longest\\": 0}\'\\n'
    return f'[[activity_exec]]\nffqn = "tools:text/words@1.0.0.{function}"\nwit = "wit"\ncontent = "{content}"\n'


@pytest.fixture
def wit(tmp_path):
    """A directory with WIT files."""
    (tmp_path / "wit" / "deps" / "shapes").mkdir(parents=True)
    (tmp_path / "wit" / "words.wit").write_text(WIT)
    (tmp_path / "wit" / "deps" / "shapes" / "shapes.wit").write_text(SHAPES)
    return tmp_path


async def test_a_function_may_come_from_wit_files(open_exec, wit):
    async with open_exec(wit_table("split"), base=wit) as opened:
        (interface,) = opened.activity.component.exports
        assert [function.name for function in interface.functions] == ["split"]
        assert [definition.name for definition in interface.types] == ["size", "words"]
        assert await opened.run("a text") == Returned({"ok": {"all": [], "longest": 0}})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "join",
            "no function `tools:text/words@1.0.0.join` in the WIT files of {wit}, found `tools:text/words@1.0.0.split`",
        ),
        ("read", "`tools:text/words@1.0.0.read` has a type that has no values, such as a resource or a stream"),
    ],
)
async def test_a_function_that_wit_files_do_not_have_is_a_start_up_error(open_exec, wit, function, message):
    with pytest.raises(ComponentError) as caught:
        async with open_exec(wit_table(function), base=wit):
            raise AssertionError("it opened")
    assert message.format(wit=wit / "wit") in str(caught.value)


async def test_a_wrong_wit_file_is_named_with_the_place(open_exec, wit):
    (wit / "wit" / "deps" / "shapes" / "shapes.wit").write_text("package shapes:base;\ninterface {}")
    with pytest.raises(ComponentError, match=r"component `words\.split`: .*shapes\.wit, line 2, column 11: found `{`"):
        async with open_exec(wit_table("split"), base=wit):
            raise AssertionError("it opened")


async def test_a_wit_directory_that_is_missing_is_named(open_exec, tmp_path):
    with pytest.raises(ComponentError, match=r"expected a directory with files `\*\.wit` at .*wit, found no directory"):
        async with open_exec(wit_table("split"), base=tmp_path):
            raise AssertionError("it opened")
