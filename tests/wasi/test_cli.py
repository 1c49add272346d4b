"""``wasi:cli``, called by a guest: environment, exit, standard streams, terminals."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.core.events import FailureKind
from tests.wasi.probing import Probe, open_probe

VARIABLES = 'env_vars = [{ key = "COLOR", value = "blue" }, { key = "EMPTY", value = "" }]'


async def test_the_environment_is_what_the_table_says(wasi_probe: Path, tmp_path: Path):
    async with open_probe(wasi_probe, tmp_path, keys=VARIABLES) as probe:
        assert await probe.run("result = environment.get_environment()") == [["COLOR", "blue"], ["EMPTY", ""]]
        assert await probe.run("result = dict(os.environ)") == {"COLOR": "blue", "EMPTY": ""}


async def test_there_are_no_arguments_and_no_directory_to_start_in(probe: Probe):
    assert await probe.run("result = [environment.get_arguments(), environment.initial_cwd()]") == [[], None]


@pytest.mark.parametrize(
    ("call", "status"),
    [("exit.exit(Ok(None))", 0), ("exit.exit(Err(None))", 1), ("sys.stdout.flush(); os._exit(7)", 1)],
)
async def test_a_guest_that_exits_has_not_returned(probe: Probe, call: str, status: int):
    failure = await probe.failure(call)
    assert (failure.kind, failure.reason) == (
        FailureKind.UNCATEGORIZED, f"activity exited with status {status} instead of returning",
    )  # fmt: skip


async def test_standard_input_is_empty(probe: Probe):
    script = """
stream = stdin.get_stdin()
result = [stream.subscribe().ready()]
try:
    stream.blocking_read(1)
except Err as end:
    result.append(end.value)
"""
    assert await probe.run(script) == [True, {"case": "StreamError_Closed"}]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_standard_stream_takes_bytes_and_may_be_taken_again(probe: Probe, stream: str):
    script = f"""
for _ in range(3):
    stream = {stream}.get_{stream}()
    permitted = stream.check_write()
    stream.write(b"a line")
    stream.flush()
    stream.blocking_write_and_flush(b"\\n")
    ready = stream.subscribe().ready()
result = [permitted > 0, ready]
"""
    assert await probe.run(script) == [True, True]


async def test_there_is_no_terminal(probe: Probe):
    calls = [f"terminal_{name}.get_terminal_{name}()" for name in ("stdin", "stdout", "stderr")]
    assert await probe.run(f"result = [{', '.join(calls)}]") == [None, None, None]


async def test_the_last_lines_of_standard_error_tell_why_a_guest_gave_up(probe: Probe):
    failure = await probe.failure("class Unforeseen(BaseException): pass\nraise Unforeseen('the reason')")
    assert failure.detail is not None
    assert "stderr:\nTraceback" in failure.detail
    assert "Unforeseen: the reason" in failure.detail
