package stdio

import (
	"math/rand/v2"
	"strings"
	"testing"

	"relance/requests"
)

// At whatever moment the last generation dies: each request has one answer.
func TestRelayForsaken(t *testing.T) {
	t.Parallel()
	for mode := range ContentLength + 1 {
		for _, onLost := range []OnLost{Error, Replay} {
			for seed := range uint64(100) {
				random := rand.New(rand.NewPCG(uint64(mode), seed))
				w := born(t, Settings{Mode: mode, OnLost: onLost, QueueMax: 1 + random.IntN(500)}, 60, random.IntN)
				for range random.IntN(2000) {
					w.step(true)
				}
				w.forsaken = true
				w.die()
				for len(w.toSend) > 0 {
					n := copy(w.in.room(), w.toSend)
					w.in.read(n)
					w.toSend = w.toSend[n:]
				}
				for w.forsake() || w.toOuter.len() > 0 {
					w.got = append(w.got, w.toOuter.bytes()...)
					w.wrote(w.toOuter.len())
				}
				w.check()
			}
		}
	}
}

// A batch waits when nothing is left, and what comes behind it too.
func TestNoOvertaking(t *testing.T) {
	t.Parallel()
	set := Settings{Mode: JSONRPC}
	set.complete()
	r := newRelay(set, requests.NewCounter(), func(string) {})
	const first, others = `{"id":1,"method":"x"}` + "\n", `[{"id":2,"method":"x"},{"id":3,"method":"x"}]` + "\n" + `{"id":4,"method":"x"}` + "\n"
	r.limit = 1
	r.start(1)
	r.in.read(copy(r.in.room(), first+others))
	r.forward()
	if got := string(r.toChild.bytes()); got != first {
		t.Errorf("handed over %q", got)
	}
	r.settle(r.toChild.len())
	r.limit = 0
	r.start(2)
	r.forward()
	if got := string(r.toChild.bytes()); got != first+others {
		t.Errorf("handed over %q", got)
	}
}

// A message that took more than what is kept is told of when it is done with, once, and its
// memory is not held; a smaller one is not told of.
func TestLarge(t *testing.T) {
	t.Parallel()
	set := Settings{Mode: JSONRPC}
	set.complete()
	r := newRelay(set, requests.NewCounter(), nil)
	r.start(1)
	told := func() (n int) {
		r.rest()
		for _, news := range r.news {
			if news.Kind == requests.Large {
				n++
			}
		}
		r.news = nil
		return n
	}
	for _, size := range []int{100, keepMost + 1} {
		want := 0
		if size > keepMost {
			want = 1
		}
		for text := `{"id":1,"method":"x","params":"` + strings.Repeat("x", size) + `"}` + "\n"; len(text) > 0; {
			n := copy(r.in.room(), text)
			r.in.read(n)
			text = text[n:]
			r.forward()
		}
		r.toChild.wrote(r.toChild.len())
		if n := told(); n != 0 {
			t.Errorf("%d bytes, in flight: told %d times", size, n)
		}
		r.answers(`{"id":1,"result":1}`+"\n", 0)
		if n := told(); n != want {
			t.Errorf("%d bytes, answered: told %d times, want %d", size, n, want)
		}
		if n := told(); n != 0 {
			t.Errorf("%d bytes: told once more", size)
		}
		if kept := max(cap(r.in.b), cap(r.back.b), cap(r.toChild.b), cap(r.toOuter.b)); kept > keepMost {
			t.Errorf("%d bytes: %d are kept", size, kept)
		}
	}
}
