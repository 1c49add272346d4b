"""Reading `WWW-Authenticate`."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from obelisk_oci.challenge import Challenge, parse_challenges


def test_a_bearer_challenge_has_its_parameters() -> None:
    header = 'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull,push"'
    assert parse_challenges(header) == (
        Challenge(
            "bearer", {"realm": "https://auth.example/token", "service": "r", "scope": "repository:a/b:pull,push"}
        ),
    )


def test_several_challenges_are_told_apart() -> None:
    found = parse_challenges('Basic realm="a, b", charset=UTF-8, Bearer Realm="c"')
    assert found == (Challenge("basic", {"realm": "a, b", "charset": "UTF-8"}), Challenge("bearer", {"realm": "c"}))


def test_quoted_text_may_hold_quotes() -> None:
    assert parse_challenges(r'Basic realm="say \"hi\""')[0].params == {"realm": 'say "hi"'}


def test_a_scheme_may_have_no_parameters() -> None:
    assert [each.scheme for each in parse_challenges("Negotiate, Basic")] == ["negotiate", "basic"]


@given(st.text(max_size=200) | st.text(alphabet='Bearer ,="\\\\;x1', max_size=200))
def test_any_header_is_read(header: str) -> None:
    for challenge in parse_challenges(header):
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name == name.lower() for name in challenge.params)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Basic", "Bearer", "negotiate"]),
            st.dictionaries(st.sampled_from(["realm", "Service", "scope"]), st.text(st.characters(codec="ascii"))),
        ),
        min_size=1,
    )
)
def test_what_is_written_as_the_standard_says_is_read_back(written: list[tuple[str, dict[str, str]]]) -> None:
    header = ", ".join(
        f"{scheme} " + ", ".join(f"{name}={quoted(value)}" for name, value in params.items())
        for scheme, params in written
    )
    assert parse_challenges(header) == tuple(
        Challenge(scheme.lower(), {name.lower(): value for name, value in params.items()}) for scheme, params in written
    )


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def test_a_header_that_does_not_end_has_no_parameters() -> None:
    assert parse_challenges('Bearer a="' + "\\" * 100_000) == (Challenge("bearer", {}),)
