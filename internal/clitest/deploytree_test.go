package clitest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// withStayer is a server, and beside it somebody who does not take notice of TERM.
const withStayer = `[ ! -p "$1/gate" ] || read go <"$1/gate"
sh -c 'trap "" TERM; echo stayer pid=$$; exec sleep 1000' &
exec "$2" -notify -version-file "$1/release"`

// stayer waits for the line of one of these.
func stayer(t testing.TB, r *running) int {
	t.Helper()
	return pidIn(t, r.out.want(t, "^stayer pid=([0-9]+)$"))
}

// wantEndInGrace waits for the end of who was asked to, and whose servers leave with 0. A
// busy machine may not let them do so while their grace lasts: then they are killed, which
// is said.
func wantEndInGrace(t testing.TB, r *running) {
	t.Helper()
	status := r.end()
	r.errs.wantClosed(t)
	killed := slices.ContainsFunc(recordsOf(t, r), func(e event) bool { return e.Event == "killing" && e.ExitStatus == nil })
	if status != 0 && (status != 128+int(syscall.SIGKILL) || !killed) {
		t.Errorf("status %d, killed: %v", status, killed)
	}
}

// recordsOf are all records until now.
func recordsOf(t testing.TB, r *running) (all []event) {
	t.Helper()
	for line := range strings.SplitSeq(r.errs.all(), "\n") {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// wantNoneLostInGrace ends the load and then relance. A server that was not gone when its
// grace was over was killed, and with it one request of each client at most; no other one
// is without its answer.
func (w *witness) wantNoneLostInGrace(r *running) {
	w.t.Helper()
	result := w.end()
	r.signal(syscall.SIGTERM)
	wantEndInGrace(w.t, r)
	killed := 0
	for _, e := range recordsOf(w.t, r) {
		if e.Event == "left" && e.ExitSignal == "KILL" {
			killed++
		}
	}
	if result.Failed() > killed*witnesses || result.Refused > 0 || result.Answers == 0 {
		w.t.Errorf("%d servers were killed: %v %q", killed, result, result.Errors)
	}
}

// Who is left of the old tree and takes no notice of the stop signal is killed when the
// grace is over, and nobody else is: not the new server, and not its own like.
func TestDeployIgnoresTerm(t *testing.T) {
	t.Parallel()
	for name, groups := range homes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newSite(t).folder
			release(t, dir, "v1")
			words := heldWords([]string{"--handover", "--stop-timeout", "500ms"}, []string{"sh", "-c", withStayer, "sh", dir, slow(t)})
			r := start(t, inHome(t, groups, dir, words)...)
			address, old := listens(t, r), wantEvent(t, r.errs, "up").PID
			wantHome(t, groups, old)
			stays := stayer(t, r)
			w := witnessed(t, address)
			w.more(100, old)
			for n, version := range []string{"v2", "v3"} {
				release(t, dir, version)
				r.signal(syscall.SIGHUP)
				wantEvent(t, r.errs, "handing-over")
				next := stayer(t, r)
				up := wantEvent(t, r.errs, "up")
				if e := wantEvent(t, r.errs, "killing"); e.Generation != n+1 {
					t.Errorf("%+v", e)
				}
				eventually(t, "who has stayed gone", func() bool { return state(t, stays) == 0 })
				w.more(100, up.PID)
				if state(t, next) == 0 || state(t, old) != 0 {
					t.Errorf("the old one is in state %q, the new one's other process in %q", state(t, old), state(t, next))
				}
				old, stays = up.PID, next
			}
			w.wantNoneLostInGrace(r)
			if state(t, stays) != 0 {
				t.Error("left behind")
			}
		})
	}
}

// inTheMiddle starts a handover that waits at its gate.
func inTheMiddle(t *testing.T, groups bool) (r *running, old, next, oldStayer int) {
	t.Helper()
	dir := newSite(t).folder
	release(t, dir, "v1")
	const shell = `echo "this is $$"; ` + withStayer
	words := heldWords([]string{"--handover", "--stop-timeout", "500ms"}, []string{"sh", "-c", shell, "sh", dir, slow(t)})
	r = start(t, inHome(t, groups, dir, words)...)
	listens(t, r)
	old = wantEvent(t, r.errs, "up").PID
	r.out.want(t, "^this is ")
	oldStayer = stayer(t, r)
	shut(t, dir)
	if err := os.Chmod(filepath.Join(dir, "gate"), 0o666); err != nil {
		t.Fatal(err)
	}
	r.signal(syscall.SIGHUP)
	wantEvent(t, r.errs, "handing-over")
	return r, old, pidIn(t, r.out.want(t, "^this is ([0-9]+)$")), oldStayer
}

// Who asks relance to end in the middle of a handover ends both trees; the status is
// that of the one that served.
func TestDeployToldToEnd(t *testing.T) {
	t.Parallel()
	for name, groups := range homes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, old, next, other := inTheMiddle(t, groups)
			wantHome(t, groups, old)
			r.signal(syscall.SIGTERM)
			wantEndInGrace(t, r)
			for _, pid := range []int{old, next, other} {
				if s := state(t, pid); s != 0 {
					t.Errorf("pid %d was left behind in state %q", pid, s)
				}
			}
		})
	}
}

// Who kills relance in the middle of a handover: both commands have the stop signal.
func TestDeployParentDeath(t *testing.T) {
	t.Parallel()
	r, old, next, other := inTheMiddle(t, true)
	p, err := os.FindProcess(other) // whoever has that number when this is over
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	r.signal(syscall.SIGKILL)
	r.wantEnd(-9)
	r.out.want(t, "^draining$")
	for _, pid := range []int{old, next} {
		eventually(t, "both gone", func() bool { s := state(t, pid); return s == 0 || s == 'Z' })
	}
	if state(t, other) == 0 {
		t.Error("the control is gone too: who takes no notice of TERM")
	}
}
