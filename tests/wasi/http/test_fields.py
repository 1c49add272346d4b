"""``fields``, called by a guest."""

from __future__ import annotations

import pytest

from obelisk.wasm.wasi.http.fields import FORBIDDEN


async def test_entries_come_in_the_order_and_case_in_which_they_were_given(guest):
    script = 'result = http.Fields.from_list([("B", b"1"), ("a", b"2"), ("b", b"3")]).entries()'
    assert await guest.run(script) == [["B", "1"], ["a", "2"], ["b", "3"]]


async def test_names_are_compared_without_case(guest):
    script = """
fields = http.Fields.from_list([("Accept", b"1"), ("accept", b"2")])
result = [fields.get("ACCEPT"), fields.has("aCCEPT"), fields.get("other"), fields.has("other")]
"""
    assert await guest.run(script) == [["1", "2"], True, [], False]


async def test_an_invalid_name_is_in_no_fields(guest):
    script = 'fields = http.Fields()\nresult = [fields.get("a b"), fields.has("a\\n")]'
    assert await guest.run(script) == [[], False]


async def test_set_takes_the_place_of_all_values(guest):
    script = """
fields = http.Fields.from_list([("a", b"1"), ("b", b"2"), ("A", b"3")])
fields.set("a", [b"4", b"5"])
result = fields.entries()
"""
    assert await guest.run(script) == [["b", "2"], ["a", "4"], ["a", "5"]]


async def test_append_keeps_the_values_that_are_there(guest):
    script = 'fields = http.Fields.from_list([("a", b"1")])\nfields.append("a", b"2")\nresult = fields.get("a")'
    assert await guest.run(script) == ["1", "2"]


async def test_delete_removes_all_values_and_nothing_else(guest):
    script = """
fields = http.Fields.from_list([("a", b"1"), ("b", b"2"), ("A", b"3")])
fields.delete("a")
fields.delete("absent")
result = fields.entries()
"""
    assert await guest.run(script) == [["b", "2"]]


async def test_a_clone_is_a_copy(guest):
    script = """
fields = http.Fields.from_list([("a", b"1")])
clone = fields.clone()
clone.append("b", b"2")
result = [fields.entries(), clone.entries()]
"""
    assert await guest.run(script) == [[["a", "1"]], [["a", "1"], ["b", "2"]]]


async def test_values_may_hold_any_byte_but_controls(guest):
    script = 'result = http.Fields.from_list([("a", bytes([9, *range(32, 127), *range(128, 256)]))]).get("a")'
    assert await guest.run(script) == [bytes([9, *range(32, 127), *range(128, 256)]).decode("latin-1")]


@pytest.mark.parametrize(
    ("name", "value"),
    [("a\r\nb", b"1"), ("", b"1"), ("a b", b"1"), ("ä", b"1"), ("a", b"1\r\nb: 2"), ("a", b"1\n"), ("a", b"\0"),
     ("a", b"\x7f"), ("content-length", b"-1"), ("content-length", b"1, 2"), ("content-length", b"")],
)  # fmt: skip
async def test_what_would_break_a_message_is_invalid_syntax(guest, name, value):
    script = """
fields = http.Fields()
result = [kinds(each) for each in (
    refused(http.Fields.from_list, [(name, value)]), refused(fields.append, name, value), refused(fields.set, name, [value])
)]
"""
    assert await guest.run(script, name=name, value=value) == ["HeaderError_InvalidSyntax"] * 3


async def test_fields_of_the_connection_are_forbidden(guest):
    script = """
fields = http.Fields()
result = {kinds(each) for name in names for each in (
    refused(http.Fields.from_list, [(name, b"")]), refused(fields.append, name, b""), refused(fields.set, name, [b""]),
    refused(fields.delete, name),
)}
"""
    names = [*FORBIDDEN, "Host", "TRANSFER-ENCODING"]
    assert await guest.run(script, names=names) == ["HeaderError_Forbidden"]


async def test_headers_of_a_message_are_immutable_and_their_clone_is_not(guest):
    script = """
headers = http.OutgoingRequest(http.Fields.from_list([("a", b"1")])).headers()
clone = headers.clone()
clone.append("b", b"2")
result = [kinds(each) for each in (
    refused(headers.append, "a", b""), refused(headers.set, "a", []), refused(headers.delete, "a")
)], headers.entries(), clone.entries()
"""
    assert await guest.run(script) == [["HeaderError_Immutable"] * 3, [["a", "1"]], [["a", "1"], ["b", "2"]]]


async def test_fields_that_grow_without_end_trap(guest):
    script = """
fields = http.Fields()
while True:
    fields.append("a", bytes(b"x" * 10_000))
"""
    assert "expected at most 131072" in await guest.trap(script)


async def test_fields_that_are_small_and_many_trap(guest):
    script = """
held = []
for _ in range(200):
    held.append(http.Fields.from_list([("x" * 100_000, b"")]))
"""
    assert "the guest's messages hold" in await guest.trap(script)


async def test_copies_of_fields_count(guest):
    script = """
held = [http.Fields.from_list([("x" * 100_000, b"")])]
for _ in range(200):
    held.append(held[0].clone())
"""
    assert "the guest's messages hold" in await guest.trap(script)


async def test_requests_count_with_their_texts(guest):
    script = """
held = []
for _ in range(200):
    held.append(http.OutgoingRequest(http.Fields()))
    held[-1].set_path_with_query("/" + "x" * 100_000)
"""
    assert "the guest's messages hold" in await guest.trap(script)


async def test_what_was_dropped_does_not_count(guest):
    script = """
for _ in range(400):
    with http.Fields.from_list([("x" * 100_000, b"")]) as fields:
        result = len(fields.entries())
"""
    assert await guest.run(script) == 1
