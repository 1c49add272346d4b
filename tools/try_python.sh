#!/usr/bin/env bash
# Run the demo, and tests if some are named, under another interpreter: PYTHON=python3.14 tools/try_python.sh [TEST...]
#
# PYTHON is a command. If it can make virtual environments, the project is installed into one; else (an interpreter that
# is unpacked beside the system, say) its wheels are unpacked into a directory that is put on its path.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:?set PYTHON to the command of another interpreter}
host=${HOST_PYTHON:-.venv/bin/python} # whose pip unpacks wheels; `make venv` makes it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$($python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
plugins=()
for file in plugins/*/pyproject.toml; do plugins+=("$(dirname "$file")"); done
needed=() # what tests need besides
if [ $# -gt 0 ]; then needed=(--group dev); fi
echo "== Python $version"

if $python -m venv "$work/venv" >/dev/null 2>&1; then
  python=$work/venv/bin/python
  $python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' # which knows dependency groups
  $python -m pip install --quiet . "${plugins[@]}" "${needed[@]}"
  $python tools/demo.py
else
  $host -m pip wheel --quiet --no-deps --wheel-dir "$work/wheels" . "${plugins[@]}"
  $host -m pip install --quiet --target "$work/site" --python-version "$version" --only-binary=:all: \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 "$work"/wheels/*.whl "${needed[@]}"
  export PYTHONPATH="$work/site"
  OBELISK_DEMO_PYTHON="$python" $host tools/demo.py
fi
if [ $# -gt 0 ]; then $python -m pytest -q -p no:cacheprovider "$@"; fi
