"""What a person installs from the archives runs, and says what to install when a plugin is gone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import httpx
import pytest

from tests.packaging.environment import Environment

EXTRAS = ("oci", "otlp", "http-webhook", "exec")
FIBO = "testing:fibo-workflow/workflow.fiboa"
CONFIG = """\
[[activity_wasm]]
name = "fibo"
location = "fibo_activity.wat"

[[workflow_wasm]]
name = "fibo-workflow"
location = "fibo_workflow.wat"
"""
EXEC = """\
allow_exec_activities = true

[[activity_exec]]
ffqn = "demo:shop/tills.greet"
params = [{ name = "whom", type = "string" }]
return_type = "result<string, string>"
location = "greet.sh"
"""
GREET = '#!/bin/sh\nprintf \'"hello, %s"\' "$(echo "$1" | tr -d \\")"\n'
WEBHOOK = """\
[[http_server]]
name = "public"
listening_addr = "127.0.0.1:0"

[[webhook_endpoint_wasm]]
name = "hello"
location = "hello_webhook.wat"
http_server = "public"
routes = ["/hello"]
"""
OTLP = '[otlp]\nendpoint = "http://127.0.0.1:1"\n'
LISTENS = re.compile(r"HTTP server `public` listens at (\S+)")
VERIFY = ("server", "verify")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def installed(folder: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment into which Obelisk was installed from the folder of its archives."""
    environment = Environment(tmp_path_factory.mktemp("installed") / "venv", folder, wheels)
    reports = environment.install(f"obelisk[{','.join(EXTRAS)}]")
    ours = {item["metadata"]["name"]: item["download_info"]["url"] for item in reports}
    ours = {name: url for name, url in ours.items() if name.startswith("obelisk")}
    assert set(ours) == {"obelisk", "obelisk-sqlite", *(f"obelisk-{extra}" for extra in EXTRAS)}
    assert all(url.startswith(folder.as_uri()) for url in ours.values()), ours
    return environment


@pytest.fixture
def place(tmp_path: Path, repository: Path) -> Path:
    """A directory of a person who has the examples, and not the checkout."""
    for path in (repository / "examples" / "wat").glob("*.wat"):
        shutil.copy(path, tmp_path)
    script = tmp_path / "greet.sh"
    script.write_text(GREET)
    script.chmod(0o755)
    return tmp_path


def configure(place: Path, *texts: str) -> None:
    (place / "obelisk.toml").write_text("\n".join(texts))


def submit(environment: Environment, place: Path, url: str, function: str, params: list) -> object:
    command = [environment.obelisk, "client", "execution", "submit", function, json.dumps(params), "--follow", "--json"]
    ended = environment.run(command, place, OBELISK_API_URL=url)
    assert ended.code == 0, ended.stderr
    return ended.last["result"]


def test_the_installed_package_is_not_the_checkout(installed, place):
    ended = installed.run([installed.python, "-c", "import obelisk; print(obelisk.__file__)"], place)
    assert Path(ended.stdout.strip()).is_relative_to(installed.directory)


def test_what_was_installed_fits_together(installed):
    assert "No broken requirements found." in installed.pip("check")


def test_a_workflow_runs_on_the_installed_server(installed, place):
    configure(place, CONFIG)
    server = installed.start(place)
    try:
        assert submit(installed, place, server.url, FIBO, [10, 50]) == {"ok": 55}
        assert server.stop() == 0
    finally:
        server.close()


def test_plugins_of_the_extras_work_on_the_installed_server(installed, place):
    configure(place, EXEC, WEBHOOK, OTLP)
    server = installed.start(place)
    try:
        assert submit(installed, place, server.url, "demo:shop/tills.greet", ["Ada"]) == {"ok": "hello, Ada"}
        server.wait_for_log("HTTP server `public` listens at ")
        (address,) = LISTENS.findall(server.log)
        assert httpx.get(f"http://{address}/hello", timeout=30).text == "hello\n"
    finally:
        server.close()


# That these configurations are good, with their plugins, the tests above show.
@pytest.mark.parametrize(
    ("extra", "config", "commands"),
    [
        ("exec", EXEC, [VERIFY, ("server", "run")]),
        ("http-webhook", WEBHOOK, [VERIFY]),
        ("otlp", OTLP, [VERIFY]),
        ("oci", CONFIG, [("component", "push")]),
        ("sqlite", CONFIG, [VERIFY]),
    ],
    ids=["exec", "http-webhook", "otlp", "oci", "sqlite"],
)
def test_without_its_plugin_a_command_says_what_to_install(installed, archives, place, extra, config, commands):
    configure(place, config)
    installed.pip("uninstall", "--yes", "--quiet", f"obelisk-{extra}")
    try:
        endings = [installed.run([installed.obelisk, *command], place) for command in commands]
    finally:
        installed.pip("install", "--quiet", "--no-deps", str(archives[f"obelisk-{extra}"].wheel))
    for ended in endings:
        assert ended.code != 0
        assert f"try `pip install obelisk[{extra}]`" in ended.stderr
        assert "did you mean" not in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_component_of_a_registry_names_the_plugin_that_fetches_it(installed, archives, place):
    configure(place, CONFIG.replace("fibo_activity.wat", "oci://127.0.0.1:1/fibo:1"))
    installed.pip("uninstall", "--yes", "--quiet", "obelisk-oci")
    try:
        ended = installed.run([installed.obelisk, *VERIFY], place)
    finally:
        installed.pip("install", "--quiet", "--no-deps", str(archives["obelisk-oci"].wheel))
    assert ended.code == 1
    assert "component `fibo`: no component source for `oci://127.0.0.1:1/fibo:1`" in ended.stderr
    assert "try `pip install obelisk[oci]`" in ended.stderr
