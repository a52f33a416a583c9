# Two commands are enough: "make demo" shows the main job, "make test" sets up and tests everything.
# HACKING.md explains the layers.

export CGO_ENABLED = 0

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
LDFLAGS  := -s -w -checklinkname=0 -X main.version=$(VERSION)
FUZZTIME ?= 60s

.PHONY: build demo check check-kernel test setup fuzz bench usage clean

# The static binary. Why -checklinkname=0: see idle.go.
build:
	go build -trimpath -tags relance_idle -ldflags '$(LDFLAGS)' -o bin/relance .

# A leaking server under --memory-high: two recycles, then the end.
demo: build
	go build -o bin/leaky ./examples/leaky
	examples/demo.sh bin/relance

# What a developer runs before a commit, in about two minutes.
check: build
	scripts/check.sh

# The layer on a real kernel as root: here, where this machine allows, else in a virtual machine.
check-kernel: build
	scripts/check-kernel.sh

# Everything, with all its set-up, on a fresh Debian machine that has Go.
test: setup build
	RELANCE_TEST_TOOLS=1 RELANCE_TEST_LOAD=60s scripts/check.sh whole
	$(MAKE) check-kernel

setup:
	scripts/setup.sh

# Every fuzz target in turn, for FUZZTIME each.
fuzz:
	scripts/fuzz.sh $(FUZZTIME)

bench: build
	go build -o bin/vm/ ./internal/vm/...
	go build -o bin/ ./internal/slowserver
	go run ./bench -relance bin/relance

# Writes --help into the README, and from the same flags man/relance.1 and completions/. scripts/check.sh looks for them.
usage: build
	scripts/usage.sh --write
	go run ./internal/manual

clean:
	rm -rf bin cache
