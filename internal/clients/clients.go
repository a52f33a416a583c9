// Package clients puts a server under load for a test: clients in a closed loop, each
// of which asks, waits for the whole answer and asks again, and counts what it did not
// get. They do what clients do that care: a request on a connection that had been used
// before and that the server closed without a byte of an answer is asked once more on
// a new one (RFC 9112, section 9.3.1); on a new one there is no second try.
package clients

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Target is a server, and how it is asked.
type Target struct {
	// Network and Address are as net.Dial takes them.
	Network, Address string
	// Clients is how many ask at once, each on a connection of its own. With KeepAlive
	// they keep it for as long as the server does, else each request is on a new one.
	Clients   int
	KeepAlive bool
	// Patience is how long the answer to one request is waited for.
	Patience time.Duration
	// Exchange sends one request and reads the whole answer. Keep says that the server
	// lets the connection be used again; an error that is Wrong is about the answer,
	// any other one about the connection.
	Exchange func(c net.Conn, r *bufio.Reader, keepAlive bool) (keep bool, err error)
	// Pause is how long a client waits after a request without an answer before it asks again.
	Pause time.Duration
	// Answered, if given, hears of each answer, by several clients at once: when the client
	// began to ask for it, which is before all tries that got none, and when it had it whole.
	Answered func(asked, had time.Time)
}

// Wrong is an answer that is whole and not what was asked for.
type Wrong struct{ What string }

func (w *Wrong) Error() string { return w.What }

// Result is what became of the requests.
type Result struct {
	// Answers were right and whole.
	Answers int
	// Refused could not connect. Reset were on a new connection that the server ended by
	// force before a byte of an answer, Lost on one that it closed, or that ended in the
	// midst of an answer, or where none came in time. Bad had a wrong answer.
	Refused, Reset, Lost, Bad int
	// Raced were on a connection that had been used before and was closed meanwhile;
	// they were asked again.
	Raced int
	// Longest is the time from the first try to the end of the answer, of the request
	// that took longest.
	Longest time.Duration
	// Errors are some of what went wrong.
	Errors []string
}

// Failed is how many requests a client was left without an answer to.
func (r Result) Failed() int { return r.Refused + r.Reset + r.Lost + r.Bad }

func (r Result) String() string {
	return fmt.Sprintf("%d answers, %d refused, %d reset, %d lost, %d wrong; %d asked again; longest %v",
		r.Answers, r.Refused, r.Reset, r.Lost, r.Bad, r.Raced, r.Longest.Round(time.Millisecond))
}

// Load is a server under load.
type Load struct {
	target Target
	over   chan struct{}
	stop   func()
	done   sync.WaitGroup

	mu      sync.Mutex
	result  Result
	changed chan struct{} // closed at the next answer
}

// Start lets the clients ask until Stop.
func Start(t Target) *Load {
	l := &Load{target: t, over: make(chan struct{}), changed: make(chan struct{})}
	l.stop = sync.OnceFunc(func() { close(l.over) })
	for range t.Clients {
		l.done.Add(1)
		go func() {
			defer l.done.Done()
			l.client()
		}()
	}
	return l
}

// Stop lets each client get its last answer, and returns what became of all.
func (l *Load) Stop() Result {
	l.stop()
	l.done.Wait()
	return l.result
}

// More waits until so many further requests were answered, and reports whether they
// were in that time.
func (l *Load) More(n int, patience time.Duration) bool {
	late := time.After(patience)
	for want := -1; ; {
		l.mu.Lock()
		have, changed := l.result.Answers, l.changed
		l.mu.Unlock()
		if want < 0 {
			want = have + n
		}
		if have >= want {
			return true
		}
		select {
		case <-changed:
		case <-late:
			return false
		}
	}
}

// Now is what became of the requests until now.
func (l *Load) Now() Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.result
	r.Errors = append([]string(nil), r.Errors...)
	return r
}

func (l *Load) client() {
	var c *conn
	for asked := time.Now(); ; {
		select {
		case <-l.over:
			c.close()
			return
		default:
		}
		var ok bool
		if c, ok = l.ask(c); !ok {
			select {
			case <-l.over:
			case <-time.After(l.target.Pause):
			}
			continue
		}
		had := time.Now()
		if l.target.Answered != nil {
			l.target.Answered(asked, had)
		}
		asked = had
	}
}

// conn is a connection; used says that there was an answer on it already.
type conn struct {
	net.Conn
	in   *bufio.Reader
	got  *counted
	used bool
}

// counted counts what came.
type counted struct {
	from io.Reader
	n    int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *conn) close() {
	if c != nil {
		_ = c.Conn.Close()
	}
}

// ask gets one answer, and returns the connection if it can be used again.
func (l *Load) ask(c *conn) (kept *conn, ok bool) {
	begin := time.Now()
	for {
		if c == nil {
			plain, err := net.DialTimeout(l.target.Network, l.target.Address, l.target.Patience)
			if err != nil {
				l.failed(&l.result.Refused, err)
				return nil, false
			}
			got := &counted{from: plain}
			c = &conn{Conn: plain, in: bufio.NewReader(got), got: got}
		}
		_ = c.SetDeadline(begin.Add(l.target.Patience))
		before := c.got.n
		keep, err := l.target.Exchange(c.Conn, c.in, l.target.KeepAlive)
		if err == nil {
			l.answered(time.Since(begin))
			if keep && l.target.KeepAlive {
				c.used = true
				return c, true
			}
			c.close()
			return nil, true
		}
		c.close()
		if again := l.judge(err, c.got.n > before, c.used); !again {
			return nil, false
		}
		c = nil
	}
}

// judge counts a request that got no answer, and reports whether it is asked again.
func (l *Load) judge(err error, begun, used bool) (again bool) {
	wrong := (*Wrong)(nil)
	byForce := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case errors.As(err, &wrong):
		l.failed(&l.result.Bad, err)
	case used && !begun && (byForce || closed):
		l.mu.Lock()
		l.result.Raced++
		l.mu.Unlock()
		return true
	case byForce && !begun:
		l.failed(&l.result.Reset, err)
	case begun:
		l.failed(&l.result.Lost, fmt.Errorf("in the midst of an answer: %w", err))
	default:
		l.failed(&l.result.Lost, err)
	}
	return false
}

// maxErrors bounds what is remembered of them.
const maxErrors = 10

func (l *Load) failed(counter *int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*counter++
	if len(l.result.Errors) < maxErrors {
		l.result.Errors = append(l.result.Errors, err.Error())
	}
}

func (l *Load) answered(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.result.Answers++
	l.result.Longest = max(l.result.Longest, took)
	close(l.changed)
	l.changed = make(chan struct{})
}
