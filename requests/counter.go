// Package requests knows what the child has served and what it is serving: it
// speaks the protocols in which a child says so, and counts.
package requests

import "sync/atomic"

// Counter counts the requests of the generation at hand. Sources write it, each in
// its own goroutine; the owner reads it, and says when it wants to be told. So a
// request costs an addition, and nobody is woken for it.
type Counter struct {
	gen, served, inFlight atomic.Int64
	// until and idle are what the owner waits for; zero, false: nothing.
	until atomic.Int64
	idle  atomic.Bool
	news  chan<- News
}

// Kind is what a News is about.
type Kind uint8

const (
	// Counted: what the owner waits for has come (Counter.Until, Counter.Idle).
	Counted Kind = iota
	// Ready, Reloading, Stopping: the child says so (sd_notify(3)).
	Ready
	Reloading
	Stopping
	// Status: a line about its state, in Text.
	Status
	// Watchdog: it is alive. Trigger: it says that it is not well.
	Watchdog
	Trigger
	// Extend: it needs more time for what it is doing, Micros from now.
	Extend
	// InputEnded: our stdin is at its end, and the child has got all of it.
	InputEnded
	// Ended: all that the generation wrote was passed on, and what became of the
	// requests that it has not answered is settled: Lost of them were answered for
	// it, Owed will be asked of the next one.
	Ended
	// Broken: what it or the other side writes is not what it should be; Text says
	// why.
	Broken
)

// News is something that a child has said.
type News struct {
	Gen    int
	Kind   Kind
	Text   string
	Micros uint64
	// Lost and Owed are of Ended.
	Lost, Owed int
}

// NewCounter returns a counter that sends to news, which must have room for two.
func NewCounter(news chan<- News) *Counter { return &Counter{news: news} }

// Begin starts a generation: all is zero, and nobody waits for anything.
func (c *Counter) Begin(gen int) {
	c.until.Store(0)
	c.idle.Store(false)
	c.served.Store(0)
	c.inFlight.Store(0)
	c.gen.Store(int64(gen))
}

// Serve counts n requests that generation gen has served.
func (c *Counter) Serve(gen int, n int64) {
	if c.gen.Load() == int64(gen) {
		c.served.Add(n)
		c.check()
	}
}

// Enter counts n requests that generation gen has begun to serve; a negative n
// takes back what has ended. Whoever ends one counts it with Serve too, before.
func (c *Counter) Enter(gen int, n int64) {
	if c.gen.Load() == int64(gen) {
		c.inFlight.Add(n)
		c.check()
	}
}

// Read returns how many requests were served and how many are being served.
func (c *Counter) Read() (served, inFlight int64) { return c.served.Load(), c.inFlight.Load() }

// Until asks to be told once when so many were served; zero: not at all.
func (c *Counter) Until(served int64) {
	c.until.Store(served)
	c.check()
}

// Left is how many may be served before the owner is told; negative: nobody
// counts.
func (c *Counter) Left() int64 {
	until := c.until.Load()
	if until == 0 {
		return -1
	}
	return max(until-c.served.Load(), 0)
}

// Idle asks to be told once when nothing is being served.
func (c *Counter) Idle() {
	c.idle.Store(true)
	c.check()
}

// check tells the owner of what it waits for. Whoever takes the wish away tells,
// so that it is told once; and as each wish is told once, there is always room.
func (c *Counter) check() {
	until := c.until.Load()
	spent := until > 0 && c.served.Load() >= until && c.until.CompareAndSwap(until, 0)
	idle := c.idle.Load() && c.inFlight.Load() <= 0 && c.idle.CompareAndSwap(true, false)
	if spent || idle {
		select {
		case c.news <- News{Gen: int(c.gen.Load()), Kind: Counted}:
		default: // one is on its way, and the figures are read when it arrives
		}
	}
}
