package restart

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"relance/internal/need"
)

// FuzzSlots drives several slots, and two generations of one, with a smaller world
// than that of FuzzStep: what one generation does with its budgets is checked there,
// and what becomes of several here (slots_check_test.go).
func FuzzSlots(f *testing.F) {
	for seed := range need.Much[uint64](500, 3000) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		data := make([]byte, 40+rnd.IntN(300))
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first := runPool(t, data)
		if again := runPool(t, data); !reflect.DeepEqual(first, again) {
			t.Errorf("the same seed and events, other actions:\n%v\n%v", first, again)
		}
	})
}

func runPool(t *testing.T, data []byte) []Action {
	in := &tape{data: data}
	w := newPool(t, in)
	defer func() {
		if r := recover(); r != nil {
			w.errorf("panic: %v", r)
		}
	}()
	w.perform(nil, w.core.Start(w.now))
	for !in.done() && !w.failed && !w.quit {
		w.happen(in)
		w.checkSnapshot()
	}
	w.settle()
	w.end()
	return w.history
}

// pool is the world of FuzzSlots: all generations, as the kernel sees them.
type pool struct {
	t       *testing.T
	core    *Core
	policy  Policy
	plan    *fakePlan
	now     time.Time
	history []Action
	ev      Event
	// async says that a Spawn is answered some time later.
	async, failed bool

	beings   []*being // by their numbers
	ticks    int      // at one moment
	quit     bool
	ending   bool // the end was asked for
	asked    int  // how many generations there were when another one was asked for last
	failures map[int]int
	ended    map[int]int // the last generation of a worker that was up and is over
	queued   int         // how many turns were told of
	terminal time.Time   // when it has sent a signal
	// failed and wait are of each worker: when its last failure was, and until when
	// nothing must start.
	failedAt, wait map[int]time.Time
	// own is the worker that what is being examined is no cure for; zero: there is none.
	own int

	// version is of the files, seen the one that the core was told of; examines are not
	// yet answered.
	version, seen int
	told          bool
	examines      int
	gates         gates
}

// being is the truth about one generation.
type being struct {
	gen, worker     int
	spawning, alive bool
	rest            int
	deaf            bool
	ready, up       bool
	helped          bool
	started, over   time.Time
	wrote           time.Time
	version         int
	raised          bool // memory.high is out of its way
	asked           bool // to leave
	due             Sig  // it is about to die of that
	restDue         bool
	looking         bool
	probing         bool
	draining        bool // not yet answered
	inFlight        int64
	kills           int64
	handing         bool      // the next one is to be ready before it leaves, as was said
	wanted          bool      // it is to be recycled, as was said
	place           int       // in the queue
	by              time.Time // when it must be ready
	oomAt           time.Time // when a process of its tree was killed first
	candidate       bool      // another one lived and worked when it was made
}

func (b *being) there() bool  { return b.alive || b.rest > 0 || b.spawning }
func (b *being) serves() bool { return b.alive && b.ready && !b.asked }

func newPool(t *testing.T, in *tape) *pool {
	p := Policy{
		Restart: pick(in, OnLimits, OnFailure, Always, Always, Never), StopSignal: 15,
		Grace:      pick(in, time.Second, 10*time.Second, 0),
		MinUptime:  pick(in, time.Second, 0, time.Minute),
		BackoffMin: pick(in, 100*time.Millisecond, time.Second), BackoffMax: pick(in, 30*time.Second, time.Minute),
		Workers: 1 + in.below(4), MaxUnavailable: in.below(3), Handover: in.below(3) > 0,
		Ready:        pick(in, ReadyAtStart, ReadyWhenSaid, ReadyWhenProbed, ReadyAfter),
		ReadyDelay:   pick(in, time.Second, 0, 5*time.Second),
		StartTimeout: pick(in, 10*time.Second, time.Second, 0, Forever),
		MaxRequests:  pick[int64](in, 0, 100), Silence: pick(in, 0, 0, time.Minute),
		Watches: true, Seed: uint64(in.below(256)),
	}
	if in.coin() {
		p.Drains, p.DrainTimeout = true, pick(in, time.Second, 30*time.Second)
	}
	if in.below(3) == 0 {
		p.MemoryHigh, p.MemoryEvents = fuzzBudget, true
	}
	if in.below(3) == 0 {
		p.GiveUp, p.GiveUpWithin = 1+in.below(3), time.Minute
	}
	if in.below(5) == 0 {
		p.Observe = p.Observe.With(Changed)
	}
	w := &pool{t: t, now: time.Unix(1000, 0), async: in.below(3) == 0, failures: map[int]int{}, ended: map[int]int{}}
	w.failedAt, w.wait = map[int]time.Time{}, map[int]time.Time{}
	if in.below(3) == 0 {
		w.plan = &fakePlan{every: pick(in, 0, time.Hour, time.Minute), at: pick(in, 0, 1010*time.Second)}
		if in.coin() {
			w.plan.open, w.plan.shut = 1000*time.Second, pick(in, 1030*time.Second, 3*time.Hour)
		}
		p.Plan = w.plan
	}
	w.policy = p
	w.drawGate(in)
	w.core = New(w.policy)
	return w
}

func (w *pool) errorf(format string, args ...any) {
	w.t.Helper()
	w.failed = true
	var slots string
	for _, s := range w.core.slots {
		slots += describeSlot(s) + "; "
	}
	w.t.Errorf("%v, %T %+v: %s\n"+format, append([]any{w.now.Sub(time.Unix(1000, 0)), w.ev, w.ev, slots}, args...)...)
}

// living returns those that are there.
func (w *pool) living() (all []*being) {
	for _, b := range w.beings {
		if b.there() {
			all = append(all, b)
		}
	}
	return all
}

// of returns those of a worker that are there, the oldest first.
func (w *pool) of(worker int) (all []*being) {
	for _, b := range w.living() {
		if b.worker == worker {
			all = append(all, b)
		}
	}
	return all
}

// happen lets one thing happen.
func (w *pool) happen(in *tape) {
	living := w.living()
	var b *being
	if len(living) > 0 {
		b = living[in.below(len(living))]
		if newest := living[len(living)-1]; newest.candidate && in.coin() {
			b = newest
		}
	}
	if w.policy.Gate && in.below(4) == 0 {
		w.happenGate(in)
		return
	}
	switch in.below(22) {
	case 0, 1:
		w.pass(pick(in, 0, time.Millisecond, 100*time.Millisecond, time.Second, 10*time.Second, time.Minute, 10*time.Minute, 5*time.Hour))
	case 2:
		if deadline := w.core.Deadline(); !deadline.IsZero() {
			w.advance(deadline.Add(pick(in, 0, 0, time.Millisecond, 20*time.Second)))
			w.step(Tick{})
		}
	case 3:
		w.step(Tick{})
	case 4:
		if in.below(8) == 0 {
			w.step(StopAsked{})
		} else if in.below(4) == 0 {
			w.step(Interrupted{Sig: 2})
		}
	case 5, 6:
		if in.below(3) == 0 {
			w.step(RestartAsked{By: "somebody"})
		}
	case 7:
		w.step(Forward{Sig: 10})
	case 8:
		w.touch()
	case 9:
		if w.plan != nil {
			w.plan.shift += pick(in, time.Hour, -time.Hour, time.Minute)
			w.step(ClockSet{})
		}
	default:
		if b != nil {
			w.happenTo(b, in)
		}
	}
}

// happenTo lets one thing happen to a generation.
func (w *pool) happenTo(b *being, in *tape) {
	if b.spawning {
		w.answer(b, in.below(6) == 1)
		return
	}
	switch in.below(12) {
	case 0, 1:
		w.die(b, in.coin())
	case 2:
		if b.alive && in.below(2) == 0 {
			w.exit(b, pick(in, Exited{}, Exited{Code: 1}, Exited{Code: 1}, Exited{Signal: 11}, Exited{Signal: 9, Counters: Counters{OOMKill: b.kills + 1, OOM: 1}}))
		}
	case 3:
		b.rest, b.deaf = min(b.rest+1, 3), in.below(4) == 0
	case 4, 5:
		w.becomeReady(b)
	case 6:
		if b.probing {
			b.probing = false
			w.step(Probed{Gen: b.gen, Why: "refused"})
		}
	case 7:
		w.step(Extend{Gen: b.gen, By: pick(in, time.Second, time.Minute)})
	case 8:
		if b.alive {
			w.step(Pressed{Gen: b.gen, Usage: Usage{Memory: 2 * fuzzBudget}})
		}
	case 9:
		if b.alive && w.policy.MaxRequests > 0 {
			w.step(Served{Gen: b.gen, Served: 100, InFlight: b.inFlight})
		}
	case 10:
		if b.alive && in.below(3) == 0 {
			b.kills++
			b.rest = max(b.rest-1, 0)
			w.step(MemoryEvents{Gen: b.gen, Counters: Counters{OOMKill: b.kills}})
		}
	case 11:
		if b.alive {
			b.inFlight = int64(in.below(3))
			w.step(Served{Gen: b.gen, Served: 1, InFlight: b.inFlight})
		}
	}
}

func (w *pool) becomeReady(b *being) {
	switch {
	case !b.alive:
	case w.policy.Ready == ReadyWhenSaid:
		w.step(Ready{Gen: b.gen})
	case w.policy.Ready == ReadyWhenProbed && b.probing:
		b.probing = false
		w.step(Probed{Gen: b.gen, Ready: true})
	}
}
