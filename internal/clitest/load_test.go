package clitest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"relance/internal/need"
)

// attempt is one connection of a client. It was answered by a worker, or nobody
// had taken it: then err says why, and nothing of an answer had come.
type attempt struct {
	begin, end time.Time
	worker     string
	err        error
	// bad says what was wrong with an answer.
	bad string
}

// load is what a few clients do to a server: each asks, waits for the whole
// answer, and asks again, always on a new connection.
type load struct {
	url  string
	body []byte
	over chan struct{}
	stop func() // closes over
	done sync.WaitGroup

	mu       sync.Mutex
	attempts []attempt
	workers  map[string]bool
	more     chan struct{}
}

const (
	quickClients = 4
	// slowPause is in the midst of each answer to a slow client.
	slowPause = 100 * time.Millisecond
)

// pause is between two attempts of a client: a server is to be busy, and not the
// machine.
func pause() time.Duration { return need.Much(8*time.Millisecond, 2*time.Millisecond) }

func newLoad(t *testing.T, url string, body []byte) *load {
	l := &load{url: url, body: body, over: make(chan struct{}), workers: map[string]bool{}, more: make(chan struct{}, 1)}
	l.stop = sync.OnceFunc(func() { close(l.over) })
	t.Cleanup(l.stop)
	for n := range quickClients + 1 {
		l.done.Add(1)
		go func() {
			defer l.done.Done()
			l.client(n == quickClients)
		}()
	}
	return l
}

// client asks until the end.
func (l *load) client(slow bool) {
	dialer := net.Dialer{Timeout: patience}
	if slow {
		dialer.Control = func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10) })
		}
	}
	c := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	for tick := time.NewTicker(pause()); ; {
		a := l.ask(c, slow)
		l.mu.Lock()
		l.attempts = append(l.attempts, a)
		if a.worker != "" && !l.workers[a.worker] {
			l.workers[a.worker] = true
			select {
			case l.more <- struct{}{}:
			default:
			}
		}
		l.mu.Unlock()
		select {
		case <-l.over:
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

func (l *load) ask(c *http.Client, slow bool) attempt {
	a := attempt{begin: time.Now()}
	// The server may leave at any moment of it, and there is no second try.
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, l.url, nil)
	if err != nil {
		panic(err)
	}
	answer, err := c.Do(req)
	a.end = time.Now()
	if err != nil {
		a.err = err
		return a
	}
	defer answer.Body.Close()
	a.worker = answer.Header.Get("Worker")
	var got bytes.Buffer
	if slow {
		_, err = io.CopyN(&got, answer.Body, 1<<10)
		time.Sleep(slowPause)
	}
	if err == nil {
		_, err = got.ReadFrom(answer.Body)
	}
	switch {
	case err != nil:
		a.bad = err.Error()
	case answer.StatusCode != http.StatusOK || a.worker == "":
		a.bad = answer.Status
	case !bytes.Equal(got.Bytes(), l.body):
		a.bad = "another text"
	}
	return a
}

// wantWorkers waits until so many workers have answered.
func (l *load) wantWorkers(t *testing.T, n int) {
	t.Helper()
	for late := time.After(patience); ; {
		l.mu.Lock()
		have := len(l.workers)
		l.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-l.more:
		case <-late:
			t.Fatalf("%d workers have answered, want %d", have, n)
		}
	}
}

// end ends the load and returns what was done, in order.
func (l *load) end() []attempt {
	l.stop()
	l.done.Wait()
	slices.SortFunc(l.attempts, func(a, b attempt) int { return a.begin.Compare(b.begin) })
	return l.attempts
}

// checkLoad: what was answered was answered right and to the end, and who was not
// answered came between two generations.
func checkLoad(t *testing.T, all []attempt, recycles int) {
	t.Helper()
	type service struct{ firstEnd, lastBegin time.Time }
	served := map[string]*service{}
	var order []*service
	answered, refused, reset := 0, 0, 0
	for _, a := range all {
		switch {
		case a.bad != "":
			t.Errorf("an answer of worker %s: %s", a.worker, a.bad)
		case a.err == nil:
			answered++
			s := served[a.worker]
			if s == nil {
				s = &service{firstEnd: a.end}
				served[a.worker], order = s, append(order, s)
			}
			s.lastBegin = a.begin
			if a.end.Before(s.firstEnd) {
				s.firstEnd = a.end
			}
		case errors.Is(a.err, syscall.ECONNREFUSED):
			refused++
		case untaken(a.err):
			reset++
		default:
			t.Errorf("not answered: %v", a.err)
		}
	}
	for _, a := range all {
		for worker, s := range served {
			if a.err != nil && a.begin.After(s.firstEnd) && a.end.Before(s.lastBegin) {
				t.Errorf("not answered while worker %s was there: %v", worker, a.err)
			}
		}
	}
	var longest time.Duration
	for i := 1; i < len(order); i++ {
		longest = max(longest, order[i].firstEnd.Sub(order[i-1].lastBegin))
	}
	if len(order) < recycles+1 {
		t.Errorf("%d answers of %d workers in %d recycles", answered, len(order), recycles)
	}
	t.Logf("%d requests, %d answered in full by %d generations, %d refused, %d reset before an answer, %d recycles, longest gap %v",
		len(all), answered, len(order), refused, reset, recycles, longest)
}
