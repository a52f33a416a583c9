#!/bin/sh
# All that must hold before a commit, in about two minutes: form, vet, staticcheck, tidiness, the README's usage block, and
# every test (one of them compares the manual page and the completions with the flags) that needs neither root nor a virtual
# machine; under the race detector where our own code starts goroutines, if a C compiler is there.
# "check.sh whole", as make test calls it, has all tests under the race detector to which that can show anything.
set -eu
cd "$(dirname "$0")/.."
case "$*" in
whole) whole=yes ;;
'') whole= ;;
*)
	echo "usage: check.sh [whole]" >&2
	exit 1
	;;
esac

unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "not gofmt-ed (run gofmt -w on them):" $unformatted >&2
	exit 1
fi
go vet ./...
go vet -tags relance_idle .
GOARCH=arm64 go vet ./...
go tool staticcheck ./...
go mod tidy -diff
scripts/usage.sh

# The tests need not link again what is there.
go build -o bin/ ./internal/misbehave ./internal/slowserver ./examples/held
export RELANCE_TEST_BUILT="$PWD/bin"
# Where neither a package nor its tests start a goroutine, the race detector finds nothing, and takes several times the
# time. Where the package itself does, or counts what several do, it is never left out. internal/archtest looks at both.
calm="cli internal/archtest internal/manual limits restart schedule status"
lively="control report requests requests/client systemd"
paths() { printf 'relance/%s\n' "$@"; }
# What go vet has seen is not looked at again. What the tests start has no signal ignored, also under nohup(1).
test="env --default-signal go test -vet=off -timeout 40m"
if [ "$whole" ]; then
	raced=$(go list ./... | grep -vxF "$(paths $calm)")
else
	raced=$(paths $lively)
fi
if command -v gcc >/dev/null; then
	CGO_ENABLED=1 go vet ./entry
	CGO_ENABLED=1 $test -race $raced
else
	echo "no gcc here: the tests run without the race detector (apt-get install gcc libc6-dev)" >&2
	$test $raced
fi
$test $(go list ./... | grep -vxF "$raced")
