"""What a program gets, and what its end means."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from obelisk.interfaces.components import Crashed, Returned

TEXTS = ["", "plain", "quote \" and ' and \\", "two\nlines\ttab", "$HOME `id` $(id) *", "żółw 🐢 \u2028", "-n", "\0"]
ECHO_PYTHON = f"""#!{sys.executable}
import json, sys
print(json.dumps([json.loads(argument) for argument in sys.argv[1:]]))
"""
ECHO_STDIN = f"""#!{sys.executable}
import json, sys
print(json.dumps([len(sys.argv) - 1, json.load(open("/dev/stdin"))["params"]]))
"""

LIST_DESCRIPTORS = f"""#!{sys.executable}
import json, os
found = sorted(os.listdir("/proc/self/fd"))
print(json.dumps(found[:3] + ["the directory that is listed"] * len(found[3:])))
"""


def python(text: str) -> str:
    return f"content = {json.dumps(text)}"


# --- parameters -------------------------------------------------------------------------------------------------------


async def test_parameters_are_arguments_and_stdout_is_the_ok_value(tables, open_exec):
    table = tables.file("add.sh", ffqn="tools:sums/sums.add", result="result<u32, string>", a="u32", b="u32")
    async with open_exec(table) as add:
        assert await add.run(40, 2) == Returned({"ok": 42})


async def test_an_exit_code_but_0_makes_an_err_value(tables, open_exec):
    table = tables.file("add.sh", ffqn="tools:sums/sums.add", result="result<u32, string>", a="u32", b="u32")
    async with open_exec(table) as add:
        assert await add.run(1001, 2) == Returned({"err": "1001 is too much"})


async def test_text_goes_through_a_shell_script(tables, open_exec):
    async with open_exec(tables.file("greet.sh", ffqn="tools:hello/hello.greet", name="string")) as greet:
        assert await greet.run("Żółw") == Returned({"ok": "Hello, Żółw!"})


@pytest.mark.parametrize("text", TEXTS)
async def test_any_text_arrives_as_it_is(tables, open_exec, text):
    table = tables.table(
        python(ECHO_PYTHON), ffqn="tools:t/t.echo", result="result<tuple<string, list<string>>>",
        first="string", others="list<string>",
    )  # fmt: skip
    async with open_exec(table) as echo:
        assert await echo.run(text, TEXTS) == Returned({"ok": [text, TEXTS]})


async def test_numbers_arrive_as_they_are(tables, open_exec):
    table = tables.table(
        python(ECHO_PYTHON), ffqn="tools:t/t.echo", result="result<tuple<u64, s64, f64, option<u8>>>",
        a="u64", b="s64", c="f64", d="option<u8>",
    )  # fmt: skip
    async with open_exec(table) as echo:
        values = [2**64 - 1, -(2**63), 0.1, None]
        assert await echo.run(*values) == Returned({"ok": values})


@pytest.mark.parametrize("text", TEXTS)
async def test_any_text_arrives_on_standard_input(tables, open_exec, text):
    table = tables.table(
        python(ECHO_STDIN), "params_via_stdin = true", ffqn="tools:t/t.echo",
        result="result<tuple<u32, tuple<string>>>", said="string",
    )  # fmt: skip
    async with open_exec(table) as echo:
        assert await echo.run(text) == Returned({"ok": [0, [text]]})


async def test_parameters_too_long_for_arguments_are_told_with_the_way_out(tables, open_exec):
    async with open_exec(tables.script("echo 1", said="string")) as activity:
        outcome = await activity.run("x" * 3_000_000)
    assert outcome == Crashed(
        "failed to spawn child process: the parameters are 3000002 bytes, too many for arguments of a program; "
        "set `params_via_stdin = true`",
        retry=False,
    )


async def test_long_parameters_fit_on_standard_input(tables, open_exec):
    table = tables.script("wc -c", "params_via_stdin = true", result="result<u32>", said="string")
    async with open_exec(table) as activity:
        assert await activity.run("x" * 3_000_000) == Returned({"ok": 3_000_000 + len('{"secrets":{},"params":[""]}')})


async def test_standard_input_need_not_be_read(tables, open_exec):
    table = tables.script("exec <&-; echo 1", "params_via_stdin = true", result="result<u32>", said="string")
    async with open_exec(table) as activity:
        assert await activity.run("x" * 3_000_000) == Returned({"ok": 1})


async def test_without_anything_to_say_standard_input_is_empty(tables, open_exec):
    async with open_exec(tables.script("wc -c", result="result<u32>")) as activity:
        assert await activity.run() == Returned({"ok": 0})


# --- surroundings -----------------------------------------------------------------------------------------------------


async def test_the_environment_is_what_the_table_says_and_no_more(tables, open_exec):
    key = 'env_vars = ["FORWARDED", { key = "SET", value = "${OTHER:-default} value" }]'
    table = tables.file("read-env.sh", key, ffqn="tools:env/env.read", result="result<list<string>, string>")
    async with open_exec(table, FORWARDED="from outside", NOT_NAMED="hidden") as read:
        assert await read.run() == Returned({"ok": ["FORWARDED=from outside", "SET=default value"]})


async def test_a_run_has_an_empty_directory_of_its_own(tables, open_exec):
    text = 'test -z "$(ls -A)" || exit 1; touch left; mkdir -p a/b; echo "\\"$(pwd)\\""'
    async with open_exec(tables.script(text)) as activity:
        first, second = await activity.run(), await activity.run()
    assert isinstance(first, Returned)
    assert isinstance(second, Returned)
    assert first.value["ok"] != second.value["ok"]


async def test_a_program_leads_a_session_of_its_own(tables, open_exec):
    text = 'read -r pid name state parent group session rest < /proc/$$/stat; echo "[$pid, $group, $session]"'
    async with open_exec(tables.script(text, result="result<tuple<u32, u32, u32>>")) as activity:
        outcome = await activity.run()
    assert isinstance(outcome, Returned)
    assert len(set(outcome.value["ok"])) == 1


async def test_no_descriptor_but_the_three_is_handed_on(tables, open_exec):
    table = tables.table(python(LIST_DESCRIPTORS), ffqn="tools:t/t.run", result="result<list<string>>")
    async with open_exec(table) as activity:
        assert await activity.run() == Returned({"ok": ["0", "1", "2", "the directory that is listed"]})


async def test_runs_go_on_side_by_side(tables, open_exec, witness):
    text = "trap 'echo $$; exit 0' USR1; exec 3>\"$WITNESS\"; echo $$ >&3; while :; do sleep 1000 & wait; done"
    async with open_exec(tables.script(text, witness.key, result="result<u32>")) as activity:
        runs = [activity.start() for _ in range(3)]
        processes = [await witness.process() for _ in runs]
        for process in processes:
            process.send_signal(signal.SIGUSR1)
        outcomes = [await run.outcome() for run in runs]
    assert sorted(outcome.value["ok"] for outcome in outcomes) == sorted(process.pid for process in processes)


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "result", "value"),
    [
        ("true", "result", {"ok": None}),
        ("false", "result", {"err": None}),
        ("echo null", "result", {"ok": None}),
        ("printf '\\n'", "result<_, string>", {"ok": None}),
        ("echo '\"bad\"'; exit 3", "result<_, string>", {"err": "bad"}),
        ("exit 3", "result<u32>", {"err": None}),
        ("echo '  [1, 2]  '", "result<list<u8>>", {"ok": [1, 2]}),
        (
            "echo '{\"a_b\": 1}'",
            "result<record { a-b: u8, c: option<u8> }>",
            {"ok": {"a_b": 1, "c": None}},
        ),
        ("echo '\"execution_failed\"'; exit 1", "result<u8, enum { execution-failed }>", {"err": "execution_failed"}),
        ("echo 18446744073709551615", "u64", 18446744073709551615),
    ],
)
async def test_stdout_is_a_value_of_the_type(tables, open_exec, text, result, value):
    async with open_exec(tables.script(text, result=result)) as activity:
        assert await activity.run() == Returned(value)


@pytest.mark.parametrize(
    ("text", "result", "reason"),
    [
        ("echo hello", "result<string>", "failed to parse stdout as JSON on exit 0: JSON is malformed"),
        ("echo oh; exit 7", "result<u8, string>", "failed to parse stdout as JSON on exit 7: JSON is malformed"),
        ("true", "result<string>", "failed to parse stdout as JSON on exit 0: found nothing, expected a value"),
        ("exit 2", "result<u8, string>", "failed to parse stdout as JSON on exit 2: found nothing, expected a value"),
        ("printf '\"\\377\"'", "result<string>", "failed to parse stdout as JSON on exit 0: "),
        (
            "echo 256",
            "result<u8>",
            "stdout on exit 0 is no `ok` of `tools:t/t.run: func() -> result<u8>`: at `ok`: expe",
        ),
        (
            "echo 5; exit 1",
            "result<u8, string>",
            "stdout on exit 1 is no `err` of `tools:t/t.run: func() -> result<u8, ",
        ),
        (
            "echo 5",
            "result",
            "stdout on exit 0 is no `ok` of `tools:t/t.run: func() -> result`: at `ok`: expected null",
        ),
        ("yes '[' | head -c 3000 | tr -d '\\n'", "result<string>", "failed to parse stdout as JSON on exit 0: "),
    ],
)
async def test_stdout_that_is_no_such_value_is_fatal(tables, open_exec, text, result, reason):
    async with open_exec(tables.script(text, result=result)) as activity:
        outcome = await activity.run()
    assert isinstance(outcome, Crashed)
    assert (outcome.reason.startswith(reason), outcome.retry) == (True, False), outcome


async def test_what_was_written_is_shown_with_the_failure(tables, open_exec):
    async with open_exec(tables.script("echo Traceback", result="result<u8>")) as activity:
        outcome = await activity.run()
    assert isinstance(outcome, Crashed)
    assert outcome.detail == "stdout: Traceback"


async def test_the_last_lines_of_stderr_are_shown_with_a_failure(tables, open_exec):
    text = "seq 1 100 >&2; printf 'the last words' >&2; echo oh; exit 1"
    async with open_exec(tables.script(text)) as activity:
        outcome = await activity.run()
    assert isinstance(outcome, Crashed)
    lines = [*map(str, range(82, 101)), "the last words"]
    assert outcome.detail == "\n".join(["stdout: oh", "stderr:", *lines])


async def test_without_a_place_for_errors_an_exit_code_is_a_crash_that_may_pass(tables, open_exec):
    async with open_exec(tables.script("echo 1; exit 9", result="u32")) as activity:
        assert await activity.run() == Crashed(
            "program exited with 9, and `tools:t/t.run` returns no `result` to say so"
        )


async def test_a_signal_is_named_and_may_pass(tables, open_exec):
    async with open_exec(tables.script("echo 1; kill -SEGV $$", result="result<u32>")) as activity:
        assert await activity.run() == Crashed("program was killed by SIGSEGV")


async def test_a_real_time_signal_is_numbered(tables, open_exec):
    async with open_exec(tables.script("kill -40 $$", result="result<u32>")) as activity:
        assert await activity.run() == Crashed("program was killed by signal 40")


# --- limits -----------------------------------------------------------------------------------------------------------


async def test_stdout_up_to_its_limit_is_taken(tables, open_exec):
    table = tables.script(
        "head -c 98 /dev/zero | tr '\\0' x | sed 's/.*/\"&\"/' | tr -d '\\n'", "max_output_bytes = 100"
    )
    async with open_exec(table) as activity:
        assert await activity.run() == Returned({"ok": "x" * 98})


async def test_stdout_beyond_its_limit_is_fatal(tables, open_exec):
    table = tables.script("head -c 101 /dev/zero", "max_output_bytes = 100")
    async with open_exec(table) as activity:
        assert await activity.run() == Crashed("stdout exceeded max_output_bytes limit of 100 bytes", retry=False)


async def test_endless_stdout_is_stopped_at_once(tables, open_exec, witness):
    text = 'exec 3>"$WITNESS"; echo $$ >&3; cat /dev/zero'
    async with open_exec(tables.script(text, witness.key)) as activity:
        outcome = await activity.run()
        await witness.line()
        await witness.all_gone()
    assert outcome == Crashed("stdout exceeded max_output_bytes limit of 4096 bytes", retry=False)


# --- starting ---------------------------------------------------------------------------------------------------------


async def test_a_program_that_cannot_be_started_is_fatal(tables, open_exec, tmp_path):
    (tmp_path / "broken").write_bytes(b"\x7fELF and nothing more")
    async with open_exec(tables.file("broken", ffqn="tools:t/t.run"), base=tmp_path) as activity:
        outcome = await activity.run()
    assert isinstance(outcome, Crashed)
    assert (outcome.reason.startswith("failed to spawn child process: "), outcome.retry) == (True, False)
    assert "Exec format error" in outcome.reason


async def test_an_interpreter_that_went_away_is_fatal(tables, open_exec, tmp_path):
    interpreter = tmp_path / "shell"
    interpreter.symlink_to("/bin/sh")
    table = tables.table(f'content = "#!{interpreter}\\necho 1\\n"', ffqn="tools:t/t.run", result="result<u8>")
    async with open_exec(table) as activity:
        assert await activity.run() == Returned({"ok": 1})
        interpreter.unlink()
        outcome = await activity.run()
    assert isinstance(outcome, Crashed)
    assert (outcome.reason.startswith("failed to spawn child process: "), outcome.retry) == (True, False)


async def test_a_deleted_cache_is_written_anew(tables, open_exec, tmp_path):
    async with open_exec(tables.script("echo 1", result="result<u8>")) as activity:
        for path in sorted((tmp_path / "cache" / "exec").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        assert await activity.run() == Returned({"ok": 1})


async def test_a_file_that_changes_while_the_server_runs_changes_nothing(tables, open_exec, tmp_path):
    (tmp_path / "one.sh").write_text("#!/bin/sh\necho 1\n")
    async with open_exec(tables.file("one.sh", ffqn="tools:t/t.run", result="result<u8>"), base=tmp_path) as activity:
        (tmp_path / "one.sh").write_text("#!/bin/sh\necho 2\n")
        assert await activity.run() == Returned({"ok": 1})


async def test_a_place_for_the_directory_that_is_missing_is_fatal(tables, open_exec, monkeypatch):
    async with open_exec(tables.script("echo 1", result="result<u8>")) as activity:
        monkeypatch.setattr("tempfile.tempdir", "/nowhere")
        outcome = await activity.run()
    assert isinstance(outcome, Crashed)
    assert (outcome.reason.startswith("I/O error before the program was started"), outcome.retry) == (True, False)


async def test_a_native_program_is_run_too(tables, open_exec):
    async with open_exec(tables.file("/bin/true", ffqn="tools:t/t.run", result="result")) as activity:
        assert await activity.run() == Returned({"ok": None})


NESTED = """
import os
for _ in range(1200):
    os.mkdir("d")
    os.chdir("d")
"""


@pytest.fixture
def left():
    """Return the directories that were left, and remove them at the end."""

    def found() -> list[Path]:
        return list(Path(tempfile.gettempdir()).iterdir())

    yield found
    subprocess.run(["rm", "-r", *map(str, found())], check=True)


async def test_a_directory_that_is_too_deep_to_be_removed_is_told_of(tables, open_exec, caplog, left):
    script = tables.script(f"{shlex.quote(sys.executable)} -c '{NESTED}' && echo '\"deep\"'")
    async with open_exec(script) as activity:
        assert await activity.run() == Returned({"ok": "deep"})
    (directory,) = left()
    assert f"the directory {directory} of an ended run cannot be removed" in caplog.text
