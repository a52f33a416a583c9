package post

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a sender that does as it is told; while hold is not nil it waits for it, and err
// is over at the time up, if that is set.
type fake struct {
	sent []Digest
	hold chan struct{}
	err  error
	up   time.Time
}

func (f *fake) String() string { return "fake" }

func (f *fake) Send(d Digest) Outcome {
	if f.hold != nil {
		<-f.hold
	}
	if f.err != nil && (f.up.IsZero() || time.Now().Before(f.up)) {
		return Outcome{Err: f.err}
	}
	f.sent = append(f.sent, d)
	return Outcome{}
}

// begin starts an outlet to f, and returns it and what it says.
func begin(t *testing.T, f *fake) (*Post, *[]string) {
	said := &[]string{}
	p := New(NewOutbox(preset(t, DefaultFilter), pace, 1), f, nil, func(msg, level string) { *said = append(*said, level+": "+msg) })
	go p.Run()
	go p.Deliver()
	return p, said
}

func tellCrash(p *Post, gen int) {
	for _, e := range crashed(gen, time.Now()) {
		p.Tell(e)
	}
}

// TestSlowSender: while a message is on its way, for however long, all that happens is
// counted, and nobody who tells of it waits.
func TestSlowSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{hold: make(chan struct{})}
		p, said := begin(t, f)
		for gen := range 5000 {
			tellCrash(p, gen)
			synctest.Wait()
			if gen%10 == 0 {
				time.Sleep(time.Second)
			}
		}
		close(f.hold)
		p.Close(time.Second)
		p.Wait()
		var ended int64
		for _, d := range f.sent {
			ended += d.Ended["exit"]
		}
		if ended != 5000 || len(f.sent) != 2 || len(*said) != 0 {
			t.Errorf("%d ends in %d messages; said %q", ended, len(f.sent), *said)
		}
	})
}

// TestFlood: what nobody could take in is counted as missing.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		p := New(NewOutbox(preset(t, DefaultFilter), pace, 1), f, nil, func(string, string) {})
		for gen := range 1000 {
			tellCrash(p, gen)
		}
		go p.Run()
		go p.Deliver()
		p.Close(time.Second)
		p.Wait()
		if len(f.sent) != 1 {
			t.Fatalf("%d messages", len(f.sent))
		}
		d := f.sent[0]
		all := d.Missing
		for _, n := range d.Kinds {
			all += n
		}
		if d.Missing != 3000-queueLen || all != 3000 {
			t.Errorf("%d missing, %d in all", d.Missing, all)
		}
	})
}

// TestEnd: the end waits for what is on its way, no longer than it may, and says what was
// dropped.
func TestEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		fake *fake
		took time.Duration
		said string
	}{
		{"nothing", nil, 0, ""},
		{"one", &fake{}, 0, ""},
		{"it stalls", &fake{hold: make(chan struct{})}, 5 * time.Second, "warn: fake: dropped, as not delivered within 5 s (--post-timeout): a message of 1 event"},
		{"it refuses", &fake{err: errors.New("down")}, 5 * time.Second, "warn: fake: not delivered, will be tried again: down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := c.fake
				if f == nil {
					f = &fake{}
				} else if f.hold != nil {
					f.hold = make(chan struct{})
				}
				p, said := begin(t, f)
				if c.fake != nil {
					tellCrash(p, 1)
				}
				from := time.Now()
				p.Close(5 * time.Second)
				p.Wait()
				if took := time.Since(from); took != c.took {
					t.Errorf("it took %v, want %v", took, c.took)
				}
				if got := strings.Join(*said, "\n"); c.said == "" && got != "" || !strings.Contains(got, c.said) {
					t.Errorf("said %q, want %q", got, c.said)
				}
				if c.took > 0 && !strings.Contains(strings.Join(*said, "\n"), "dropped") {
					t.Errorf("nobody said that it was dropped: %q", *said)
				}
				if f.hold != nil {
					close(f.hold)
				}
			})
		})
	}
}

// TestSaidByOthers: what a server says is a line of the log, of a bounded length, and does
// nothing to a terminal.
func TestSaidByOthers(t *testing.T) {
	evil := "one\ntwo \x1b[2J" + strings.Repeat("x", 1<<16)
	for name, o := range map[string]Outcome{
		"dropped": {Err: errors.New(evil), Final: true}, "put off": {Err: errors.New(evil)}, "in part": {Partly: evil},
	} {
		said := ""
		box := NewOutbox(preset(t, DefaultFilter), pace, 1)
		p := New(box, &fake{}, nil, func(msg, _ string) { said += msg })
		for _, e := range crashed(1, noon) {
			box.Add(e, noon)
		}
		if _, ok := box.Take(noon.Add(pace.Gather), nil); !ok {
			t.Fatal("nothing to deliver")
		}
		p.result(o)
		if !strings.Contains(said, "one; two \ufffd[2Jxxx") || strings.ContainsAny(said, "\n\x1b") || len(said) > mostText+200 {
			t.Errorf("%s: %d bytes: %.200q", name, len(said), said)
		}
	}
}

// TestRefusedAtTheEnd: where no other message comes, nothing is said of one.
func TestRefusedAtTheEnd(t *testing.T) {
	for _, c := range []struct {
		asked, more bool
		want        string
	}{
		{false, false, "fake: a message of 1 event is refused and dropped, its counts go into the next: no"},
		{true, true, "fake: a message of 1 event is refused and dropped, its counts go into the next: no"},
		{true, false, "fake: a message of 1 event is refused and dropped: no"},
	} {
		said := ""
		box := NewOutbox(preset(t, DefaultFilter), pace, 1)
		p := New(box, &fake{}, nil, func(msg, _ string) { said += msg })
		add := func(gen int) {
			for _, e := range crashed(gen, noon) {
				box.Add(e, noon)
			}
		}
		add(1)
		if _, ok := box.Take(noon.Add(pace.Gather), nil); !ok {
			t.Fatal("nothing to deliver")
		}
		if c.more {
			add(2)
		}
		p.asked = c.asked
		p.result(Outcome{Err: errors.New("no"), Final: true})
		if said != c.want {
			t.Errorf("%+v: said %q", c, said)
		}
	}
}

// TestSaid: a failure that lasts is said once, and that it is over.
func TestSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{err: errors.New("down"), up: time.Now().Add(time.Hour)}
		p, said := begin(t, f)
		tellCrash(p, 1)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if len(*said) != 2 || !strings.HasPrefix((*said)[1], "info: fake: delivered at try ") || len(f.sent) != 1 {
			t.Errorf("%d messages, said %q", len(f.sent), *said)
		}
		p.Close(0)
		p.Wait()
	})
}
