"""Registries that want to know who we are."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from obelisk_oci.pulling import Puller
from obelisk_oci.reference import Reference

from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import fibo, push_fibo
from plugins.obelisk_oci.tests.conftest import QUICK
from plugins.obelisk_oci.tests.proxy import Answer
from plugins.obelisk_oci.tests.registry import PASSWORD, USER, Registry
from plugins.obelisk_oci.tests.serving import Handler, Server, served
from plugins.obelisk_oci.tests.test_pulling import MAX, refused
from plugins.obelisk_oci.tests.tokens import BASIC, IDENTITY_TOKEN, TokenServer


def variables(host: str, password: str = PASSWORD) -> dict[str, str]:
    return {"OBELISK_OCI_REGISTRY": host, "OBELISK_OCI_USERNAME": USER, "OBELISK_OCI_PASSWORD": password}


def with_environment(host: Host, **environ: str) -> Host:
    return msgspec.structs.replace(host, environ={**host.environ, **environ})


def pushed(host: Host, reference: Reference, **environ: str) -> Reference:
    return push_fibo(with_environment(host, **environ), reference, QUICK)


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_a_name_and_a_password_open_a_registry(guarded: Registry, host: Host, name_in) -> None:
    reference = name_in(guarded)
    pushed(host, reference, **variables(guarded.host))
    puller = Puller(QUICK, with_environment(host, **variables(guarded.host)))
    assert puller.pull(reference, max_size=MAX).content == fibo()


def test_dockers_file_opens_a_registry(guarded: Registry, host: Host, name_in) -> None:
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    config = Path(host.environ["HOME"], ".docker", "config.json")
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"auths": {guarded.host: {"auth": auth}}}))
    assert pushed(host, name_in(guarded)).digest


def test_nobody_is_told_what_to_do(guarded: Registry, puller: Puller, host: Host, name_in) -> None:
    message = refused(puller, name_in(guarded), host)
    assert "none are known for" in message
    assert "docker login" in message


def test_a_wrong_password_is_told_and_not_shown(guarded: Registry, host: Host, name_in, everything_logged) -> None:
    puller = Puller(QUICK, with_environment(host, **variables(guarded.host, "wrong-secret")))
    message = refused(puller, name_in(guarded), host)
    assert "refuses the credentials from the variable OBELISK_OCI_PASSWORD" in message
    for secret in ("wrong-secret", base64.b64encode(f"{USER}:wrong-secret".encode()).decode()):
        assert secret not in message + everything_logged.text


def test_a_registry_may_want_tokens(
    token_registry: Registry, tokens: TokenServer, host: Host, name_in, everything_logged
) -> None:
    reference = name_in(token_registry)
    pushed(host, reference, **variables(token_registry.host))
    puller = Puller(QUICK, with_environment(host, **variables(token_registry.host)))
    assert puller.pull(reference, max_size=MAX).content == fibo()
    scopes = {asked.scope for asked in tokens.asked}
    assert f"repository:{reference.repository}:pull" in scopes
    assert any(set(scope.rpartition(":")[2].split(",")) == {"pull", "push"} for scope in scopes)
    assert {asked.authorization for asked in tokens.asked} == {BASIC}
    for secret in (PASSWORD, BASIC.removeprefix("Basic "), tokens.token("repository:a:pull", USER)[:40]):
        assert secret not in everything_logged.text


def test_a_token_is_used_until_it_expires(token_registry: Registry, tokens: TokenServer, host: Host, name_in) -> None:
    reference = name_in(token_registry)
    pushed(host, reference, **variables(token_registry.host))
    tokens.asked.clear()
    puller = Puller(QUICK, with_environment(host, **variables(token_registry.host)))
    for _ in range(3):
        puller.pull(reference, max_size=MAX)
    assert len(tokens.asked) == 1


def test_a_token_that_the_registry_refuses_is_replaced(
    token_registry: Registry, tokens: TokenServer, host: Host, name_in
) -> None:
    reference = name_in(token_registry)
    pushed(host, reference, **variables(token_registry.host))
    puller = Puller(QUICK, with_environment(host, **variables(token_registry.host)))
    tokens.life = -120  # expired for the registry, which allows for a minute; what we are told is refused by nobody
    shared = puller.registries().tokens
    with pytest.raises(ComponentError, match="does not allow it"):
        puller.pull(reference, max_size=MAX)
    tokens.life = 300
    assert shared is puller.registries().tokens
    assert puller.pull(reference, max_size=MAX).content == fibo()


def test_everybody_may_pull_where_tokens_are_given_to_anybody(
    token_registry: Registry, tokens: TokenServer, host: Host, puller: Puller, name_in
) -> None:
    reference = name_in(token_registry)
    pushed(host, reference, **variables(token_registry.host))
    tokens.anonymous = True
    tokens.asked.clear()
    assert puller.pull(reference, max_size=MAX).content == fibo()
    assert [asked.authorization for asked in tokens.asked] == [None]


def test_a_push_of_nobody_is_told_what_to_do(
    token_registry: Registry, tokens: TokenServer, host: Host, name_in
) -> None:
    tokens.anonymous = True
    with pytest.raises(ComponentError, match="none are known for") as raised:
        pushed(host, name_in(token_registry))
    assert str(name_in(token_registry)) in str(raised.value)


def test_a_wrong_password_for_tokens_is_told(token_registry: Registry, host: Host, name_in) -> None:
    puller = Puller(QUICK, with_environment(host, **variables(token_registry.host, "wrong")))
    assert "refuses the credentials from the variable" in refused(puller, name_in(token_registry), host)


def test_an_identity_token_is_exchanged(token_registry: Registry, tokens: TokenServer, host: Host, name_in) -> None:
    reference = name_in(token_registry)
    config = json.dumps({"auths": {token_registry.host: {"identitytoken": IDENTITY_TOKEN}}})
    pushed(host, reference, DOCKER_AUTH_CONFIG=config)
    assert {asked.method for asked in tokens.asked} == {"POST"}


def test_a_realm_that_is_not_protected_gets_nothing(registry: Registry, proxied, host: Host, name_in) -> None:
    proxy, at = proxied(registry)
    challenge = {"WWW-Authenticate": 'Bearer realm="http://tokens.example.com/",service="s"'}
    proxy.fault("/manifests/*", lambda request, answer: Answer(401, challenge, b""))
    puller = Puller(QUICK, with_environment(host, **variables(at)))
    assert "realm `http://tokens.example.com/`" in refused(puller, name_in(at), host)


@pytest.mark.parametrize("realm", ["http://127.0.0.1:80@example.com/", "https://[::1"])
def test_a_realm_without_a_plain_host_gets_nothing(registry: Registry, proxied, host: Host, name_in, realm) -> None:
    proxy, at = proxied(registry)
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'}
    proxy.fault("/manifests/*", lambda request, answer: Answer(401, challenge, b""))
    puller = Puller(QUICK, with_environment(host, **variables(at)))
    assert "the registry names a URL" in refused(puller, name_in(at), host)


def test_a_token_that_no_header_can_hold_is_told(registry: Registry, proxied, host: Host, name_in) -> None:
    proxy, at = proxied(registry)
    challenge = {"WWW-Authenticate": 'Bearer realm="https://tokens.example.com/"'}
    proxy.fault("/manifests/*", lambda request, answer: Answer(401, challenge, b""))
    text = f'{{"auths": {{"{at}": {{"registrytoken": "t\u20acken"}}}}}}'
    puller = Puller(QUICK, with_environment(host, DOCKER_AUTH_CONFIG=text))
    message = refused(puller, name_in(at), host)
    assert "cannot ask" in message
    assert "t\u20acken" not in message


@pytest.mark.parametrize("challenge", ["", "Negotiate", "Digest realm=x"])
def test_a_challenge_that_nobody_can_answer_is_told(
    registry: Registry, proxied, puller, host, name_in, challenge
) -> None:
    proxy, at = proxied(registry)
    proxy.fault("/manifests/*", lambda request, answer: Answer(401, {"WWW-Authenticate": challenge}, b""))
    assert "expected Basic or Bearer" in refused(puller, name_in(at), host)


class _Listening(Handler):
    heard: list[dict[str, str]]

    def do_GET(self) -> None:
        self.heard.append(dict(self.headers.items()))
        self.reply(200, fibo())


def test_credentials_do_not_go_along_with_a_redirect(guarded: Registry, proxied, host: Host, name_in) -> None:
    reference = name_in(guarded)
    pushed(host, reference, **variables(guarded.host))
    proxy, at = proxied(guarded)
    heard: list[dict[str, str]] = []
    (host.data_dir / ".netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    environ = {**variables(at), "NETRC": str(host.data_dir / ".netrc")}
    with served(Server(("127.0.0.1", 0), type("_Bound", (_Listening,), {"heard": heard}))) as elsewhere:
        location = {"Location": f"http://{elsewhere.host}/content"}
        proxy.fault("/blobs/*", lambda request, answer: Answer(307, location, b"") if answer.status == 200 else answer)
        puller = Puller(QUICK, with_environment(host, **environ))
        pulled = puller.pull(Reference(at, reference.repository, "1"), max_size=MAX)
    assert pulled.content == fibo()
    assert [headers.get("Authorization") for headers in heard] == [None]
    assert any(request.headers.get("Authorization") for request in proxy.requests)


def test_who_gives_tokens_cannot_send_credentials_elsewhere(
    token_registry: Registry, tokens: TokenServer, host: Host, name_in
) -> None:
    heard: list[dict[str, str]] = []
    puller = Puller(QUICK, with_environment(host, **variables(token_registry.host)))
    with served(Server(("127.0.0.1", 0), type("_Bound", (_Listening,), {"heard": heard}))) as elsewhere:
        tokens.moved_to = f"http://{elsewhere.host}/token"
        message = refused(puller, name_in(token_registry), host)
    assert "which gives tokens, redirects; that is not followed with credentials" in message
    assert heard == []


def test_a_netrc_is_not_read(registry: Registry, proxied, puller: Puller, name_in, monkeypatch, host) -> None:
    reference = name_in(registry)
    pushed(host, reference)
    proxy, at = proxied(registry)
    (host.data_dir / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    monkeypatch.setenv("NETRC", str(host.data_dir / "netrc"))
    puller.pull(Reference(at, reference.repository, "1"), max_size=MAX)
    assert {request.headers.get("Authorization") for request in proxy.requests} == {None}
