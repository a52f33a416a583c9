package stdio

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"relance/internal/need"
)

// client asks numbered requests, so many at once, and checks the answers.
type client struct {
	r     *rig
	deep  chan struct{}
	total int
	// request and check are of the protocol.
	request func(i int) string
	// got is told how many have come, nil: nobody wants to know. The answers are read no
	// further ahead of who listens than it has room.
	got  chan int
	done chan string
}

func (c *client) run() {
	w := bufio.NewWriterSize(c.r.in, 1<<16)
	for i := range c.total {
		select {
		case c.deep <- struct{}{}:
		default:
			w.Flush()
			c.deep <- struct{}{}
		}
		w.WriteString(c.request(i))
	}
	w.Flush()
	c.r.in.Close()
}

// read reads answers in order.
func (c *client) read(lostIsFine bool) {
	lost := 0
	for i := range c.total {
		text, err := c.r.answers.ReadString('\n')
		if text == "LOST\n" && lostIsFine {
			lost++
		} else if want := "a" + c.request(i); text != want {
			c.done <- fmt.Sprintf("got %q in place of %q: %v", text, want, err)
			return
		}
		<-c.deep
		if c.got != nil {
			c.got <- i
		}
	}
	c.done <- fmt.Sprintf("ok, %d lost", lost)
}

// size is how much is asked of how many generations.
func size() (total, generations int) {
	return need.Much(20_000, 1_000_000), need.Much(40, 1000)
}

func start(r *rig, total int, lostIsFine bool, got chan int) *client {
	c := &client{r: r, deep: make(chan struct{}, 64), total: total, got: got, done: make(chan string, 1)}
	c.request = func(i int) string { return fmt.Sprintf("%d\n", i) }
	go c.run()
	go c.read(lostIsFine)
	return c
}

// So many lines, pipelined 64 deep, through so many generations: each has its
// answer, in order, and each generation served exactly its share.
func TestLoad(t *testing.T) {
	t.Parallel()
	total, generations := size()
	r := connect(t, lines(Error))
	c := start(r, total, false, nil)
	began := time.Now()
	each := total / generations
	r.Limit(each)
	for range generations {
		r.start("sed", "-u", "s/^/a/")
		r.count.Until(int64(each))
		r.counted()
		if served, _ := r.count.Read(); int(served) != each {
			t.Fatalf("%d served", served)
		}
		r.CloseInput()
		if n := r.end(); n.Lost != 0 || n.Owed != 0 {
			t.Fatalf("%+v", n)
		}
	}
	if done := <-c.done; done != "ok, 0 lost" {
		t.Error(done)
	}
	t.Logf("%d lines through %d generations in %v", total, generations, time.Since(began))
	r.nothing()
}

// The same, and the command is killed at any moment.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, onLost := range []OnLost{Error, Replay} {
		last := -1
		total, generations := size()
		total, generations = total/2, generations/2
		r := connect(t, lines(onLost))
		c := start(r, total, true, make(chan int, 16))
		random := rand.New(rand.NewPCG(7, uint64(onLost)))
		deaths, lost, replayed, done := 0, 0, 0, ""
		for done == "" {
			// Not twice over the same, which is replayed once: each answers more than
			// are in flight, and than have been read and not been looked at.
			until := last + 2*cap(c.deep) + random.IntN(2*total/generations)
			r.start("sed", "-u", "s/^/a/")
			for last < until && done == "" {
				select {
				case done = <-c.done:
				case last = <-c.got:
				}
			}
			n := r.kill()
			deaths, lost, replayed = deaths+1, lost+n.Lost, replayed+n.Owed
		}
		if want := fmt.Sprintf("ok, %d lost", lost); done != want {
			t.Errorf("%s, want %s", done, want)
		}
		if onLost == Replay && !strings.HasSuffix(done, " 0 lost") || deaths < generations/4 {
			t.Errorf("%s, by %d deaths", done, deaths)
		}
		t.Logf("mode %d: %d deaths, %s, %d asked again", onLost, deaths, done, replayed)
		r.nothing()
	}
}
