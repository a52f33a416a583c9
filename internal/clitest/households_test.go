package clitest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"relance/internal/need"
)

// household is a server with daemons of its own, double-forked and in sessions of their
// own: one takes no notice of TERM, one holds a port, and if there is a file "strip" one
// has nothing in its environment that says whose it is.
const household = `dir=$1; id=$RELANCE_WORKER.$RELANCE_GENERATION
daemon() { ("$@" </dev/null >/dev/null 2>&1 &); }
daemon setsid sh -c 'trap "" TERM; echo $$ >"$1"; exec sleep 1000' sh $dir/stubborn.$id
[ ! -e $dir/strip ] || daemon env -i setsid sh -c 'echo $$ >"$1"; exec sleep 1000' sh $dir/stripped.$id
"$2" --quiet daemon --setsid --exit >$dir/port.$id
until [ -s $dir/stubborn.$id ] && [ ! -e $dir/strip -o -s $dir/stripped.$id ]; do sleep 0.01; done
exec "$3" -notify -version-file $dir/release`

// members are the processes of one generation.
type members struct {
	server int
	pids   map[string]int
	port   int
}

// householdOf reads who is of a generation that is up.
func householdOf(t *testing.T, dir string, up event) members {
	t.Helper()
	m := members{server: up.PID, pids: map[string]int{"server": up.PID}}
	id := fmt.Sprintf(".%d", up.Generation)
	if up.Worker > 0 {
		id = fmt.Sprint(up.Worker) + id
	}
	for _, name := range []string{"stubborn", "stripped", "port"} {
		b, err := os.ReadFile(filepath.Join(dir, name+"."+id))
		if os.IsNotExist(err) && name == "stripped" {
			continue
		}
		text := strings.TrimSpace(string(b))
		if name == "port" && err == nil {
			_, err = fmt.Sscanf(text, "daemon pid=%s port=%d", &text, &m.port)
		}
		pid, errNumber := strconv.Atoi(text)
		if err != nil || errNumber != nil {
			t.Fatalf("%s: %q, %v", name, b, err)
		}
		m.pids[name] = pid
	}
	return m
}

// wantAlive: all of them are there, and the port is held.
func (m *members) wantAlive(t *testing.T, whose string) {
	t.Helper()
	for name, pid := range m.pids {
		if s := state(t, pid); s == 0 || s == 'Z' {
			t.Errorf("%s: %s, pid %d, is gone", whose, name, pid)
		}
	}
	if c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", m.port)); err != nil {
		t.Errorf("%s: %v", whose, err)
	} else {
		c.Close()
	}
}

// wantGone: nobody of them is there.
func (m *members) wantGone(t *testing.T, whose string) {
	t.Helper()
	for name, pid := range m.pids {
		if s := state(t, pid); s != 0 {
			t.Errorf("%s: %s, pid %d, is there in state %q", whose, name, pid, s)
		}
	}
}

// homes are the ways in which the trees of generations are told apart: by their groups, or
// by what /proc shows, as for an ordinary user, who may make none.
var homes = map[string]bool{"groups": true, "no groups": false}

// inHome returns words, for relance to have groups for its trees or none. dir is theirs.
func inHome(t *testing.T, groups bool, dir string, words []string) []string {
	t.Helper()
	if groups || os.Getuid() != 0 {
		return words
	}
	user := fmt.Sprint(ordinary())
	if err := os.Chown(dir, int(ordinary()), int(ordinary())); err != nil {
		t.Fatal(err)
	}
	return append([]string{need.Program(t, "setpriv", "util-linux"), "--reuid", user, "--regid", user, "--clear-groups"}, words...)
}

// wantHome: the process has a group as asked for.
func wantHome(t *testing.T, groups bool, pid int) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	switch has := strings.Contains(string(b), "/relance-"); {
	case err != nil || has && os.Getuid() == 0 && !groups:
		t.Fatalf("%q, %v", b, err)
	case has != groups:
		need.Lack(t, "relance has groups here: %v; run as root where cgroup2 may be written to", has)
	}
}

// startHousehold starts relance with the household in this way.
func startHousehold(t *testing.T, groups bool, flags ...string) (r *running, dir string) {
	t.Helper()
	s := newSite(t)
	release(t, s.folder, "v1")
	if groups {
		s.write(t, "strip", "")
	}
	words := []string{relance(), "--log-format", "json", "--listen", "127.0.0.1:0", "--ready", "notify", "--stop-timeout", "300ms"}
	words = append(append(words, flags...), "--", "sh", "-c", household, "sh", s.folder, misbehave(t), slow(t))
	words = inHome(t, groups, s.folder, words)
	r = start(t, words...)
	listens(t, r)
	return r, s.folder
}

// What an old generation has put into the background leaves with it, and what the new
// one has put there stays, by its group or without one.
func TestHouseholdsOfAHandover(t *testing.T) {
	t.Parallel()
	for home, groups := range homes {
		t.Run(home, func(t *testing.T) {
			t.Parallel()
			r, dir := startHousehold(t, groups, "--handover", "--restart-signal", "HUP")
			old := householdOf(t, dir, wantEvent(t, r.errs, "up"))
			wantHome(t, groups, old.server)
			old.wantAlive(t, "the first one")
			for range 3 {
				r.signal(syscall.SIGHUP)
				wantEvent(t, r.errs, "handing-over")
				next := householdOf(t, dir, wantEvent(t, r.errs, "up"))
				if e := wantEvent(t, r.errs, "killing"); e.PID == next.server {
					t.Errorf("%+v", e)
				}
				for name, pid := range old.pids {
					eventually(t, name+" of the old one gone", func() bool { return state(t, pid) == 0 })
				}
				next.wantAlive(t, "the new one")
				old = next
			}
			r.signal(syscall.SIGTERM)
			wantEndInGrace(t, r)
			old.wantGone(t, "the last one")
		})
	}
}

// The daemons of a worker leave with it, when it is recycled and when it is killed, and
// those of another one stay.
func TestHouseholdsOfWorkers(t *testing.T) {
	t.Parallel()
	for home, groups := range homes {
		t.Run(home, func(t *testing.T) {
			t.Parallel()
			r, dir := startHousehold(t, groups, "--workers", "2", "--backoff", "1ms..1ms", "--max-requests", "1000")
			all := map[int]members{}
			for len(all) < 2 {
				up := wantEvent(t, r.errs, "up")
				wantHome(t, groups, up.PID)
				all[up.Worker] = householdOf(t, dir, up)
			}
			again := func(worker int) {
				t.Helper()
				up := wantEvent(t, r.errs, "up")
				if up.Worker != worker {
					t.Errorf("%+v, want worker %d", up, worker)
				}
				old, other := all[worker], all[3-worker]
				old.wantGone(t, fmt.Sprintf("worker %d before", worker))
				other.wantAlive(t, fmt.Sprintf("worker %d", 3-worker))
				all[worker] = householdOf(t, dir, up)
			}
			for worker := 1; worker <= 2; worker++ {
				if err := syscall.Kill(all[worker].server, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				again(worker)
				if err := syscall.Kill(all[worker].server, syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				again(worker)
			}
			r.signal(syscall.SIGTERM)
			wantEndInGrace(t, r)
			for worker, m := range all {
				m.wantGone(t, fmt.Sprintf("worker %d", worker))
			}
		})
	}
}
