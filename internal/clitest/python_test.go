package clitest

import (
	"strconv"
	"syscall"
	"testing"

	"relance/internal/need"
)

// python3 runs a program that leaks 100 MB a second, and says on TERM how much it
// has held at most.
const leak = `
import os, signal, sys, time
def bye(*_):
    with open('/proc/self/status') as f:
        peak = [line.split()[1] for line in f if line.startswith('VmHWM')][0]
    os.write(1, b'peak %s\n' % peak.encode()) # print may be at work
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print('leaking', flush=True)
held, start = [], time.time()
while True:
    held.append(bytearray(b'x' * 1000000))
    time.sleep(max(0, start + len(held) / 100 - time.time()))
`

func python(t *testing.T) string {
	t.Helper()
	return need.Python(t)
}

// The main job on real input: a leak is caught a few per cent over the budget,
// again and again, and each line has the figures.
func TestPythonLeak(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--memory-high", "300M", "--", python(t), "-c", leak)
	// 360 MB where nobody keeps relance from its looks. On a busy machine that is
	// some generation of three, and the others are caught as well.
	const generations, wanted, busy = 3, 360 * 1000 * 1000 / 1024, 600 * 1000 * 1000 / 1024
	least := busy
	for gen := 1; gen <= generations; gen++ {
		n := strconv.Itoa(gen)
		r.errs.want(t, `^relance: gen `+n+`: memory-high: [345]\d\d MiB of 300 MiB after [0-9.]+ s, 1 process; stopping \(TERM, KILL in 10 s\)$`)
		peak, err := strconv.Atoi(r.out.want(t, `^peak (\d+)$`)[1])
		if err != nil || peak > busy {
			t.Errorf("gen %d held %d KiB at its peak, want at most 600 MB: %v", gen, peak, err)
		}
		least = min(least, peak)
	}
	if least > wanted {
		t.Errorf("at the least %d KiB were held, want 360 MB at most", least)
	}
	r.out.want(t, "^leaking$") // with its handler
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// RLIMIT_DATA refuses memory and sends no signal: what a program makes of it is
// its own affair, and that it stood at its limit is told from the last look.
func TestPythonDataLimit(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--rlimit", "data=200M", "--", python(t), "-c", leak)
	r.errs.want(t, `^relance: gen 1: memory-max: status 1 after .*relaunching`)
	r.errs.want(t, `^relance: gen 2: up`)
	r.signal(syscall.SIGTERM)
	<-r.done
}
