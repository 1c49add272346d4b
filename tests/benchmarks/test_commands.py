"""Bad input, full disks and signals end a command with a message; what was measured, and no process, is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.__main__ import benchmarks, chosen
from benchmarks.bench import Bench
from benchmarks.client import connected
from benchmarks.errors import BenchmarkError
from benchmarks.places import fibo
from benchmarks.report_file import ReportFile
from benchmarks.results import Figure, Measure, Report

MEASURE = Measure("steps", "steps/s")
STOPPED_WHILE_IT_RUNS = """
import asyncio, os
from pathlib import Path
from benchmarks.interrupts import run_until_interrupted
from benchmarks.server import running

async def main(directory):
    with running(["sleep", "600"], os.environ, directory / "log") as process:
        print(process.pid, flush=True)
        await asyncio.Event().wait()

try:
    run_until_interrupted(main(Path.cwd()))
except KeyboardInterrupt:
    print("interrupted")
"""


def invoked(*arguments: object) -> Result:
    return CliRunner().invoke(benchmarks, list(map(str, arguments)))


def test_a_report_into_a_directory_that_is_not_there_is_refused_before_anything_is_measured(tmp_path: Path):
    done = invoked("run", "nested", "--json", tmp_path / "nowhere" / "report.json", "--cache", tmp_path / "cache")
    assert done.exit_code == 1
    assert done.output.endswith(f"report.json: there is no directory {tmp_path / 'nowhere'}\n")
    assert not (tmp_path / "cache").exists()


def test_a_report_that_cannot_be_written_is_told_and_ends_nothing(report: Report):
    said: list[str] = []
    file = ReportFile(Path("/dev/full"), said.append)
    file.check()
    file.take(report)
    assert said == ["the report could not be written to /dev/full: No space left on device"]
    assert file.is_behind
    assert file.report == report


def test_a_report_takes_the_place_of_the_one_before_it(report: Report, tmp_path: Path):
    path = tmp_path / "report.json"
    path.write_text("what was there before")
    ReportFile(path, print).take(report)
    assert Report.read(path) == report
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    done = invoked("run", "nested", "--cache", file / "below")
    assert done.exit_code == 1
    assert f"error: nothing can be kept in {file / 'below'}: Not a directory; `--cache` names another" in done.output


def test_a_name_given_twice_is_measured_once():
    assert [workload.NAME for workload in chosen(("nested", "serial", "nested"))] == ["nested", "serial"]


@pytest.mark.parametrize("rates", [(1.0, 2.0), (0.0,)])
def test_a_figure_whose_rates_of_the_disk_do_not_fit_is_no_figure(rates: tuple[float, ...]):
    with pytest.raises(ValueError, match="`steps` has 1 samples, expected as many rates of the disk, above 0"):
        Figure.of(MEASURE, [1.0], rates)


def test_a_file_that_is_no_report_is_told(tmp_path: Path):
    path = tmp_path / "report.json"
    path.write_text('{"settings": {}}')
    done = invoked("show", path)
    assert done.exit_code == 2
    assert f"{path} is no report of a run: Object missing required field" in done.output


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)])
def test_a_run_that_is_asked_to_stop_leaves_no_process(
    signals: tuple[signal.Signals, ...], repository: Path, tmp_path: Path
):
    command = [sys.executable, "-c", STOPPED_WHILE_IT_RUNS]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = int(process.stdout.readline())
        for one in signals:
            process.send_signal(one)
        assert process.stdout.read() == "interrupted\n"
    with pytest.raises(ProcessLookupError):
        os.kill(started, 0)


async def test_a_server_that_ends_while_it_is_measured_is_told(tmp_path: Path):
    bench = Bench(tmp_path, tmp_path, rounds=1, quick=True)
    with (
        pytest.raises(BenchmarkError, match="the server ended with -9 while it was measured"),
        bench.server(fibo()) as server,
    ):
        async with connected(server.address) as client:
            os.kill(server.pid, signal.SIGKILL)
            await client.page()


@pytest.fixture
def report(settings) -> Report:
    return Report(settings=settings, results=())
