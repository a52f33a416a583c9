package stdio

import (
	"strings"
	"testing"
	"time"

	"relance/requests"
)

// reads lets a relay read that text.
func (r *relay) reads(text string) {
	r.in.read(copy(r.in.room(), text))
	r.forward()
}

// answers lets the command write that text, and the other side read all but keeps.
func (r *relay) answers(text string, keeps int) {
	for len(text) > 0 {
		n := copy(r.back.room(), text)
		r.back.read(n)
		r.receive()
		text = text[n:]
	}
	r.wrote(max(0, r.toOuter.len()-keeps))
	r.forward()
}

// What counts as held up, and from when: only others that wait, and only while the
// command gives no answer that could be passed on.
func TestHoldup(t *testing.T) {
	t.Parallel()
	start := time.Unix(1e9, 0)
	set := Settings{Mode: Squid, Delimiter: '\n', Patience: time.Minute}
	set.complete()
	count := requests.NewCounter()
	count.Begin(1)
	r := newRelay(set, count, nil)
	r.limit = 3
	r.start(1)
	at := func(minutes float64, want string) {
		t.Helper()
		got := "open"
		if left, waits := r.patience(start.Add(time.Duration(minutes * float64(time.Minute)))); waits {
			got = left.String()
		}
		if got != want {
			t.Errorf("after %v minutes: %s, want %s", minutes, got, want)
		}
	}
	at(0, "open")
	r.reads("1 q\n2 q\n3 q\n") // all that it may have, and nobody else
	at(1, "open")
	r.reads("4 q\n")
	at(2, "1m0s")
	at(2.5, "30s")
	r.answers("1 OK\n", 0) // it goes on
	at(2.75, "1m0s")
	at(3.75, "0s")
	r.answers("2 "+strings.Repeat("x", chunk)+"\n", 2*chunk) // whoever reads it does not
	at(4, "open")
	at(40, "open")
	r.wrote(r.toOuter.len())
	at(50, "1m0s")
	r.limit = 4
	r.forward()
	at(60, "open")
	r.reads("5 q\n")
	at(61, "1m0s")
	r.draining = true // the owner knows, and waits himself
	at(62, "open")
	r.settle(0)
	r.start(2) // 5 is there at once
	r.forward()
	r.reads("6 q\n7 q\n8 q\n9 q\n")
	at(62, "1m0s")
	r.set.Patience = 0
	at(70, "open")
}

// Another one with the same figures has its own time.
func TestHoldupOfAnother(t *testing.T) {
	t.Parallel()
	set := lines(Error)
	set.Patience = time.Minute
	set.complete()
	r := newRelay(set, requests.NewCounter(), nil)
	r.limit = 1
	for gen := range 3 {
		r.start(gen + 1)
		r.reads("q\nq\nq\n")
		if left, waits := r.patience(time.Unix(1e9, 0).Add(time.Duration(gen) * time.Hour)); !waits || left != time.Minute {
			t.Errorf("gen %d: %v, %v", gen+1, left, waits)
		}
		r.settle(0)
	}
}

// A request that is never answered is told of, once, and the others have the next
// generation for it.
func TestStuck(t *testing.T) {
	t.Parallel()
	set := Settings{Mode: Squid, Delimiter: '\n', Patience: time.Millisecond}
	r := connect(t, set)
	r.Limit(2)
	r.shell(`read -r l; read -r l; echo 2 OK; cat >/dev/null`)
	r.send("1 q\n2 q\n")
	r.expect("2 OK\n")
	r.send("3 q\n")
	if n := r.wait(requests.Stuck); n.Gen != 1 {
		t.Errorf("%+v", n)
	}
	if served, inFlight := r.count.Read(); served != 1 || inFlight != 1 {
		t.Errorf("%d served, %d in flight", served, inFlight)
	}
	r.CloseInput()
	if n := r.end(); n.Lost != 1 || n.Owed != 0 {
		t.Errorf("%+v", n)
	}
	r.start("sed", "-u", "s/q/OK/")
	r.expect("1 " + SquidError + "\n3 OK\n")
	select {
	case n := <-r.news:
		t.Errorf("and then %+v", n)
	default:
	}
	r.nothing()
}
