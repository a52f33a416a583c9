package supervise

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/clock"
	"relance/control"
	"relance/files"
	"relance/requests"
	"relance/restart"
	"relance/signals"
	"relance/tree"
)

func TestMain(m *testing.M) {
	status := m.Run()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	// This goroutine is the first.
	for _, s := range strings.Split(string(stacks), "\n\n")[1:] {
		if strings.Contains(s, "relance/") {
			fmt.Fprintf(os.Stderr, "left behind by a test:\n%s\n", s)
			status = 1
		}
	}
	os.Exit(status)
}

// scene is a loop with a world of its own, in a bubble of its own time. All that
// the loop does is noted with the time since the start; a test says what it
// wants to be there.
//
// The two goroutines take turns: mu is the test's, but for the time in which it
// waits for the loop (let).
type scene struct {
	t       *testing.T
	mu      sync.Mutex
	start   time.Time
	in      chan signals.Signal
	events  chan cgroup.Change
	asked   chan requests.News
	counted chan struct{}
	touched chan files.Touched
	asks    chan control.Ask
	clock   chan clock.Set
	ended   chan int
	notes   []string
	calls   map[string]int
	report  restart.Report // the last one

	// The tree: changes that are not yet reaped, the child, who else lives.
	changes        []child.Change
	pid            int
	rest           int
	use            restart.Usage
	count          restart.Counters
	blind          error
	refused        error // why no child can be started
	escaped, dying bool  // the child is not in its group
	alarm          time.Duration
	examined       restart.Examined

	served, inFlight int64
	settles          bool // what becomes of requests is told later
}

func policy() restart.Policy {
	return restart.Policy{
		StopSignal: 15, Grace: 10 * time.Second, BackoffMin: 100 * time.Millisecond, BackoffMax: 30 * time.Second,
		MinUptime: time.Second,
	}
}

// play runs act beside a loop with the configuration c. What is noted and not
// wanted at the end is an error, and so is a loop that does not end then.
func play(t *testing.T, c Config, act func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{
			t: t, start: time.Now(), in: make(chan signals.Signal), events: make(chan cgroup.Change), clock: make(chan clock.Set), touched: make(chan files.Touched), asked: make(chan requests.News), counted: make(chan struct{}), asks: make(chan control.Ask), ended: make(chan int, 1),
			calls: map[string]int{}, use: restart.Usage{Memory: 1, Processes: 1},
		}
		c.Report = s.told
		c.Situation.Self = 1
		s.mu.Lock()
		go func() {
			s.ended <- Run(c, s, Sources{Signals: s.in, Groups: s.events, Clock: s.clock, Files: s.touched, Requests: s.asked, Counted: s.counted, Asks: s.asks})
		}()
		defer s.leave()
		s.let(func() {}) // the first generation starts
		act(s)
		s.want()
	})
}

// let gives the loop its turn, until nothing moves any more.
func (s *scene) let(f func()) {
	s.mu.Unlock()
	f()
	synctest.Wait()
	s.mu.Lock()
}

func (s *scene) pass(d time.Duration) { s.let(func() { time.Sleep(d) }) }

func (s *scene) tellCounted() { s.let(func() { s.counted <- struct{}{} }) }

func (s *scene) send(sig signals.Signal) { s.let(func() { s.in <- sig }) }

// leave ends the loop, wherever it stands.
func (s *scene) leave() {
	for range 3 {
		s.let(func() {})
		if len(s.ended) > 0 {
			return
		}
		s.rest = 0
		s.kill(unix.SIGTERM)
		if s.pid != 0 && len(s.ended) == 0 {
			s.exit(child.Change{})
		}
	}
	s.t.Error("the loop does not end")
}

func (s *scene) note(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	s.calls[strings.Fields(what)[0]]++
	s.notes = append(s.notes, fmt.Sprint(time.Since(s.start), " ", what))
}

// want waits until nothing moves, and compares what has been done since the last
// want.
func (s *scene) want(lines ...string) {
	s.t.Helper()
	s.let(func() {})
	if !slices.Equal(s.notes, lines) {
		s.t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(s.notes, "\n\t"), strings.Join(lines, "\n\t"))
	}
	s.notes = nil
}

func (s *scene) wantStatus(status int) {
	s.t.Helper()
	s.let(func() {})
	select {
	case got := <-s.ended:
		if got != status {
			s.t.Errorf("ended with %d, want %d", got, status)
		}
		s.ended <- got
	default:
		s.t.Errorf("has not ended")
	}
}

func (s *scene) kill(sig unix.Signal) { s.send(signals.Signal{Number: sig, Sender: 77}) }

func (s *scene) terminal(sig unix.Signal) { s.send(signals.Signal{Number: sig, FromKernel: true}) }

// news is of the group.
func (s *scene) news(ev cgroup.Change) { s.let(func() { s.events <- ev }) }

func (s *scene) chld() {
	// The kernel has merged any number of these.
	s.send(signals.Signal{Number: unix.SIGCHLD, FromKernel: true})
}

// exit ends the child.
func (s *scene) exit(c child.Change) {
	c.PID, s.pid = s.pid, 0
	s.changes = append(s.changes, c)
	s.chld()
}

// told, and what follows, are the loop's side.
func (s *scene) told(r restart.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Kind == restart.Begun || r.Kind == restart.Left {
		return // the world has told of it
	}
	s.report = r
	what := fmt.Sprintf("report %s gen=%d", r.Kind, r.Gen)
	if r.Reason != "" {
		what += " " + string(r.Reason)
	}
	s.note("%s", what)
}

func (s *scene) Spawn(a restart.Spawn) (int, error) {
	gen := a.Gen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("spawn %d", gen)
	if s.pid != 0 || s.rest > 0 {
		s.t.Error("spawn beside another generation")
	}
	if s.refused != nil {
		return 0, s.refused
	}
	s.pid = 100 + gen
	return s.pid, nil
}

func (s *scene) Queue(pid int, sig restart.Sig, value uint64) {
	s.note("queue %d %s %d", pid, signals.Name(unix.Signal(sig)), value)
}

func (s *scene) Signal(pid int, sig restart.Sig) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("signal %d %s", pid, signals.Name(unix.Signal(sig)))
	zombie := slices.ContainsFunc(s.changes, func(c child.Change) bool { return c.PID == pid && c.Stopped == 0 })
	if pid <= 0 || pid != s.pid && !zombie {
		s.t.Errorf("a signal to %d, which is not ours", pid)
	}
}

func (s *scene) SignalTree(_ int, sig restart.Sig) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("tree %s", signals.Name(unix.Signal(sig)))
}

func (s *scene) KillTree(int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("kill")
}

func (s *scene) Look(int, int64) (restart.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("look")
	return s.use, s.blind
}

func (s *scene) See(int, int64) (restart.Usage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("see")
	return s.use, s.blind
}

func (s *scene) Members() ([]control.Member, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("members")
	return []control.Member{{Member: tree.Member{Gen: 1, PID: s.pid}}}, s.blind
}

func (s *scene) Alarm(_ int, in time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarm = in
}

func (s *scene) Count(_ int, until int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("count %d", until)
}

func (s *scene) Drain(int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("drain")
	return !s.settles
}

func (s *scene) Requests(int) (served, inFlight int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served, s.inFlight
}

func (s *scene) CloseInput(int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("close-input")
}

func (s *scene) Settles() bool { return s.settles }

func (s *scene) NoteAddresses(gen int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["note-addresses"]++
}

func (s *scene) TellTaken(gen int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("taken %d", gen)
}

func (s *scene) Probe(gen int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("probe %d", gen)
}

// Resumed is not for a time that is never late.
func (s *scene) Resumed() {}

func (s *scene) Heard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("heard")
}

func (s *scene) Examine(now bool) restart.Examined {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("examine %v", now)
	return s.examined
}

func (s *scene) Headroom(_ int, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("headroom %v", on)
}

func (s *scene) Watch(int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("watch")
}

func (s *scene) Counters(int) restart.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["counters"]++
	return s.count
}

func (s *scene) Escaped(int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["escaped"]++
	if s.pid == 0 {
		s.t.Error("where is a child that is gone?")
	}
	return s.escaped
}

func (s *scene) Dying(int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dying
}

func (s *scene) Reap() (child.Change, child.Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["reap"]++
	switch {
	case len(s.changes) > 0:
		c := s.changes[0]
		s.changes = s.changes[1:]
		return c, child.Found
	case s.pid == 0 && s.rest == 0:
		return child.Change{}, child.Childless
	}
	return child.Change{}, child.Later
}

func (s *scene) TreeLeft(int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["count"]++
	return s.rest
}

func (s *scene) Over(int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("over")
	s.count = restart.Counters{} // the group is gone
}

func (s *scene) ChildStopped(_ int, sig restart.Sig) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note("stopped %s", signals.Name(unix.Signal(sig)))
}
