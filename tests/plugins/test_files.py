"""Plugins that are one file, named by the configuration."""

from __future__ import annotations

import linecache
import os
import subprocess
import sys
from pathlib import Path

import pytest

from obelisk.config.document import parse_document, plugin_files
from obelisk.config.load import decode_document
from obelisk.config.model import Config
from obelisk.errors import ConfigError, PluginError
from obelisk.plugins import Origin, PluginInfo, Plugins
from obelisk.plugins.files import file_plugin
from obelisk.testing.engine import engine_harness

EXPORTER = '''
from contextlib import asynccontextmanager

from msgspec import Struct

from obelisk import hookimpl
from obelisk.interfaces.provider import Provider


class MineSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Mine.

    * ``label``: a text.
    """

    label: str = "mine"


@asynccontextmanager
async def open_mine(settings, host):
    yield None


@hookimpl
def obelisk_register_exporter():
    return [Provider("mine", "Takes signals.", MineSettings, open_mine)]
'''
TABLE = '[storage]\nuse = "memory"\n[plugins]\nfiles = ["./mine.py"]\n[mine]\nlabel = "yours"\n'


@pytest.fixture
def write(tmp_path: Path):
    def to_file(text: str, name: str = "mine.py") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return to_file


def configured(base: Path, toml: str = TABLE) -> Config:
    document = parse_document(toml, origin="obelisk.toml", base=base, environ={"HOME": "/h"}, cwd=base)
    return decode_document(document, Plugins.load(environ={}, files=plugin_files(document)))


def listed(path: Path, **options) -> PluginInfo:
    infos = Plugins.load(environ={}, files=[path], **options).infos
    return next(info for info in infos if info.distribution == str(path))


def problem(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        configured(path.parent, TABLE.replace("mine.py", path.name))
    (first, *_) = str(caught.value).splitlines()
    return first


def test_a_file_beside_the_configuration_is_a_plugin(write, tmp_path):
    write(EXPORTER)
    (used,) = configured(tmp_path).exporters
    assert (used.provider.name, used.settings.label) == ("mine", "yours")


UNREADABLE = (
    "complex",
    "type[int]",
    "Unreadable",
    "tuple[int, complex]",
    "dict[str, complex]",
    "int | UnsetType",
    "NoSuch",
)


@pytest.mark.parametrize("hint", UNREADABLE)
def test_a_setting_of_a_type_that_cannot_be_read_is_told_with_the_plugin(write, hint):
    text = EXPORTER.replace("Struct\n", "Struct, UnsetType\n", 1).replace('str = "mine"', hint)
    path = write(text.replace("class Mine", "class Unreadable:\n    pass\n\n\nclass Mine", 1))
    told = problem(path)
    assert f"plugin `mine` from {path} does not load: `MineSettings" in told
    assert (
        "NameError: name 'NoSuch'" if hint == "NoSuch" else "`MineSettings.label`, a key of `mine`, is of the type"
    ) in told


def test_a_setting_that_cannot_be_read_harms_no_other_plugin(write):
    path = write(EXPORTER.replace('str = "mine"', "complex = 1j"))
    plugins = Plugins.load(environ={}, files=[path])
    assert listed(path).origin is Origin.BROKEN
    assert plugins.storages.find("memory") is not None
    assert plugins.exporters.find("mine") is None


def test_it_is_listed_with_its_path(write):
    path = write(EXPORTER)
    info = listed(path)
    assert (info.name, info.origin, info.offers) == ("mine", Origin.FILE, ("exporter:mine",))


def test_a_file_that_did_not_change_is_run_once(write):
    path = write("import sys\nsys.count_of_a_test = getattr(sys, 'count_of_a_test', 0) + 1\n")
    listed(path)
    listed(path)
    assert sys.__dict__.pop("count_of_a_test") == 1


def test_a_file_that_changed_is_run_again(write):
    listed(write(EXPORTER))
    assert listed(write(EXPORTER.replace('"mine", "T', '"other", "T'))).offers == ("exporter:other",)


def test_a_disabled_file_is_not_run(write):
    path = write("raise AssertionError")
    assert listed(path, disabled=["mine"]).origin is Origin.DISABLED


def test_nothing_is_written_beside_a_file(write, tmp_path):
    listed(write(EXPORTER))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(:\n", "SyntaxError: invalid syntax (mine.py, line 1)"),
        ("\n\n1 / 0\n", "ZeroDivisionError: division by zero (line 3 of "),
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name' (line 1 of "),
        ("import sys\nsys.exit(4)\n", "SystemExit: 4 (line 2 of "),
        ("raise BaseException('base')\n", "BaseException: base (line 1 of "),
        ("import asyncio\nraise asyncio.CancelledError\n", "CancelledError (line 2 of "),
        ("# coding: nothing\n", "SyntaxError"),
        (EXPORTER.replace("_exporter()", "_eksporter()"), "did you mean `obelisk_register_exporter`?"),
        (EXPORTER.replace("_exporter()", "_exporter(what)"), "has the parameter `what`, expected none"),
        (EXPORTER.replace("return [", "raise KeyError(["), "SyntaxError: "),
        (EXPORTER.replace("return [", "1 / 0\n    return ["), "obelisk_register_exporter: ZeroDivisionError"),
        (EXPORTER.replace("return [", "return 5 or ["), "obelisk_register_exporter: TypeError"),
        (EXPORTER.replace("return [", "raise BaseException\n    return ["), "obelisk_register_exporter: BaseException"),
    ],
)
def test_a_file_that_does_not_work_is_an_error_that_says_why_and_what_to_do(write, text, expected):
    path = write(text)
    told = problem(path)
    assert told.startswith(f"obelisk.toml:4: `plugins.files[0]`: plugin `mine` from {path} does not load: ")
    assert expected in told
    assert told.endswith("correct the file, or take it out of `[plugins] files`")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    assert f"expected a file of Python at {tmp_path / 'mine.py'}, found nothing" in problem(tmp_path / "mine.py")


def test_a_directory_is_no_plugin(tmp_path):
    (tmp_path / "mine.py").mkdir()
    assert "found a directory" in problem(tmp_path / "mine.py")


def test_a_file_has_the_suffix_of_python(write):
    assert "expected a file of Python such as `my_plugin.py`, found the name `mine.txt`" in problem(
        write("", "mine.txt")
    )


def test_two_plugins_of_one_name_are_refused_with_what_to_do(write):
    path = write(EXPORTER, "sqlite.py")
    with pytest.raises(PluginError) as caught:
        Plugins.load(environ={}, files=[path])
    assert str(caught.value) == (
        f"two plugins are named `sqlite`, one from obelisk-sqlite and one from {path}; rename the file"
    )


def test_a_file_that_nobody_loaded_is_not_passed_over(write, tmp_path):
    write(EXPORTER)
    document = parse_document(TABLE, origin="obelisk.toml", base=tmp_path, environ={"HOME": "/h"}, cwd=tmp_path)
    with pytest.raises(ConfigError, match=r"mine\.py was not loaded"):
        decode_document(document, Plugins.load(environ={}))


def test_all_that_is_wrong_is_told_at_once(write, tmp_path):
    write("1 / 0\n")
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, '[plugins]\nfiles = ["mine.py", "nowhere.py"]\n[api]\nlistening_addr = "x"\n')
    assert [line.split("`")[1] for line in str(caught.value).splitlines()] == [
        "plugins.files[0]", "plugins.files[1]", "api",
    ]  # fmt: skip


def test_why_a_file_does_not_load_is_told_once_and_pointed_to(write, tmp_path):
    path = write("1 / 0\n")
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, '[storage]\nuse = "other"\n[plugins]\nfiles = ["mine.py"]\n[mine]\n[yours]\n')
    lines = str(caught.value).splitlines()
    pointing = f"; plugin `mine` from {path} does not load"
    assert [(line.count("ZeroDivisionError"), pointing in line) for line in lines] == [
        (0, True), (1, False), (0, True), (0, True),
    ]  # fmt: skip


def test_what_is_no_list_of_texts_is_an_error_of_the_key(tmp_path):
    for wrong in ('"mine.py"', "[1]", '[""]', "{ a = 1 }"):
        with pytest.raises(ConfigError, match=r"`plugins\.files"):
            configured(tmp_path, f"[plugins]\nfiles = {wrong}\n")


def test_a_name_is_that_of_its_file():
    assert file_plugin(Path("/somewhere/my_plugin.py")).name == "my_plugin"


def test_a_server_with_a_wrong_file_prints_one_message(write, tmp_path):
    write("1 / 0\n")
    (tmp_path / "obelisk.toml").write_text(TABLE)
    command = [sys.executable, "-m", "obelisk", "server", "run"]
    ended = subprocess.run(command, cwd=tmp_path, env={**os.environ}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "ZeroDivisionError: division by zero (line 1 of" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_the_harness_for_tests_loads_the_files_of_its_configuration(write, tmp_path):
    write(EXPORTER.replace("yield None", "raise ConnectionError('was opened')\n    yield"))
    with pytest.raises(PluginError, match="was opened"):
        async with engine_harness(TABLE, base=tmp_path, directory=tmp_path):
            pass


def test_a_file_that_is_named_by_a_variable_that_is_not_there_is_a_problem_of_its_key(tmp_path):
    problems: list[str] = []
    toml = '[plugins]\nfiles = ["${NOT_SET}/mine.py"]\n'
    document = parse_document(
        toml, origin="obelisk.toml", base=tmp_path, environ={"HOME": "/h"}, cwd=tmp_path, problems=problems
    )
    assert plugin_files(document) == ()
    assert [text.partition(":")[0] for text in problems] == ["`plugins.files[0]`"]


def test_verify_tells_of_a_wrong_file_with_its_line(write, tmp_path):
    write("1 / 0\n")
    (tmp_path / "obelisk.toml").write_text(TABLE)
    command = [sys.executable, "-m", "obelisk", "server", "verify"]
    ended = subprocess.run(command, cwd=tmp_path, env={**os.environ}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"{tmp_path / 'obelisk.toml'}:4: `plugins.files[0]`: plugin `mine` from" in ended.stdout + ended.stderr


def test_the_module_of_a_file_has_a_loader_from_which_tracebacks_get_their_lines(write):
    path = write(EXPORTER)
    module = file_plugin(path).load()
    assert module.__spec__ is not None
    assert module.__spec__.loader is not None
    assert module.__spec__.origin == module.__file__ == str(path)
    assert linecache.updatecache(str(path), vars(module)) == EXPORTER.splitlines(keepends=True)
