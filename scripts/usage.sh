#!/bin/sh
# Compares the usage block of the README with --help; with --write it puts the one into the other.
set -eu
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
{
	sed '/^<!-- usage -->$/q' README.md
	echo '```text'
	bin/relance --help
	echo '```'
	sed -n '/^<!-- end of usage -->$/,$p' README.md
} >"$tmp/README.md"
if [ "${1-}" = --write ]; then
	cp "$tmp/README.md" README.md
elif ! diff -u README.md "$tmp/README.md"; then
	echo "the usage block of README.md is not --help: run make usage" >&2
	exit 1
fi
