"""Secrets reach the program, and nobody else."""

from __future__ import annotations

import hashlib
import json
import logging

import pytest

from obelisk.errors import ComponentError, ConfigError
from obelisk.interfaces.components import Crashed, Returned, StreamLine, StreamType

PASSWORD = "correct horse battery staple"
HEAD = 'allow_exec_activities = true\nsecrets = { PASSWORD = { env = "THE_PASSWORD" }, OTHER = { env = "OTHER" } }\n'


@pytest.fixture
def exposing(tables, open_exec):
    """Open the script that gives its secret away."""
    table = tables.file("expose-secrets.sh", 'secrets = ["PASSWORD"]', ffqn="tools:leaks/leaks.expose", how="string")
    return open_exec(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another")


async def test_a_program_gets_its_secrets_on_standard_input(exposing):
    async with exposing as activity:
        expected = hashlib.sha256(PASSWORD.encode()).hexdigest()
        assert await activity.run("hash") == Returned({"ok": expected})


async def test_a_program_gets_those_that_it_names_and_its_parameters(tables, open_exec):
    table = tables.script(
        "tr -d '\\n' | sha256sum | sed 's/\\(.*\\)  -/\"\\1\"/'", 'secrets = ["PASSWORD"]', "params_via_stdin = true",
        first="u8", second="list<string>",
    )  # fmt: skip
    expected = '{"secrets":{"PASSWORD":"correct horse battery staple"},"params":[1,["a"]]}'
    async with open_exec(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another") as activity:
        assert await activity.run(1, ["a"]) == Returned({"ok": hashlib.sha256(expected.encode()).hexdigest()})


async def test_secrets_are_neither_arguments_nor_variables(tables, open_exec):
    text = "if cat /proc/$$/environ /proc/$$/cmdline | grep -q horse; then echo true; else echo false; fi"
    table = tables.script(text, 'secrets = ["PASSWORD"]', result="result<bool>")
    async with open_exec(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another") as activity:
        assert await activity.run() == Returned({"ok": False})


async def test_a_secret_is_hidden_in_lines(exposing):
    async with exposing as activity:
        run = activity.start("stderr")
        assert await run.outcome() == Returned({"ok": "told"})
    assert run.logged == [StreamLine(StreamType.STDERR, b"the password is ***")]


@pytest.mark.parametrize("place", ["ok", "err"])
async def test_a_secret_is_hidden_in_results(exposing, place):
    async with exposing as activity:
        assert await activity.run(place) == Returned({place: "the password is ***"})


@pytest.mark.parametrize("how", ["no JSON", "wrong type", "key"])
async def test_a_secret_is_hidden_in_failures(exposing, how):
    async with exposing as activity:
        outcome = await activity.run(how)
    assert isinstance(outcome, Crashed)
    assert "horse" not in outcome.reason + str(outcome.detail)
    assert "***" in str(outcome.detail)


async def test_a_secret_is_hidden_in_last_words(tables, open_exec):
    table = tables.script("cat >&2; kill -TERM $$", 'secrets = ["PASSWORD"]')
    async with open_exec(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another") as activity:
        outcome = await activity.run()
    assert outcome == Crashed("program was killed by SIGTERM", 'stderr:\n{"secrets":{"PASSWORD":"***"},"params":[]}')


async def test_a_secret_is_nowhere_in_the_log_of_an_execution(tables, open_engine, caplog):
    table = tables.file(
        "expose-secrets.sh", 'secrets = ["PASSWORD"]', "max_retries = 1", ffqn="tools:leaks/leaks.expose", how="string"
    )
    caplog.set_level(logging.DEBUG)
    async with open_engine(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another") as harness:
        for how in ("stderr", "ok", "err", "no JSON", "wrong type", "key"):
            execution_id = await harness.submit("tools:leaks/leaks.expose", how)
            await harness.result(execution_id)
            assert "horse" not in repr(await harness.log(execution_id))
        assert "horse" not in repr(harness.engine.config)
    assert "horse" not in caplog.text


async def test_a_secret_that_nobody_declared_is_a_start_up_error(tables, open_exec):
    table = tables.script("echo 1", 'secrets = ["PASWORD"]')
    with pytest.raises(
        ComponentError, match=r"component `t\.run`: found the unknown secret `PASWORD`, known are `PASSW"
    ):
        async with open_exec(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another"):
            raise AssertionError("it opened")


async def test_a_secret_whose_variable_is_missing_is_a_start_up_error(tables, open_exec):
    with pytest.raises(ConfigError, match=r"`secrets\.OTHER\.env`: the variable `OTHER` is not set"):
        async with open_exec(tables.script("echo 1"), head=HEAD, THE_PASSWORD=PASSWORD):
            raise AssertionError("it opened")


async def test_the_variable_of_a_secret_cannot_be_forwarded(tables, open_exec):
    table = tables.script("echo 1", 'env_vars = ["THE_PASSWORD"]')
    with pytest.raises(
        ComponentError, match=r"forwards `THE_PASSWORD` .* the variables of `\[secrets\]` are not there"
    ):
        async with open_exec(table, head=HEAD, THE_PASSWORD=PASSWORD, OTHER="another"):
            raise AssertionError("it opened")


async def test_the_digest_does_not_depend_on_the_value(tables, open_exec):
    digests = set()
    for password in ("one value", "another value"):
        table = tables.script("echo 1", 'secrets = ["PASSWORD"]')
        async with open_exec(table, head=HEAD, THE_PASSWORD=password, OTHER=json.dumps(password)) as activity:
            digests.add(activity.digest)
    assert len(digests) == 1
