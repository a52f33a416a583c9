package supervise

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/control"
	"relance/place"
	"relance/restart"
	"relance/status"
	"relance/tree"
)

// said is a status that says what it is.
type said string

func (s said) JSON() string { return string(s) }

// controlled is a Config whose statuses are the live generations as JSON, and what looks
// have seen.
func controlled(p restart.Policy, samples *[]int64) Config {
	return Config{
		Policy: p,
		Sample: func(_ time.Time, _ int, memory int64) { *samples = append(*samples, memory) },
		Status: func(_ time.Time, live []status.Live) control.Status {
			text, err := json.Marshal(live)
			if err != nil {
				panic(err)
			}
			return said(text)
		},
	}
}

// ask asks the loop as a connection does, and returns the answer.
func (s *scene) ask(kind control.Kind) (a control.Answer) {
	s.t.Helper()
	s.let(func() {
		ask, answer := control.NewAsk(kind, "somebody")
		s.asks <- ask
		a = <-answer
	})
	if a.Err != nil {
		s.t.Error(a.Err)
	}
	return a
}

func TestAsked(t *testing.T) {
	p := policy()
	p.MaxRequests = 100
	var samples []int64
	play(t, controlled(p, &samples), func(s *scene) {
		s.want("0s spawn 1", "0s count 100")
		s.use.Memory, s.use.CPU, s.use.Processes = 5000, time.Second, 3
		s.served, s.inFlight = 7, 2
		s.pass(time.Second)
		var live []status.Live
		if err := json.Unmarshal([]byte(s.ask(control.Figures).Status.JSON()), &live); err != nil {
			t.Fatal(err)
		}
		s.want("1s see")
		want := status.Live{
			Generation: 1, PID: 101, State: "up", Ready: true, Started: s.start, Memory: 5000, Processes: 3, CPU: time.Second,
			Counts: true, Requests: 7, InFlight: 2, MaxRequests: 100,
		}
		if len(live) != 1 || !live[0].Started.Equal(want.Started) {
			t.Fatalf("%+v", live)
		}
		if live[0].Started = want.Started; live[0] != want {
			t.Errorf("%+v, want %+v", live[0], want)
		}
		if members := s.ask(control.Members).Members; len(members) != 1 || members[0].PID != 101 {
			t.Errorf("%+v", members)
		}
		s.want("1s members")
		if len(samples) != 1 || samples[0] != 5000 {
			t.Errorf("samples %v", samples)
		}

		s.ask(control.Restart)
		s.want("1s report stopping gen=1 asked", "1s signal 101 TERM", "1s signal 101 CONT")
		if s.report.By != "somebody" || !s.report.Again {
			t.Errorf("%+v", s.report)
		}
		var leaves []status.Live
		if err := json.Unmarshal([]byte(s.ask(control.Figures).Status.JSON()), &leaves); err != nil {
			t.Fatal(err)
		}
		if l := leaves[0]; l.State != "stopping" || l.Ready || l.Because != "asked" || !l.Until.Equal(s.start.Add(time.Second+p.Grace)) {
			t.Errorf("%+v", l)
		}
		s.want("1s see")
		s.exit(child.Change{Signal: unix.SIGTERM})
		s.want("1s over", "1s spawn 2", "1s report up gen=2", "1s count 100")

		s.ask(control.Stop)
		s.want("1s report stopping gen=2 asked", "1s signal 102 TERM", "1s signal 102 CONT")
		// Who asks twice cannot wait.
		s.pass(time.Second)
		s.ask(control.Stop)
		s.want("2s report killing gen=2 asked", "2s kill")
		// A tree of which nothing can be seen any more keeps nobody from the rest.
		s.blind = unix.EIO
		if err := json.Unmarshal([]byte(s.ask(control.Figures).Status.JSON()), &live); err != nil || live[0].State != "killing" || live[0].Memory != 0 {
			t.Errorf("%+v, %v", live, err)
		}
		s.want("2s see")
		s.exit(child.Change{Signal: unix.SIGKILL})
		s.want("2s over")
		s.wantStatus(128 + 9)
	})
}

// TestSampled: what the looks of the budgets see is told too, and nothing else looks.
func TestSampled(t *testing.T) {
	p := policy()
	p.MemoryHigh = 1000
	var samples []int64
	play(t, controlled(p, &samples), func(s *scene) {
		s.use.Memory = 10
		s.pass(time.Minute)
		if looks := s.calls["look"]; len(samples) != looks || looks == 0 || samples[0] != 10 {
			t.Errorf("%d looks, samples %v", looks, samples)
		}
		s.notes = nil
	})
}

// TestSeeing: who looks for people sees more than the budgets ask for, and the next look
// is that of the budgets again.
func TestSeeing(t *testing.T) {
	walker, err := tree.New(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer walker.Close()
	m := &Machine{walker: walker, memories: &memories{place: place.Bare(os.Getpid())}}
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	m.beginTree(&generation{gen: 1})
	if u, err := m.See(1, 0); err != nil || u.Memory == 0 || u.Tasks == 0 {
		t.Errorf("%+v, %v", u, err)
	}
	if u, err := m.Look(1, 0); err != nil || u.Memory != 0 || u.Tasks != 0 {
		t.Errorf("a look of the budgets: %+v, %v", u, err)
	}
}
