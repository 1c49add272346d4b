"""Values are hidden wherever they occur."""

from __future__ import annotations

import json

import pytest

from obelisk.interfaces.mask import Mask

PASSWORD = 'p"ss\\wörd'
KEY = "-----BEGIN KEY-----\nfirst line of it\nsecond line of it\n}\n"


def test_every_occurrence_is_hidden():
    assert Mask(["hunter2"]).text("hunter2 is not hunter3, but hunter2") == "*** is not hunter3, but ***"


def test_without_values_nothing_changes():
    assert Mask([]).text("as it \ud800 was") == "as it \ud800 was"
    assert Mask([]).data(b"as it was", 5) == b"as it"


def test_of_two_values_the_longer_one_is_hidden():
    assert Mask(["hunter", "hunter2"]).text("hunter2") == "***"


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_value_is_found_as_json_writes_it(ascii_only: bool):
    text = json.dumps({"password": PASSWORD}, ensure_ascii=ascii_only)
    assert Mask([PASSWORD]).text(text) == '{"password": "***"}'


def test_the_lines_of_a_value_are_hidden_one_by_one():
    mask = Mask([KEY])
    assert mask.text("found: second line of it") == "found: ***"
    assert mask.text("}") == "}"  # too short to be a secret
    assert mask.text(KEY) == "***"


def test_a_value_is_found_without_the_line_end_that_it_was_read_with():
    assert Mask(["hunter2\n"]).text("it is hunter2!") == "it is ***!"


def test_an_empty_value_hides_nothing():
    assert Mask(["", "\n"]).text("as it was") == "as it was"


def test_a_value_across_the_cut_is_hidden_whole():
    mask = Mask(["hunter2"])
    for limit in range(1, 8):
        assert mask.data(b"hunter2 and more", limit) == b"***"
    assert mask.data(b"a hunter2", 2) == b"a "
    assert mask.data(b"hunter2 hunter2", 8) == b"*** "


def test_what_is_cut_off_does_not_come_back_when_the_rest_becomes_shorter():
    long = "x" * 100
    assert Mask([long, "hunter2"]).data(long.encode() + b"hunter2", 103) == b"***" + b"***"
    assert Mask([long]).data(long.encode() + b"hunter2", 103) == b"***hun"


def test_a_mask_does_not_tell_what_it_hides():
    assert "hunter2" not in repr(Mask(["hunter2"]))
