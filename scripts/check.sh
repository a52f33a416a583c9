#!/bin/sh
# All that must hold before a commit: form, vet, staticcheck, tidiness, the README's usage block, and every test that
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
if command -v gcc >/dev/null; then
	CGO_ENABLED=1 go test -race ./...
else
	echo "no gcc here: the tests run without the race detector (apt-get install gcc libc6-dev)" >&2
	go test ./...
fi
