#!/bin/sh
# Unpack Debian's docker-registry and skopeo, which the tests of obelisk-oci use, and strace, which those of obelisk-sqlite use,
# with the libraries that they miss here, into .cache/debian. Nothing is installed and no root is needed; where all are in PATH
# nothing is done.
set -eu
cd "$(dirname "$0")/.."
target=$PWD/.cache/debian
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/cache/archives/partial" "$work/lists/partial" "$work/packages"

present() { [ -x "$target/usr/bin/$1" ] || command -v "$1" >/dev/null; }
apt() { apt-get -o "Dir::Cache=$work/cache" -o APT::Sandbox::User= -o Debug::NoLocking=1 "$@"; }

# Download the packages and what they need; the options say which lists of packages are read.
download() {
  # shellcheck disable=SC2086
  names=$(apt "$@" install --simulate --no-install-recommends $missing | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
  # shellcheck disable=SC2086
  (cd "$work/packages" && apt "$@" download $names)
}

missing=
for program in docker-registry skopeo strace; do present "$program" || missing="$missing $program"; done
if [ -z "$missing" ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "needed in PATH:$missing; this machine has no apt-get to get them with" >&2
  exit 1
fi
# The machine's lists may be missing or old, and only root may renew them: then lists of our own.
if ! download; then
  apt -o "Dir::State::lists=$work/lists" update --quiet
  download -o "Dir::State::lists=$work/lists"
fi
mkdir -p "$target"
for package in "$work"/packages/*.deb; do dpkg-deb --extract "$package" "$target"; done
for program in $missing; do present "$program"; done
