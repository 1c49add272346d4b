"""Names of artifacts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obelisk_oci.reference import Reference, is_loopback, parse_reference

from obelisk.errors import InputError

PIN = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oci://ghcr.io/me/fibo:1.0", Reference("ghcr.io", "me/fibo", "1.0")),
        ("oci://ghcr.io/me/fibo", Reference("ghcr.io", "me/fibo", "latest")),
        (f"oci://ghcr.io/me/fibo:1@{PIN}", Reference("ghcr.io", "me/fibo", "1", PIN)),
        (f"oci://ghcr.io/me/fibo@{PIN}", Reference("ghcr.io", "me/fibo", "latest", PIN)),
        ("oci://fibo", Reference("docker.io", "library/fibo", "latest")),
        ("oci://fibo:2", Reference("docker.io", "library/fibo", "2")),
        ("oci://me/fibo", Reference("docker.io", "me/fibo", "latest")),
        ("oci://docker.io/fibo", Reference("docker.io", "library/fibo", "latest")),
        ("oci://index.docker.io/me/fibo", Reference("docker.io", "me/fibo", "latest")),
        ("oci://localhost/fibo:1", Reference("localhost", "fibo", "1")),
        ("oci://localhost:5000/a.b/fibo", Reference("localhost:5000", "a.b/fibo", "latest")),
        ("oci://[::1]:5000/fibo", Reference("[::1]:5000", "fibo", "latest")),
        ("oci://GHCR.io/fibo", Reference("ghcr.io", "fibo", "latest")),
        ("oci://Registry/fibo", Reference("registry", "fibo", "latest")),
    ],
)
def test_what_is_left_out_is_filled_in_as_docker_does(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


def test_docker_hub_answers_elsewhere() -> None:
    assert parse_reference("oci://fibo").api_host == "registry-1.docker.io"
    assert parse_reference("oci://ghcr.io/fibo").api_host == "ghcr.io"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ghcr.io/me/fibo", "oci://host/repository:tag"),
        ("oci://", "repository"),
        ("oci://ghcr.io/", "repository"),
        ("oci://ghcr.io/Fibo", "`Fibo` is no repository"),
        ("oci://ghcr.io/a//b", "`a//b` is no repository"),
        ("oci://ghcr.io/../etc/passwd", "is no repository"),
        ("oci://ghcr.io/a/../b", "is no repository"),
        ("oci://ghcr.io/a:", "is no tag"),
        ("oci://ghcr.io/a:-x", "is no tag"),
        ("oci://ghcr.io/a:b?c=d", "is no tag"),
        ("oci://ghcr.io/a@sha256:abc", "64 hexadecimal digits"),
        ("oci://ghcr.io/a@sha512:" + "a" * 128, "64 hexadecimal digits"),
        ("oci://gh cr.io/a", "is no host"),
        ("oci://ghcr.io:99999/a", "is no host"),
        ("oci://ghcr.io:x/a", "is no host"),
        ("oci://ghcr..io/a", "is no host"),
        ("oci://ghcr-.io/a", "is no host"),
        ("oci://ghcr.io/a@latest", "64 hexadecimal digits"),
        ("oci://ghcr.io/" + "a" * 300, "longer than 255"),
    ],
)
def test_what_is_no_name_is_refused_with_what_was_expected(text: str, part: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_reference(text)
    assert part in str(raised.value)
    assert len(str(raised.value)) < 800


@pytest.mark.parametrize(
    "text",
    [
        "oci://me:hunter2@ghcr.io/me/fibo",
        "oci://me:hunter2@ghcr.io/me/fibo:1@sha256:" + "0" * 64,
        "oci://me:hunter2@shared.example.com/fibo",
        "oci://me:hunt@hunter2@ghcr.io/me/fibo",
        "oci://me:hunter2@ghcr.io",
    ],
)
def test_a_password_in_a_location_is_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_reference(text)
    assert "hunter2" not in str(raised.value)
    assert "docker login" in str(raised.value)


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    try:
        reference = parse_reference(f"oci://{text}")
    except InputError:
        return
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1", "127.9.9.9:1", "[::1]:5000", "a.localhost"]
)
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example.com", "10.0.0.1", "127.0.0.1.example.com", "[::2]", "ghcr.io"])
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)
