"""Where credentials are found."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from obelisk_oci.credentials import Credentials, Keyring
from obelisk_oci.errors import RegistryError
from obelisk_oci.reference import parse_reference

SECRET = "hunter2"
GHCR = parse_reference("oci://ghcr.io/me/fibo:1")
HUB = parse_reference("oci://me/fibo:1")


def auth(user: str, password: str = SECRET) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


class Home:
    """A home directory with files of credentials."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environ = {"HOME": str(path), "PATH": str(path / "bin")}

    def docker(self, **content: Any) -> None:
        self.write(".docker/config.json", json.dumps(content))

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def helper(self, name: str, script: str) -> None:
        self.write(f"bin/docker-credential-{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)

    def find(self, reference: Any = GHCR, **variables: str) -> Credentials | None:
        return Keyring({**self.environ, **variables}, logging.getLogger("t")).find(reference)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_nobody_knows_any(home: Home) -> None:
    assert home.find() is None


@pytest.mark.parametrize("key", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/", "ghcr.io/me", "ghcr.io/me/fibo"])
def test_a_key_is_a_registry_or_the_beginning_of_a_repository(home: Home, key: str) -> None:
    home.docker(auths={key: auth("docker")})
    found = home.find()
    assert found is not None
    assert (found.username, found.password) == ("docker", SECRET)


@pytest.mark.parametrize("key", ["ghcr.io/m", "ghcr.io/other", "ghcr.io:5000", "io", "evil-ghcr.io"])
def test_a_key_of_another_registry_or_repository_does_not_count(home: Home, key: str) -> None:
    home.docker(auths={key: auth("docker")})
    assert home.find() is None


def test_the_longest_key_counts(home: Home) -> None:
    home.docker(auths={"ghcr.io": auth("all"), "ghcr.io/me": auth("mine")})
    found = home.find()
    assert found is not None
    assert found.username == "mine"


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_has_many_names(home: Home, key: str) -> None:
    home.docker(auths={key: auth("hub")})
    found = home.find(HUB)
    assert found is not None
    assert (found.username, found.password) == ("hub", SECRET)


def test_podmans_file_comes_before_dockers(home: Home) -> None:
    home.docker(auths={"ghcr.io": auth("docker")})
    home.write(".config/containers/auth.json", json.dumps({"auths": {"ghcr.io": auth("podman")}}))
    found = home.find()
    assert found is not None
    assert found.username == "podman"


def test_a_file_that_the_environment_names_comes_first(home: Home) -> None:
    home.write(".config/containers/auth.json", json.dumps({"auths": {"ghcr.io": auth("podman")}}))
    path = home.write("mine.json", json.dumps({"auths": {"ghcr.io": auth("mine")}}))
    found = home.find(REGISTRY_AUTH_FILE=str(path))
    assert found is not None
    assert found.username == "mine"


def test_docker_may_keep_its_file_elsewhere(home: Home) -> None:
    home.write("elsewhere/config.json", json.dumps({"auths": {"ghcr.io": auth("else")}}))
    found = home.find(DOCKER_CONFIG=str(home.path / "elsewhere"))
    assert found is not None
    assert found.username == "else"


def test_a_configuration_may_be_in_the_environment(home: Home) -> None:
    found = home.find(DOCKER_AUTH_CONFIG=json.dumps({"auths": {"ghcr.io": auth("ci")}}))
    assert found is not None
    assert found.username == "ci"


VARIABLES = {"OBELISK_OCI_USERNAME": "me", "OBELISK_OCI_PASSWORD": SECRET}


def test_our_own_variables_come_before_every_file(home: Home) -> None:
    home.docker(auths={"ghcr.io": auth("docker")})
    found = home.find(OBELISK_OCI_REGISTRY="ghcr.io", **VARIABLES)
    assert found is not None
    assert found.username == "me"


def test_our_own_variables_are_for_one_registry(home: Home) -> None:
    assert home.find(OBELISK_OCI_REGISTRY="other.example", **VARIABLES) is None
    assert home.find(**VARIABLES) is None


def test_an_identity_token_and_a_registry_token_are_told_apart(home: Home) -> None:
    home.docker(auths={"ghcr.io": {"identitytoken": "id"}, "quay.io": {"registrytoken": "reg"}})
    ghcr, quay = home.find(), home.find(parse_reference("oci://quay.io/a/b"))
    assert ghcr is not None
    assert quay is not None
    assert (ghcr.identity_token, quay.registry_token) == ("id", "reg")


def test_a_helper_of_a_registry_is_asked_for_it(home: Home) -> None:
    home.docker(credHelpers={"ghcr.io": "test"})
    home.helper("test", 'read -r host; echo "{\\"Username\\": \\"$1-$host\\", \\"Secret\\": \\"hunter2\\"}"')
    found = home.find()
    assert found is not None
    assert (found.username, found.password) == ("get-ghcr.io", SECRET)


def test_a_helper_for_all_registries_is_asked_last(home: Home) -> None:
    home.docker(credsStore="test", auths={"quay.io": auth("file")})
    home.helper("test", 'read -r host; echo "{\\"Username\\": \\"$host\\", \\"Secret\\": \\"hunter2\\"}"')
    ghcr, quay, hub = home.find(), home.find(parse_reference("oci://quay.io/a/b")), home.find(HUB)
    assert ghcr is not None
    assert quay is not None
    assert hub is not None
    assert (ghcr.username, quay.username) == ("ghcr.io", "file")
    assert hub.username == "https://index.docker.io/v1/"


def test_a_helper_may_answer_with_a_token(home: Home) -> None:
    home.docker(credHelpers={"ghcr.io": "test"})
    home.helper("test", 'echo \'{"Username": "<token>", "Secret": "id"}\'')
    found = home.find()
    assert found is not None
    assert found.identity_token == "id"


def test_a_helper_that_knows_nothing_is_no_problem(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.docker(credsStore="test")
    home.helper("test", "echo credentials not found in native keychain; exit 1")
    assert home.find() is None
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("name", "script", "said"),
    [
        ("test", f"echo {SECRET}; exit 3", "failed with status 3"),
        ("test", f"echo {SECRET}", "failed: DecodeError"),
        ("missing", "", "is not there"),
        ("../evil", "", "is not there"),
    ],
)
def test_a_helper_that_fails_is_logged_without_what_it_said(
    home: Home, caplog: pytest.LogCaptureFixture, name: str, script: str, said: str
) -> None:
    home.docker(credsStore=name)
    home.helper("test", script)
    assert home.find() is None
    assert said in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("text", ["{", '{"auths": 5}', '{"auths": {"ghcr.io": {"auth": 7}}}', "\x00"])
def test_a_file_that_is_wrong_is_named_and_not_shown(home: Home, text: str) -> None:
    path = home.write(".docker/config.json", text)
    with pytest.raises(RegistryError, match="not the JSON that Docker and podman write") as raised:
        home.find()
    assert str(path) in str(raised.value)


def test_an_entry_that_is_wrong_is_named_and_not_shown(home: Home) -> None:
    home.docker(auths={"ghcr.io": {"auth": SECRET}})
    with pytest.raises(RegistryError, match=r"`auth` of `ghcr\.io`") as raised:
        home.find()
    assert SECRET not in str(raised.value)


def test_a_secret_is_in_no_repr() -> None:
    shown = repr(Credentials("a file", "me", SECRET, identity_token=SECRET, registry_token=SECRET))
    assert SECRET not in shown
