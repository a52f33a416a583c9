package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"relance/internal/clients"
)

// loadPatience bounds whatever is waited for under load.
const loadPatience = 30 * time.Second

// recycleSignal asks relance for the next generation.
const recycleSignal = syscall.SIGHUP

// A site is relance with a server that is under load.
type site struct {
	cmd     *exec.Cmd
	address string
	events  chan event // closed when relance has ended
	loads   []*clients.Load
	roll    roll
	said    string // the last line

	mu      sync.Mutex
	answers []answer
}

// answer is when a client began to ask for it, and when it had it.
type answer struct{ asked, had time.Time }

// event is what is read of an event (docs/events.md).
type event struct {
	Time               time.Time
	Event, Msg         string
	Worker, Generation int
}

// open starts relance with these flags, and a slowserver with those, and waits until all
// its workers are up. ADDRESS in them is where it listens.
func (b *bench) open(flags, server string, workers int) (*site, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	answers := peer{program: b.slowserver, args: strings.Fields("-notify " + server), get: "go build -o bin/ ./internal/slowserver"}
	command, err := b.command(answers)
	if err == nil {
		command, err = b.command(b.relancePeer("--log-format json --ready notify --restart-signal HUP --give-up 3/1m "+flags), command...)
	}
	if err != nil {
		return nil, err
	}
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "ADDRESS", address)
	}
	s := &site{cmd: exec.Command(command[0], command[1:]...), address: address, events: make(chan event, 1000),
		roll: roll{serving: map[int]int{}, workers: workers}}
	said, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	go s.read(said)
	for range workers {
		if _, err := s.next("up"); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// freeAddress is one that nobody has at the moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// read takes what relance says; what is no event is the server's, and only shown where
// something goes wrong.
func (s *site) read(from io.Reader) {
	defer close(s.events)
	for lines := bufio.NewScanner(from); lines.Scan(); {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e.Msg = lines.Text()
		}
		s.events <- e
	}
}

// heard waits for an event, until it is late; none then.
func (s *site) heard(late <-chan time.Time) (event, error) {
	select {
	case e, ok := <-s.events:
		if !ok {
			return e, fmt.Errorf("relance has ended, said last: %s", s.said)
		}
		s.roll.see(e)
		s.said = e.Msg
		return e, nil
	case <-late:
		return event{}, nil
	}
}

// next waits for the next event of a kind.
func (s *site) next(kind string) (e event, err error) {
	for late := time.After(loadPatience); e.Event != kind; {
		if e, err = s.heard(late); err == nil && e.Msg == "" {
			err = fmt.Errorf("no %q within %v, said last: %s", kind, loadPatience, s.said)
		}
		if err != nil {
			return e, err
		}
	}
	return e, nil
}

// watch lets things happen for so long.
func (s *site) watch(span time.Duration) error {
	for late := time.After(span); ; {
		if e, err := s.heard(late); err != nil || e.Msg == "" {
			return err
		}
	}
}

// calm waits until nothing has happened for so long.
func (s *site) calm(span time.Duration) error {
	for late := time.Now().Add(loadPatience); time.Now().Before(late); {
		if e, err := s.heard(time.After(span)); err != nil || e.Msg == "" {
			return err
		}
	}
	return fmt.Errorf("no %v without an event within %v", span, loadPatience)
}

// load lets so many clients ask until the end, each answer is remembered. The path may
// be another one each time.
func (s *site) load(n int, keepAlive bool, path func() string) {
	right := func(body string) bool { return strings.HasSuffix(body, " 1\n") }
	s.loads = append(s.loads, clients.Start(clients.Target{
		Network: "tcp", Address: s.address, Clients: n, KeepAlive: keepAlive, Patience: loadPatience, Pause: 10 * time.Millisecond,
		Exchange: func(c net.Conn, r *bufio.Reader, keepAlive bool) (bool, error) {
			return clients.HTTPThat(path(), right)(c, r, keepAlive)
		},
		Answered: func(asked, had time.Time) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.answers = append(s.answers, answer{asked, had})
		},
	}))
}

// had are the answers until now, in the order in which they came.
func (s *site) had() []answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.answers)
}

// close ends the load and relance, and returns how many tries got no answer.
func (s *site) close() (failed int) {
	for _, l := range s.loads {
		r := l.Stop()
		failed += r.Failed()
	}
	go func() {
		for range s.events {
			// So that the one who reads them gets to the end, which Wait waits for.
		}
	}()
	end(s.cmd)
	return failed
}
