"""Every project that ``obelisk new`` writes builds, runs, and is typed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from obelisk.scaffold.components.language import LANGUAGES
from obelisk.scaffold.components.project import ProjectKind
from tests.e2e.process import OBELISK, Server, run_obelisk, start_server
from tests.guests_e2e.conftest import COMPILE_SECONDS
from tests.guests_e2e.scaffolds import NAME, build, environment, written_project

pytestmark = pytest.mark.timeout(300)  # the first test builds and compiles what is not kept

FIXED = "127.0.0.1:9090"
"""Where a project's webhook listens, which is no good place for a test."""


@dataclass
class Projects:
    """Projects that are written and built when they are first asked for, and their servers."""

    directory: Path
    servers: dict[Path, Server]

    def built(self, kind: ProjectKind, language: str) -> Path:
        project = self.directory / f"{language}-{kind.value}"
        if not (project / "build").exists():
            build(written_project(kind, language, self.directory), kind, language)
        return project

    def server(self, kind: ProjectKind, language: str) -> tuple[Path, Server]:
        project = self.built(kind, language)
        if project not in self.servers:
            config = project / "obelisk.toml"
            config.write_text(config.read_text().replace(FIXED, "127.0.0.1:0"))
            compile_components(project)
            self.servers[project] = start_server(
                [], env=environment(), cwd=project, stderr=self.directory / f"{project.name}.log"
            )
        return project, self.servers[project]

    def result(self, kind: ProjectKind, language: str, ffqn: str, *params: Any) -> Any:
        project, server = self.server(kind, language)
        return called(project, server, ffqn, *params)


def called(project: Path, server: Server, ffqn: str, *params: Any) -> Any:
    command = ["execution", "submit", f"{NAME}:{ffqn}", json.dumps(params), "--follow", "--json"]
    done = run_obelisk(command, env={**environment(), "OBELISK_API_URL": server.url}, cwd=project)
    assert done.stdout, done.stderr
    return done.last["result"]


def compile_components(project: Path) -> None:
    """Compile the components, so that the server is ready soon."""
    done = subprocess.run(
        [*OBELISK, "server", "verify"],
        cwd=project, env=environment(), capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Projects]:
    projects = Projects(tmp_path_factory.mktemp("projects"), {})
    yield projects
    for server in projects.servers.values():
        server.close()


each_language = pytest.mark.parametrize("language", LANGUAGES)


@each_language
def test_an_activity_runs(projects: Projects, language: str) -> None:
    assert projects.result(ProjectKind.ACTIVITY, language, "activity/greeting.greet", "World") == {
        "ok": "Hello, World!"
    }


@each_language
def test_a_workflow_calls_the_activity_beside_it(projects: Projects, language: str) -> None:
    result = projects.result(ProjectKind.WORKFLOW, language, "workflow/greetings.greet-all", ["Ann", "Ben"])
    assert result == {"ok": ["Hello, Ann!", "Hello, Ben!"]}


@each_language
def test_a_workflow_sleeps(projects: Projects, language: str) -> None:
    result = projects.result(ProjectKind.WORKFLOW, language, "workflow/greetings.greet-later", "World", 0)
    assert result == {"ok": "Hello, World!"}


@each_language
def test_a_webhook_calls_the_activity_beside_it(projects: Projects, language: str) -> None:
    origin = webhook_of(projects.server(ProjectKind.WEBHOOK, language)[1])
    assert asked(f"{origin}/greet/J%C3%B6rg") == (200, "Hello, Jörg!\n")
    assert asked(f"{origin}/")[0] == 404


@each_language
def test_a_webhook_starts_the_activity_beside_it(projects: Projects, language: str) -> None:
    project, server = projects.server(ProjectKind.WEBHOOK, language)
    status, execution_id = asked(f"{webhook_of(server)}/greet/World", method="POST")
    assert status == 202
    done = run_obelisk(
        ["execution", "get", execution_id.strip(), "--follow", "--json"],
        env={**environment(), "OBELISK_API_URL": server.url}, cwd=project,
    )  # fmt: skip
    assert done.last["result"] == {"ok": "Hello, World!"}


def webhook_of(server: Server) -> str:
    server.wait_for_log("HTTP server `external` listens at ")
    found = re.search(r"HTTP server `external` listens at (\S+)", server.log)
    assert found is not None
    return f"http://{found[1]}"


def asked(url: str, method: str = "GET") -> tuple[int, str]:
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.read().decode()


@each_language
def test_the_packages_of_a_workflow_are_those_that_wit_deps_writes(projects: Projects, language: str) -> None:
    project = projects.built(ProjectKind.WORKFLOW, language)
    done = run_obelisk(["generate", "wit-deps", "--json", "workflow/wit/deps"], env=environment(), cwd=project)
    assert [line["package"] for line in done.lines if line["changed"]] == [], done.stderr
    assert f"{NAME}:activity-obelisk-ext" in [line["package"] for line in done.lines]


@pytest.mark.parametrize("kind", ProjectKind, ids=lambda kind: kind.value)
def test_the_sources_fit_the_bindings_in_python(projects: Projects, kind: ProjectKind) -> None:
    project = projects.built(kind, "python")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", f"{kind.value}/app.py"]
    env = {**environment(), "MYPYPATH": f"build/bindings/{kind.value}"}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ProjectKind, ids=lambda kind: kind.value)
def test_the_sources_fit_the_bindings_in_javascript(projects: Projects, kind: ProjectKind) -> None:
    project = projects.built(kind, "js")
    command = ["node_modules/.bin/tsc", "-p", f"{kind.value}/jsconfig.json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_build_in_python_that_fails_shows_the_error_and_no_backtrace(tmp_path: Path) -> None:
    project = written_project(ProjectKind.ACTIVITY, "python", tmp_path)
    with (project / "activity/wit/world.wit").open("a") as file:
        file.write("world unfinished {\n")
    env = {**environment(), "RUST_BACKTRACE": "1"}
    done = subprocess.run(["./build.sh"], cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "found eof" in done.stderr
    assert "backtrace" not in done.stderr


@pytest.mark.parametrize("kind", ProjectKind, ids=lambda kind: kind.value)
def test_a_build_in_javascript_names_the_line_of_a_syntax_error(tmp_path: Path, kind: ProjectKind) -> None:
    project = written_project(kind, "js", tmp_path)
    source = project / kind.value / "app.js"
    lines = source.read_text().count("\n")
    with source.open("a") as file:
        file.write("const = 1;\n")
    done = subprocess.run(["./build.sh", kind.value], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{kind.value}/app.js:{lines + 1}\nconst = 1;" in done.stderr
    assert "SyntaxError: Unexpected token '='" in done.stderr
    assert "    at " not in done.stderr


def test_a_build_in_javascript_that_fails_shows_the_error_and_no_stack(tmp_path: Path) -> None:
    project = written_project(ProjectKind.ACTIVITY, "js", tmp_path)
    with (project / "activity/wit/world.wit").open("a") as file:
        file.write("world unfinished {\n")
    done = subprocess.run(["./build.sh"], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "found eof" in done.stderr
    assert "    at " not in done.stderr


def test_dev_runs_a_project_and_builds_what_changes(tmp_path: Path) -> None:
    project = written_project(ProjectKind.ACTIVITY, "js", tmp_path)
    build(project, ProjectKind.ACTIVITY, "js")
    compile_components(project)
    log = tmp_path / "dev.log"
    server = start_server([], env=environment(), cwd=project, stderr=log, command=("dev",))
    try:
        assert called(project, server, "activity/greeting.greet", "World") == {"ok": "Hello, World!"}
        source = project / "activity" / "app.js"
        source.write_text(source.read_text().replace("Hello", "Welcome"))
        server.wait_until_ready(COMPILE_SECONDS)
        assert called(project, server, "activity/greeting.greet", "World") == {"ok": "Welcome, World!"}
    finally:
        server.close()
