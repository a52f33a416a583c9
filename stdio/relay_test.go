package stdio

import (
	"math/rand/v2"
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
