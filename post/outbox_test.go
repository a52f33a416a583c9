package post

import (
	"errors"
	"strings"
	"testing"
	"time"

	"relance/report"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pace   = Pace{Gather: 5 * time.Second, Least: 5 * time.Minute, Most: time.Hour, Calm: time.Hour}
	failed = 3
)

func preset(t testing.TB, words string) report.Filter {
	t.Helper()
	f, err := report.ParseFilter(words)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// crashed are the events of a generation that was started and has crashed, as the core
// tells them.
func crashed(gen int, at time.Time) []report.Event {
	return []report.Event{
		{Time: at, Level: "info", Kind: "begun", Generation: gen, Msg: "begun"},
		{Time: at, Level: "info", Kind: "left", Generation: gen, Reason: "exit", ExitStatus: &failed, Msg: "left"},
		{Time: at, Level: "warn", Kind: "backoff", Generation: gen, Reason: "exit", ExitStatus: &failed, Msg: "backoff"},
	}
}

// play lets time go by from noon until end, in steps of a second, with what happens in
// each, and returns the messages and when they went.
func play(o *Outbox, end time.Duration, happens func(now time.Time, after time.Duration), done func(Digest, time.Duration) Outcome) (sent []Digest, at []time.Duration) {
	for after := time.Duration(0); after <= end; after += time.Second {
		now := noon.Add(after)
		happens(now, after)
		if d, ok := o.Take(now, nil); ok {
			outcome := done(d, after)
			o.Done(now, outcome)
			if outcome.Err == nil {
				sent, at = append(sent, d), append(at, after)
			}
		}
	}
	return sent, at
}

func delivered(Digest, time.Duration) Outcome { return Outcome{} }

// TestCrashLoop: a thousand restarts are a handful of messages, ever further apart, and
// no one of them is missing in the counts.
func TestCrashLoop(t *testing.T) {
	o := NewOutbox(preset(t, DefaultFilter), pace, 1)
	gen := 0
	sent, at := play(o, 4*time.Hour, func(now time.Time, after time.Duration) {
		if gen < 1000 && after%(7*time.Second) == 0 {
			gen++
			for _, e := range crashed(gen, now) {
				o.Add(e, now)
			}
		}
	}, delivered)
	want := []time.Duration{5 * time.Second, 5*time.Minute + 5*time.Second, 15*time.Minute + 5*time.Second, 35*time.Minute + 5*time.Second, 75*time.Minute + 5*time.Second, 135*time.Minute + 5*time.Second}
	if len(at) != len(want) {
		t.Fatalf("messages after %v, want %v", at, want)
	}
	var started, ended, worth int64
	for i, d := range sent {
		if at[i] != want[i] || d.Number != int64(i+1) || len(d.Events) > mostEvents {
			t.Errorf("message %d after %v, with %d events; want %v", d.Number, at[i], len(d.Events), want[i])
		}
		started, ended, worth = started+d.Started, ended+d.Ended["exit"], worth+d.Worth
	}
	if started != 1000 || ended != 1000 || worth != 1000 {
		t.Errorf("%d started, %d ended, %d worth it; want 1000 each", started, ended, worth)
	}
	// The first of each and the last.
	if e := sent[1].Events; e[0].Generation != 2 || e[1].Generation <= 3 || e[mostEvents-1].Generation != 44 {
		t.Errorf("generations %d, %d … %d", e[0].Generation, e[1].Generation, e[mostEvents-1].Generation)
	}
}

// TestCalm: what comes after an hour of calm goes soon again; after less it waits as long
// as it would have.
func TestCalm(t *testing.T) {
	for _, c := range []struct {
		name    string
		crashes []time.Duration
		want    []time.Duration
	}{
		{"one", []time.Duration{0}, []time.Duration{5 * time.Second}},
		{"two soon", []time.Duration{0, time.Minute}, []time.Duration{5 * time.Second, 5*time.Minute + 5*time.Second}},
		{"two in one", []time.Duration{0, 4 * time.Second}, []time.Duration{5 * time.Second}},
		{"past the pause", []time.Duration{0, 10 * time.Minute}, []time.Duration{5 * time.Second, 10*time.Minute + 5*time.Second}},
		{"the pause grows", []time.Duration{0, 6 * time.Minute, 12 * time.Minute}, []time.Duration{5 * time.Second, 6*time.Minute + 5*time.Second, 16*time.Minute + 5*time.Second}},
		{"calm", []time.Duration{0, time.Minute, 70 * time.Minute, 71 * time.Minute}, []time.Duration{5 * time.Second, 5*time.Minute + 5*time.Second, 70*time.Minute + 5*time.Second, 75*time.Minute + 5*time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := NewOutbox(preset(t, DefaultFilter), pace, 1)
			gen := 0
			_, at := play(o, 3*time.Hour, func(now time.Time, after time.Duration) {
				if gen < len(c.crashes) && c.crashes[gen] == after {
					gen++
					for _, e := range crashed(gen, now) {
						o.Add(e, now)
					}
				}
			}, delivered)
			if !equal(at, c.want) {
				t.Errorf("after %v, want %v", at, c.want)
			}
		})
	}
}

func equal(a, b []time.Duration) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestRetry: what cannot be delivered is tried again, ever more seldom, as the same
// message; what comes meanwhile goes into the next, and nothing is counted twice.
func TestRetry(t *testing.T) {
	o := NewOutbox(preset(t, DefaultFilter), pace, 1)
	down := errors.New("down")
	gen, tries := 0, []time.Duration{}
	sent, _ := play(o, 3*time.Hour, func(now time.Time, after time.Duration) {
		if after < 30*time.Minute && after%time.Minute == 0 {
			gen++
			for _, e := range crashed(gen, now) {
				o.Add(e, now)
			}
		}
	}, func(d Digest, after time.Duration) Outcome {
		if after >= 90*time.Minute {
			return Outcome{}
		}
		if d.Number != 1 || d.Worth != 1 {
			t.Errorf("message %d with %d events, want that of the first alone", d.Number, d.Worth)
		}
		tries = append(tries, after)
		return Outcome{Err: down}
	})
	if len(tries) < 20 || len(tries) > 50 {
		t.Errorf("%d tries in 90 minutes: %v", len(tries), tries)
	}
	for i := 2; i < len(tries); i++ {
		if wait := tries[i] - tries[i-1]; wait > mostRetry+time.Second {
			t.Errorf("%v between two tries", wait)
		}
	}
	var ended int64
	for _, d := range sent {
		ended += d.Ended["exit"]
	}
	if ended != int64(gen) || gen != 30 || sent[0].Number != 1 {
		t.Errorf("%d of %d ends told, in %d messages", ended, gen, len(sent))
	}
}

// TestRetryAfter: the other side says when to come again.
func TestRetryAfter(t *testing.T) {
	o := NewOutbox(preset(t, DefaultFilter), pace, 1)
	for _, e := range crashed(1, noon) {
		o.Add(e, noon)
	}
	at := noon.Add(pace.Gather)
	if _, ok := o.Take(at, nil); !ok {
		t.Fatal("nothing to deliver")
	}
	if v := o.Done(at, Outcome{Err: errors.New("busy"), After: 10 * time.Minute}); v.Delivered || v.Dropped || v.Tries != 1 {
		t.Errorf("%+v", v)
	}
	if got := o.Wake().Sub(at); got != 10*time.Minute {
		t.Errorf("again after %v", got)
	}
}

// TestRefused: what is refused for good is dropped, but for what it has counted; and that
// alone is no reason for another message.
func TestRefused(t *testing.T) {
	o := NewOutbox(preset(t, DefaultFilter), pace, 1)
	o.Missed(7)
	refused := 0
	sent, at := play(o, 2*time.Hour, func(now time.Time, after time.Duration) {
		if after == 0 || after == 30*time.Minute || after == 110*time.Minute {
			for _, e := range crashed(1, now) {
				o.Add(e, now)
			}
		}
	}, func(Digest, time.Duration) Outcome {
		if refused < 2 {
			refused++
			return Outcome{Err: errors.New("no"), Final: true}
		}
		return Outcome{}
	})
	if len(sent) != 1 || at[0] != 110*time.Minute+5*time.Second {
		t.Fatalf("messages after %v", at)
	}
	d := sent[0]
	if d.Ended["exit"] != 3 || d.Started != 3 || d.Kinds["backoff"] != 3 || d.Worth != 1 || d.Refused != 2 || d.Missing != 7 || !d.From.Equal(noon) {
		t.Errorf("%+v", d)
	}
	if s := d.Summary(); !strings.Contains(s, "2 messages; the counts are in these") || !strings.Contains(s, "7 events") {
		t.Errorf("%s", s)
	}
}

// TestHurry: at the end nothing waits for others, nor for its turn.
func TestHurry(t *testing.T) {
	o := NewOutbox(preset(t, DefaultFilter), pace, 1)
	add := func(gen int, at time.Time) {
		for _, e := range crashed(gen, at) {
			o.Add(e, at)
		}
	}
	add(1, noon)
	if _, ok := o.Take(noon, nil); ok {
		t.Fatal("not gathered")
	}
	o.Hurry(noon)
	if d, ok := o.Take(noon, nil); !ok || d.Worth != 1 {
		t.Fatalf("%+v", d)
	}
	add(2, noon)
	if n := o.Waiting(); n != 2 {
		t.Errorf("%d events wait, want 2", n)
	}
	o.Done(noon, Outcome{})
	if d, ok := o.Take(noon, nil); !ok || d.Number != 2 || d.Worth != 1 {
		t.Errorf("the second: %+v", d)
	}
	o.Done(noon, Outcome{Err: errors.New("down"), After: time.Hour})
	if _, ok := o.Take(noon, nil); ok {
		t.Error("tried again at once")
	}
	o.Hurry(noon)
	if d, ok := o.Take(noon, nil); !ok || d.Number != 2 {
		t.Errorf("the second, again: %+v", d)
	}
	o.Done(noon, Outcome{Err: errors.New("down")})
	if wait := o.Wake().Sub(noon); wait <= 0 || wait > firstRetry {
		t.Errorf("again after %v", wait)
	}
}

// TestQuiet: who has nothing to tell is never woken, whatever happens.
func TestQuiet(t *testing.T) {
	o := NewOutbox(preset(t, DefaultFilter), pace, 1)
	for _, e := range []report.Event{
		{Kind: "begun", Level: "info"}, {Kind: "up", Level: "info"}, {Kind: "left", Level: "info", Reason: "memory-high", ExitStatus: &failed},
		{Kind: "stopping", Level: "info", Reason: "age"}, {Msg: "said by ourselves", Level: "warn"},
	} {
		o.Add(e, noon)
		if at := o.Wake(); !at.IsZero() {
			t.Errorf("%s: woken at %v", e.Kind, at)
		}
	}
	o.Hurry(noon)
	if d, ok := o.Take(noon, nil); ok || o.Waiting() != 0 {
		t.Errorf("a message of nothing: %+v", d)
	}
	for _, e := range crashed(1, noon) {
		o.Add(e, noon)
	}
	if d, ok := o.Take(noon, nil); !ok || d.Kinds[""] != 0 || d.Kinds["up"] != 1 || len(d.Kinds) != 5 {
		t.Errorf("%+v", d)
	}
}
