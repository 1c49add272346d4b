"""What a configuration means, and what is said about a wrong one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Struct

from obelisk.config.load import config_from_text
from obelisk.config.model import SecretSettings
from obelisk.errors import ConfigError, PluginError
from obelisk.interfaces.provider import Provider

FIBO = '[[activity_wasm]]\nname = "fibo"\nlocation = "fibo.wat"\n'


def test_an_empty_configuration_takes_every_default(load):
    config = load()
    assert config.kernel.api.listening_addr == "127.0.0.1:5005"
    assert config.kernel.workflows.hot_limit is None
    assert config.kernel.timers_watcher.leeway == timedelta(milliseconds=500)
    assert config.components == ()


def test_sqlite_is_the_default_storage(catalog, tmp_path):
    with pytest.raises(ConfigError, match=r"`storage.use`: no storage is named `sqlite` \(installed: store, needy\)"):
        config_from_text("", plugins=catalog, base=tmp_path, environ={"HOME": "/home/somebody"})


def test_defaults_of_a_plugin_are_expanded(load, tmp_path):
    settings = load(OBELISK_DATA_DIR="/data").store.settings
    assert settings.directory == Path("/data/store")
    assert settings.note == "kept in /data"


def test_defaults_in_nested_tables_are_expanded(load):
    assert load(OBELISK_CACHE_DIR="/cache").kernel.wasm.codegen_cache.directory == Path("/cache/codegen")


def test_relative_paths_start_at_the_directory_of_the_file(load, tmp_path):
    assert load('[store]\ndirectory = "here"').store.settings.directory == tmp_path / "here"


def test_a_path_may_start_at_home(load, tmp_path):
    assert load('[store]\ndirectory = "~/there"').store.settings.directory == tmp_path / "home/there"


def test_components_keep_the_order_of_the_file(load):
    config = load(
        '[[workflow_wasm]]\nname = "w"\nlocation = "w.wat"\n' + FIBO + '[[activity_wasm]]\nname = "b"\nlocation = "b"\n'
    )
    assert [entry.settings.name for entry in config.components] == ["w", "fibo", "b"]
    assert [entry.provider.table for entry in config.components] == ["workflow_wasm", "activity_wasm", "activity_wasm"]


def test_component_settings_are_read_with_dotted_durations(load):
    text = FIBO + "exec.lock_expiry.seconds = 3\nmax_retries = 0\nretry_exp_backoff.milliseconds = 7\n"
    settings = load(text + 'retry_max_backoff = "2m"\nretry_jitter = 1\n').components[0].settings
    assert (settings.retry_max_backoff, settings.retry_jitter) == (timedelta(minutes=2), 1.0)
    assert settings.exec.lock_expiry == timedelta(seconds=3)
    assert settings.max_retries == 0
    assert settings.retry_exp_backoff == timedelta(milliseconds=7)


def test_a_union_takes_its_table_form_too(load):
    text = '[[workflow_wasm]]\nname = "w"\nlocation = "w"\nblocking_strategy = { non_blocking_event_batching = 5 }\n'
    assert load(text).components[0].settings.blocking_strategy.non_blocking_event_batching == 5


def test_two_components_with_one_name_are_refused(load):
    with pytest.raises(ConfigError, match="two components are named `fibo`, the other is `activity_wasm"):
        load(FIBO + '[[workflow_wasm]]\nname = "fibo"\nlocation = "w.wat"\n')


def test_a_trigger_is_used_when_it_has_an_entry(load):
    (use,) = load('[[cron]]\nschedule = "@daily"\n').triggers
    assert [entry.settings.schedule for entry in use.entries] == ["@daily"]


def test_a_trigger_without_an_entry_is_not_used(load):
    assert load().triggers == ()


def test_an_exporter_is_used_when_its_table_is_there(catalog_with, tmp_path):
    exporter = Provider("console", "Prints.", Struct, None)
    environ = {"HOME": "/h", "OBELISK__STORAGE__USE": "store"}
    catalog = catalog_with(exporters=[exporter])
    assert config_from_text("", plugins=catalog, base=tmp_path, environ=environ).exporters == ()
    used = config_from_text("[console]", plugins=catalog, base=tmp_path, environ=environ).exporters
    assert [item.provider.name for item in used] == ["console"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[storag]", "`storag`: unknown key, did you mean `storage`?"),
        ("[otlp]", "`otlp`: unknown key; try `pip install obelisk[otlp]`; known here: "),
        ("[[activity_exec]]", "`activity_exec`: unknown key; try `pip install obelisk[exec]`; known here: "),
        ("[workflows]\nhot_limt = 1", "`workflows.hot_limt`: unknown key, did you mean `workflows.hot_limit`?"),
        (
            "[server]\nxyzzy = 1",
            "`server.xyzzy`: unknown key, known here: event_loop, exporter_timeout, shutdown_timeout",
        ),
        ('[operator]\nlistening_addr = "on"', "`listening_addr`: expected `HOST:PORT`"),
        (
            '[operator]\nlistening_addr = "127.0.0.1:5005"',
            "`operator.listening_addr`: found `127.0.0.1:5005`, where `[api]` listens; choose another port",
        ),
        ("[store.inner]\ndeph = 1", "`store.inner.deph`: unknown key, did you mean `store.inner.depth`?"),
        (FIBO + "exec.batchsize = 1", "`activity_wasm[fibo].exec.batchsize`: unknown key, did you mean"),
        ("[[activity_wasm]]\nname = 'a'", "`activity_wasm[a].location`: missing, expected text"),
        ("[[activity_wasm]]\nlocation = 'a'", "`activity_wasm[0].name`: missing, expected text"),
        ("[activity_wasm]", "`activity_wasm`: expected tables of the form `[[activity_wasm]]`, found a table"),
        ("api = 1", "`api`: expected a table, found the number 1"),
        ("[[api]]", "`api`: expected a table, found a list"),
        ("[timers_watcher]\nenabled = 1", "`timers_watcher.enabled`: expected true or false, found the number 1"),
        ("[timers_watcher]\nleeway = 5", '`timers_watcher.leeway`: expected a duration such as `"30s"`'),
        ("[timers_watcher]\nleeway.fortnights = 5", "`timers_watcher.leeway`: expected a duration"),
        (
            "[workflows]\nmax_events_per_run = '5'",
            '`workflows.max_events_per_run`: expected a whole number, found the text "5"',
        ),
        (
            "[workflows]\nmax_events_per_run = true",
            "`workflows.max_events_per_run`: expected a whole number, found true",
        ),
        ("[workflows]\nmax_events_per_run = 0", "`max_events_per_run`: expected at least 1, found 0"),
        ("[retention]\nfinished = '0s'", "`finished`: expected more than nothing and at most 36500 days, found 0 s"),
        ("[retention]\nfinished = '99999d'", "`finished`: expected more than nothing and at most 36500 days"),
        ("[wasm]\nmemory = 'much'", '`wasm.memory`: expected a size such as `"64MiB"`'),
        ("[wasm]\nfuel = 'lots'", '`wasm.fuel`: expected a whole number or "unlimited", found the text "lots"'),
        ("[api]\nlistening_addr = '5005'", "expected `HOST:PORT` with a port of at most 65535, found `5005`"),
        ("[api]\nlistening_addr = 'a:70000'", "expected `HOST:PORT`"),
        ("[store]\ncolour = 'green'", '`store.colour`: expected one of "red", "blue", found the text "green"'),
        ("[store]\ntags = ['a', 2]", "`store.tags[1]`: expected text, found the number 2"),
        ("[store]\ntags = 'a'", "`store.tags`: expected a list, each item text"),
        ("[store]\nlimits = { a = 'b' }", "`store.limits.a`: expected a whole number"),
        ("[store]\ndirectory = ''", "`store.directory`: expected a path"),
        ("[plugins]\ndisabled = 'sqlite'", "`plugins.disabled`: expected a list"),
        (FIBO + "max_retries = -1", "`activity_wasm[fibo]`: `max_retries`: expected at least 0, found -1"),
        (FIBO + f"max_retries = {2**64}", f"`max_retries`: expected at most 4294967295, found {2**64}"),
        (FIBO + 'exec.lock_expiry = "999999999d"', "`lock_expiry`: expected at most 36500 days, found 999999999"),
        (FIBO + 'exec.tick_sleep = "36501d"', "`tick_sleep`: expected at most 36500 days, found 36501"),
        (FIBO + "retry_jitter = 1.01", "`retry_jitter`: expected a number from 0.0 to 1.0, found 1.01"),
        (FIBO + "retry_jitter = nan", "`retry_jitter`: expected a number from 0.0 to 1.0, found nan"),
        ("[storage]\nuse = 'nowhere'", "`storage.use`: no storage is named `nowhere` (installed: store, needy)"),
    ],
)
def test_a_wrong_configuration_says_where_what_and_what_else(load, text, message):
    use = {"OBELISK__STORAGE__USE": "nowhere"} if "nowhere" in text else {}
    with pytest.raises(ConfigError) as caught:
        load(text, **use)
    assert message in str(caught.value)


def test_every_problem_is_told_at_once(load):
    with pytest.raises(ConfigError) as caught:
        load("[workflows]\nhot_limt = 1\nrun_ahead = 'yes'\n[wasm]\nmemory = -1\n[nothing_like_this_is_known]\n")
    assert [line.partition("`: ")[0] for line in str(caught.value).splitlines()] == [
        "configuration:2: `workflows.hot_limt",
        "configuration:3: `workflows.run_ahead",
        "configuration:5: `wasm.memory",
        "configuration:6: `nothing_like_this_is_known",
    ]


def test_a_storage_that_is_not_used_may_lack_its_required_keys(load):
    assert load().store.provider.name == "store"


def test_a_storage_that_is_used_needs_its_required_keys(load):
    with pytest.raises(ConfigError, match=r"`needy.url`: missing, expected text"):
        load(storage="needy")


def test_a_table_that_two_claim_is_refused(catalog_with, tmp_path):
    catalog = catalog_with(exporters=[Provider("store", "Clashes.", Struct, None)])
    message = "the table `store` is claimed by the storage `store` and by the exporter `store`"
    with pytest.raises(PluginError, match=message):
        config_from_text("", plugins=catalog, base=tmp_path, environ={"HOME": "/h"})


def test_a_plugin_cannot_claim_a_table_of_the_kernel(catalog_with, tmp_path):
    catalog = catalog_with(exporters=[Provider("api", "Clashes.", Struct, None)])
    with pytest.raises(PluginError, match="the table `api` is claimed by the kernel and by the exporter `api`"):
        config_from_text("", plugins=catalog, base=tmp_path, environ={"HOME": "/h"})


def test_secrets_have_names_and_variables(load):
    assert load('[secrets]\nAPI_KEY = { env = "KEY" }').kernel.secrets == {"API_KEY": SecretSettings("KEY")}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("API_KEY = {}", "`secrets.API_KEY.env`: missing, expected text"),
        ('API_KEY = "hunter2"', "`secrets.API_KEY`: expected a table, found a text"),
        ('API_KEY = { env = "" }', "`secrets.API_KEY`: `env`: expected the name of a variable, found ``"),
        ('"api-key" = { env = "A" }', "`secrets.api-key`: expected a name of letters, digits and `_`"),
    ],
)
def test_a_wrong_secret_says_what_was_expected(load, table, message):
    with pytest.raises(ConfigError) as caught:
        load(f"[secrets]\n{table}")
    assert message in str(caught.value)


@pytest.mark.parametrize("value", ["true", "false", f'{{ "a.b" = "sha256:{"0" * 64}" }}'])
def test_programs_are_allowed_by_a_key_outside_of_tables(load, value):
    allowed = load(f"allow_exec_activities = {value}").kernel.allow_exec_activities
    assert allowed == {"true": True, "false": False}.get(value, {"a.b": "sha256:" + "0" * 64})


def test_an_override_may_allow_programs(load):
    assert load(OBELISK__ALLOW_EXEC_ACTIVITIES="true").kernel.allow_exec_activities is True


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"yes"', '`allow_exec_activities`: expected true or false or a table, found the text "yes"'),
        ("{ a = 1 }", "`allow_exec_activities.a`: expected text, found the number 1"),
        (
            '{ a = "sha256:1" }',
            "`allow_exec_activities.a`: expected `sha256:` and 64 hexadecimal digits, found `sha256:1`",
        ),
    ],
)
def test_a_wrong_permission_says_what_was_expected(load, value, message):
    with pytest.raises(ConfigError) as caught:
        load(f"allow_exec_activities = {value}")
    assert message in str(caught.value)
