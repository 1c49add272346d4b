"""Secrets: placeholders for the guest, values for the wire, nothing for people."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import RequestDeniedError
from obelisk.interfaces.sandbox import ReplaceIn
from obelisk.wasm.wasi.http.policy import Grant
from obelisk.wasm.wasi.http.secrets import BodyReplacer, Replacer, RunSecrets

REQUEST = "POST https://a.example/"
VALUE = 'sw"rdfish & <more>'
EVERYWHERE = frozenset(("KEY", place) for place in ReplaceIn)
PLACEHOLDER = "OBELISK_SECRET_" + "07" * 16
SENT = PLACEHOLDER.encode()


def secrets(value: str = VALUE, denied: list[RequestDeniedError] | None = None) -> RunSecrets:
    denials = [] if denied is None else denied
    return RunSecrets({"KEY": value}, lambda count: bytes([7] * count), denials.append)


def replacer(*places: ReplaceIn, value: str = VALUE) -> Replacer:
    return secrets(value).replacer(Grant(REQUEST, frozenset(("KEY", place) for place in places)))


def replaced(content_type: str | None, body: bytes = SENT) -> bytes:
    body_replacer = replacer(ReplaceIn.BODY).body(content_type)
    return body if body_replacer is None else body_replacer.feed(body) + body_replacer.finish()


def test_a_guest_finds_a_placeholder_under_the_secrets_name():
    assert secrets().environment == (("KEY", PLACEHOLDER),)
    assert re.fullmatch("OBELISK_SECRET_[0-9a-f]{32}", PLACEHOLDER)


def test_a_header_carries_the_value():
    headers = replacer(ReplaceIn.HEADERS).headers([("authorization", b"Bearer " + SENT), ("x", b"y")])
    assert headers == [("authorization", b"Bearer " + VALUE.encode()), ("x", b"y")]


def test_the_value_of_a_parameter_carries_it_escaped():
    path = replacer(ReplaceIn.PARAMS).path(f"/{PLACEHOLDER}?a=x{PLACEHOLDER}y&{PLACEHOLDER}=1&b")
    assert path == f"/{PLACEHOLDER}?a=x{quote(VALUE, safe='')}y&{PLACEHOLDER}=1&b"
    assert parse_qs(path.partition("?")[2])["a"] == [f"x{VALUE}y"]


def test_a_body_of_text_carries_it_as_it_is():
    assert replaced("text/plain; charset=utf-8") == VALUE.encode()


def test_a_body_of_json_is_json_afterwards():
    for content_type in ("application/json", "Application/Vnd.Api+JSON"):
        assert json.loads(replaced(content_type, b'{"key": "' + SENT + b'"}')) == {"key": VALUE}


def test_a_form_is_a_form_afterwards():
    body = replaced("application/x-www-form-urlencoded", b"a=" + SENT + b"&b=1")
    assert parse_qs(body.decode()) == {"a": [VALUE], "b": ["1"]}


def test_a_body_of_xml_is_xml_afterwards():
    body = replaced("application/xml", b"<key>" + SENT + b"</key>")
    assert body == b"<key>sw&quot;rdfish &amp; &lt;more&gt;</key>"


@pytest.mark.parametrize("content_type", [None, "", "application/octet-stream", "image/png", "multipart/form-data"])
def test_a_body_that_is_no_text_is_left_alone(content_type: str | None):
    assert replacer(ReplaceIn.BODY).body(content_type) is None


def test_a_place_that_is_not_granted_keeps_the_placeholder():
    headers = [("authorization", SENT)]
    assert replacer(ReplaceIn.PARAMS, ReplaceIn.BODY).headers(headers) == headers
    assert replacer(ReplaceIn.HEADERS, ReplaceIn.BODY).path(f"/?a={PLACEHOLDER}") == f"/?a={PLACEHOLDER}"
    assert replacer(ReplaceIn.HEADERS, ReplaceIn.PARAMS).body("text/plain") is None


def test_a_secret_that_is_not_the_components_is_not_sent():
    grant = Grant(REQUEST, frozenset({("OTHER", ReplaceIn.HEADERS)}))
    assert secrets().replacer(grant).headers([("x", SENT)]) == [("x", SENT)]


@pytest.mark.parametrize("value", ["a\r\nx-admin: 1", "a\nb", "a\0b", "a\x7fb"])
def test_a_value_that_would_break_a_header_is_refused(value: str):
    denied: list[RequestDeniedError] = []
    made = secrets(value, denied).replacer(Grant(REQUEST, EVERYWHERE))
    with pytest.raises(RequestDeniedError) as caught:
        made.headers([("x", SENT)])
    assert str(caught.value).startswith(f"outgoing HTTP request {REQUEST} denied by the secret `KEY`: its value holds")
    assert denied == [caught.value]
    assert value not in str(caught.value)


def test_such_a_value_may_stand_in_other_headers_of_the_guest():
    assert secrets("a\nb").replacer(Grant(REQUEST, EVERYWHERE)).headers([("x", b"y")]) == [("x", b"y")]


@pytest.mark.parametrize(
    "text",
    [VALUE, f"at https://a/?k={quote(VALUE, safe='')}", json.dumps({"key": VALUE}), f"placeholder {PLACEHOLDER}"],
)
def test_people_are_shown_no_value_and_no_placeholder(text: str):
    shown = secrets().mask(text)
    assert "rdfish" not in shown
    assert PLACEHOLDER not in shown
    assert "***" in shown
    assert secrets().mask_bytes(text.encode()).decode() == shown


def test_nothing_shows_a_value_when_it_is_printed():
    made = secrets()
    grant = Grant(REQUEST, EVERYWHERE)
    things = (made, made.replacer(grant), made.replacer(grant).body("text/plain"), grant)
    assert "rdfish" not in repr(things)


def test_each_run_has_placeholders_of_its_own():
    one, other = (RunSecrets({"KEY": VALUE}, lambda count, n=n: bytes([n] * count), print) for n in (1, 2))
    assert one.environment != other.environment


ALPHABET = st.sampled_from([b"A", b"B", b"AB", b"AAB", b"x", b"AAAB", b"B1"])
VALUES = {b"AAAB1": b"<one>", b"AAAB2": b"", b"BA1": b"AAAB1"}


@given(st.lists(st.one_of(ALPHABET, st.sampled_from(list(VALUES)), st.binary(max_size=3)), max_size=30).map(b"".join),
       st.data())  # fmt: skip
def test_however_a_body_is_cut_the_same_is_sent(body: bytes, data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=10)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    body_replacer = BodyReplacer(VALUES)
    sent = b"".join(map(body_replacer.feed, chunks)) + body_replacer.finish()
    assert sent == re.sub(b"AAAB1|AAAB2|BA1", lambda found: VALUES[found[0]], body)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_less_than_a_placeholder_is_kept_back(chunks: list[bytes]):
    body_replacer = BodyReplacer({SENT: b"value"})
    fed = sent = 0
    for chunk in chunks:
        fed += len(chunk)
        sent += len(body_replacer.feed(chunk))
        assert fed - sent < len(SENT)
