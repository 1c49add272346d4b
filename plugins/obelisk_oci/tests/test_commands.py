"""``component push``, ``pull``, ``add`` and ``pin``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from obelisk_oci.manifest import METADATA
from obelisk_oci.reference import Reference

from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import digest_of, fibo, padded, push_fibo, uploader
from plugins.obelisk_oci.tests.conftest import QUICK
from plugins.obelisk_oci.tests.registry import Registry
from plugins.obelisk_oci.tests.workplace import QUICK as QUICK_TOML
from plugins.obelisk_oci.tests.workplace import WAT, Workplace

CONFIGURED = """
# What the activity needs.
[[activity_wasm]]
name = "fibo"
location = "fibo.wasm"
max_retries = 2                # few
exec.lock_expiry = "5s"
env_vars = ["LEVEL", { key = "API_KEY", value = "hunter2" }, "WRONG=hunter2"]
allowed_host = [{ pattern = "https://api.example.com", methods = ["GET"], secrets = ["TOKEN"], replace_in = ["headers"] }]
mount = [{ host = "/srv/private", guest = "/data" }]
retry_exp_backoff = "${BACKOFF:-1s}"
"""


def metadata(text: str | dict[str, object]) -> dict[str, str]:
    return {METADATA: text if isinstance(text, str) else json.dumps(text)}


def added(workplace: Workplace) -> dict[str, list[dict[str, object]]]:
    tables = tomllib.loads(workplace.config.read_text())
    return {name: entries for name, entries in tables.items() if isinstance(entries, list)}


def test_the_settings_of_the_configuration_are_pushed_without_what_is_private(
    workplace: Workplace, name: Reference
) -> None:
    workplace.write(CONFIGURED)
    (workplace.directory / "fibo.wasm").write_bytes(fibo())
    ended = workplace.run("component", "push", "fibo.wasm", str(name))
    assert ended.code == 0, ended
    assert "`retry_exp_backoff` refers to variables of this machine" in ended.stderr
    workplace.write("")
    workplace.ok("component", "add", str(name), "mine")
    text = workplace.config.read_text()
    (entry,) = added(workplace)["activity_wasm"]
    assert entry == {
        "name": "mine",
        "location": ended.stdout.strip(),
        "max_retries": 2,
        "exec": {"lock_expiry": "5s"},
        "env_vars": ["LEVEL", "API_KEY", "WRONG"],
        "allowed_host": [{"pattern": "https://api.example.com", "methods": ["GET"]}],
    }
    assert all(secret not in text for secret in ("hunter2", "TOKEN", "/srv/private"))


def test_a_push_prints_what_scripts_need(workplace: Workplace, name: Reference) -> None:
    path = str(WAT / "fibo_activity.wat")
    line = json.loads(workplace.ok("client", "component", "push", path, str(name), "--kind", "activity_wasm", "--json"))
    assert line["reference"].startswith(f"{name}@sha256:")
    assert line["digest"] == digest_of(fibo())


@pytest.mark.parametrize(
    ("path", "reference", "said"),
    [
        ("missing.wasm", "oci://127.0.0.1:1/a:1", "missing.wasm"),
        ("text.txt", "oci://127.0.0.1:1/a:1", "not a component"),
        ("module.wasm", "oci://127.0.0.1:1/a:1", "core WebAssembly module"),
        ("fibo.wasm", "127.0.0.1:1/a:1", "expected `oci://"),
        ("fibo.wasm", "oci://127.0.0.1:1/a:1@sha256:" + "0" * 64, "has a digest"),
        ("fibo.wasm", "oci://127.0.0.1:1/a:1", "cannot reach"),
    ],
)
def test_a_push_that_cannot_be_is_told_in_one_line(workplace: Workplace, path: str, reference: str, said: str) -> None:
    (workplace.directory / "fibo.wasm").write_bytes(fibo())
    (workplace.directory / "text.txt").write_text("hello")
    (workplace.directory / "module.wasm").write_bytes(b"\0asm\x01\0\0\0")
    ended = workplace.run("component", "push", path, reference, "--kind", "activity_wasm")
    assert ended.code == (1 if "cannot reach" in said or "component" in said or "module" in said else 2)
    assert (ended.stdout, len(ended.stderr.splitlines())) == ("", 1)
    assert said in ended.stderr


@pytest.mark.parametrize(("title", "file"), [("best.wasm", "best.wasm"), ("out/dir/best", "best.wasm"), (None, None)])
def test_a_pulled_file_is_named_as_the_artifact_says(
    workplace: Workplace, name: Reference, title: str | None, file: str | None
) -> None:
    uploader(name).artifact("1", fibo(), title=title)
    line = json.loads(workplace.ok("component", "pull", str(name), "--json"))
    assert line["file"] == (file or f"{name.repository.rpartition('/')[2]}.wasm")
    assert (workplace.directory / line["file"]).read_bytes() == fibo()


def test_a_pull_replaces_only_the_file_that_it_is_told_to(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact("1", fibo(), title="best.wasm")
    for path in ("best.wasm", "other.wasm"):
        (workplace.directory / path).write_text("mine")
    refused = workplace.run("component", "pull", str(name))
    assert (refused.code, refused.stdout) == (2, "")
    assert "best.wasm exists already" in refused.stderr
    workplace.ok("component", "pull", str(name), "-o", "other.wasm")
    assert (workplace.directory / "best.wasm").read_text() == "mine"
    assert (workplace.directory / "other.wasm").read_bytes() == fibo()


def test_a_title_that_leads_elsewhere_writes_nothing(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact("1", fibo(), title="../../evil.wasm")
    ended = workplace.run("component", "pull", str(name), "-o", "ok.wasm")
    assert (ended.code, len(ended.stderr.splitlines())) == (1, 1)
    assert f"`{name}`: its title is" in ended.stderr
    assert workplace.kept() == []
    assert not (workplace.directory / "ok.wasm").exists()


def test_no_configuration_is_needed_to_pull(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact("1", fibo())
    workplace.config.unlink()
    assert workplace.ok("component", "pull", str(name), "-o", "x.wasm").startswith("x.wasm  oci://")


def test_a_component_is_added_behind_what_people_wrote(workplace: Workplace, host: Host, name: Reference) -> None:
    pinned = push_fibo(host, name, QUICK)
    before = "# Mine.\n[server]\nshutdown_timeout = '1s' # short\n"
    workplace.write(before)
    printed = workplace.ok("component", "add", str(name), "fibo")
    expected = f'[[activity_wasm]]\nname = "fibo"\nlocation = "{pinned}"'
    assert printed == expected
    assert workplace.config.read_text() == f"{QUICK_TOML}\n{before}\n{expected}\n"
    assert workplace.run_process("server", "verify").code == 0


def test_a_component_may_be_added_without_a_digest(workplace: Workplace, host: Host, name: Reference) -> None:
    push_fibo(host, name, QUICK)
    workplace.ok("component", "add", str(name), "fibo", "--no-pin")
    assert added(workplace)["activity_wasm"] == [{"name": "fibo", "location": str(name)}]


def test_what_an_artifact_does_not_tell_is_seen_from_its_imports(workplace: Workplace, registry: Registry) -> None:
    workplace.environ["PWD"] = str(workplace.directory)
    pinned = workplace.ok("component", "push", str(WAT / "fibo_workflow.wat"), f"oci://{registry.host}/guess/w:1")
    workplace.ok("component", "add", pinned, "fibo-workflow")
    assert [entry["name"] for entry in added(workplace)["workflow_wasm"]] == ["fibo-workflow"]


def test_of_an_annotation_with_a_version_the_kind_is_taken(workplace: Workplace, name: Reference) -> None:
    told = {"component_type": "activity_stub", "env_vars": [{"a": 1}]}
    uploader(name).artifact("1", fibo(), annotations={f"{METADATA}:0.2.0": json.dumps(told)})
    workplace.ok("component", "add", str(name), "fibo", "--no-pin")
    assert added(workplace) == {"activity_stub": [{"name": "fibo", "location": str(name)}]}


def test_the_kind_may_be_said(workplace: Workplace, host: Host, name: Reference) -> None:
    push_fibo(host, name, QUICK)
    workplace.ok("component", "add", str(name), "fibo", "--kind", "activity_stub")
    assert list(added(workplace)) == ["activity_stub"]


def test_a_strangers_settings_cannot_reach_for_more(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact(
        "1",
        fibo(),
        annotations=metadata(
            {
                "component_type": "activity_wasm",
                "mount": [{"host": "/", "guest": "/host", "read_only": False}],
                "env_vars": [{"key": "LEAK", "value": "${HOME}"}],
                "allowed_host": [
                    {
                        "pattern": "https://example.com",
                        "methods": "*",
                        "request_url_regex": "GET https://example.com/${SECRET}",
                        "secrets": ["KEY"],
                        "replace_in": ["headers"],
                    }
                ],
                "forward_stdout": "stdout",
            }
        ),
    )
    workplace.ok("component", "add", str(name), "fibo", SECRET="hunter2")
    (entry,) = added(workplace)["activity_wasm"]
    assert entry["env_vars"] == ["LEAK"]
    regex = "GET https://example.com/$${SECRET}"
    assert entry["allowed_host"] == [{"pattern": "https://example.com", "methods": "*", "request_url_regex": regex}]
    assert set(entry) == {"name", "location", "env_vars", "allowed_host"}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{", "is not valid"),
        ("[]", "is not valid"),
        ({"component_type": "../x"}, "names no kind"),
        ({}, "names no kind"),
        ({"component_type": "activity_unheard_of"}, "`activity_unheard_of`"),
        ({"component_type": "activity_wasm", "max_retries": "many"}, "max_retries"),
        ({"component_type": "activity_wasm", "unheard_of": 1}, "unheard_of"),
    ],
)
def test_what_an_artifact_tells_may_be_wrong(
    workplace: Workplace, name: Reference, told: str | dict[str, object], said: str
) -> None:
    uploader(name).artifact("1", fibo(), annotations=metadata(told))
    before = workplace.config.read_text()
    ended = workplace.run("component", "add", str(name), "fibo")
    assert ended.code in (1, 2)
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert workplace.config.read_text() == before


def test_a_name_that_is_taken_is_refused(workplace: Workplace, host: Host, name: Reference) -> None:
    push_fibo(host, name, QUICK)
    workplace.ok("component", "add", str(name), "fibo")
    before = workplace.config.read_text()
    ended = workplace.run("component", "add", str(name), "fibo")
    assert ended.code == 2
    assert "a component named `fibo` already" in ended.stderr
    assert workplace.config.read_text() == before


def test_a_name_that_cannot_be_is_refused(workplace: Workplace, host: Host, name: Reference) -> None:
    push_fibo(host, name, QUICK)
    ended = workplace.run("component", "add", str(name), 'a"\n[evil]')
    assert ended.code == 1
    assert "expected letters" in ended.stderr
    assert added(workplace) == {}


def test_adding_needs_a_configuration(workplace: Workplace, host: Host, name: Reference) -> None:
    push_fibo(host, name, QUICK)
    workplace.config.unlink()
    ended = workplace.run("component", "add", str(name), "fibo")
    assert ended.code == 1
    assert "generate-config" in ended.stderr


UNPINNED = """\
# Components.
[[activity_wasm]]
name = "a"                # the first
location = 'oci://{host}/{repository}:1'   # float
max_retries = 1

[[activity_wasm]] # inline
location = "oci://${{REGISTRY:-{host}}}/{repository}"
name = "b"

[[activity_wasm]]
name = "file"
location = "fibo.wasm"
"""


def test_digests_are_written_where_people_wrote_locations(workplace: Workplace, name: Reference) -> None:
    upload = uploader(name)
    one, latest = upload.artifact("1", fibo()), upload.artifact("latest", padded(100))
    text = UNPINNED.format(host=name.host, repository=name.repository)
    workplace.write(text)
    printed = workplace.ok("component", "pin", "--json").splitlines()
    assert [json.loads(line)["changed"] for line in printed] == [True, True]
    plain = f"oci://{name.host}/{name.repository}:1"
    short = f"}}/{name.repository}"
    expected = text.replace(f"'{plain}'", f'"{plain}@{one}"').replace(f'{short}"', f'{short}:latest@{latest}"')
    assert workplace.config.read_text() == f"{QUICK_TOML}\n{expected}"


def test_a_digest_is_only_replaced_when_that_is_wanted(workplace: Workplace, name: Reference) -> None:
    upload = uploader(name)
    first = upload.artifact("1", fibo())
    workplace.write(f'[[activity_wasm]]\nname = "a"\nlocation = "{name.pinned(first)}"\n')
    second = upload.artifact("1", padded(100))
    assert workplace.ok("component", "pin") == f"a  {name.pinned(first)}"
    assert workplace.ok("component", "pin", "a", "--update") == f"a  {name.pinned(second)}"
    assert str(name.pinned(second)) in workplace.config.read_text()


@pytest.mark.parametrize("location", ["${{LOC}}", "${{NONE:-{pinned}}}"])
def test_a_digest_from_a_variable_is_not_replaced(workplace: Workplace, name: Reference, location: str) -> None:
    pinned = name.pinned(uploader(name).artifact("1", fibo()))
    workplace.write(f'[[activity_wasm]]\nname = "a"\nlocation = "{location.format(pinned=pinned)}"\n')
    before = workplace.config.read_text()
    ended = workplace.run("component", "pin", "--update", LOC=str(pinned))
    assert ended.code != 0
    assert "the digest of `a` comes from a variable" in ended.stderr
    assert workplace.config.read_text() == before


def test_a_pull_into_a_pipe_leaves_the_pipe(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact("1", fibo())
    pipe = workplace.directory / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        workplace.ok("component", "pull", str(name), "-o", str(pipe))
        assert os.read(end, 1_000_000) == fibo()
    finally:
        os.close(end)
    assert pipe.is_fifo()


def test_a_component_that_is_not_there_cannot_be_pinned(workplace: Workplace) -> None:
    ended = workplace.run("component", "pin", "nope")
    assert ended.code == 2
    assert "`nope`" in ended.stderr


@pytest.mark.parametrize("command", ["push", "pull", "add", "pin"])
@pytest.mark.parametrize("group", [("component",), ("client", "component")])
def test_without_the_plugin_a_command_tells_what_to_install(group: tuple[str, ...], command: str) -> None:
    program = (
        "import importlib.metadata as m, obelisk.plugins.candidate as p\n"
        "p.entry_points = lambda group: [e for e in m.entry_points(group=group) if e.name != 'oci']\n"
        "from obelisk.cli.main import cli\n"
        f"cli({[*group, command]!r})"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert f"No such command '{command}'; try `pip install obelisk[oci]`" in ended.stderr


def test_a_large_transfer_shows_a_bar_on_a_terminal(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact("1", padded(8_000_000))
    shown = on_a_terminal(workplace, "component", "pull", str(name), "-o", "x.wasm")
    assert "8.0/8.0 MB" in shown or "━" in shown


def test_a_small_transfer_shows_none(workplace: Workplace, name: Reference) -> None:
    uploader(name).artifact("1", fibo())
    assert on_a_terminal(workplace, "component", "pull", str(name), "-o", "x.wasm") == ""


def on_a_terminal(workplace: Workplace, *arguments: str) -> str:
    """Run a command whose standard error is a terminal; return what was written to it."""
    controller, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "obelisk", *arguments],
        cwd=workplace.directory, env={**workplace.environ, "TERM": "xterm"}, stdout=subprocess.DEVNULL, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    written = b""
    try:
        while chunk := os.read(controller, 4096):
            written += chunk
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(controller)
    assert process.wait(60) == 0, written
    return written.decode()


def test_the_workplace_has_no_credentials_of_the_person_who_tests(workplace: Workplace) -> None:
    assert not Path(workplace.environ["HOME"], ".docker").exists()
