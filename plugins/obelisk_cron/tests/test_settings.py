"""What is wrong with a `[[cron]]` table is told before anything starts."""

from __future__ import annotations

import pytest

from obelisk.errors import ConfigError


async def refused(open_engine, *toml: str) -> str:
    with pytest.raises(ConfigError) as caught:
        async with open_engine(*toml):
            pass
    return str(caught.value)


@pytest.mark.parametrize("storage", ["memory"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "nonsense"}, "`cron[job]`: `schedule`: found 1 fields"),
        ({"schedule": "0 0 */20 * 1L"}, "`cron[job]`: `schedule`: `0 0 */20 * 1L` is never due"),
        ({"ffqn": "nothing"}, "`cron[job]`: `ffqn`: found `nothing`, expected a function"),
        ({"ffqn": "shop:jobs/jobs.wrok"}, "`cron[job]`: function not found: `shop:jobs/jobs.wrok`; did you mean"),
        ({"params": '["x"]'}, "`cron[job]`:"),
        ({"params": '["x", "y"]'}, "`cron[job]`:"),
        ({"params": '["x", 2026-01-01]'}, "`cron[job]`:"),
        ({"params": "'{\"a\": 1}'"}, "expected the text of a JSON array, found"),
        ({"params": "'[1,'"}, "expected the text of a JSON array:"),
        ({"name": "a b"}, "`name`: expected letters"),
        ({"name": ""}, "`name`: expected letters"),
    ],
)
async def test_a_wrong_table_is_refused(open_engine, table, changes, message):
    assert message in await refused(open_engine, table(**{"schedule": "@daily", **changes}))


@pytest.mark.parametrize("storage", ["memory"])
async def test_a_wrong_zone_is_refused(open_engine, table):
    assert "`timezone`: found `Europe/Nowhere`" in await refused(
        open_engine, table("@daily", 'timezone = "Europe/Nowhere"')
    )


@pytest.mark.parametrize("storage", ["memory"])
async def test_an_unknown_key_is_refused(open_engine, table):
    assert "did you mean `cron[job].timezone`?" in await refused(open_engine, table("@daily", 'timezon = "UTC"'))


@pytest.mark.parametrize("storage", ["memory"])
async def test_names_are_unique_and_every_problem_is_told(open_engine, table):
    message = await refused(
        open_engine, table("@daily"), table("@daily"), table("@daily", ffqn="a:b/c.d", name="other")
    )
    assert "`cron[1].name`: two schedules are named `job`" in message
    assert "`cron[other]`: function not found: `a:b/c.d`" in message
