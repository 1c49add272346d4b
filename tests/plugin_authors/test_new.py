"""``obelisk plugins new`` writes packages that work: they are installed, checked, and their tests are run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from obelisk.cli.main import cli
from obelisk.errors import InputError
from obelisk.plugins import taken_distributions
from obelisk.scaffold.plugins.project import PluginKind, write_plugin
from tests.docs.fences import Language, blocks_of
from tests.plugin_authors.conftest import Author

KINDS = [kind.value for kind in PluginKind]
LEAST_TESTS = {"storage": 200, "source": 10, "trigger": 10, "exporter": 10, "activity": 20}
LONG_NAME = "a-name-of-forty-letters-which-is-longest"


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Author:
    """Somebody who wrote a plugin of each kind, and installed all of them."""
    author = Author(tmp_path_factory.mktemp("author"), tmp_path_factory.mktemp("site"))
    for kind in KINDS:
        made = author.obelisk("plugins", "new", f"my-{kind}", "--kind", kind)
        assert made.code == 0, made.printed
    author.install([author.home / f"obelisk-my-{kind}" for kind in KINDS])
    return author


def new(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", "new", *arguments])


def taken(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


@pytest.mark.parametrize("kind", KINDS)
def test_its_tests_are_the_suite_of_the_kind_and_pass(author, kind):
    ended = author.python("pytest", "-q", "-p", "no:cacheprovider", within=author.home / f"obelisk-my-{kind}")
    passed = re.search(r"^(\d+) passed in ", ended.stdout, re.MULTILINE)
    assert ended.code == 0, ended.printed
    assert passed is not None
    assert int(passed[1]) >= LEAST_TESTS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_its_types_fit(author, mypy_cache, kind):
    ended = author.python("mypy", "--cache-dir", str(mypy_cache), within=author.home / f"obelisk-my-{kind}")
    assert ended.code == 0, ended.printed


def test_its_style_is_that_of_its_own_configuration(author):
    for command in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        ended = author.python("ruff", *command, ".")
        assert ended.code == 0, ended.printed


def test_a_long_name_does_not_spoil_its_style(author, tmp_path):
    for kind in PluginKind:
        write_plugin(LONG_NAME, kind, directory=tmp_path / kind.value, taken={})
    ended = author.python("ruff", "check", "--no-cache", ".", within=tmp_path)
    assert ended.code == 0, ended.printed


def test_it_has_no_problem_when_it_is_checked(author):
    ended = author.obelisk("plugins", "check", *[f"my_{kind}" for kind in KINDS])
    assert (ended.code, ended.stdout) == (0, "5 plugins checked, no problem found\n")


def test_it_is_listed_with_what_it_offers(author):
    infos = map(json.loads, author.obelisk("plugins", "--json").stdout.splitlines())
    assert {info["name"]: info["offers"] for info in infos if info["name"].startswith("my_")} == {
        "my_storage": ["storage:my_storage"],
        "my_source": ["component_source:my-source"],
        "my_trigger": ["trigger:my_trigger"],
        "my_exporter": ["exporter:my_exporter"],
        "my_activity": ["activity_kind:activity_my_activity"],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_configuration_that_its_readme_shows_is_read(author, kind):
    readme = author.home / f"obelisk-my-{kind}/README.md"
    directory = author.home / f"reads-{kind}"
    (directory / "components").mkdir(parents=True)
    (directory / "components/mine.wasm").write_text(
        (Path(__file__).parents[2] / "examples/wat/fibo_activity.wat").read_text()
    )
    (directory / "greeting.py").write_text("async def run(params, log):\n    return 'hello'\n")
    stub = '\n[[activity_stub]]\nffqn = "shop:orders/orders.take"\nparams = [{ name = "text", type = "string" }]\n'
    toml = blocks_of(readme, Language.TOML)[0] + (stub if kind == "trigger" else "")
    (directory / "obelisk.toml").write_text(toml)
    ended = author.obelisk("server", "verify", within=directory)
    assert (ended.code, ended.stdout) == (0, "Server configuration was verified\n"), ended.printed


def test_it_uses_nothing_but_what_plugins_may_use(author):
    allowed = re.compile(r"obelisk( |\.(interfaces|core\.events|core\.state|names|ids|clock|errors)\b|_my_)")
    modules = list(author.home.glob("obelisk-my-*/obelisk_my_*/*.py"))
    imports = [line for path in modules for line in path.read_text().splitlines() if re.match(r"\s*from obelisk", line)]
    assert len(imports) > 30
    assert [line for line in imports if not allowed.match(line.strip().removeprefix("from "))] == []


def test_what_is_next_is_printed(tmp_path):
    directory = tmp_path / "here"
    assert new("my-thing", "--kind", "exporter", "--directory", str(directory)).output == (
        f"Wrote the plugin `my_thing` to {directory}. Now:\n  cd {directory}\n  pip install -e '.[dev]'\n  pytest\n"
    )


def test_what_was_written_is_told_as_json(tmp_path):
    made = json.loads(new("obelisk-my-thing", "--kind", "source", "-d", str(tmp_path / "it"), "--json").output)
    assert (made["name"], made["distribution"]) == ("my_thing", "obelisk-my-thing")
    assert made["files"] == [path for path in taken(tmp_path / "it") if (tmp_path / "it" / path).is_file()]


@pytest.mark.parametrize(
    "name", ["", "My-Store", "1st", "a--b", "-a", "a-", "a b", "../a", "a/b", "ä", "a.b", "x" * 41, "obelisk-"]
)
def test_a_name_that_cannot_be_is_refused(tmp_path, name):
    result = new("--kind", "source", "--directory", str(tmp_path / "it"), "--", name)
    assert result.exit_code == 1
    assert "error: cannot name a plugin" in result.output
    assert taken(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "kind", "owner"),
    [
        ("sqlite", "exporter", "the storage `sqlite`"),
        ("server", "storage", "the kernel"),
        ("exec", "activity", "the component kind `exec`"),
        ("cron", "trigger", "the trigger `cron`"),
    ],
)
def test_a_name_whose_table_is_taken_is_refused(tmp_path, name, kind, owner):
    result = new(name, "--kind", kind, "--directory", str(tmp_path / "it"))
    assert result.exit_code == 1
    assert f"is that of {owner}; choose another name" in result.output
    assert taken(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "kind"), [("sqlite", "activity"), ("http-webhook", "trigger"), ("obelisk-oci", "activity")]
)
def test_a_name_whose_distribution_is_taken_is_refused(tmp_path, name, kind):
    result = new(name, "--kind", kind, "--directory", str(tmp_path / "it"))
    assert result.exit_code == 1
    distribution = f"obelisk-{name.removeprefix('obelisk-')}"
    assert f"the distribution `{distribution}` of a plugin called" in result.output
    assert "is there already; choose another name" in result.output
    assert taken(tmp_path) == []


def test_the_name_of_a_plugin_of_ours_is_refused_though_it_is_not_installed(tmp_path):
    with pytest.raises(InputError, match=r"the distribution `obelisk-cron` of a plugin called `cron` is there already"):
        write_plugin("cron", PluginKind.STORAGE, directory=tmp_path / "it", taken={}, distributions={"obelisk-cron"})
    assert "obelisk-cron" in taken_distributions(())


def test_a_directory_with_something_in_it_is_left_as_it_is(tmp_path):
    (tmp_path / "it").mkdir()
    (tmp_path / "it/mine").write_text("mine")
    result = new("my-thing", "--kind", "source", "--directory", str(tmp_path / "it"))
    assert result.exit_code == 1
    assert f"{tmp_path / 'it'} is there already and holds `mine`, expected nothing" in result.output
    assert taken(tmp_path) == ["it", "it/mine"]


def test_an_empty_directory_is_filled(tmp_path):
    assert new("my-thing", "--kind", "source", "--directory", str(tmp_path)).exit_code == 0
    assert "pyproject.toml" in taken(tmp_path)


def test_a_file_in_the_way_is_left_as_it_is(tmp_path):
    (tmp_path / "it").write_text("mine")
    assert "is there already" in new("my-thing", "--kind", "source", "-d", str(tmp_path / "it")).output
    assert (tmp_path / "it").read_text() == "mine"


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("mine")
    result = new("my-thing", "--kind", "source", "--directory", str(tmp_path / "file/it"))
    assert result.exit_code == 1
    assert "nothing was written" in result.output
    assert taken(tmp_path) == ["file"]
