#!/bin/sh
# The tests that need root and a real cgroup2 with a memory controller. Where this machine has both they run here, else
# in a virtual machine with a kernel of Debian's. Those that need a systemd run in a virtual machine always: not in the
# one that this machine lives by. make setup fetches what both need. They may not skip: a layer that could not run is a
# failure.
set -eu
cd "$(dirname "$0")/.."

export RELANCE_TEST_CGROUP=1 CGO_ENABLED=0
# An emulated machine on a busy one takes several times the time; what hangs is found by the tests' own patience.
test="go test -count=1 -timeout 30m"
packages="./cgroup ./clock ./place ./internal/kerneltest"

go build -o bin/misbehave ./internal/misbehave
go build -o bin/vm/ ./internal/vm/...
vm="$PWD/bin/vm/run -add $PWD/bin/relance=/bin/relance -add $PWD/bin/misbehave=/bin/misbehave"
runtimes=${RELANCE_VM_CACHE:-$PWD/cache/vm}/runtimes
if [ ! -d "$runtimes" ]; then
	echo "check-kernel: no $runtimes; run: go run ./internal/vm/fetch" >&2
	exit 1
fi

if [ "$(id -u)" = 0 ] && grep -qs memory /sys/fs/cgroup/cgroup.controllers; then
	echo "check-kernel: natively"
	RELANCE_TEST_BIN=$PWD/bin/relance RELANCE_TEST_MISBEHAVE=$PWD/bin/misbehave $test -p 1 $packages
	echo "check-kernel: what sets the clock, in a virtual machine"
	RELANCE_TEST_VM_REQUIRED=1 $test -p 1 -run 'TestSet|TestClock' -exec "$vm" ./clock ./internal/kerneltest
else
	echo "check-kernel: in a virtual machine"
	RELANCE_TEST_VM_REQUIRED=1 $test -p 1 -exec "$vm -swap 256M" $packages ./internal/vm/selftest
fi
# The rest always has the virtual machine, for no other is sure to have what it needs.
RELANCE_TEST_VM_HOST=1 $test -run Host ./internal/vm/run
echo "check-kernel: as PID 1 of a virtual machine" # what may be another thing there
RELANCE_TEST_PID1=1 $test -run 'PID1|Daemon|Kill|OOM|Burst|Escape|Doctor|Stale' \
	-exec "$vm -pid1 '/bin/relance --'" ./internal/kerneltest
echo "check-kernel: under systemd, in a virtual machine"
RELANCE_TEST_VM_REQUIRED=1 RELANCE_TEST_SYSTEMD=1 $test -p 1 -exec "$vm -systemd" ./internal/vm/selftest ./internal/systemdtest
echo "check-kernel: in containers, in a virtual machine"
RELANCE_TEST_CONTAINER=1 $test -exec "$vm -add $runtimes=/" ./internal/containertest
