#!/bin/sh
# Fetches from npm what the tests try relance on, into cache/npm: exactly what package-lock.json names, checked by its
# hashes. No script of a package is run but the one that compiles sd-notify, which is against libsystemd. What is there
# already is left alone.
set -eu
cd "$(dirname "$0")/.."

from=internal/clitest/testdata/npm
new=$PWD/cache/npm.new
if cmp -s "$from/package-lock.json" cache/npm/package-lock.json; then
	exit 0
fi
# Filled beside its place and renamed whole.
rm -rf cache/npm "$new"
mkdir -p "$new"
fail() {
	rm -rf "$new"
	echo "setup: $1" >&2
	exit 1
}
cp "$from/package.json" "$from/package-lock.json" "$new"
npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm could not fetch what $from/package.json names"
# The headers of Node that Debian has: else node-gyp would download some.
if ! npm_config_nodedir=/usr npm run --prefix "$new/node_modules/sd-notify" install >"$new/build.log" 2>&1; then
	cat "$new/build.log" >&2
	fail "sd-notify of npm could not be compiled, which takes g++, make, python3, libsystemd-dev and libnode-dev"
fi
mv "$new" cache/npm
