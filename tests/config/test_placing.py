"""Where what is wrong comes from: a line of the file, or a variable of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.config.document import parse_document, plugin_files
from obelisk.config.labels import entry_labels
from obelisk.config.load import decode_document
from obelisk.config.placing import Places
from obelisk.errors import ComponentError, ConfigError, LinkError, ServerError, StorageError
from obelisk.plugins import Plugins

FIBO = '[[activity_wasm]]\nname = "fibo"\nlocation = "fibo.wasm"\n'


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins.load(environ={})


def told(plugins: Plugins, toml: str = "", **environ: str) -> list[str]:
    """Return the problems of a configuration."""
    environ["HOME"] = "/h"
    base = Path("/base")
    with pytest.raises(ConfigError) as caught:
        decode_document(parse_document(toml, origin="o.toml", base=base, environ=environ, cwd=base), plugins)
    return str(caught.value).splitlines()


def test_problems_have_their_lines_in_the_order_of_the_file(plugins: Plugins):
    toml = '[wasm]\nmemory = "x"\n[unknown]\n' + FIBO + 'max_retries = "many"\n[api]\ntls.certificate = "c"\n'
    assert [line.partition("`: ")[0] for line in told(plugins, toml)] == [
        "o.toml:2: `wasm.memory",
        "o.toml:3: `unknown",
        "o.toml:7: `activity_wasm[fibo].max_retries",
        "o.toml:9: `api.tls.key",
    ]


def test_a_reference_that_cannot_be_replaced_has_its_line(plugins: Plugins):
    assert told(plugins, FIBO + 'env_vars = ["${NOPE_NOPE}"]')[0].startswith(
        "o.toml:4: `activity_wasm[0].env_vars[0]`: "
    )


@pytest.mark.parametrize(
    ("variable", "value", "path", "said"),
    [
        ("WORKFLOWS__HOT_LIMT", "1", "workflows.hot_limt", "set by the environment variable"),
        ("WORKFLOWS__HOT_LIMIT", "-1", "workflows", "set by the environment variable"),
        ("WORKFLOWS", "{ hot_limt = 1 }", "workflows.hot_limt", "set by the environment variable"),
        ("ACTIVITY_WASM", '[{ name = "a" }]', "activity_wasm[a].location", "set by the environment variable"),
        ("API__LISTENING_ADDR", "${NOPE_NOPE}", "api.listening_addr", "set by the environment variable"),
        ("STORAGE__USE", "sqlit", "storage.use", "set by the environment variable"),
        ("NOTHING_LIKE_THIS__X", "1", "nothing_like_this", "the environment variable"),
        ("API__TLS__CERTIFICATE", "c.pem", "api.tls.key", "the environment variable"),
    ],
)
def test_a_value_of_a_variable_is_told_with_the_variable_and_no_line(
    plugins: Plugins, variable: str, value: str, path: str, said: str
):
    name = f"OBELISK__{variable}"
    (line,) = told(plugins, **{name: value})
    assert line.startswith(f"`{path}`: ")
    assert f"({said} `{name}`" in line


def test_a_variable_that_cannot_be_applied_stands_in_no_file(plugins: Plugins):
    (line,) = told(plugins, "", OBELISK__A__="1")
    assert line.startswith("the environment variable `OBELISK__A__` cannot be applied: ")


def test_a_value_that_a_variable_replaces_has_no_line_in_the_file(plugins: Plugins):
    (line,) = told(plugins, '[api]\nlistening_addr = "127.0.0.1:0"\n', OBELISK__API__LISTENING_ADDR="nowhere")
    assert line.startswith("`api`: `listening_addr`: ")
    assert line.endswith("(set by the environment variable `OBELISK__API__LISTENING_ADDR`)")


def test_a_table_of_the_file_that_a_variable_adds_to_is_told_with_both(plugins: Plugins):
    toml = '[otlp]\nendpoint = "http://127.0.0.1:4317"\n[otlp.unknown]\n'
    (line,) = told(plugins, toml, OBELISK__OTLP__UNKNOWN__X="1")
    assert line.startswith("o.toml:3: `otlp.unknown`: unknown key")
    assert line.endswith("(the environment variable `OBELISK__OTLP__UNKNOWN__X` sets `otlp.unknown.x`)")


def test_a_key_that_is_missing_in_the_file_is_not_put_down_to_a_variable(plugins: Plugins):
    (line,) = told(plugins, '[api.tls]\ncertificate = "c.pem"\n', OBELISK__API__TLS__CERTIFICATE="d.pem")
    assert line == "o.toml:1: `api.tls.key`: missing, expected a path"


def test_components_of_one_name_are_told_at_the_lines_of_each(plugins: Plugins):
    wrong = 'max_retries = "many"\n'
    assert [line.partition("`: ")[0] for line in told(plugins, (FIBO + wrong) * 2 + FIBO * 2)] == [
        "o.toml:4: `activity_wasm[fibo].max_retries",
        "o.toml:8: `activity_wasm[1].max_retries",
        "o.toml:13: `activity_wasm[3].name",
    ]


def test_two_components_of_one_name_name_each_other(plugins: Plugins):
    workflow = FIBO.replace("activity", "workflow")
    assert told(plugins, FIBO + workflow) == [
        "o.toml:5: `workflow_wasm[fibo].name`: two components are named `fibo`, the other is `activity_wasm[fibo]`; "
        "rename one of them"
    ]


def test_no_two_entries_are_called_the_same():
    entries = [{"name": "a"}, {"name": "1"}, {}, {"name": "a"}, {"name": "b]"}, 5, {"name": "\u00e9.x"}, {"name": ""}]
    assert entry_labels(entries) == ("a", "1", "2", "3", "4", "5", "\u00e9.x", "7")


def test_an_error_of_a_start_has_the_line_of_the_component_that_it_names(plugins: Plugins):
    toml = '\n[[activity_exec]]\nffqn = "a:b/c.run"\nparams = []\nlocation = "run.sh"\nreturn_type = "result"\n' + FIBO
    document = parse_document(toml, origin="o.toml", base=Path("/base"), environ={"HOME": "/h"}, cwd=Path("/base"))
    places = Places.of(document, decode_document(document, plugins))
    told = [
        places.of_error(error)
        for error in (
            ComponentError("component `c.run`: found nothing\ncomponent `fibo` (x): found nothing\n  at all"),
            LinkError("component `fibo` imports `x:y/z`"),
            ConfigError("`api.listening_addr`: everybody reaches it"),
            StorageError("the database of `fibo` is full"),
            StorageError("`/base/activity_exec.sqlite` is in use"),
            ServerError("`activity_wasm[fibo].name`: taken"),
        )
    ]
    assert told == [
        "o.toml:5: component `c.run`: found nothing\no.toml:9: component `fibo` (x): found nothing\n  at all",
        "o.toml:7: component `fibo` imports `x:y/z`",
        "`api.listening_addr`: everybody reaches it",
        "the database of `fibo` is full",
        "`/base/activity_exec.sqlite` is in use",
        "o.toml:8: `activity_wasm[fibo].name`: taken",
    ]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ('""', '""'),
        ('"a b.c"', "a b.c"),
        ("'back`tick'", '"back\\u0060tick"'),
        ('"new\\nline"', '"new\\nline"'),
        ('"\\u00e9t\\U000000e9"', "été"),
        ('"esc\\u001b"', '"esc\\u001b"'),
    ],
)
def test_a_key_of_any_characters_has_its_line_and_is_told_in_one(plugins: Plugins, key: str, path: str):
    (line,) = told(plugins, f"# first\n{key} = 1\n")
    assert line.startswith(f"o.toml:2: `{path}`: unknown key")
    (inner,) = told(plugins, f"# first\n[api]\nlistening_addr = '127.0.0.1:0'\n{key} = 1\n")
    assert inner.startswith(f"o.toml:4: `api.{path}`: unknown key")
    (unset,) = told(plugins, f"# first\n[nothing]\n{key} = '${{NOPE_NOPE}}'\n")
    assert unset.startswith(f"o.toml:3: `nothing.{path}`: the variable")


def test_a_value_of_any_characters_is_told_in_one_line(plugins: Plugins):
    (line,) = told(plugins, 'workflows.hot_limit = "a\\nb\\u001b[31m\\u0000"\n')
    assert line.endswith(r'found the text "a\nb\u001b[31m\u0000"')


def test_a_file_that_is_no_plugin_has_the_index_that_it_has_in_the_list(tmp_path: Path):
    toml = 'plugins.files = [1, "", "a.py", "a.py"]\n'
    document = parse_document(toml, origin="o.toml", base=tmp_path, environ={"HOME": "/h"}, cwd=tmp_path)
    with pytest.raises(ConfigError) as caught:
        decode_document(document, Plugins.load(environ={}, files=plugin_files(document)))
    assert [line.partition(": ")[2].partition("`:")[0] for line in str(caught.value).splitlines()] == [
        "`plugins.files[2]", "`plugins.files[0]", "`plugins.files[1]",
    ]  # fmt: skip
