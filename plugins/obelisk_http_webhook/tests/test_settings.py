"""Settings that cannot be: the start ends with a message that names the entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.api.verifying import verify
from obelisk.config.load import config_from_text
from obelisk.errors import ObeliskError
from obelisk.plugins import Plugins
from obelisk.testing.engine import environment_in

ROOT = Path(__file__).resolve().parents[3]

FUNCTION = '[[webhook_function]]\nname = "f"\nffqn = "{}"\nroute = "{}"\n'
FIBOA = "testing:fibo-workflow/workflow.fiboa"


async def refused(serving, toml, **how) -> str:
    with pytest.raises(ObeliskError) as caught:
        async with serving(toml, **how):
            pass
    return str(caught.value)


async def test_two_endpoints_with_the_same_route(serving, tables):
    toml = tables.hook('routes = ["/a/:x"]', name="one") + tables.hook('routes = ["/a/:y"]', name="two")
    message = await refused(serving, toml)
    assert 'the route "/a/:y" for any method of `two` is already one of `one`' in message


async def test_one_endpoint_with_the_same_route_twice_is_no_problem(serving, tables):
    async with serving(tables.hook('routes = ["/h", "/h"]')) as served:
        assert (await served.ask("/h")).status == 200


async def test_two_webhooks_with_the_same_name(serving, tables):
    message = await refused(serving, tables.hook('routes = ["/a"]') + tables.hook('routes = ["/b"]'))
    assert "there are 2 of the webhook `hook`, expected one" in message


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ('mount = [{ host = "nowhere", guest = "/data" }]', "nowhere"),
        ('env_vars = ["NOBODY_SETS_THIS"]', "NOBODY_SETS_THIS"),
        (
            'allowed_host = [{ pattern = "https://a.example", methods = "*", secrets = ["KEY"], replace_in = ["body"] }]',
            "`allowed_host` names the secret `KEY`, which `[secrets]` does not define",
        ),
    ],
    ids=["mount", "env_vars", "allowed_host"],
)
async def test_a_sandbox_that_lacks_something(serving, tables, keys, found):
    message = await refused(serving, tables.hook(keys))
    assert "hook" in message
    assert found in message


async def test_a_server_that_nobody_defines(serving, tables):
    message = await refused(serving, tables.hook('http_server = "inner"'))
    assert "the webhook `hook` names the HTTP server `inner`, known are `external`" in message


async def test_an_address_that_is_in_use(serving, tables):
    async with serving(tables.hook()) as served:
        taken = f'[[http_server]]\nname = "external"\nlistening_addr = "127.0.0.1:{served.port}"\n'
        message = await refused(serving, tables.hook(), server=taken)
    assert "the HTTP server `external` cannot listen at 127.0.0.1" in message


async def test_an_address_whose_name_no_host_can_have(serving, tables):
    server = '[[http_server]]\nname = "external"\nlistening_addr = "a..b:80"\n'
    message = await refused(serving, tables.hook(), server=server)
    assert "the HTTP server `external` cannot listen at a..b:80: " in message


async def test_a_component_that_answers_no_requests(serving):
    toml = '[[webhook_endpoint_wasm]]\nname = "fibo"\nlocation = "examples/wat/fibo_activity.wat"\n'
    message = await refused(serving, toml)
    assert "webhook `fibo` exports `testing:fibo/fibo`, expected `wasi:http/incoming-handler@0.2.x`" in message


async def test_a_component_that_is_not_there(serving):
    toml = '[[webhook_endpoint_wasm]]\nname = "gone"\nlocation = "examples/wat/gone.wat"\n'
    assert "gone.wat" in await refused(serving, toml)


async def test_a_function_that_nobody_exports(serving, tables):
    message = await refused(serving, FUNCTION.format("testing:fibo-workflow/workflow.fibob", "/f") + tables.fibo())
    assert "function not found: `testing:fibo-workflow/workflow.fibob`; did you mean" in message


async def test_a_route_with_a_parameter_that_the_function_has_not(serving, tables):
    message = await refused(serving, FUNCTION.format(FIBOA, "/f/:m") + tables.fibo())
    assert (
        "names the parameter `m`, but those of `testing:fibo-workflow/workflow.fiboa` are `n`, `iterations`" in message
    )


async def test_a_secret_that_nobody_defines(serving, tables):
    message = await refused(serving, tables.hook('signature = { form = "github", secret = "NONE" }'))
    assert "unknown secret `NONE`" in message


@pytest.mark.parametrize("secret", ["not base64!", "whsec_"])
async def test_a_secret_that_is_no_key(serving, tables, secret):
    head = 'storage.use = "memory"\nsecrets = { HOOK = { env = "HOOK" } }\n'
    message = await refused(
        serving, tables.hook('signature = { form = "standard", secret = "HOOK" }'), head=head, HOOK=secret
    )
    assert "the secret `HOOK` is no key of Standard Webhooks" in message
    assert secret not in message.replace("perhaps after `whsec_`", "")


async def test_certificates_that_are_not_there(serving, tables):
    server = tables.server('tls = { certificate = "none.pem", key = "none.key" }')
    message = await refused(serving, tables.hook(), server=server)
    assert "the `tls` of the HTTP server `external` cannot be used" in message


async def test_all_problems_are_told_at_once(serving, tables):
    toml = tables.hook('http_server = "inner"') + tables.hook('http_server = "other"')
    message = await refused(serving, toml)
    assert all(text in message for text in ("`inner`", "`other`", "there are 2"))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ('routes = ["a"]', "begins with `/`"),
        ('routes = [{ route = "/a", methods = ["get"] }]', "methods such as `GET`"),
        ("routes = []", "at least one"),
        ('request_timeout = "0s"', "more than nothing"),
        ('signature = { form = "none", secret = "A" }', "form"),
        ('persist = "never"', "persist"),
        ("fuel = 0", "at least 1"),
        ('nonsense = "x"', "nonsense"),
    ],
)
async def test_a_value_of_an_endpoint_that_cannot_be(serving, tables, keys, text):
    assert text in await refused(serving, tables.hook(keys))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("max_inflight_requests = 0", "at least 1"),
        ("max_body_size = -1", "a number of bytes"),
        ('head_timeout = "0s"', "more than nothing"),
        ('tls = { certificate = "a" }', "key"),
    ],
)
async def test_a_value_of_a_server_that_cannot_be(serving, tables, keys, text):
    assert text in await refused(serving, tables.hook(), server=tables.server(keys))


@pytest.mark.parametrize("address", ["here", "127.0.0.1", "127.0.0.1:99999", "::1:80", "127.0.0.1:x"])
async def test_an_address_that_cannot_be(serving, tables, address):
    server = f'[[http_server]]\nname = "external"\nlistening_addr = "{address}"\n'
    assert "expected an address such as" in await refused(serving, tables.hook(), server=server)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("err_status = 200", "from 400 to 599"),
        ("methods = []", "at least one"),
        ('status_route = "/s"', "ends with `/:execution_id`"),
        ('body = "m"', "names the parameter `m`"),
    ],
)
async def test_a_value_of_a_function_that_cannot_be(serving, tables, keys, text):
    assert text in await refused(serving, FUNCTION.format(FIBOA, "/f") + keys + "\n" + tables.fibo())


async def test_server_verify_opens_the_components(tables, tmp_path):
    toml = '[[webhook_endpoint_wasm]]\nname = "fibo"\nlocation = "examples/wat/fibo_activity.wat"\n'
    environ = environment_in(tmp_path, {})
    config = config_from_text(toml, plugins=Plugins.load(environ={}), base=ROOT, environ=environ)
    with pytest.raises(ObeliskError, match="expected `wasi:http/incoming-handler"):
        await verify(config)
    good = config_from_text(tables.hook(), plugins=Plugins.load(environ={}), base=ROOT, environ=environ)
    await verify(good)
