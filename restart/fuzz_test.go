package restart

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"relance/internal/need"
)

// FuzzStep drives the core as the loop does, with a small world in place of the
// kernel (world_test.go), and checks after each step what must always hold
// (check_test.go). The bytes are the policy and what happens.
func FuzzStep(f *testing.F) {
	for seed := range need.Much[uint64](500, 3000) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		data := make([]byte, 40+rnd.IntN(400))
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first := run(t, data)
		if again := run(t, data); !reflect.DeepEqual(first, again) {
			t.Errorf("the same seed and events, other actions:\n%v\n%v", first, again)
		}
	})
}

// run plays data and returns every action of the core.
func run(t *testing.T, data []byte) []Action {
	in := &tape{data: data}
	w := newWorld(t, in)
	w.perform(Starting, nil, w.core.Start(w.now))
	for !in.done() && !w.failed {
		w.happen(in)
	}
	if !w.failed && in.coin() {
		w.bringToEnd()
	}
	return w.history
}

// tape reads choices from bytes; after the last it reads zeros.
type tape struct {
	data []byte
}

func (in *tape) done() bool { return len(in.data) == 0 }

func (in *tape) coin() bool { return in.below(2) == 1 }

func (in *tape) below(n int) int {
	if in.done() {
		return 0
	}
	b := in.data[0]
	in.data = in.data[1:]
	return int(b) % n
}

func pick[T any](in *tape, from ...T) T { return from[in.below(len(from))] }

const (
	fuzzBudget  = 1000 << 20
	fuzzAddress = 4000 << 20
)

func (in *tape) policy() Policy {
	p := Policy{
		Restart:    pick(in, OnLimits, OnFailure, Always, Never),
		StopSignal: pick[Sig](in, 15, 2, 3),
		Grace:      pick(in, 10*time.Second, time.Second, 0, Forever, time.Minute),
		MinUptime:  pick(in, time.Second, 0, time.Minute),
		Seed:       uint64(in.below(256)),
	}
	p.BackoffMin = pick(in, 100*time.Millisecond, time.Millisecond, time.Second)
	p.BackoffMax = pick(in, 30*time.Second, time.Second, time.Hour)
	if in.coin() {
		p.GiveUp, p.GiveUpWithin = 1+in.below(5), pick(in, time.Minute, time.Second, time.Hour)
	}
	if in.coin() {
		p.MemoryHigh = fuzzBudget
		p.MemoryFor = pick(in, 0, 0, 30*time.Millisecond, time.Second, time.Minute)
	}
	p.MemoryEvents, p.Swap = in.coin(), in.below(4) == 1
	p.OOM = pick(in, OOMStop, OOMContinue, OOMKill)
	p.Pressure = pick(in, "", "full 200ms/2s")
	if in.below(4) == 1 {
		p.AddressLimit = fuzzAddress
	}
	if in.coin() {
		p.CPUSoft, p.CPUHard, p.FileSize = 10*time.Second, 20*time.Second, true
	}
	return p
}
