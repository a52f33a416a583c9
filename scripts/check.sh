#!/bin/sh
# All that must hold before a commit: form, vet, staticcheck, tidiness, the README's usage block, and every test (one of them
# compares the manual page and the completions with the flags) that
# needs neither root nor a virtual machine, under the race detector where a C compiler is there.
set -eu
cd "$(dirname "$0")/.."

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
# Where neither a package nor its tests start a goroutine (internal/archtest looks), the race detector finds nothing and
# takes several times the time.
calm="cli internal/archtest internal/manual limits restart schedule status"
# What go vet has seen is not looked at again. What the tests start has no signal ignored, also under nohup(1).
test="env --default-signal go test -vet=off"
$test $(printf './%s ' $calm)
busy=$(go list ./... | grep -vxF "$(printf 'relance/%s\n' $calm)")
if command -v gcc >/dev/null; then
	CGO_ENABLED=1 go vet ./entry
	CGO_ENABLED=1 $test -race -timeout 40m $busy
else
	echo "no gcc here: the tests run without the race detector (apt-get install gcc libc6-dev)" >&2
	$test -timeout 40m $busy
fi
