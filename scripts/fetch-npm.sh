#!/bin/sh
# Fetches real programs that speak JSON-RPC on stdio, for the tests, into cache/npm: exactly those of package-lock.json,
# checked by their hashes, and none of their install scripts is run. What is there already is left alone.
set -eu
cd "$(dirname "$0")/.."

from=internal/clitest/testdata/npm
if cmp -s "$from/package-lock.json" cache/npm/package-lock.json; then
	exit 0
fi
# Filled beside its place and renamed whole.
rm -rf cache/npm cache/npm.new
mkdir -p cache/npm.new
cp "$from/package.json" "$from/package-lock.json" cache/npm.new
if ! npm ci --prefix cache/npm.new --ignore-scripts --no-audit --no-fund --loglevel=error; then
	rm -rf cache/npm.new
	echo "setup: npm could not fetch the MCP and language servers of $from/package.json" >&2
	exit 1
fi
mv cache/npm.new cache/npm
