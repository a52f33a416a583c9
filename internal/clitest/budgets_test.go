package clitest

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Two processes burn the CPU; the one that relance started says on TERM what both
// of them have used.
const burners = `
import os, resource, signal, sys, time
other = os.fork()
if other == 0:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True: pass
def bye(*_):
    os.kill(other, signal.SIGTERM)
    os.waitpid(other, 0)
    own, waited = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    os.write(1, b'used %f\n' % (own.ru_utime + own.ru_stime + waited.ru_utime + waited.ru_stime)) # print may be at work
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print('burning', flush=True)
while True: pass
`

// The CPU time of the tree is spent: TERM, whose handler runs, long before the
// kernel's own limit.
func TestCPUTime(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--cpu-time", "1s", "--cpu-backstop", "--", python(t), "-c", burners)
	for gen := 1; gen <= 2; gen++ {
		n := strconv.Itoa(gen)
		r.errs.want(t, `^relance: gen `+n+`: cpu-time: [0-9.]+ s of 1 s of CPU time after [0-9.]+ m?s; stopping \(TERM, KILL in 10 s\)$`)
		used, err := strconv.ParseFloat(r.out.want(t, `^used ([0-9.]+)$`)[1], 64)
		// How much more than the budget is for the machine to say, which may keep relance waiting; the backstop was not reached.
		if err != nil || used < 0.9 {
			t.Errorf("gen %d has used %v s, %v", gen, used, err)
		}
	}
	r.errs.want(t, `^relance: gen 3: up`)
	if strings.Contains(r.errs.all(), "cpu-limit") {
		t.Error("the backstop was hit")
	}
	r.out.want(t, `^burning$`)
	r.signal(syscall.SIGTERM)
	<-r.done
}

// The backstop ends who does not leave, and is told from a crash.
func TestCPUBackstop(t *testing.T) {
	t.Parallel()
	const deaf = `
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True: pass
`
	r := start(t, relance(), "--rlimit", "cpu=1:5", "--", python(t), "-c", deaf)
	r.errs.want(t, `^relance: gen 1: cpu-limit: XCPU with .* of CPU time after .*; relaunching$`)
	r.signal(syscall.SIGKILL)
	<-r.done

	// What the child finds is a grace above the budget.
	shown := run(t, relance(), "--cpu-time", "1s", "--cpu-backstop", "--stop-timeout", "3s", "--", "cat", "/proc/self/limits")
	if !regexp.MustCompile(`(?m)^Max cpu time +4 +7 +seconds`).MatchString(shown.out) {
		t.Errorf("limits:\n%s", shown.out)
	}
}

// leaker leaks what its first argument says, until it has as many as the second
// says beyond what it began with, and answers TERM.
const leaker = `
import signal, socket, sys, threading, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
held = []
def leak():
    what = sys.argv[1]
    if what == 'sockets':
        held.append(socket.socketpair())
    elif what == 'files':
        held.append(open('/dev/null'))
    elif what == 'threads':
        held.append(threading.Thread(target=time.sleep, args=(3600,), daemon=True))
        held[-1].start()
print('leaking', flush=True)
for _ in range(int(sys.argv[2])):
    leak()
    time.sleep(0.005)
print('full', flush=True)
while True: time.sleep(3600)
`

// Leaked connections, files and threads are recycled; a server that holds fewer is
// left alone, which another budget ends. Each leaks on until it is full, as long as relance
// has not got its turn.
func TestLeaks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, flag, bound, what, most, line string }{
		{"sockets", "--max-sockets", "200", "sockets", "150", `open-files: [23]\d\d of 200 sockets in python3[0-9.]*, pid \d+, after .*`},
		{"files", "--max-open-files", "120", "files", "300", `open-files: (1[2-9]|[23]\d)\d of 120 open files in python3[0-9.]*, pid \d+, after .*`},
		{"a share of the files", "--max-open-files", "50%", "files", "390", `open-files: [23]\d\d of 200 open files in python3[0-9.]*, pid \d+, after .*`},
		{"threads", "--max-tasks", "50", "threads", "90", `tasks: [5-9]\d of 50 processes and threads after .*`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, relance(), "--rlimit", "nofile=400", "--min-uptime", "0", c.flag, c.bound, "--",
				python(t), "-c", leaker, c.what, c.most)
			r.errs.want(t, `^relance: gen 1: `+c.line+`; stopping \(TERM, KILL in 10 s\)$`)
			r.errs.want(t, `^relance: gen 2: up`)
			r.errs.want(t, `^relance: gen 2: `+c.line+`; stopping`)
			r.signal(syscall.SIGTERM)
			<-r.done
		})
	}
	t.Run("fewer", func(t *testing.T) {
		t.Parallel()
		r := start(t, relance(), "--max-sockets", "200", "--max-tasks", "50", "--every", "10s", "--", python(t), "-c", leaker, "sockets", "20")
		r.out.want(t, "^full$")
		r.errs.want(t, `^relance: gen [0-9]+: age: .*; stopping`) // the first one may have been too slow to get full
		r.signal(syscall.SIGTERM)
		<-r.done
		if strings.Contains(r.errs.all(), "open-files") || strings.Contains(r.errs.all(), "tasks") {
			t.Error("recycled for less than its budget")
		}
	})
}

// A budget that is only observed is said, and the command lives on; with the flag
// removed it is recycled.
func TestObserve(t *testing.T) {
	t.Parallel()
	leaky := []string{python(t), "-c", leaker, "sockets", "150"}
	flags := []string{relance(), "--max-sockets", "200", "--memory-high", "1G"}
	r := start(t, append(append(flags, "--observe", "--"), leaky...)...)
	r.errs.want(t, `^relance: gen 1: open-files: [23]\d\d of 200 sockets in python3[0-9.]*, pid \d+, after .*; only observed \(--observe\)$`)
	r.out.want(t, "^full$")
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
	if strings.Contains(r.errs.all(), "gen 2") {
		t.Error("recycled, though it was only to be observed")
	}
	r = start(t, append(append(flags, "--"), leaky...)...)
	r.errs.want(t, `^relance: gen 1: open-files: .*; stopping`)
	r.errs.want(t, `^relance: gen 2: up`)
	r.signal(syscall.SIGTERM)
	<-r.done
}

// A changed file recycles once, however it was changed: by many writes, by an
// editor that renames, by the links of a ConfigMap.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put(at("app.toml"), "a = 1\n")
	do(os.MkdirAll(at("map", "..v1"), 0o755))
	put(at("map", "..v1", "config"), "one\n")
	do(os.Symlink("..v1", at("map", "..data")))
	do(os.Symlink("..data/config", at("map", "config")))
	r := start(t, relance(), "--watch", at("app.toml"), "--watch", at("map", "config"), "--watch", at("conf.d", "*.conf"),
		"--", misbehave(t), "drain", "0s")
	r.out.want(t, `^ready pid=`)
	recycled := func(gen int, path string) {
		t.Helper()
		n := strconv.Itoa(gen)
		r.errs.want(t, `^relance: gen `+n+`: changed: `+regexp.QuoteMeta(path)+`, after .*; stopping \(TERM, KILL in 10 s\)$`)
		r.errs.want(t, `^relance: gen `+strconv.Itoa(gen+1)+`: up`)
		r.out.want(t, `^ready pid=`)
	}
	// Many writes in one go, from one descriptor.
	f, err := os.OpenFile(at("app.toml"), os.O_WRONLY|os.O_APPEND, 0)
	do(err)
	for range 1000 {
		_, err := f.WriteString("b = 2\n")
		do(err)
	}
	do(f.Close())
	recycled(1, at("app.toml"))
	// As vim does it with backupcopy=no: the old one becomes the backup, a new one
	// is written, the backup goes.
	do(os.Rename(at("app.toml"), at("app.toml~")))
	put(at("app.toml"), "a = 3\n")
	do(os.Remove(at("app.toml~")))
	recycled(2, at("app.toml"))
	// As the kubelet does it.
	do(os.Mkdir(at("map", "..v2"), 0o755))
	put(at("map", "..v2", "config"), "two\n")
	do(os.Symlink("..v2", at("map", "..data_tmp")))
	do(os.Rename(at("map", "..data_tmp"), at("map", "..data")))
	do(os.RemoveAll(at("map", "..v1")))
	recycled(3, at("map", "config"))
	// In a folder that was not there.
	do(os.Mkdir(at("conf.d"), 0o755))
	put(at("conf.d", "new.conf"), "x")
	recycled(4, at("conf.d", "new.conf"))
	// The same bytes again, and a name that the pattern does not fit, are nothing:
	// the next line is about what is really new.
	put(at("app.toml"), "a = 3\n")
	put(at("conf.d", "new.txt"), "x")
	put(at("conf.d", "other.conf"), "x")
	recycled(5, at("conf.d", "other.conf"))
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
	if strings.Contains(r.errs.all(), "gen 7") {
		t.Error("one change too many")
	}
}

// A signal asks for the next generation and does not reach the command; another
// one does.
func TestRestartSignal(t *testing.T) {
	t.Parallel()
	r := start(t, relance(), "--restart-signal", "USR1", "--restart", "never", "--", misbehave(t), "print-signals")
	r.out.want(t, `^ready pid=`)
	r.signal(syscall.SIGUSR1)
	r.errs.want(t, `^relance: gen 1: asked to start anew by USR1 from pid \d+, uid \d+ after .*; stopping \(TERM, KILL in 10 s\)$`)
	r.errs.want(t, `^relance: gen 2: up`)
	r.out.want(t, `^ready pid=`)
	r.signal(syscall.SIGUSR2)
	r.out.want(t, "^USR2$")
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
	if strings.Contains(r.out.all(), "USR1") {
		t.Error("the command got what was meant for relance")
	}
}
