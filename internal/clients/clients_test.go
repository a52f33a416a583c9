package clients

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"relance/internal/await"
	"relance/internal/need"
)

const patience = await.Patience

// serve answers each request on a new connection as answer does, and returns the
// address.
func serve(t *testing.T, answer func(c *net.TCPConn, in *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				answer(c.(*net.TCPConn), bufio.NewReader(c))
			}()
		}
	}()
	return l.Addr().String()
}

// request reads one.
func request(in *bufio.Reader) bool {
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err == nil
		}
	}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// What each kind of fault counts as; the last is the one that a client may ask again.
func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name      string
		keepAlive bool
		answer    func(c *net.TCPConn, in *bufio.Reader)
		// most says which counter is to be above zero, and all others are to be zero.
		of func(Result) (this, others int)
	}{
		{"answered", false, func(c *net.TCPConn, in *bufio.Reader) { request(in); fmt.Fprint(c, ok) },
			func(r Result) (int, int) { return r.Answers, r.Failed() + r.Raced }},
		{"kept", true, func(c *net.TCPConn, in *bufio.Reader) {
			for request(in) {
				fmt.Fprint(c, ok)
			}
		}, func(r Result) (int, int) { return r.Answers, r.Failed() + r.Raced }},
		{"reset", false, func(c *net.TCPConn, in *bufio.Reader) { request(in); _ = c.SetLinger(0) },
			func(r Result) (int, int) { return r.Reset, r.Failed() - r.Reset + r.Answers }},
		{"closed", false, func(_ *net.TCPConn, in *bufio.Reader) { request(in) },
			func(r Result) (int, int) { return r.Lost, r.Failed() - r.Lost + r.Answers }},
		{"cut short", true, func(c *net.TCPConn, in *bufio.Reader) { request(in); fmt.Fprint(c, ok[:20]); _ = c.SetLinger(0) },
			func(r Result) (int, int) { return r.Lost, r.Failed() - r.Lost + r.Answers + r.Raced }},
		{"wrong", false, func(c *net.TCPConn, in *bufio.Reader) { request(in); fmt.Fprint(c, ok[:len(ok)-1]+"x") },
			func(r Result) (int, int) { return r.Bad, r.Failed() - r.Bad + r.Answers }},
		{"another status", false, func(c *net.TCPConn, in *bufio.Reader) {
			request(in)
			fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nok")
		}, func(r Result) (int, int) { return r.Bad, r.Failed() - r.Bad + r.Answers }},
		{"closed after the first", true, func(c *net.TCPConn, in *bufio.Reader) {
			request(in)
			fmt.Fprint(c, ok)
			request(in)
		}, func(r Result) (int, int) { return r.Raced, r.Failed() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := serve(t, test.answer)
			l := Start(Target{Network: "tcp", Address: address, Clients: 1, KeepAlive: test.keepAlive, Patience: patience, Exchange: HTTP("/", "ok")})
			await.Until(t, "a failure", func() bool { // nobody tells of one
				this, _ := test.of(l.Now())
				return this > 0
			})
			r := l.Stop()
			if this, others := test.of(r); this == 0 || others != 0 {
				t.Errorf("%v %q", r, r.Errors)
			}
		})
	}
}

// Nobody there is a refusal.
func TestRefused(t *testing.T) {
	address, _ := need.Nobody(t)
	load := Start(Target{Network: "tcp", Address: address, Clients: 2, Patience: patience, Exchange: HTTP("/", "ok")})
	await.Until(t, "ten refusals", func() bool { return load.Now().Refused >= 10 })
	if r := load.Stop(); r.Answers+r.Reset+r.Lost+r.Bad != 0 || len(r.Errors) != maxErrors {
		t.Errorf("%v %q", r, r.Errors)
	}
}

// A server that takes its time is waited for, and that shows.
func TestLongest(t *testing.T) {
	const pause = 50 * time.Millisecond
	l := Start(Target{Network: "tcp", Clients: 3, Patience: patience, Exchange: HTTP("/", "ok"), Address: serve(t, func(c *net.TCPConn, in *bufio.Reader) {
		request(in)
		time.Sleep(pause)
		fmt.Fprint(c, ok)
	})})
	if !l.More(6, patience) {
		t.Error("no answers")
	}
	if r := l.Stop(); r.Longest < pause || r.Failed() > 0 || r.Answers < 6 {
		t.Errorf("%v %q", r, r.Errors)
	}
}

// Answered hears of each answer, and how long the client has asked for it: from the
// first try on, of which only the third is answered here, and after a pause each.
func TestAnswered(t *testing.T) {
	const pause = 20 * time.Millisecond
	var tries atomic.Int64
	address := serve(t, func(c *net.TCPConn, in *bufio.Reader) {
		if request(in); tries.Add(1)%3 == 0 {
			fmt.Fprint(c, ok)
		}
	})
	var mu sync.Mutex
	var took []time.Duration
	l := Start(Target{Network: "tcp", Address: address, Clients: 1, Patience: patience, Exchange: HTTP("/", "ok"), Pause: pause,
		Answered: func(asked, had time.Time) {
			mu.Lock()
			defer mu.Unlock()
			took = append(took, had.Sub(asked))
		}})
	if !l.More(3, patience) {
		t.Error("no answers")
	}
	r := l.Stop()
	if len(took) != r.Answers || r.Lost < 2*r.Answers || slices.Min(took) < 2*pause {
		t.Errorf("%v, and heard of %v", r, took)
	}
}
