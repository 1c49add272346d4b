"""Registries that fail, lie, or send us elsewhere: a proxy in front of a real one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from obelisk_oci.errors import StoppedError, TransientError
from obelisk_oci.pulling import Puller
from obelisk_oci.reference import Reference
from obelisk_oci.retrying import Retrying, retry_after

from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import Uploader, fibo, padded, push_fibo
from plugins.obelisk_oci.tests.conftest import QUICK
from plugins.obelisk_oci.tests.proxy import Answer, Proxy, Request, body, cut_after, status
from plugins.obelisk_oci.tests.registry import Registry
from plugins.obelisk_oci.tests.test_pulling import MAX, refused

Proxied = Callable[[Registry], tuple[Proxy, str]]


@pytest.fixture
def front(registry: Registry, proxied: Proxied, name_in) -> tuple[Proxy, Reference]:
    """A proxy, and an artifact behind it."""
    proxy, at = proxied(registry)
    reference = name_in(at)
    Uploader(registry.host, reference.repository).artifact("1", fibo())
    return proxy, reference


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_a_failure_that_may_pass_is_tried_again(front, puller: Puller, code: int, part: str) -> None:
    proxy, reference = front
    proxy.fault(part, status(code), times=2)
    assert puller.pull(reference, max_size=MAX).content == fibo()
    assert len(proxy.paths(part)) == 3


@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_a_connection_that_is_cut_is_tried_again(front, puller: Puller, part: str) -> None:
    proxy, reference = front
    proxy.fault(part, cut_after(20), times=2)
    assert puller.pull(reference, max_size=MAX).content == fibo()


def test_a_registry_that_keeps_failing_is_given_up(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/manifests/*", status(503))
    assert "the registry failed with 503 Service Unavailable (tried 3 times)" in refused(puller, reference, host)


def test_a_connection_that_keeps_being_cut_is_given_up(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", cut_after(20))
    message = refused(puller, reference, host)
    assert "the connection was cut after" in message
    assert "(tried 3 times)" in message


def test_a_status_that_will_not_pass_is_not_tried_again(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/manifests/*", status(418))
    assert "418" in refused(puller, reference, host)
    assert len(proxy.paths("/manifests/")) == 1


def test_the_registry_says_how_long_to_wait(front, puller: Puller) -> None:
    proxy, reference = front
    proxy.fault("/manifests/", status(429, Retry_After="1"))
    started = time.monotonic()
    puller.pull(reference, max_size=MAX)
    assert time.monotonic() - started >= 1


def test_a_registry_that_wants_a_long_wait_is_given_up(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/manifests/*", status(429, Retry_After="3600"))
    assert "it asks to wait 3600 s, more than `oci.retry_max_backoff`" in refused(puller, reference, host)
    assert len(proxy.paths("/manifests/")) == 1


def test_content_with_another_digest_is_refused(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    changed = fibo()[:-1] + bytes([fibo()[-1] ^ 1])
    proxy.fault("/blobs/*", body(changed))
    assert "its component has the digest sha256:" in refused(puller, reference, host)


def test_a_manifest_with_another_digest_is_refused(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    digest = puller.resolve(reference).digest
    proxy.fault("/manifests/*", body(b"{}"))
    assert f"expected {digest}" in refused(puller, reference.pinned(digest or ""), host)


def test_a_manifest_that_is_not_what_the_registry_says_is_refused(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/manifests/*", body(b"{}"))
    assert "the registry sends a manifest with the digest" in refused(puller, reference, host)


def test_a_blob_that_ends_early_is_refused(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", body(fibo()[:100]))
    assert f"its component ended after 100 of {len(fibo())} bytes (tried 3 times)" in refused(puller, reference, host)


def test_a_blob_that_does_not_end_is_not_read_to_its_end(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", body(fibo() + bytes(5_000_000)))
    assert f"its component is larger than {len(fibo())} bytes" in refused(puller, reference, host)


@pytest.mark.parametrize("drop", [(), ("Docker-Content-Digest",)])
def test_a_manifest_of_100_megabytes_is_not_read(front, puller: Puller, host: Host, drop: tuple[str, ...]) -> None:
    proxy, reference = front
    proxy.fault("/manifests/*", body(b"[" * 100_000_000, drop=drop))
    assert "its manifest is larger than 4194304 bytes" in refused(puller, reference, host)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        b'{"schemaVersion": 2}',
        b'{"layers": "x"}',
        b"\xff\xfe",
        b'{"mediaType": 5}',
    ],
)
def test_a_manifest_that_is_none_is_refused(front, puller: Puller, host: Host, content: bytes) -> None:
    proxy, reference = front
    proxy.fault("/manifests/*", body(content, drop=("Docker-Content-Digest",)))
    assert "manifest" in refused(puller, reference, host)


def test_an_error_page_is_not_shown_as_it_is(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    page = b'{"errors": [{"code": "DENIED", "message": "\\u001b[31mred\\nline"}]}'
    proxy.fault("/manifests/*", lambda request, answer: Answer(403, {}, page))
    message = refused(puller, reference, host)
    assert "DENIED: ?[31mred?line" in message


def test_content_elsewhere_is_followed(front, puller: Puller, registry: Registry) -> None:
    proxy, reference = front
    proxy.fault(
        "/blobs/", lambda request, answer: Answer(307, {"Location": f"http://{registry.host}{request.path}"}, b"")
    )
    assert puller.pull(reference, max_size=MAX).content == fibo()


def test_redirects_without_end_are_not_followed(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", lambda request, answer: Answer(307, {"Location": request.path}, b""))
    assert "redirects more than 5 times" in refused(puller, reference, host)


@pytest.mark.parametrize("target", ["http://example.com/x", "file:///etc/passwd", "ftp://example.com/"])
def test_a_redirect_to_what_is_not_protected_is_refused(front, puller: Puller, host: Host, target: str) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", lambda request, answer: Answer(302, {"Location": target}, b""))
    assert "expected `https`" in refused(puller, reference, host)


@pytest.mark.parametrize(
    "target",
    [
        "https://[::1",
        "https://example.com:x/",
        "https://\xe9.example.com/",
        "http://127.0.0.1:80@example.com/",
        "http://example.com\\@127.0.0.1/",
        f"https://{'a' * 64}.com/",
    ],
)
def test_a_redirect_to_what_is_no_host_is_refused(front, puller: Puller, host: Host, target: str) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", lambda request, answer: Answer(302, {"Location": target}, b""))
    message = refused(puller, reference, host)
    assert "host" in message or "a URL that is none" in message
    assert len(proxy.paths("/blobs/")) == 1


def test_of_a_redirect_no_more_than_an_answer_is_read(front, puller: Puller, host: Host) -> None:
    proxy, reference = front
    proxy.fault("/blobs/*", lambda request, answer: Answer(307, {"Location": request.path}, bytes(1024 * 1024)))
    assert "the answer is larger than 65536 bytes" in refused(puller, reference, host)


def test_a_push_is_tried_again(registry: Registry, proxied: Proxied, name_in, host: Host, puller: Puller) -> None:
    proxy, at = proxied(registry)
    for part in ("/blobs/uploads/", "/manifests/"):
        proxy.fault(part, status(503), times=2)
    pinned = push_fibo(host, name_in(at), QUICK)
    assert puller.pull(pinned, max_size=MAX).content == fibo()


@pytest.mark.parametrize(
    ("part", "answer", "said"),
    [
        ("/manifests/*", Answer(201, {"Docker-Content-Digest": "sha256:" + "0" * 64}, b""), "sha256:0000"),
        ("/manifests/*", Answer(200, {}, b""), "expected 201"),
        ("/blobs/uploads/*", Answer(202, {"Location": "http://example.com/x"}, b""), "http://example.com"),
        ("/blobs/uploads/*", Answer(202, {}, b""), "makes no sense"),
        ("/blobs/uploads/*", Answer(413, {}, b"too large"), "413"),
    ],
    ids=["stored as something else", "not created", "upload unprotected", "upload nowhere", "too large"],
)
def test_a_push_that_goes_wrong_is_told_with_its_reference(
    registry: Registry, proxied: Proxied, name_in, host: Host, part: str, answer: Answer, said: str
) -> None:
    proxy, at = proxied(registry)
    proxy.fault(part, lambda request, real: answer)
    with pytest.raises(ComponentError) as raised:
        push_fibo(host, name_in(at), QUICK)
    assert said in str(raised.value)
    assert f"`{name_in(at)}`" in str(raised.value)


def test_a_pull_that_nobody_waits_for_ends(front, host: Host, puller: Puller) -> None:
    proxy, reference = front
    stop = threading.Event()

    def stopping(request: Request, answer: Answer) -> Answer:
        stop.set()
        return Answer(429, {"Retry-After": "20"}, b"")

    proxy.fault("/manifests/*", stopping)
    with pytest.raises(ComponentError, match="given up") as raised:
        puller.pull(reference, max_size=MAX, stop=stop)
    assert isinstance(raised.value.__cause__, StoppedError)


def test_large_content_is_pulled_whole(registry: Registry, puller: Puller, name: Reference) -> None:
    content = padded(20_000_000)
    Uploader(registry.host, name.repository).artifact("1", content)
    assert puller.pull(name, max_size=MAX).content == content


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 00:00:30 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 50, 999_999_999.0),
        ("Thu, 01 Jan 2026 00:00:30 +99999999999999", None),
    ],
)
def test_a_wait_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_waits_double_up_to_the_longest() -> None:
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            return False

    def fail() -> None:
        raise TransientError("no")

    retrying = Retrying(5, 0.1, 0.5, lambda count: bytes(count), Stop())
    with pytest.raises(ComponentError, match=r"no \(tried 6 times\)"):
        retrying.run("x", fail)
    assert waited == [0.1, 0.2, 0.4, 0.5, 0.5]
    assert timedelta(seconds=sum(waited)) < timedelta(seconds=2)
