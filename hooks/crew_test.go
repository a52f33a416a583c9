package hooks

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/report"
	"relance/restart"
)

// play is a crew whose commands are only noted.
type play struct {
	*Crew
	t       *testing.T
	now     time.Time
	said    []string
	started []job
	kills   []string
	refused error
}

func playCrew(t *testing.T, s Settings) *play {
	t.Helper()
	p := &play{t: t, now: time.Unix(1000, 0)}
	if s.Timeout == 0 {
		s.Timeout = 30 * time.Second
	}
	var err error
	if s.Filter, err = report.ParseFilter("info"); err != nil {
		t.Fatal(err)
	}
	if p.Crew, err = New(s, func(line string) { p.said = append(p.said, line) }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.Crew.start = func(j job) (int, error) {
		p.started = append(p.started, j)
		return 100 + len(p.started), p.refused
	}
	p.Crew.kill = func(pid int, force bool) { p.kills = append(p.kills, fmt.Sprint(pid, force)) }
	return p
}

func (p *play) pass(d time.Duration) {
	p.now = p.now.Add(d)
	p.Advance(p.now)
}

// ends lets the command with that number end.
func (p *play) ends(n int, c child.Change) restart.Event {
	p.t.Helper()
	c.PID = 100 + n
	ev, mine := p.Ended(c)
	if !mine {
		p.t.Errorf("the end of command %d is not known", n)
	}
	return ev
}

func (p *play) want(what string, got, want any) {
	p.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		p.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func event(kind restart.Kind, n int) report.Event {
	return report.EventOf(restart.Report{Kind: kind, Gen: n, Reason: restart.Age, Usage: restart.Usage{}, Sig: 15}, "web", time.Unix(5, 0))
}

// take does what the loop does with the next event.
func (p *play) take() {
	p.t.Helper()
	select {
	case e := <-p.Events():
		p.Event(e)
		p.Start(p.now)
	default:
		p.t.Error("no event is taken")
	}
}

// Events come one at a time and in order, and what does not fit is counted.
func TestEvents(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell"})
	p.Tell(event(restart.Begun, 1)) // in no log
	p.Tell(report.Note("hello", "info", "", p.now))
	for n := range maxEvents + 3 {
		p.Tell(event(restart.Stopping, n+1))
	}
	p.take()
	if p.Events() != nil {
		t.Error("the next is taken while one runs")
	}
	p.ends(1, child.Change{})
	p.take()
	p.want("started", len(p.started), 2)
	for n, j := range p.started {
		for _, entry := range []string{fmt.Sprintf("RELANCE_GENERATION=%d", n+1), "RELANCE_EVENT=stopping", "RELANCE_REASON=age", "RELANCE_NAME=web"} {
			if !slices.Contains(j.env, entry) {
				t.Errorf("command %d: no %s in %q", n, entry, j.env)
			}
		}
		if !strings.HasPrefix(j.input, `{"schema":1,`) || !strings.HasSuffix(j.input, "}\n") {
			t.Errorf("input %q", j.input)
		}
	}
	p.want("dropped", slices.Contains(p.started[0].env, "RELANCE_DROPPED=3"), true)
	p.want("said", p.said, []string{"--on-event: 3 events are dropped: they come faster than the command ends"})
}

// A command that takes too long is told to end, and then made to; one that fails is
// said to, once in a row.
func TestTimeLimit(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell", Timeout: time.Minute})
	p.Tell(event(restart.Stopping, 1))
	p.take()
	p.want("due", p.Due().Sub(p.now), time.Minute)
	p.pass(time.Minute - 1)
	p.want("kills", p.kills, []string{})
	p.pass(1)
	p.want("kills", p.kills, []string{"101 false"})
	p.ends(1, child.Change{Stopped: unix.SIGSTOP}) // which is no end
	p.pass(patience)
	p.pass(patience)
	p.want("kills", p.kills, []string{"101 false", "101 true", "101 true"})
	p.ends(1, child.Change{Signal: unix.SIGKILL})
	p.want("due", p.Due(), time.Time{})
	for n := 2; n < 6; n++ {
		p.Tell(event(restart.Stopping, n))
		p.take()
		p.ends(n, child.Change{Code: []int{2: 3, 3: 3, 4: 0, 5: 3}[n]})
	}
	p.want("said", p.said, []string{"--on-event: not done within 1m (--hook-timeout), so it is ended", "--on-event: exit status 3", "--on-event: exit status 3"})
}

// What cannot be started is said, and is nobody's end.
func TestRefused(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell", Gate: "lock"})
	p.refused = errors.New("fork: EAGAIN")
	p.Tell(event(restart.Stopping, 1))
	p.take()
	p.Gate(restart.OpenGate{Gate: 7, Gen: 1, Reason: restart.Age})
	pids, events := p.Start(p.now)
	p.want("pids", pids, []int{})
	p.want("events", events, []restart.Event{restart.GateEnded{Gate: 7, Err: "fork: EAGAIN"}})
	p.want("busy", p.Busy(), false)
	p.want("said", p.said, []string{"--on-event: fork: EAGAIN", "--before-relaunch: fork: EAGAIN"})
}

// A generation that is up is told of beside events, and too many are counted.
func TestUps(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell", AfterUp: "warm"})
	p.Tell(event(restart.Stopping, 1))
	p.take()
	for n := range maxUps + 2 {
		p.Up(restart.AfterUp{Gen: n + 1, PID: 9})
	}
	for n := range maxUps {
		p.Start(p.now)
		p.want("the next one", p.started[len(p.started)-1].env, vars{"RELANCE_EVENT=after-up", fmt.Sprintf("RELANCE_GENERATION=%d", n+1), "RELANCE_PID=9"})
		p.ends(len(p.started), child.Change{})
	}
	p.Start(p.now)
	p.want("started", len(p.started), 1+maxUps)
	p.want("said", p.said, []string{"--after-up: not run for 2 generations: they come faster than the command ends"})
}

// A gate has no time limit here, opens by a knock, and is let go of by the same way.
func TestGate(t *testing.T) {
	p := playCrew(t, Settings{Gate: "lock", Workers: 2})
	for n := range 2 {
		p.Gate(restart.OpenGate{Gate: 1 + n, Gen: 3 + n, Worker: 1 + n, Reason: restart.Age})
	}
	p.Start(p.now)
	p.want("due", p.Due(), time.Time{})
	if a, b := p.started[0].env, p.started[1].env; slices.Equal(a, b) || !slices.Contains(a, "RELANCE_WORKER=1") || !strings.HasPrefix(a[len(a)-1], "RELANCE_GATE=@relance-gate-") {
		t.Errorf("%q, %q", a, b)
	}
	var ends [2]int
	if err := pipe(&ends); err != nil {
		t.Fatal(err)
	}
	p.want("opened", p.Knock(Knock{worker: 2, conn: ends[1]}), restart.GateOpened{Gate: 2})
	p.want("nobody's", p.Knock(Knock{worker: 2, conn: openNull(t)}), nil)
	p.CloseGate(p.now, 1) // has not opened
	p.want("kills", p.kills, []string{"101 false"})
	p.CloseGate(p.now, 2)
	p.want("kills", p.kills, []string{"101 false"})
	if n, err := unix.Read(ends[0], make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("who holds it is not let know: %d, %v", n, err)
	}
	p.want("the end of it", p.ends(2, child.Change{}), restart.GateEnded{Gate: 2})
	p.want("the other's", p.ends(1, child.Change{Code: 143}), restart.GateEnded{Gate: 1, Err: "exit status 143"})
	_ = unix.Close(ends[0])

	// One that does not listen is told to end.
	p.Gate(restart.OpenGate{Gate: 3, Worker: 1})
	p.Start(p.now)
	p.want("opened", p.Knock(Knock{worker: 1, conn: openNull(t)}), restart.GateOpened{Gate: 3})
	p.CloseGate(p.now, 3)
	p.pass(letGo)
	p.want("kills", p.kills, []string{"101 false", "103 false"})
	p.want("the end of it", p.ends(3, child.Change{Signal: unix.SIGTERM}), restart.GateEnded{Gate: 3, Err: "ended by signal TERM"})
	p.want("said", p.said, []string{})
}

func pipe(ends *[2]int) error { return unix.Pipe2(ends[:], unix.O_CLOEXEC) }

func openNull(t *testing.T) int {
	t.Helper()
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// At the end the rest is told, for as long as one command may take, and gates are closed.
func TestFinish(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell", AfterUp: "warm", Gate: "lock"})
	p.Gate(restart.OpenGate{Gate: 1})
	p.Start(p.now)
	for n := range 4 {
		p.Tell(event(restart.Stopping, n))
	}
	p.take()
	p.Finish(p.now)
	p.want("kills", p.kills, []string{"101 false"})
	p.ends(1, child.Change{Code: 143})
	p.ends(2, child.Change{})
	p.want("busy", p.Busy(), true)
	p.take()
	p.want("due", p.Due().Sub(p.now), 30*time.Second)
	p.pass(30 * time.Second)
	p.want("kills", p.kills, []string{"101 false", "103 false"})
	if p.Events() != nil {
		t.Error("another one is taken")
	}
	p.ends(3, child.Change{Code: 143})
	p.want("busy", p.Busy(), false)
	p.want("said", p.said, []string{"all has ended; of the commands for it, 3 were not run to their end"})
}

// Who does not want to wait need not.
func TestHurry(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell", Timeout: restart.Forever})
	p.Tell(event(restart.Stopping, 1))
	p.take()
	p.Hurry(p.now)
	p.Finish(p.now)
	p.want("bound", p.Due().Sub(p.now), maxEnd)
	p.pass(restart.SameRequest - 1)
	p.Hurry(p.now)
	p.want("the same request", p.kills, []string{})
	p.pass(1)
	p.Hurry(p.now)
	p.want("kills", p.kills, []string{"101 false"})
	p.ends(1, child.Change{})
	p.want("busy", p.Busy(), false)
}

// Who has asked twice before the end does not want to wait after it.
func TestHurryBefore(t *testing.T) {
	p := playCrew(t, Settings{OnEvent: "tell"})
	p.Tell(event(restart.Stopping, 1))
	p.take()
	p.Hurry(p.now)
	p.pass(restart.SameRequest)
	p.Hurry(p.now)
	p.want("before the end", p.kills, []string{})
	p.Finish(p.now)
	p.want("after it", p.kills, []string{"101 false"})
}

// All of it may be called where nobody wants anything.
func TestNobody(t *testing.T) {
	c, err := New(Settings{}, nil)
	if c != nil || err != nil {
		t.Fatal(c, err)
	}
	c.Up(restart.AfterUp{})
	c.Advance(time.Time{})
	c.Finish(time.Time{})
	c.Hurry(time.Time{})
	c.Close()
	pids, events := c.Start(time.Time{})
	if _, mine := c.Ended(child.Change{}); mine || c.Busy() || c.Events() != nil || !c.Due().IsZero() || len(pids)+len(events)+len(c.Runs()) > 0 {
		t.Error("somebody is there")
	}
}
