"""Other engines are measured, or reported as missing; no engine is needed here: a program of the tests stands for one."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from benchmarks.bench import Bench
from benchmarks.peer import PeerError
from benchmarks.peers import PEERS, dbos
from benchmarks.peers.command import peers
from benchmarks.peers.environment import DIRECTORY_VARIABLE, INSTALL, PROGRAMS, Environment
from benchmarks.peers.installation import install
from benchmarks.peers.processes import started
from benchmarks.peers.program import Ready, Setting, parsed, program
from benchmarks.peers.syncs import counted
from benchmarks.results import Figure
from benchmarks.run import Options, run
from benchmarks.shared_work import SharedWork, Timings

WORK = SharedWork(name="serial", workflows=2, steps=3)
SETTINGS = (Setting("journal_mode", "wal"),)
PEER_PROGRAM = """
import asyncio
from exchange import Setting, Timings, serve

async def run(work):
    if sys.argv[1:] == ["waits"]:
        await asyncio.to_thread(sys.stdin.readline)
    return Timings(1.5, (0.25,) * (work.workflows * work.steps), (0.75,) * min(work.workflows, 2))

asyncio.run(serve([Setting("journal_mode", "wal")], run))
"""


@pytest.fixture
def peer_program(tmp_path) -> list[str]:
    """The command of a program that says timings of its own, by the exchange of the real ones."""
    path = tmp_path / "program.py"
    path.write_text(f"import sys\nsys.path.insert(0, {str(PROGRAMS)!r})\n{PEER_PROGRAM}")
    return [sys.executable, str(path)]


@pytest.fixture
def nothing_installed(tmp_path, monkeypatch) -> Path:
    """A directory of peers that is empty."""
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path / "peers"))
    return tmp_path / "peers"


async def test_a_program_does_the_work_each_time_that_it_is_told(peer_program, tmp_path):
    async with program("peer", peer_program, tmp_path, settings=SETTINGS) as opened:
        found = [await opened.run(WORK), await opened.run(WORK)]
    assert found == [Timings(wall_seconds=1.5, step_seconds=(0.25,) * 6, workflow_seconds=(0.75,) * 2)] * 2


async def test_a_program_ends_with_its_input(peer_program, tmp_path):
    async with started("peer", peer_program, tmp_path, spoken_to=True) as running:
        pass
    assert running.process.returncode == 0


async def test_a_peer_that_is_set_otherwise_than_promised_is_not_measured(peer_program, tmp_path):
    with pytest.raises(PeerError, match="peer runs with journal_mode=wal, expected journal_mode=delete"):
        async with program("peer", peer_program, tmp_path, settings=(Setting("journal_mode", "delete"),)):
            pass


async def test_a_program_that_ends_before_it_is_ready_is_told_with_what_it_said(tmp_path):
    command = [sys.executable, "-c", "import sys; sys.exit('no module named dbos')"]
    with pytest.raises(PeerError, match="peer ended with 1; its log ends with:\nno module named dbos"):
        async with program("peer", command, tmp_path):
            pass


async def test_the_end_of_a_peers_server_is_told_though_its_program_waits_on(peer_program, tmp_path):
    async with started("server", ["sleep", "600"], tmp_path) as server:
        with pytest.raises(PeerError, match="server ended with -9 in the midst of its work"):
            async with program("peer", [*peer_program, "waits"], tmp_path, settings=SETTINGS, beside=server) as opened:
                server.process.kill()
                await opened.run(WORK)


async def test_a_program_that_is_not_there_is_told(tmp_path):
    with pytest.raises(PeerError, match=r"peer could not be started: .*No such file"):
        async with program("peer", [str(tmp_path / "nothing")], tmp_path):
            pass


async def test_a_program_that_does_other_work_than_it_was_told_is_not_measured(peer_program, tmp_path):
    with pytest.raises(PeerError, match="peer did 2 workflows and 9 steps, expected 3 and 9"):
        async with program("peer", peer_program, tmp_path, settings=SETTINGS) as opened:
            await opened.run(SharedWork(name="concurrent", workflows=3, steps=3))


def test_a_sync_that_another_thread_interrupts_counts_once():
    log = "7 fsync(3) = 0\n7 fdatasync(4 <unfinished ...>\n8 fsync(5) = 0\n7 <... fdatasync resumed>) = 0\n"
    assert counted(log) == 3


def test_a_line_of_a_program_is_parsed():
    line = b'{"settings": [{"name": "fsync", "value": "on"}]}\n'
    assert parsed(line, Ready) == Ready((Setting("fsync", "on"),))


def test_a_line_that_says_something_else_is_told():
    with pytest.raises(PeerError, match=r"a program said b'Traceback\\n', expected Timings: "):
        parsed(b"Traceback\n", Timings)


def test_a_peer_that_is_not_installed_is_listed_with_what_installs_it(nothing_installed):
    done = CliRunner().invoke(peers, ["list"])
    lines = done.output.splitlines()
    assert len(lines) == len(PEERS)
    assert all(f"is not installed in {nothing_installed}" in line for line in lines)
    assert all(f"`{INSTALL}` installs it" in line for line in lines)


async def test_a_peer_that_is_not_installed_is_missing_in_the_report(nothing_installed, tmp_path):
    options = Options(rounds=1, quick=True, peers=True, cache=tmp_path / "cache")
    made = await run([Nothing()], options, say=lambda text: None, told=lambda report: None)
    assert [one.name.removeprefix("serial on ") for one in made.report.missing] == [
        "dbos-sqlite",
        "dbos-sqlite-wal",
        "dbos-postgresql",
        "restate",
        "temporal-dev",
    ]
    assert all(INSTALL in one.reason for one in made.report.missing)
    assert not made.failed


async def test_the_disk_is_measured_also_where_nothing_else_is(tmp_path):
    options = Options(rounds=1, quick=True, peers=False, cache=tmp_path / "cache")
    made = await run([Nothing()], options, say=lambda text: None, told=lambda report: None)
    (disk,) = [figure for result in made.report.results for figure in result.figures]
    assert disk.low > 0


def test_what_is_installed_is_left_alone(tmp_path):
    environment = Environment(name="peer", pip=("a-package==1",))
    stamp(environment, tmp_path)
    said: list[str] = []
    install(environment, tmp_path, said.append)
    assert said == ["peer: already installed"]


def test_another_version_counts_as_not_installed(nothing_installed):
    stamp(Environment(name="dbos", pip=("dbos==0.1",)), nothing_installed)
    assert dbos.ENVIRONMENT.missing() is not None


class Nothing:
    """A workload that measures nothing, with the name of one that peers do too."""

    NAME = "serial"
    SUMMARY = "nothing"

    async def measure(self, bench: Bench) -> list[Figure]:
        return []


def stamp(environment: Environment, directory: Path) -> None:
    environment.place(directory).mkdir(parents=True)
    environment.stamp(directory).write_bytes(msgspec.json.encode(environment))
