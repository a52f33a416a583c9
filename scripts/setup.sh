#!/bin/sh
# Installs and fetches what the tests need on a Debian machine that has Go, and says what it could not get. What is
# there already is left alone. Most of what it fetches is for the virtual machines: QEMU, a kernel, a small Debian.
set -eu
cd "$(dirname "$0")/.."

PATH=$PATH:/usr/sbin:/sbin
missing=
need() { # need COMMAND PACKAGE
	command -v "$1" >/dev/null || missing="$missing $2"
}
need gcc gcc
need g++ g++
need python3 python3
need bash bash
need ps procps
need setpriv util-linux
need zsh zsh
need fish fish
need man man-db
need groff groff-base
need mandoc mandoc
need dbus-daemon dbus-daemon
need nginx nginx-light
need vim vim
need systemd-notify systemd
need gunicorn gunicorn
need wrk wrk
need node nodejs
need npm npm
need php php-cli
need ruby ruby
need lighttpd lighttpd
need php-cgi php-cgi
need msmtp msmtp
need etcd etcd-server
need etcdctl etcd-client
need start_server libserver-starter-perl
command -v php-fpm8.2 >/dev/null || missing="$missing php-fpm"
[ -e /usr/include/systemd/sd-daemon.h ] || missing="$missing libsystemd-dev"
[ -e /usr/share/bash-completion/bash_completion ] || missing="$missing bash-completion"
[ -d /usr/lib/python3/dist-packages/systemd ] || missing="$missing python3-systemd"
[ -d /usr/lib/python3/dist-packages/aiosmtpd ] || missing="$missing python3-aiosmtpd"
[ -d /usr/lib/python3/dist-packages/uvicorn ] || missing="$missing python3-uvicorn"
[ -e /usr/lib/python3/dist-packages/sdnotify ] || missing="$missing python3-sdnotify"
ruby -e 'require "rack"; require "webrick"' 2>/dev/null || missing="$missing ruby-rack ruby-webrick"
[ -e /usr/include/stdlib.h ] || missing="$missing libc6-dev"
[ -e /usr/include/node/node.h ] || missing="$missing libnode-dev"
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ]; then
		echo "setup: missing:$missing; run as root: apt-get install -y$missing" >&2
		exit 1
	fi
	apt-get update -q
	# The tests start what they need. A server that is installed must not start one of its own (invoke-rc.d(8)).
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT INT TERM
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod +x /usr/sbin/policy-rc.d
	fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi
go mod download
go run ./internal/vm/fetch
scripts/fetch-npm.sh
