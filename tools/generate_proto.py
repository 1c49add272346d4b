"""Regenerate ``obelisk/api/pb`` from ``obelisk/api/proto``.

    python tools/generate_proto.py            write the generated modules
    python tools/generate_proto.py --check    exit 1 when they are not what the proto gives

Needs grpcio-tools and mypy-protobuf. The generated code is changed in three ways: it registers in our own descriptor pool
(see ``obelisk/api/pool.py``), its modules find each other inside of the package, and its stubs are complete enough for
``mypy --strict``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "obelisk" / "api" / "proto"
GENERATED = ROOT / "obelisk" / "api" / "pb"
FILES = ("obelisk.proto", "obelisk_admin.proto")
NAMES = tuple(file.replace(".proto", "_pb2") for file in FILES)
REPLACEMENTS = (
    ("_descriptor_pool.Default()", "_POOL"),
    ("from google.protobuf import descriptor_pool as _descriptor_pool", "from obelisk.api.pool import POOL as _POOL"),
    *((f"'{name}'", f"'obelisk.api.pb.{name}'") for name in NAMES),
    *((f"import {name} as", f"from obelisk.api.pb import {name} as") for name in NAMES),
    (", _Mapping]", ", _Mapping[str, object]]"),
    ("**kwargs)", "**kwargs: object)"),
)


def generate() -> dict[str, str]:
    """Return the text of each generated module by its file name."""
    with tempfile.TemporaryDirectory() as directory:
        _compile(directory)
        return {path.name: _adapt(path.read_text()) for path in sorted(Path(directory).iterdir())}


def _compile(directory: str) -> None:
    plugin = Path(sys.executable).parent / "protoc-gen-mypy_grpc"
    arguments = [
        f"--proto_path={PROTO}",
        f"--python_out={directory}",
        f"--pyi_out={directory}",
        f"--grpc_python_out={directory}",
        f"--plugin=protoc-gen-mypy_grpc={plugin}",
        f"--mypy_grpc_out=quiet:{directory}",
        *FILES,
    ]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=True)


def _adapt(text: str) -> str:
    for found, replacement in REPLACEMENTS:
        text = text.replace(found, replacement)
    return text


def main(arguments: list[str]) -> int:
    """Write or check the generated modules; return the exit code."""
    modules = generate()
    if arguments == ["--check"]:
        stale = [name for name, text in modules.items() if (GENERATED / name).read_text() != text]
        for name in stale:
            print(f"{name} is not what the proto files give: run `python tools/generate_proto.py`")
        return 1 if stale else 0
    for name, text in modules.items():
        (GENERATED / name).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
