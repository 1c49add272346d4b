"""Nothing is run that the operator did not allow."""

from __future__ import annotations

import re
import tomllib

import pytest

from obelisk.errors import ComponentError, ConfigError
from obelisk.interfaces.components import Returned

OTHER = "sha256:" + "0" * 64


async def refusal(opening) -> str:
    """Return why a component is not opened."""
    with pytest.raises(ComponentError) as caught:
        async with opening:
            raise AssertionError("it opened")
    return str(caught.value)


async def digest(opening) -> str:
    """Return the digest of an allowed component."""
    async with opening as activity:
        return activity.digest


@pytest.mark.parametrize("head", ["", "allow_exec_activities = false\n", "allow_exec_activities = {}\n"])
async def test_without_permission_a_component_is_a_start_up_error(tables, open_exec, head):
    table = tables.script("echo 1", result="result<u8>")
    found = await digest(open_exec(table))
    message = await refusal(open_exec(table, head=head))
    assert message == (
        "component `t.run` runs a program outside of a sandbox, which `allow_exec_activities` does not allow; its digest is "
        f'{found}; to allow it, write `allow_exec_activities."t.run" = "{found}"` above the first table of the configuration'
    )


async def test_the_line_that_is_told_allows_it(tables, open_exec):
    table = tables.script("echo 1", result="result<u8>")
    line = re.search(r"write `(.*?)` above", await refusal(open_exec(table, head="")))[1]
    assert tomllib.loads(line) == {"allow_exec_activities": {"t.run": await digest(open_exec(table))}}
    async with open_exec(table, head=line + "\n") as activity:
        assert await activity.run() == Returned({"ok": 1})


async def test_a_table_that_is_there_gets_one_more_line(tables, open_exec):
    table = tables.script("echo 1", result="result<u8>")
    head = f'allow_exec_activities.other = "{OTHER}"\n'
    line = re.search(
        r"to allow it, write `(.*?)` into `allow_exec_activities`", await refusal(open_exec(table, head=head))
    )[1]
    async with open_exec(table, head=f"{head}allow_exec_activities.{line}\n") as activity:
        assert await activity.run() == Returned({"ok": 1})


async def test_another_digest_is_a_start_up_error_with_both(tables, open_exec):
    table = tables.script("echo 1")
    found = await digest(open_exec(table))
    message = await refusal(open_exec(table, head=f'allow_exec_activities."t.run" = "{OTHER}"\n'))
    assert message == (
        f"component `t.run` has the digest {found}, but `allow_exec_activities` allows {OTHER}; if what it runs was "
        f'meant to change, write `"t.run" = "{found}"` there'
    )


async def test_a_script_that_changed_is_no_longer_allowed(tables, open_exec, tmp_path):
    (tmp_path / "one.sh").write_text("#!/bin/sh\necho 1\n")
    table = tables.file("one.sh", ffqn="tools:t/t.run", result="result<u8>")
    head = f'allow_exec_activities."t.run" = "{await digest(open_exec(table, base=tmp_path))}"\n'
    async with open_exec(table, base=tmp_path, head=head) as activity:
        assert await activity.run() == Returned({"ok": 1})
    (tmp_path / "one.sh").write_text("#!/bin/sh\necho 2\n")
    assert "has the digest" in await refusal(open_exec(table, base=tmp_path, head=head))


@pytest.mark.parametrize("value", ['"yes"', "1", '{ "t.run" = "sha256:12" }', '{ "t.run" = 1 }', '["sha256:12"]'])
async def test_a_wrong_permission_is_an_error(tables, open_exec, value):
    with pytest.raises(ConfigError, match=r"`allow_exec_activities.*: expected") as caught:
        async with open_exec(tables.script("echo 1"), head=f"allow_exec_activities = {value}\n"):
            raise AssertionError("it opened")
    assert "found" in str(caught.value)


# --- digests ----------------------------------------------------------------------------------------------------------


async def test_the_digest_changes_with_what_is_run(tables, open_exec):
    script, head = tables.script, 'allow_exec_activities = true\nsecrets = { A = { env = "A" } }\n'
    different = [
        script("echo 1"),
        script("echo 2"),
        script("echo 1", result="result<u8>"),
        script("echo 1", a="u8"),
        script("echo 1", "params_via_stdin = true"),
        script("echo 1", 'secrets = ["A"]'),
        script("echo 1", 'env_vars = ["A_VARIABLE"]'),
        script("echo 1", 'env_vars = [{ key = "A_VARIABLE", value = "1" }]'),
        script("echo 1", 'env_vars = [{ key = "A_VARIABLE", value = "2" }]'),
    ]
    digests = [await digest(open_exec(table, head=head, A="a", A_VARIABLE="1")) for table in different]
    assert len(set(digests)) == len(different)


async def test_the_digest_is_the_same_however_often_and_long_it_may_try(tables, open_exec):
    plain = await digest(open_exec(tables.script("echo 1")))
    for key in ("max_retries = 1", "max_output_bytes = 10", 'exec.lock_expiry = "5s"', 'name = "other"'):
        assert await digest(open_exec(tables.script("echo 1", key))) == plain


async def test_the_digest_is_that_of_the_content_wherever_it_lies(tables, open_exec, tmp_path):
    (tmp_path / "one.sh").write_text("#!/bin/sh\necho 1\n")
    located = tables.file("one.sh", ffqn="tools:t/t.run")
    assert await digest(open_exec(located, base=tmp_path)) == await digest(open_exec(tables.script("echo 1")))


async def test_the_digest_does_not_depend_on_what_is_forwarded(tables, open_exec):
    table = tables.script("echo 1", 'env_vars = ["A_VARIABLE"]')
    assert await digest(open_exec(table, A_VARIABLE="1")) == await digest(open_exec(table, A_VARIABLE="2"))
