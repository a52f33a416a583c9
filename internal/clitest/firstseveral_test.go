package clitest

import (
	"slices"
	"syscall"
	"testing"
)

// As PID 1 of a namespace, as in a container: a handover under load. What the old one
// leaves becomes a child of relance, as everything does there, and is killed; nothing
// of the new one is.
func TestFirstHandsOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	command := []string{"sh", "-c", withStayer, "sh", dir, slow(t)}
	r := startCmd(t, asFirst(t, "/", heldWords([]string{"--handover", "--stop-timeout", "300ms"}, command)...))
	address := listens(t, r)
	old := wantEvent(t, r.errs, "up").PID
	stayer(t, r) // from now on it takes no notice
	w := witnessed(t, address)
	w.more(100, old)
	for gen := 1; gen <= 3; gen++ {
		before := childrenOf(t, r.pid)
		r.signal(syscall.SIGHUP)
		up := wantEvent(t, r.errs, "up")
		if e := wantEvent(t, r.errs, "killing"); e.Generation != gen || !up.Handover {
			t.Errorf("%+v after %+v", e, up)
		}
		stayer(t, r)
		eventually(t, "only the new one below relance", func() bool {
			now := childrenOf(t, r.pid)
			return len(now) == 1 && !slices.Contains(before, now[0]) && len(childrenOf(t, now[0])) == 1
		})
		w.more(100, up.PID)
	}
	w.wantNoneLostInGrace(r)
}

// Workers below PID 1 come back when somebody kills one, with all that it leaves.
func TestFirstHasWorkers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release(t, dir, "v1")
	command := []string{"sh", "-c", withStayer, "sh", dir, slow(t)}
	r := startCmd(t, asFirst(t, "/", heldWords([]string{"--workers", "3", "--stop-timeout", "300ms", "--backoff", "1ms..1ms", "--min-uptime", "0"}, command)...))
	address := listens(t, r)
	pids := map[int]int{}
	for len(pids) < 3 {
		up := wantEvent(t, r.errs, "up")
		pids[up.Worker] = up.PID
		stayer(t, r)
	}
	w := witnessed(t, address)
	servers := childrenOf(t, r.pid) // as they are called outside
	if len(servers) != 3 {
		t.Fatalf("below relance: %v", servers)
	}
	if err := syscall.Kill(servers[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	killed := wantEvent(t, r.errs, "killing").Worker // what it has left
	up := wantEvent(t, r.errs, "up")
	if up.Worker != killed || up.PID == pids[killed] {
		t.Errorf("%+v after worker %d, pid %d, was killed", up, killed, pids[killed])
	}
	pids[killed] = up.PID
	eventually(t, "three below relance", func() bool { return len(childrenOf(t, r.pid)) == 3 })
	for _, pid := range servers[1:] {
		if len(childrenOf(t, pid)) != 1 {
			t.Errorf("pid %d has lost what was its own", pid)
		}
	}
	w.more(20, pids[1], pids[2], pids[3])
	if result := w.end(); result.Refused > 0 || result.Failed() > witnesses {
		t.Errorf("%v", result)
	}
	r.signal(syscall.SIGTERM)
	wantEndInGrace(t, r)
}
