package clitest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// contentOf is what is in a file, nothing as long as it is not there.
func contentOf(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

// lives reports whether the process lives whose pid is written in the file.
func lives(t testing.TB, file string) bool {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(contentOf(file)))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	s := state(t, pid)
	return s != 0 && s != 'Z'
}

// hooked starts relance in dir with flags, around a command that says that it is there
// and leaves at once when it is asked to.
func hooked(t testing.TB, dir string, flags ...string) *running {
	t.Helper()
	words := append([]string{"--log-format", "json", "--restart-signal", "USR1"}, flags...)
	cmd := exec.Command(relance(), append(words, "--", "sh", "-c", "trap 'exit 0' TERM; echo here; while :; do sleep 0.05; done")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RELANCE="+relance())
	r := startCmd(t, cmd)
	r.out.want(t, "^here$")
	return r
}

// endAtOnce asks for the end until there is one, and does not wait for hooks.
func (r *running) endAtOnce() {
	r.t.Helper()
	eventually(r.t, "it has ended", func() bool {
		_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
		select {
		case <-r.done:
			return true
		default:
			return false
		}
	})
}

// noZombies waits until what has ended below it was reaped.
func (r *running) noZombies() {
	r.t.Helper()
	eventually(r.t, "no zombie is left", func() bool {
		return !slices.ContainsFunc(childrenOf(r.t, r.pid), func(pid int) bool { return state(r.t, pid) == 'Z' })
	})
}

// A hook is told what the log says, in the same words, and the same in its environment.
func TestHookIsToldWhatTheLogSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := hooked(t, dir, "--name", "web", "--on-event",
		`cat >>events; echo "$RELANCE_EVENT $RELANCE_REASON $RELANCE_GENERATION $RELANCE_NAME" >>words; echo out; ls /proc/$$/fd >>fds`,
		"--after-up", "echo $RELANCE_EVENT $RELANCE_GENERATION $RELANCE_PID >>ups")
	r.signal(syscall.SIGUSR1)
	r.out.want(t, "^here$")
	r.errs.want(t, `"event":"up"`)
	eventually(t, "after-up has been run twice", func() bool { return strings.Count(contentOf(dir+"/ups"), "\n") == 2 })
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
	r.errs.wantClosed(t)
	r.out.wantClosed(t)
	var words string
	var pid int
	said := r.errs.all() + "\n"
	for line := range strings.Lines(contentOf(dir + "/events")) {
		if !strings.Contains(said, line) {
			t.Errorf("not in the log: %s", line)
		}
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		words += fmt.Sprintf("%s %s %d web\n", e.Event, e.Reason, e.Generation)
		pid = max(pid, e.PID)
	}
	if got := contentOf(dir + "/words"); got != words || words != "stopping asked 1 web\nup  2 web\nstopping asked 2 web\n" {
		t.Errorf("told %q, in the environment %q", words, got)
	}
	if got := contentOf(dir + "/ups"); !strings.HasPrefix(got, "after-up 1 ") || !strings.HasSuffix(got, fmt.Sprintf("after-up 2 %d\n", pid)) {
		t.Errorf("ups: %q", got)
	}
	// Its stdout is our stderr, and it has no other descriptor of ours.
	if strings.Contains(r.out.all(), "out") || !strings.Contains(said, "out\n") {
		t.Errorf("stdout: %q", r.out.all())
	}
	if fds := strings.Fields(contentOf(dir + "/fds")); len(fds) == 0 || slices.ContainsFunc(fds, func(fd string) bool { return fd > "2" && fd != "10" }) {
		t.Errorf("descriptors %v", fds)
	}
}

// What a hook starts is of no generation: it is not counted, not killed, and keeps no
// recycle waiting, whatever it does to get away. With relance it ends.
func TestHookIsApart(t *testing.T) {
	t.Parallel()
	for how, flags := range map[string][]string{
		"alone": nil, "handover": {"--handover", "--ready", "delay:10ms"}, "workers": {"--workers", "2", "--ready", "delay:10ms"},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			hookIsApart(t, flags...)
		})
	}
}

func hookIsApart(t *testing.T, flags ...string) {
	t.Helper()
	dir := t.TempDir()
	// The daemon has another session and its parents are gone; the rest stays.
	r := hooked(t, dir, append(flags, "--max-tasks", "6", "--hook-timeout", "infinity", "--after-up",
		`setsid sh -c 'sh -c "trap : TERM; echo \$\$ >daemon; while :; do sleep 1000; done" &' & for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; echo $! >sleeper; wait`)...)
	eventually(t, "the hook has started all", func() bool { return contentOf(dir+"/daemon") != "" && contentOf(dir+"/sleeper") != "" })
	for range 3 {
		r.signal(syscall.SIGUSR1)
		for e := nextEvent(t, r.errs); e.Event != "up"; e = nextEvent(t, r.errs) {
			if e.Reason != "asked" || e.Event == "killing" {
				t.Errorf("%+v", e)
			}
		}
		r.out.want(t, "^here$")
	}
	if !lives(t, dir+"/sleeper") || !lives(t, dir+"/daemon") {
		t.Error("a process of the hook was ended")
	}
	r.noZombies()
	r.endAtOnce()
	if lives(t, dir+"/sleeper") || lives(t, dir+"/daemon") {
		t.Error("a process of the hook has outlived relance")
	}
}

// A hook has its time, and what does not heed TERM is killed; the next event has its turn
// then.
func TestHookTimeLimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := hooked(t, dir, "--hook-timeout", "2s", "--on-event",
		`echo $RELANCE_EVENT >>seen; if [ $RELANCE_EVENT = stopping ]; then trap "" TERM; echo $$ >new; mv new pid; while :; do sleep 1000; done; fi`)
	r.signal(syscall.SIGUSR1)
	r.errs.want(t, `--on-event: not done within 2 s \(--hook-timeout\), so it is ended`)
	eventually(t, "the next event has been told", func() bool { return strings.HasSuffix(contentOf(dir+"/seen"), "up\n") })
	// Where the machine was so busy that it did not come to its first line, nobody is left either.
	if contentOf(dir+"/pid") != "" && lives(t, dir+"/pid") {
		t.Error("the hook lives on")
	}
	r.noZombies()
	r.endAtOnce()
}

// relance ends by force, and what its hooks hold is free.
func TestHooksDieWithRelance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := hooked(t, dir, "--before-relaunch", `flock lock sh -c 'echo $$ >pid; exec "$RELANCE" gate'`, "--ready", "file:never")
	r.signal(syscall.SIGUSR1)
	wantEvent(t, r.errs, "stopping")
	locked := func() bool { return exec.Command("flock", "-n", dir+"/lock", "true").Run() != nil }
	if !locked() {
		t.Fatal("nobody holds the lock")
	}
	r.signal(syscall.SIGKILL)
	eventually(t, "the lock is free", func() bool { return !locked() })
	eventually(t, "the gate has ended", func() bool { return !lives(t, dir+"/pid") })
}

// When relance has ended nobody is left at a gate, and what was held is free.
func TestGateEndsWithRelance(t *testing.T) {
	t.Parallel()
	for how, gate := range map[string]string{"held": `exec flock lock "$RELANCE" gate`, "awaited": "echo x >asked; exec flock lock sleep 1000"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := hooked(t, dir, "--before-relaunch", "echo $$ >pid; "+gate, "--ready", "file:never")
			r.signal(syscall.SIGUSR1)
			if how == "held" {
				wantEvent(t, r.errs, "stopping")
				r.out.want(t, "^here$")
			} else {
				eventually(t, "the gate is asked", func() bool { return contentOf(dir+"/asked") != "" })
			}
			r.signal(syscall.SIGTERM)
			r.wantEnd(0)
			if lives(t, dir+"/pid") || exec.Command("flock", "-n", dir+"/lock", "true").Run() != nil {
				t.Error("somebody is left at the gate")
			}
		})
	}
}

// A check that fails holds the recycle until it does not; nothing else is held.
func TestGateFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := hooked(t, dir, "--before-relaunch", "test -e may", "--backoff", "20ms..50ms")
	r.signal(syscall.SIGUSR1)
	wantEvent(t, r.errs, "gated")
	if e := nextEvent(t, r.errs); e.Event != "gate-failed" || e.Reason != "asked" || e.InSeconds == 0 || !strings.Contains(e.Msg, "exit status 1; next try in") {
		t.Errorf("%+v", e)
	}
	if err := os.WriteFile(dir+"/may", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for e := nextEvent(t, r.errs); e.Event != "stopping"; e = nextEvent(t, r.errs) {
		if e.Event != "gate-failed" { // it may have been asked again before
			t.Errorf("%+v", e)
		}
	}
	wantEvent(t, r.errs, "up")
	r.out.want(t, "^here$")
	r.signal(syscall.SIGTERM)
	r.wantEnd(0)
}

// One that hangs is ended in time, and the recycle goes ahead if the user says so.
func TestGateHangs(t *testing.T) {
	t.Parallel()
	for policy, next := range map[string]string{"proceed": "stopping", "wait": ""} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := hooked(t, dir, "--gate-timeout", "1s", "--gate-policy", policy, "--before-relaunch",
				"echo $$ >new; mv new pid; echo x >>tries; exec sleep 1000", "--backoff", "20ms..50ms")
			r.signal(syscall.SIGUSR1)
			wantEvent(t, r.errs, "gated")
			if e := nextEvent(t, r.errs); e.Event != "gate-failed" || !strings.Contains(e.Msg, "no answer within 1 s (--gate-timeout)") {
				t.Errorf("%+v", e)
			}
			if next != "" {
				if e := nextEvent(t, r.errs); e.Event != next {
					t.Errorf("%+v", e)
				}
				wantEvent(t, r.errs, "up")
				// Where the machine was so busy that it did not come to its first line, nobody is left either.
				eventually(t, "the gate is ended", func() bool { return contentOf(dir+"/pid") == "" || !lives(t, dir+"/pid") })
			} else {
				eventually(t, "it is tried again", func() bool { return strings.Count(contentOf(dir+"/tries"), "x") >= 3 })
				// Who asks twice does not wait.
				r.signal(syscall.SIGUSR1)
				wantEvent(t, r.errs, "stopping")
				wantEvent(t, r.errs, "up")
			}
			r.out.want(t, "^here$")
			r.signal(syscall.SIGTERM)
			r.wantEnd(0)
		})
	}
}

// "relance gate" belongs into a gate, and says so.
func TestGateAlone(t *testing.T) {
	t.Parallel()
	if r := run(t, relance(), "gate"); r.status != 125 || !strings.Contains(r.stderr, "RELANCE_GATE is not set") {
		t.Errorf("%+v", r)
	}
	cmd := exec.Command(relance(), "gate")
	cmd.Env = []string{"RELANCE_GATE=@relance-nobody"}
	if r := runCmd(t, cmd); r.status != 125 || !strings.Contains(r.stderr, "open the gate at @relance-nobody: connection refused") {
		t.Errorf("%+v", r)
	}
}
