"""Components from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.builtin.file_source import FileSource
from obelisk.errors import ComponentError
from obelisk.testing.sources import MAX, SourceConformance, SourcePlace


class TestFileSource(SourceConformance):
    @pytest.fixture
    def place(self, tmp_path: Path) -> SourcePlace:
        async def publish(name: str, content: bytes) -> str:
            (tmp_path / name).write_bytes(content)
            return name

        malformed = ("a\0b", "x" * 5000, ".", "~nobody-at-all/one")
        return SourcePlace(FileSource(MAX), publish, "nothing.wasm", malformed, tmp_path)


async def test_a_file_is_read_from_where_the_configuration_is(tmp_path: Path) -> None:
    (tmp_path / "a.wasm").write_bytes(b"abc")
    artifact = await FileSource(10).fetch("a.wasm", base=tmp_path, max_size=10)
    assert (artifact.content, artifact.origin) == (b"abc", str(tmp_path / "a.wasm"))


@pytest.mark.parametrize(
    ("own", "asked", "key"), [(3, 10, "`file.max_size`, 3 bytes"), (10, 3, "`wasm.max_component_size`, 3 bytes")]
)
async def test_the_smaller_of_the_two_limits_counts(tmp_path: Path, own: int, asked: int, key: str) -> None:
    (tmp_path / "a.wasm").write_bytes(b"abcd")
    with pytest.raises(ComponentError, match=key):
        await FileSource(own).fetch("a.wasm", base=tmp_path, max_size=asked)
