package clitest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// away is the time for which one of a fleet is not up.
type away struct {
	who      int
	from, to time.Time
}

// fleet starts five relances with the flags, asks all of them at once for another
// generation, as often as told, and returns when each was away.
func fleet(t *testing.T, times int, flags ...string) []away {
	t.Helper()
	const size = 5
	var all [size]*running
	for i := range all {
		all[i] = hooked(t, t.TempDir(), append([]string{"--ready", "delay:50ms"}, flags...)...)
	}
	var gone []away
	for range times {
		for _, r := range all {
			r.signal(syscall.SIGUSR1)
		}
		for i, r := range all {
			from := wantEvent(t, r.errs, "stopping")
			to := wantEvent(t, r.errs, "up")
			gone = append(gone, away{i, from.Time, to.Time})
		}
	}
	for _, r := range all {
		r.signal(syscall.SIGTERM)
	}
	for _, r := range all {
		r.wantEnd(0)
	}
	slices.SortFunc(gone, func(a, b away) int { return a.from.Compare(b.from) })
	return gone
}

// overlaps counts those that were away while another one was.
func overlaps(gone []away) (n int) {
	for i := 1; i < len(gone); i++ {
		if gone[i].from.Before(gone[i-1].to) {
			n++
		}
	}
	return n
}

// The negative control: without a lock they are away together.
func TestFleetWithoutLock(t *testing.T) {
	t.Parallel()
	if gone := fleet(t, 1); overlaps(gone) == 0 {
		t.Errorf("they were never away together: %v", gone)
	}
}

// With a lock no two are away at once, and all have their turn.
func TestFleetFlock(t *testing.T) {
	t.Parallel()
	lock := t.TempDir() + "/lock"
	if gone := fleet(t, need.Much(2, 10), "--before-relaunch", fmt.Sprintf(`flock %s "$RELANCE" gate`, lock)); overlaps(gone) > 0 {
		t.Errorf("away together: %v", gone)
	}
}

// The same with a lock of etcd, as for a fleet of machines.
func TestFleetEtcd(t *testing.T) {
	t.Parallel()
	server, ctl := need.Program(t, "etcd", "etcd-server"), need.Program(t, "etcdctl", "etcd-client")
	client, peer := fmt.Sprintf("http://127.0.0.1:%d", need.Port(t)), fmt.Sprintf("http://127.0.0.1:%d", need.Port(t))
	start(t, server, "--data-dir", t.TempDir(), "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
	etcdctl := func(words ...string) *exec.Cmd {
		cmd := exec.Command(ctl, append([]string{"--endpoints", client, "--dial-timeout", "2m", "--command-timeout", "2m"}, words...)...)
		cmd.Env = append(os.Environ(), "ETCDCTL_API=3")
		return cmd
	}
	eventually(t, "etcd serves", func() bool { return etcdctl("endpoint", "health").Run() == nil })
	gate := fmt.Sprintf(`ETCDCTL_API=3 %s --endpoints %s lock web "$RELANCE" gate`, ctl, client)
	if gone := fleet(t, need.Much(2, 10), "--before-relaunch", gate); overlaps(gone) > 0 {
		t.Errorf("away together: %v", gone)
	}
	// And it is given back.
	if out, err := etcdctl("lock", "--ttl", "5", "web", "echo", "free").Output(); err != nil || string(out) != "free\n" {
		t.Errorf("%q, %v", out, err)
	}
}
