"""Stubs: functions of a deployment that nobody runs."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from obelisk.builtin.stub_activity import StubSettings
from obelisk.clock import SystemClock
from obelisk.config.load import config_from_text
from obelisk.core.events import ComponentRole
from obelisk.errors import ComponentError, ConfigError, LinkError
from obelisk.ids import new_execution_id, new_run_id
from obelisk.interfaces.components import ActivityCall, Crashed, Outcome
from obelisk.interfaces.signature import FunctionParam
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.runtime.deploy import check, deployment_digest
from obelisk.runtime.engine import make_host, open_deployment
from obelisk.runtime.functions import ComponentEntry
from obelisk.testing.engine import engine_harness
from obelisk.wit.printer import function_text
from obelisk.wit.resolve import resolve_packages

ROOT = Path(__file__).resolve().parents[2]
SETTLE = """
[[activity_stub]]
ffqn = "shop:orders/approval@1.0.0.settle"
params = [{ name = "order_id", type = "record { number: u64 }" }, { name = "by", type = "string" }]
return_type = "result<enum { paid, refused }, string>"
"""
ASK = '[[activity_stub]]\nffqn = "shop:orders/approval@1.0.0.ask"\n'
CALLER = """
(component
  (import "shop:orders/approval@1.0.0" (instance
    (type $number (record (field "number" u64)))
    (export "order-number" (type $order-number (eq $number)))
    (type $answers (enum "paid" "refused"))
    (export "answer" (type $answer (eq $answers)))
    (export "settle" (func (param "id" $order-number) (param "by" string) (result (result $answer (error string)))))
    (export "ask" (func (result (result string (error string)))))))
  (import "shop:orders-obelisk-ext/approval@1.0.0" (instance))
  (import "shop:orders-obelisk-stub/approval@1.0.0" (instance)))
"""
HAS_RESOURCE = """
(component
  (type $file' (resource (rep i32)))
  (instance $files (export "file" (type $file')))
  (core module $main (func (export "open") (result i32) (i32.const 0)))
  (core instance $main (instantiate $main))
  (func $open (result u32) (canon lift (core func $main "open")))
  (instance $both (export "file" (type $file')) (export "open" (func $open)))
  (export "shop:files/files" (instance $both)))
"""


def load(toml: str, base: Path = ROOT):
    """Read a configuration with the plugins that are there."""
    environ = {"OBELISK_DATA_DIR": str(base / "data"), "OBELISK_CACHE_DIR": str(base / "cache")}
    text = f'[storage]\nuse = "memory"\n{toml}'
    return config_from_text(text, plugins=Plugins.load(environ={}), base=base, environ=environ)


def settings(toml: str) -> StubSettings:
    """Return the settings of the only component."""
    (entry,) = load(toml).components
    return entry.settings


@asynccontextmanager
async def opened(toml: str, directory: Path) -> AsyncIterator[list[ComponentEntry]]:
    """Open the components of a configuration and check them against each other, as `server verify` does."""
    config = load(toml, directory)
    async with AsyncExitStack() as stack:
        entries = await open_deployment(config, make_host(config), stack)
        check(entries)
        yield entries


def write(directory: Path, name: str, text: str) -> None:
    """Write a file."""
    (directory / name).write_text(text)


async def digest(toml: str, directory: Path) -> str:
    """Return the digest of the only component."""
    async with opened(toml, directory) as (entry,):
        return entry.component.id.component_digest


# --- what is written in the table ---


def test_a_function_is_enough():
    found = settings(ASK)
    assert (found.name, found.params, found.return_type) == ("approval.ask", (), "result<string, string>")


def test_a_name_that_is_given_is_kept():
    assert settings(ASK + 'name = "approvals"').name == "approvals"


def test_parameters_are_read():
    assert settings(SETTLE).params == (
        FunctionParam("order_id", "record { number: u64 }"),
        FunctionParam("by", "string"),
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "`activity_stub[0]`: expected either `ffqn` or `location`, found neither"),
        ('name = "a"', "`activity_stub[a]`: expected either `ffqn` or `location`, found neither"),
        ('ffqn = "a:b/c.d"\nlocation = "x.wasm"', "expected either `ffqn` or `location`, found both"),
        ('location = "x.wasm"', "`activity_stub[0]`: `name`: missing, expected text"),
        ('name = "a"\nlocation = "x"\nreturn_type = "u8"', "`return_type`: found beside `location`"),
        ('name = "a"\nlocation = "x"\nparams = [{ name = "a", type = "u8" }]', "`params`: found beside `location`"),
        ('ffqn = "approval.ask"', "`ffqn`: found `approval.ask`, expected `namespace:package/interface[@version].f"),
        ('ffqn = "a:b/c@1.0.0"', "`ffqn`: found `a:b/c@1.0.0`, expected"),
        ('ffqn = "a:b/c.[constructor]r"', "`ffqn`: found `a:b/c.[constructor]r`, expected"),
        ('ffqn = ""', "`ffqn`: found ``, expected"),
        ('ffqn = "a:b/c.d"\nname = "a b"', "contains the character ` `"),
        ('ffqn = "a:b/c.d"\nreturn_type = "list<u8"', "`return_type`: WIT type, line 1, column 8: found the end"),
        ('ffqn = "a:b/c.d"\nreturn_type = ""', "`return_type`: WIT type, line 1, column 1: found the end of the text"),
        (
            'ffqn = "a:b/c.d"\nreturn_type = "own<file>"',
            "`return_type`: WIT type: found `own<file>`, expected a type of",
        ),
        (
            'ffqn = "a:b/c.d"\nparams = [{ name = "a", type = "strng" }]',
            "`activity_stub[0].params[0]`: `type`: WIT type, line 1, column 1: found the unknown type `strng`",
        ),
        (
            'ffqn = "a:b/c.d"\nparams = [{ name = "a", type = "u8" }, { name = "ä", type = "u8" }]',
            "`activity_stub[0].params[1]`: `name`: found `ä`, expected words of letters and digits",
        ),
        ('ffqn = "a:b/c.d"\nparams = [{ name = "a" }]', "`activity_stub[0].params[0].type`: missing, expected text"),
        (
            'ffqn = "a:b/c.d"\nparams = [{ name = "a_b", type = "u8" }, { name = "a-b", type = "u8" }]',
            "`params`: found two parameters called `a-b`",
        ),
        ('ffqn = "a:b/c.d"\nmax_retries = 1', "`activity_stub[0].max_retries`: unknown key"),
    ],
)
def test_a_wrong_table_says_which_key_what_was_found_and_what_was_expected(table: str, message: str):
    with pytest.raises(ConfigError) as caught:
        load(f"[[activity_stub]]\n{table}\n")
    assert message in str(caught.value)


def test_two_stubs_need_two_names():
    other = ASK.replace("orders", "returns")
    with pytest.raises(ConfigError, match=r"two components are named `approval\.ask`"):
        load(ASK + other)
    assert len(load(f'{ASK}{other}name = "returns"\n').components) == 2


# --- what is opened ---


async def test_a_written_function_is_exported_with_names_for_its_types(tmp_path: Path):
    async with opened(SETTLE, tmp_path) as (entry,):
        component = entry.component
    assert (component.id.component_type, component.id.name) == (ComponentRole.ACTIVITY_STUB, "approval.settle")
    assert (component.role, component.provides, component.world.imports) == (ComponentRole.ACTIVITY_STUB, (), ())
    (interface,) = component.exports
    assert interface.name == "shop:orders/approval@1.0.0"
    assert list(map(function_text, interface.functions)) == [
        "settle: func(order-id: settle-order-id, by: string) -> result<settle-result, string>"
    ]


async def test_the_digest_of_a_written_function_is_that_of_its_signature(tmp_path: Path):
    signature = (
        "shop:orders/approval@1.0.0.settle: func(order-id: record { number: u64 }, by: string)"
        " -> result<enum { paid, refused }, string>"
    )
    assert await digest(SETTLE, tmp_path) == "sha256:" + hashlib.sha256(signature.encode()).hexdigest()


async def test_the_digest_changes_with_the_signature_and_not_with_the_spelling(tmp_path: Path):
    plain = await digest(SETTLE, tmp_path)
    assert await digest(SETTLE.replace("order_id", "order-id").replace("{ paid, ", "{paid,"), tmp_path) == plain
    assert await digest(SETTLE + 'name = "other"\n', tmp_path) == plain
    for changed in (SETTLE.replace('"by"', '"who"'), SETTLE.replace("u64", "u32"), SETTLE.replace("paid", "due")):
        assert await digest(changed, tmp_path) != plain


async def test_a_changed_stub_is_another_deployment(tmp_path: Path):
    digests = set()
    for toml in (SETTLE, SETTLE.replace("u64", "u32"), SETTLE + 'name = "other"\n'):
        async with opened(toml, tmp_path) as entries:
            digests.add(deployment_digest(entries))
    assert len(digests) == 3


async def test_two_stubs_of_one_interface_are_called_together(tmp_path: Path):
    write(tmp_path, "caller.wat", CALLER)
    caller = '[[workflow_wasm]]\nname = "caller"\nlocation = "caller.wat"\n'
    async with opened(SETTLE + ASK + caller, tmp_path) as entries:
        assert [entry.component.id.name for entry in entries] == ["approval.settle", "approval.ask", "caller"]
    with pytest.raises(LinkError, match=r"imports `shop:orders/approval@1\.0\.0\.ask`, which does not exist"):
        async with opened(SETTLE + caller, tmp_path):
            raise AssertionError("the components fit together")


async def test_a_caller_with_other_types_is_refused(tmp_path: Path):
    write(tmp_path, "caller.wat", CALLER.replace('"number" u64', '"number" u32'))
    caller = '[[workflow_wasm]]\nname = "caller"\nlocation = "caller.wat"\n'
    with pytest.raises(LinkError, match=r"imports `shop:orders/approval@1\.0\.0\.settle` with other types"):
        async with opened(SETTLE + ASK + caller, tmp_path):
            raise AssertionError("the components fit together")


async def test_a_function_is_written_once(tmp_path: Path):
    with pytest.raises(LinkError, match=r"is already exported by component `approval\.ask`"):
        async with opened(f'{ASK}{ASK}name = "again"\n', tmp_path):
            raise AssertionError("the components fit together")


async def test_names_of_extension_packages_are_refused(tmp_path: Path):
    with pytest.raises(LinkError, match="package names that end in `-obelisk-stub` are reserved"):
        async with opened(ASK.replace("orders", "orders-obelisk-stub"), tmp_path):
            raise AssertionError("the components fit together")


def located(location: str) -> str:
    """Return a table for a component."""
    return f'[[activity_stub]]\nname = "stub"\nlocation = "{location}"\n'


async def test_a_component_is_a_stub_of_all_that_it_exports(tmp_path: Path):
    async with opened(located(str(ROOT / "examples/wat/fibo_activity.wat")), tmp_path) as (entry,):
        assert (entry.component.id.name, entry.component.role) == ("stub", ComponentRole.ACTIVITY_STUB)
        assert [interface.name for interface in entry.component.exports] == ["testing:fibo/fibo"]
        assert entry.ffqns() == frozenset()  # nobody picks them up


async def test_the_digest_of_a_component_is_that_of_its_binary(tmp_path: Path):
    location = str(ROOT / "examples/wat/fibo_activity.wat")
    activity = f'[[activity_wasm]]\nname = "fibo"\nlocation = "{location}"\n'
    assert await digest(located(location), tmp_path) == await digest(activity, tmp_path)


@pytest.mark.parametrize("guest", ["trap_start.wat", "unsafe_import.wat"])
async def test_a_component_that_could_not_run_is_a_stub_too(tmp_path: Path, guest: str):
    async with opened(located(str(ROOT / "tests/guests" / guest)), tmp_path) as (entry,):
        assert entry.component.world.imports == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HAS_RESOURCE, r"component `stub` \(guest.wat\) exports `shop:files/files` with the resource `file`"),
        ("(component)", r"component `stub` \(guest.wat\) exports no function of an interface, expected at least one"),
        ("(module)", "component `stub`.*a core WebAssembly module, expected a component"),
    ],
)
async def test_a_component_that_cannot_be_a_stub_is_named(tmp_path: Path, text: str, message: str):
    write(tmp_path, "guest.wat", text)
    with pytest.raises(ComponentError, match=message):
        async with opened(located("guest.wat"), tmp_path):
            raise AssertionError("the component was opened")


async def test_a_component_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ComponentError, match=r"component `stub`.*nothing\.wasm"):
        async with opened(located("nothing.wasm"), tmp_path):
            raise AssertionError("the component was opened")


async def test_a_stub_that_is_run_says_that_it_cannot_be(tmp_path: Path):
    outcomes: list[Outcome] = []
    now = SystemClock().now()
    name = Ffqn("shop:orders/approval@1.0.0.ask")
    call = ActivityCall(new_execution_id(1, bytes(10)), new_run_id(1, bytes(10)), name, [], now, now)
    async with opened(ASK, tmp_path) as (entry,):
        assert entry.opened.start(call, outcomes.append, print) is None
    (outcome,) = outcomes
    assert isinstance(outcome, Crashed)
    assert (f"`{name}` is a stub" in outcome.reason, outcome.retry) == (True, False)


# --- what clients see ---


async def test_a_stub_is_listed_with_its_extensions_and_can_be_submitted(tmp_path: Path):
    async with engine_harness(f'[storage]\nuse = "memory"\n{SETTLE}', base=tmp_path, directory=tmp_path) as harness:
        await harness.settle()
        (component,) = harness.engine.components.list()
        found = harness.engine.components.exports(component, extensions=True)
        assert harness.engine.components.imports(component) == ()
    assert [(detail.ffqn, detail.submittable) for detail in found] == [
        ("shop:orders/approval@1.0.0.settle", True),
        ("shop:orders-obelisk-ext/approval@1.0.0.settle-submit", False),
        ("shop:orders-obelisk-ext/approval@1.0.0.settle-await-next", False),
        ("shop:orders-obelisk-ext/approval@1.0.0.settle-get", False),
        ("shop:orders-obelisk-stub/approval@1.0.0.settle-stub", False),
    ]


async def test_the_wit_of_a_stub_can_be_built_against(tmp_path: Path):
    async with engine_harness(f'[storage]\nuse = "memory"\n{SETTLE}', base=tmp_path, directory=tmp_path) as harness:
        await harness.settle()
        (component,) = harness.engine.components.list()
        text = harness.engine.components.wit(component)
    document = resolve_packages([text])
    assert document.worlds[0].world == component.world
    assert "use shop:orders/approval@1.0.0.{settle-result};" in text
    stub = next(each for each in document.interfaces if each.name == "shop:orders-obelisk-stub/approval@1.0.0")
    assert list(map(function_text, stub.functions)) == [
        "settle-stub: func(execution-id: execution-id, execution-result: result<settle-result, string>)"
        " -> result<_, stub-error>"
    ]
