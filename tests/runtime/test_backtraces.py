"""Calls with a backtrace mean what the same calls without one mean.

The guest is the scripted workflow, with an adapter for each import that ``workflow-support-backtrace`` has too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from obelisk.ids import ExecutionId, new_execution_id
from obelisk.testing.engine import EngineHarness
from obelisk.wit.hosts import WORKFLOW_SUPPORT, WORKFLOW_SUPPORT_BACKTRACE, host_interfaces
from tests import scripts
from tests.guests.build import built
from tests.runtime.conftest import ROOT as CHECKOUT
from tests.runtime.conftest import Open, workflow
from tests.runtime.scripting import ACTIVITIES, FIBO_CALL, TEXT, WORKFLOW
from tests.scripts import RUN, RUN_CANCELLABLE, SCRIPTED, Op

ROOT: ExecutionId = new_execution_id(1, bytes(10))
DATA = 3200
_IMPORT = re.compile(
    rf'\(import "{WORKFLOW_SUPPORT}" "([a-z0-9-]+)"\s+\(func (\$\S+)((?:\s*\((?:param|result)[^()]*\))*)\)\)'
)
_TYPE = re.compile(r"\b[if](?:32|64)\b")
_AFTER_IMPORTS = ";; The cases of each error follow one another."
SCRIPT = [
    scripts.create(),
    scripts.create_named("a"),
    scripts.create_named("a"),
    scripts.submit(0, FIBO_CALL, 10),
    scripts.submit(0, FIBO_CALL, "ten"),
    scripts.next_(0),
    scripts.next_(0),
    scripts.delay(0, seconds=5),
    scripts.try_next(0),
    scripts.submit(1, RUN_CANCELLABLE, [scripts.sleep(days=1)]),
    scripts.submit(1, TEXT, "x"),
    scripts.stub(10, {"ok": "y"}),
    scripts.stub(10, {"ok": "z"}),
    scripts.next_(1),
    scripts.call(FIBO_CALL, 10),
    scripts.last_call(),
    scripts.get_result(15),
    scripts.sleep(seconds=1, name="nap"),
    scripts.last_oneoff(),
    scripts.random(0, 100),
    scripts.random_inclusive(0, 100),
    scripts.random_string(3, 9),
    scripts.new_id(),
    scripts.schedule(22, FIBO_CALL, 10, at=scripts.after(hours=1)),
    scripts.schedule(22, FIBO_CALL, 11),
    scripts.close(1),
    scripts.drop(0),
    scripts.current_id(),
]


def traced(source: str) -> str:
    """Return the text of a guest whose calls have a backtrace where there is such a call."""
    (interface,) = [one for one in host_interfaces().values() if one.name == WORKFLOW_SUPPORT_BACKTRACE]
    names = {function.name for function in interface.functions}
    adapters: list[str] = []

    def adapted(found: re.Match[str]) -> str:
        name, label, signature = found.groups()
        if name not in names:
            return found[0]
        params, _, result = signature.partition("(result")
        types = _TYPE.findall(params)
        kept, answer = (types[:-1], types[-1:]) if "$answer" in params else (types, [])
        returns = f" (result{result}" if result else ""
        adapters.append(_adapter(name, label, types, returns=returns, last=bool(answer)))
        wanted = " ".join([*kept, "i32", "i32", "i32", *answer])
        return f'(import "{WORKFLOW_SUPPORT_BACKTRACE}" "{name}" (func $traced-{name} (param {wanted}){returns}))'

    code = _IMPORT.sub(adapted, re.sub(r"\(;.*?;\)", "", source))
    assert len(adapters) == len(names)
    return built(code.replace(_AFTER_IMPORTS, "\n".join((*adapters, *_backtrace(), _AFTER_IMPORTS))))


def _adapter(name: str, label: str, types: list[str], *, returns: str, last: bool) -> str:
    arguments = [f"(local.get {number})" for number in range(len(types))]
    place = len(arguments) - last
    arguments[place:place] = ["(i32.const 1)", f"(i32.const {DATA})", "(i32.const 1)"]
    return f"(func {label} (param {' '.join(types)}){returns} (call $traced-{name} {' '.join(arguments)}))"


def _backtrace() -> Iterator[str]:
    """Yield the data of a list of one frame with one symbol."""
    text, symbol = (DATA + 100, 4), DATA + 24
    frame = struct.pack("<6I", *text, *text, symbol, 1)
    some_text = struct.pack("<3I", 1, *text)
    some_number = struct.pack("<2I", 1, 7)
    for address, data in ((DATA, frame), (symbol, some_text * 2 + some_number * 2), (DATA + 100, b"main")):
        escaped = "".join(f"\\{byte:02x}" for byte in data)
        yield f'(data (i32.const {address}) "{escaped}")'


async def played(harness: EngineHarness, script: list[Op]) -> tuple[object, str]:
    await harness.submit(RUN, script, execution_id=ROOT)
    result = await harness.result(ROOT)
    return result, await harness.canonical(ROOT)


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("traced") / "traced.wat"
    path.write_text(traced((CHECKOUT / SCRIPTED).read_text(encoding="utf-8")), encoding="utf-8")
    return workflow("scripted", str(path))


@pytest.mark.parametrize("kernel", ["", "[workflows]\nhot_limit = 0"])
async def test_a_call_with_a_backtrace_leaves_the_same_log(open_engine: Open, tmp_path: Path, guest: str, kernel: str):
    async with open_engine(ACTIVITIES, WORKFLOW, kernel=kernel) as harness:
        expected = await played(harness, SCRIPT)
    if (tmp_path / "data").exists():
        (tmp_path / "data").rename(tmp_path / "before")
    async with open_engine(ACTIVITIES, guest, kernel=kernel) as harness:
        result, log = await played(harness, SCRIPT)
    digest = re.compile(r"sha256:[0-9a-f]{64}")
    assert result == expected[0]
    assert digest.sub("", log) == digest.sub("", expected[1])
