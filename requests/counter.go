// Package requests knows what the child has served and what it is serving: it
// speaks the protocols in which a child says so, and counts.
package requests

import (
	"sync/atomic"
	"time"
)

// Counter counts the requests of the generation at hand. Sources write it, each in
// its own goroutine; the owner reads it, and says when it wants to be told. So a
// request costs an addition, and nobody is woken for it.
type Counter struct {
	// now is another one for each generation: who counts for the last one while the
	// next begins adds to what nobody reads any more.
	now atomic.Pointer[tally]
	// told has room for one wake-up, and is for nothing else: what a child says must
	// not crowd it out.
	told chan struct{}
}

// tally is the count of one generation.
type tally struct {
	gen              int
	served, inFlight atomic.Int64
	// holds is how many ask to be waited for when nothing is in flight: they are, as
	// requests are, once the owner waits for idle.
	holds atomic.Int64
	// until and idle are what the owner waits for; tell: that of until is not told
	// yet. Zero, false: nothing.
	until      atomic.Int64
	tell, idle atomic.Bool
	// entered says that somebody has told of a request that began.
	entered atomic.Bool
	// drains: the owner waits for idle until Read has found it so.
	drains atomic.Bool
}

// Kind is what a News is about.
type Kind uint8

const (
	// Ready: the child says that it is up (sd_notify(3)).
	Ready Kind = iota
	// Status: a line about its state, in Text.
	Status
	// Extend: it needs more time for what it is doing, By from now.
	Extend
	// InputEnded: our stdin is at its end, and the child has got all of it.
	InputEnded
	// Ended: all that the generation wrote was passed on, and what became of the
	// requests that it has not answered is settled: Lost of them were answered for
	// it, Owed will be asked of the next one.
	Ended
	// Stuck: it was handed all that it may serve, others wait for the next generation,
	// and none of its answers has come for a while.
	Stuck
	// Large: a large message is done with, and the memory that it took can be given back.
	Large
	// Broken: what it writes is not what it should be; Text says why.
	Broken
	// Unheard: nobody reads any more what it writes.
	Unheard
)

// News is something that a child has said.
type News struct {
	Gen  int
	Kind Kind
	Text string
	By   time.Duration
	// Lost and Owed are of Ended.
	Lost, Owed int
}

// NewCounter returns a counter.
func NewCounter() *Counter { return NewCounters(1)[0] }

// NewCounters returns counters for generations that live at once.
func NewCounters(n int) []*Counter {
	told := make(chan struct{}, 1)
	all := make([]*Counter, n)
	for i := range all {
		all[i] = &Counter{told: told}
		all[i].now.Store(&tally{})
	}
	return all
}

// Told wakes the owner when what it waits for has come (Until, Idle), in this counter
// or another one that was made with it: Read then has the figures. It may come for
// nothing, for a generation that is over.
func (c *Counter) Told() <-chan struct{} { return c.told }

// Begin starts a generation: all is zero, and nobody waits for anything.
func (c *Counter) Begin(gen int) { c.now.Store(&tally{gen: gen}) }

// Serve counts n requests that generation gen has served.
func (c *Counter) Serve(gen int, n int64) {
	if t := c.now.Load(); t.gen == gen {
		t.served.Add(n)
		c.check(t)
	}
}

// End counts n requests that generation gen has begun, as Enter was told, and has
// served: nobody who is told of them finds them in flight still.
func (c *Counter) End(gen int, n int64) {
	if t := c.now.Load(); t.gen == gen {
		t.served.Add(n)
		t.inFlight.Add(-n)
		c.check(t)
	}
}

// Enter counts n requests that generation gen has begun to serve; a negative n
// takes back what has ended without being served.
func (c *Counter) Enter(gen int, n int64) {
	if t := c.now.Load(); t.gen == gen {
		if !t.entered.Load() {
			t.entered.Store(true)
		}
		t.inFlight.Add(n)
		c.check(t)
	}
}

// Hold counts n that are waited for once the owner asks for Idle, as for what is in
// flight; a negative n takes them back.
func (c *Counter) Hold(gen int, n int64) {
	if t := c.now.Load(); t.gen == gen {
		t.holds.Add(n)
		c.check(t)
	}
}

// Read returns how many requests were served and how many are being served; after
// Idle also those that Hold has counted.
func (c *Counter) Read() (served, inFlight int64) {
	t := c.now.Load()
	served, inFlight = t.served.Load(), t.inFlight.Load()
	if !t.drains.Load() {
		return served, inFlight
	}
	inFlight += t.holds.Load()
	if inFlight > 0 && !t.idle.Load() {
		// The next one has begun between the moment that was told of and now.
		t.idle.Store(true)
		c.check(t)
	}
	return served, inFlight
}

// KnowsInFlight reports whether the generation tells when requests begin, and not
// only when they have been served.
func (c *Counter) KnowsInFlight() bool { return c.now.Load().entered.Load() }

// Until asks to be told once when so many were served; zero: not at all.
func (c *Counter) Until(served int64) {
	t := c.now.Load()
	t.until.Store(served)
	t.tell.Store(served > 0)
	c.check(t)
}

// Left is how many may be served before that many are; negative: nobody counts.
func (c *Counter) Left() int64 {
	t := c.now.Load()
	until := t.until.Load()
	if until == 0 {
		return -1
	}
	return max(until-t.served.Load(), 0)
}

// Idle asks to be told when nothing is being served, until Read has found it so.
func (c *Counter) Idle() {
	t := c.now.Load()
	t.drains.Store(true)
	t.idle.Store(true)
	c.check(t)
}

// check tells the owner of what it waits for. Whoever takes the wish away tells,
// so that it is told once.
func (c *Counter) check(t *tally) {
	spent := t.tell.Load() && t.served.Load() >= t.until.Load() && t.tell.CompareAndSwap(true, false)
	idle := t.idle.Load() && t.inFlight.Load()+t.holds.Load() <= 0 && t.idle.CompareAndSwap(true, false)
	if spent || idle {
		select {
		case c.told <- struct{}{}:
		default: // one is on its way, and the figures are read when it arrives
		}
	}
}
