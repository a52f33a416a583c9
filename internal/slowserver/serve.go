package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// server is what serves.
type server struct {
	http      http.Server
	listeners []net.Listener
	leaving   atomic.Bool
	conns     atomic.Int64
	fewer     chan bool // a connection has ended
	accepted  chan bool // by a listener, all that it will
}

// serve answers each request with text, after it has read it whole, worked on it and
// leaked so many bytes, or as many as leak= in its query says.
func serve(listeners []net.Listener, text string, work time.Duration, leaks int) *server {
	s := &server{listeners: listeners, fewer: make(chan bool, 1), accepted: make(chan bool, len(listeners))}
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		more := leaks
		if asked := r.URL.Query().Get("leak"); asked != "" {
			var err error
			if more, err = strconv.Atoi(asked); err != nil || more < 0 {
				http.Error(w, fmt.Sprintf("leak=%s: want a number of bytes", asked), http.StatusBadRequest)
				return
			}
		}
		time.Sleep(work)
		leak(more)
		if s.leaving.Load() {
			// The client sends nothing more here: so nothing of its is lost.
			w.Header().Set("Connection", "close")
		}
		_, _ = io.WriteString(w, text)
	})
	s.http.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			s.conns.Add(-1)
			select {
			case s.fewer <- true:
			default:
			}
		}
	}
	for _, l := range listeners {
		go func() {
			_ = s.http.Serve(l)
			s.accepted <- true
		}()
	}
	return s
}

// drain accepts nothing more, answers what was accepted and returns. A connection
// without a request may get one for so long: who has sent it meanwhile is answered.
func (s *server) drain(linger time.Duration) error {
	s.leaving.Store(true)
	for _, l := range s.listeners {
		l.Close()
	}
	for range s.listeners {
		<-s.accepted // and counted
	}
	fmt.Println("draining")
	late := time.After(linger)
	for s.conns.Load() > 0 {
		select {
		case <-s.fewer:
		case <-late:
			return s.http.Shutdown(context.Background())
		}
	}
	return nil
}
