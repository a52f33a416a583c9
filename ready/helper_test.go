package ready

import (
	"net"
	"os"
	"testing"
	"time"

	"relance/internal/await"
)

const patience = await.Patience

// probed is a Prober at work.
type probed struct {
	*testing.T
	*Prober
	results chan Result
	over    chan bool
	closed  bool
}

// open lets a Prober for a word run until the end of the test.
func open(t *testing.T, word string) *probed {
	t.Helper()
	s, err := Parse(word)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(s, 2)
	if err != nil {
		t.Fatal(err)
	}
	p.tryTime = patience // a busy machine is no fault
	o := &probed{T: t, Prober: p, results: make(chan Result), over: make(chan bool)}
	for range p.Runs() {
		go func() { p.Run(o.results); o.over <- true }()
	}
	t.Cleanup(o.end)
	return o
}

// end closes it, and waits until each Run has returned.
func (o *probed) end() {
	if o.closed {
		return
	}
	o.closed = true
	o.Close()
	for range o.Runs() {
		for ended := false; !ended; {
			select {
			case <-o.results:
			case ended = <-o.over:
			case <-time.After(patience):
				o.Error("Run does not return")
				return
			}
		}
	}
}

func (o *probed) begin(gen int) {
	o.Helper()
	if err := o.Begin(gen, 1); err != nil {
		o.Fatal(err)
	}
}

// next is the next result.
func (o *probed) next() Result {
	o.Helper()
	select {
	case r := <-o.results:
		return r
	case <-time.After(patience):
		o.Fatal("no result")
		return Result{}
	}
}

// want asks generation gen once.
func (o *probed) want(gen int, ready bool, why string) {
	o.Helper()
	o.Ask(gen)
	if got, want := o.next(), (Result{Gen: gen, Ready: ready, Why: why}); got != want {
		o.Errorf("%+v, want %+v", got, want)
	}
}

// serve listens at an address of its own, and lets each connection be served by f, nil:
// nobody accepts. It returns the address.
func serve(t *testing.T, network, address string, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if f != nil {
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer conn.Close(); f(conn) }()
			}
		}()
	}
	return l.Addr().String()
}

// descriptors counts those that this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
