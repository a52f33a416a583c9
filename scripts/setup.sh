#!/bin/sh
# Installs and fetches what the tests need on a Debian machine that has Go, and says what it could not get. What is
# there already is left alone. Most of what it fetches is for the virtual machines: QEMU, a kernel, a small Debian.
set -eu
cd "$(dirname "$0")/.."

missing=
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null || missing="$missing $2"
}
need gcc gcc
need python3 python3
need bash bash
need ps procps
need setpriv util-linux
need dbus-daemon dbus-daemon
[ -e /usr/include/stdlib.h ] || missing="$missing libc6-dev"
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "setup: missing:$missing; run as root: apt-get install -y$missing" >&2
		exit 1
	fi
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi
go mod download
go run ./internal/vm/fetch
