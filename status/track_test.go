package status

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"relance/report"
	"relance/restart"
)

// TestEnds: the last ten are there, the newest first, all are counted, and how long
// nobody was there stands at the right one.
func TestEnds(t *testing.T) {
	s := leaking()
	if len(s.Ends) != lastEnds || s.Ended != 11 || s.Generations != 12 {
		t.Fatalf("%d ends of %d, %d generations", len(s.Ends), s.Ended, s.Generations)
	}
	for i, e := range s.Ends {
		if e.Generation != 11-i {
			t.Errorf("end %d is of gen %d", i, e.Generation)
		}
	}
	crash, recycle := s.Ends[0], s.Ends[1]
	if crash.Reason != "exit" || *crash.ExitStatus != 3 || *crash.Down != 1 || *crash.Uptime != 5 || crash.Peak != 30*mib {
		t.Errorf("%+v", crash)
	}
	if recycle.Reason != "memory-high" || recycle.ExitSignal != "TERM" || *recycle.Down != 0.038 || *recycle.Took != 0.24 || *recycle.Requests != 12345 {
		t.Errorf("%+v", recycle)
	}
	if s.Reasons["memory-high"] != 10 || s.Reasons["exit"] != 1 || len(s.Reasons) != 2 {
		t.Errorf("%v", s.Reasons)
	}
	if s.Last.Kind != "up" || s.Last.Generation != 12 || s.Missed != 0 {
		t.Errorf("%+v, %d missed", s.Last, s.Missed)
	}
}

// TestStartFailed: what cannot be started has an end too, and one that was not ready in
// time has one only.
func TestStartFailed(t *testing.T) {
	s := newScene("web")
	s.tell(restart.Report{Kind: restart.Backoff, Gen: 2, Reason: restart.StartFailed, Err: "exec x: no such file", In: time.Second, Failures: 1})
	s.tell(restart.Report{Kind: restart.Begun, Gen: 3})
	late := restart.Report{Kind: restart.Left, Gen: 3, Reason: restart.StartFailed, Exit: &restart.Exited{Signal: 15}, Uptime: time.Second}
	s.tell(late)
	late.Kind = restart.Backoff
	s.tell(late)
	got := s.track.Status(s.now, nil)
	if got.Ended != 2 || got.Reasons["start-failed"] != 2 || !strings.Contains(got.Ends[1].Msg, "no such file") || got.Ends[1].Took != nil {
		t.Errorf("%+v", got)
	}
}

// TestStatusIsACopy: what was given out does not change, since it is written as JSON by others.
func TestStatusIsACopy(t *testing.T) {
	s := newScene("web", "sleep")
	s.leak(0, 1, time.Hour)
	got := s.track.Status(s.now, []Live{{Generation: 1}})
	before := got.JSON()
	for gen := 2; gen < 30; gen++ {
		s.leak(0, gen, time.Hour)
	}
	if after := got.JSON(); after != before {
		t.Errorf("was %s\nis %s", before, after)
	}
}

// TestMissed: gaps in the numbers are counted, another order is no gap.
func TestMissed(t *testing.T) {
	for _, c := range []struct {
		seqs []uint64
		want int64
	}{
		{nil, 0}, {[]uint64{5}, 0}, {[]uint64{5, 6, 7}, 0}, {[]uint64{6, 5, 7}, 0}, {[]uint64{5, 9}, 3}, {[]uint64{5, 9, 6}, 2}, {[]uint64{6, 5, 8}, 1}, {[]uint64{0, 0}, 0},
	} {
		track := New("")
		for _, seq := range c.seqs {
			track.Tell(report.Event{Seq: seq})
		}
		if got := track.Status(noon, nil).Missed; got != c.want {
			t.Errorf("%v: %d, want %d", c.seqs, got, c.want)
		}
	}
}

// TestBounded: whatever it is told, it does not grow.
func TestBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	track, now := New("web"), noon
	kinds := []restart.Kind{restart.Begun, restart.Left, restart.Up, restart.Stopping, restart.Backoff, restart.Recovered, "x"}
	long := strings.Repeat("y", 1<<16)
	memory := int64(5 * mib)
	for i := range 20_000 {
		now = now.Add(time.Duration(rnd.Int64N(int64(time.Minute))))
		gen := i/5 + rnd.IntN(3)
		track.Tell(report.Event{
			Seq: uint64(i), Time: now, Kind: string(kinds[rnd.IntN(len(kinds))]), Worker: rnd.IntN(5000), Generation: gen,
			Reason: fmt.Sprint("reason ", rnd.IntN(5000)), Msg: long, Memory: &memory,
		})
		track.Sample(now, gen, rnd.Int64N(1<<40))
	}
	if len(track.ends) > lastEnds || len(track.reasons) > mostReasons+1 || len(track.slots) > mostWorkers+1 {
		t.Errorf("%d ends, %d reasons, %d slots", len(track.ends), len(track.reasons), len(track.slots))
	}
	for _, s := range track.slots {
		if cap(s.history.points) > historyPoints || cap(s.runs[0].trend.sums) > trendPoints {
			t.Fatalf("%d points, %d sums", cap(s.history.points), cap(s.runs[0].trend.sums))
		}
	}
	for _, e := range track.ends {
		if len(e.Msg) > longMsg+3 {
			t.Errorf("a message of %d bytes", len(e.Msg))
		}
	}
}

// TestHistory: a month of a sawtooth still has its teeth, and ends now.
func TestHistory(t *testing.T) {
	var h history
	at, gen := time.Duration(0), 1
	for ; at < 30*24*time.Hour; at += 10 * time.Second {
		gen = 1 + int(at/(6*time.Hour))
		h.add(at, gen, 100+int64(at%(6*time.Hour)/time.Second))
	}
	if n := len(h.points); n < historyPoints/2 || n > historyPoints {
		t.Fatalf("%d points", n)
	}
	first, last := h.points[0], h.points[len(h.points)-1]
	if span := at - first.at; span < 20*time.Hour || span > 30*time.Hour || at-last.at > h.step || last.gen != gen {
		t.Errorf("from %v to %v, step %v", first.at, last.at, h.step)
	}
	top := map[int]int64{}
	for _, p := range h.points {
		top[p.gen] = max(top[p.gen], p.memory)
	}
	if len(top) < 4 || top[gen-1] != 100+6*3600-10 {
		t.Errorf("%v", top)
	}
}

// TestHandover: of two generations that live, the history is that of the one that works.
func TestHandover(t *testing.T) {
	s := newScene("web")
	s.tell(restart.Report{Kind: restart.Begun, Gen: 1})
	s.track.Sample(s.now, 1, 700)
	s.pass(time.Minute)
	s.tell(restart.Report{Kind: restart.Begun, Gen: 2})
	s.track.Sample(s.now, 2, 5)
	s.track.Sample(s.now, 1, 710)
	s.track.Sample(s.now, 77, 3) // nobody knows that one
	s.pass(time.Minute)
	s.tell(restart.Report{Kind: restart.Left, Gen: 1, Exit: &restart.Exited{}})
	s.track.Sample(s.now, 2, 100)
	var seen []int64
	for _, p := range s.track.Status(s.now, []Live{{Generation: 2}}).Workers[0].History {
		seen = append(seen, p.Memory)
	}
	if fmt.Sprint(seen) != "[700 710 100]" {
		t.Errorf("%v", seen)
	}
}

// TestLate: what comes late takes the place of nobody that lives.
func TestLate(t *testing.T) {
	s := newScene("web")
	for _, gen := range []int{5, 6, 1} {
		s.tell(restart.Report{Kind: restart.Begun, Gen: gen})
	}
	s.track.Sample(s.now, 5, 700)
	if n := len(s.track.Status(s.now, []Live{{}}).Workers[0].History); n != 1 {
		t.Errorf("%d points of gen 5", n)
	}
}

// TestMissedStart: who lives is known, also where the events of its start and of the
// end of the one before did not come.
func TestMissedStart(t *testing.T) {
	s := newScene("web")
	s.tell(restart.Report{Kind: restart.Begun, Gen: 1})
	s.track.Sample(s.now, 1, 700)
	var got Status
	for i := range int64(20) {
		s.pass(time.Minute)
		got = s.track.Status(s.now, []Live{{Generation: 9, PID: 5, State: "up", Started: noon.Add(-14 * time.Hour), Memory: 100*mib + i*mib}})
	}
	w := got.Workers[0]
	if got.Generations != 9 || len(w.History) != 21 || w.Slope == nil || int64(*w.Slope+0.5) != 60*mib {
		t.Errorf("%+v", w)
	}
}

// TestNextTry: it is known until the next generation has begun.
func TestNextTry(t *testing.T) {
	s := newScene("web")
	next := func() time.Time { return s.track.Status(s.now, []Live{{Generation: 1}}).Workers[0].NextTry }
	s.crash(0, 1, time.Minute)
	if got := next(); !got.Equal(s.now) { // the scene has waited for as long
		t.Errorf("%v, want %v", got, s.now)
	}
	s.tell(restart.Report{Kind: restart.NoHelp, Gen: 1, Reason: restart.MemoryHigh, In: time.Hour})
	if got := next(); !got.Equal(s.now.Add(time.Hour)) {
		t.Errorf("%v, want %v", got, s.now.Add(time.Hour))
	}
	s.tell(restart.Report{Kind: restart.Begun, Gen: 2})
	if got := next(); !got.IsZero() {
		t.Errorf("%v, and it has begun", got)
	}
}

// TestJSON: it can be read again, and has lists where there is nothing.
func TestJSON(t *testing.T) {
	for name, scene := range scenes {
		var back Status
		line := scene().JSON()
		if strings.ContainsAny(line, "\n\r") {
			t.Errorf("%s: more than a line: %q", name, line)
		}
		if err := json.Unmarshal([]byte(line), &back); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if again := back.JSON(); name != "hostile" && again != line {
			t.Errorf("%s: %s\n%s", name, line, again)
		}
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(New("").Status(noon, nil).JSON()), &m); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"workers", "ends"} {
		if list, ok := m[key].([]any); !ok || len(list) != 0 {
			t.Errorf("%s: %v", key, m[key])
		}
	}
}
