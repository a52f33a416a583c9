package requests

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"relance/internal/need"
)

// told reports how often the owner of c was told.
func told(c *Counter) (n int) {
	for len(c.Told()) > 0 {
		<-c.Told()
		n++
	}
	return n
}

func TestCounterTellsOnce(t *testing.T) {
	c := NewCounter()
	c.Begin(1)
	c.Until(3)
	for range 2 {
		c.Enter(1, 1)
		c.End(1, 1)
	}
	if c.Left() != 1 || told(c) != 0 {
		t.Errorf("left %d", c.Left())
	}
	c.Serve(2, 100) // of another generation
	c.Serve(1, 1)
	if served, _ := c.Read(); served != 3 || c.Left() != 0 || told(c) != 1 {
		t.Errorf("%d served, left %d", served, c.Left())
	}
	c.Serve(1, 1)
	if n := told(c); n != 0 {
		t.Errorf("told %d times more", n)
	}
	c.Enter(1, 2)
	c.Idle()
	c.Enter(1, -1)
	if n := told(c); n != 0 {
		t.Error("told while one is being served")
	}
	c.Enter(1, -1)
	if n := told(c); n != 1 {
		t.Errorf("told %d times", n)
	}
	c.Idle()
	if n := told(c); n != 1 {
		t.Errorf("idle already: told %d times", n)
	}
	c.Begin(2)
	if served, inFlight := c.Read(); served != 0 || inFlight != 0 || c.Left() != -1 {
		t.Errorf("%d, %d", served, inFlight)
	}
}

// TestCounterFromMany: whoever comes last tells, and nothing is lost.
func TestCounterFromMany(t *testing.T) {
	c := NewCounter()
	for gen := 1; gen <= 50; gen++ {
		c.Begin(gen)
		c.Until(8000)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 1000 {
					c.Enter(gen, 1)
					c.End(gen, 1)
				}
			})
		}
		all.Wait()
		if served, inFlight := c.Read(); served != 8000 || inFlight != 0 {
			t.Fatalf("%d served, %d in flight", served, inFlight)
		}
		if n := told(c); n != 1 {
			t.Fatalf("told %d times", n)
		}
	}
}

// TestCounterEnd: who is told of the last request does not find it in flight.
func TestCounterEnd(t *testing.T) {
	c := NewCounter() // the wish is looked at, which shows each moment
	for gen := 1; gen <= 20; gen++ {
		c.Begin(gen)
		c.Until(1000)
		news := make(chan [2]int64)
		go func() {
			for t := c.now.Load(); t.tell.Load(); {
			}
			served, inFlight := c.Read()
			news <- [2]int64{served, inFlight}
		}()
		for range 1000 {
			c.Enter(gen, 1)
			c.End(gen, 1)
		}
		if got := <-news; got != [2]int64{1000, 0} {
			t.Fatalf("told when %d were served and %d in flight", got[0], got[1])
		}
	}
}

// TestKnowsInFlight: who only counts what was served does not tell what is in flight.
func TestKnowsInFlight(t *testing.T) {
	c := NewCounter()
	c.Begin(1)
	c.Serve(1, 5)
	if c.KnowsInFlight() {
		t.Error("known by what was served")
	}
	c.Enter(1, 1)
	c.Enter(1, -1)
	if !c.KnowsInFlight() {
		t.Error("not known by what has begun")
	}
	if c.Begin(2); c.KnowsInFlight() {
		t.Error("known of the next generation")
	}
}

// TestCounterIdleAgain: who was told that nothing is in flight, and finds the next one
// begun, is told again.
func TestCounterIdleAgain(t *testing.T) {
	c := NewCounter()
	c.Begin(1)
	c.Enter(1, 1)
	c.Idle()
	c.End(1, 1)
	c.Enter(1, 1)
	if n := told(c); n != 1 {
		t.Fatalf("told %d times of the first", n)
	}
	if _, inFlight := c.Read(); inFlight != 1 {
		t.Fatalf("%d in flight", inFlight)
	}
	c.End(1, 1)
	if n := told(c); n != 1 {
		t.Errorf("told %d times of the second", n)
	}
	if _, inFlight := c.Read(); inFlight != 0 || told(c) != 0 {
		t.Errorf("%d in flight, or told once more", inFlight)
	}
}

// TestToldBesideNews: however much a child says that nobody has taken yet, the owner is
// told of what it waits for.
func TestToldBesideNews(t *testing.T) {
	b := start(t)
	b.counter.Until(1)
	p := b.connect()
	for i := 0; len(b.news) < cap(b.news); i++ {
		b.notify(fmt.Sprintf("STATUS=%d", i))
	}
	p.ask("count 1\n", "ok 0")
	if n := told(b.counter); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestCounterIdleBetween: who finds one in flight is told of its end, also if that
// comes in between.
func TestCounterIdleBetween(t *testing.T) {
	c := NewCounter()
	var round, ended atomic.Int64
	go func() {
		for gen := int64(0); gen >= 0; gen = round.Load() {
			if gen != ended.Load() {
				c.End(int(gen), 1)
				ended.Store(gen)
			} else {
				runtime.Gosched() // where there is one CPU
			}
		}
	}()
	defer round.Store(-1)
	found, spin, rounds := 0, 0, need.Much(3000, 30_000)
	for gen := 1; gen <= rounds; gen++ {
		c.Begin(gen)
		c.Enter(gen, 1)
		c.Idle()
		c.End(gen, 1) // told of the first one
		told(c)
		c.Enter(gen, 1)
		round.Store(int64(gen))
		for range spin { // so that both come at about the same time
			_ = ended.Load()
		}
		_, inFlight := c.Read()
		for ended.Load() != int64(gen) {
			runtime.Gosched()
		}
		if n := told(c); inFlight > 0 && n != 1 {
			t.Fatalf("generation %d: one was in flight, and its end was told %d times", gen, n)
		}
		found += int(inFlight)
		if spin--; inFlight > 0 {
			spin += 2
		}
		spin = max(spin, 0)
	}
	if found == 0 {
		t.Errorf("none was found in flight in %d rounds, nothing can be told", rounds)
	}
}
