// Held is a server in Go that loses no request when it is recycled on a held socket:
//
//	relance --listen 127.0.0.1:8080 --every 1h -- held
//
// It takes its socket as systemd passes it, as Server::Starter does, or binds -bind
// itself; docs/sockets.md says what it must do when it is asked to leave.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
)

// patience is how long a client may take from connecting to its first request.
const patience = 5 * time.Second

func main() {
	bind := flag.String("bind", "", "the `address` to bind, where no socket is passed")
	begin := flag.Duration("start", 0, "how long it takes to start")
	work := flag.Duration("work", 0, "how long a request takes")
	flag.Parse()
	leave := make(chan os.Signal, 1)
	signal.Notify(leave, syscall.SIGTERM)
	time.Sleep(*begin)
	l, err := listener(*bind)
	if err != nil {
		log.Fatal(err)
	}
	served := serve(l, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(*work)
		fmt.Fprint(w, "ok")
	})
	fmt.Println("ready")
	<-leave
	served.leave(l)
}

func listener(bind string) (net.Listener, error) {
	if bind != "" {
		return net.Listen("tcp", bind)
	}
	if ports := os.Getenv("SERVER_STARTER_PORT"); ports != "" {
		fd, err := strconv.Atoi(ports[strings.LastIndexByte(ports, '=')+1:])
		if err != nil {
			return nil, fmt.Errorf("SERVER_STARTER_PORT=%s: %w", ports, err)
		}
		return net.FileListener(os.NewFile(uintptr(fd), ports))
	}
	all, err := activation.Listeners()
	if err == nil && len(all) != 1 {
		err = errors.New("not one socket was passed; use relance --listen, or -bind")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// server knows the connections that have not brought their first request. Shutdown
// would close them, whatever is on its way (golang.org/issue/75591).
type server struct {
	http.Server
	ended chan error

	mu  sync.Mutex
	new map[net.Conn]bool
	all chan struct{} // told when the last of them is gone
}

type connKey struct{}

func serve(l net.Listener, handle http.HandlerFunc) *server {
	s := &server{new: map[net.Conn]bool{}, ended: make(chan error, 1), all: make(chan struct{}, 1)}
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	s.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.mu.Lock()
			s.new[c] = true
			s.mu.Unlock()
		case http.StateClosed, http.StateHijacked:
			s.begun(c)
		}
	}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.begun(r.Context().Value(connKey{}).(net.Conn))
		handle(w, r)
	})
	go func() { s.ended <- s.Serve(l) }()
	return s
}

// begun says that the first request of a connection has come, or never will.
func (s *server) begun(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.new, c)
	if len(s.new) == 0 {
		select {
		case s.all <- struct{}{}:
		default:
		}
	}
}

// leave takes no more connections, serves those that were accepted, and ends.
func (s *server) leave(l net.Listener) {
	l.Close()
	<-s.ended
	s.SetKeepAlivesEnabled(false) // each answer now says that it is the last
	late := time.After(patience)
	for waiting := true; waiting && s.waits(); {
		select {
		case <-s.all:
		case <-late:
			waiting = false
		}
	}
	if err := s.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// waits reports whether some connection has not brought its first request.
func (s *server) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.new) > 0
}
