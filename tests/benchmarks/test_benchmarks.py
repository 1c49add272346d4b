"""The benchmarks work; what they find is no concern of these tests."""

from __future__ import annotations

import subprocess
import sys

import pytest
from msgspec.structs import replace

from benchmarks import machine
from benchmarks.filled import moved
from benchmarks.results import Figure, Measure, Report, Result, Settings
from benchmarks.server import variables
from benchmarks.table import markdown


@pytest.fixture
def run(repository, tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "benchmarks", *arguments]
        return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)

    return run


def test_a_quick_run_writes_a_report_of_what_it_measured(run, tmp_path):
    done = run("run", "serial", "--quick", "--json", str(tmp_path / "report.json"), "--cache", str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    report = Report.read(tmp_path / "report.json")
    assert [(result.workload, result.system) for result in report.results] == [
        ("disk", "bare loop"),
        ("serial", "obelisk"),
    ]
    steps = report.results[1].figures[0]
    assert steps.name == "steps"
    assert len(steps.samples) == len(steps.bare) == report.settings.rounds
    assert min(*steps.samples, *steps.bare) > 0
    assert report.missing == ()
    assert "serial" in done.stdout


def test_a_name_that_is_no_workload_is_told_with_those_that_are(run):
    done = run("run", "serail")
    assert done.returncode == 2
    assert "there is no workload `serail`, expected one of serial, " in done.stderr


def test_a_figure_below_its_target_is_shown_as_missed(settings):
    figure = Figure.of(Measure("steps", "steps/s", target=100.0), [70.0, 80.0, 90.0], [40.0, 40.0, 45.0])
    text = markdown(report_of(settings, figure))
    assert "| serial | obelisk | steps | 80.0 steps/s | 70.0 to 90.0 | 2.00 | >= 100: MISSED, 0.80 of it |" in text


def test_a_time_below_its_target_is_shown_as_met(settings):
    figure = Figure.of(Measure("start", "s", higher_is_better=False, target=0.6), [0.3])
    assert "<= 0.60: met, 0.50 of it" in markdown(report_of(settings, figure))


def test_a_machine_without_the_programs_that_describe_it_is_measured_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = machine.settings(tmp_path, rounds=1, quick=True)
    assert (found.filesystem, found.obelisk) == ("unknown", "unknown")


def test_a_quick_run_says_nothing_of_targets(settings):
    figure = Figure.of(Measure("start", "s", higher_is_better=False, target=0.6), [0.3])
    assert "met" not in markdown(report_of(replace(settings, quick=True), figure))


def test_how_durable_another_system_was_is_shown(settings):
    result = Result(workload="serial", system="peer", durability="a file that is synced", figures=())
    assert "- peer: a file that is synced\n" in markdown(Report(settings=settings, results=(result,)))


def test_a_copied_id_lies_further_in_the_past_and_keeps_what_follows_its_time():
    earlier = '{"child_execution_id":"E_01M8CNRHMMD6S3DBRGYRM7B05E.o:1-fibo_1"}'
    assert moved(earlier, 1) == '{"child_execution_id":"E_01M8CNRHMKD6S3DBRGYRM7B05E.o:1-fibo_1"}'


def test_a_measured_process_keeps_its_compiled_modules_whatever_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in variables(tmp_path, tmp_path)


def report_of(settings: Settings, figure: Figure) -> Report:
    result = Result(workload="serial", system="obelisk", durability="FULL", figures=(figure,))
    return Report(settings=settings, results=(result,))
