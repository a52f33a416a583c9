// Slowserver is a server of HTTP for tests of what happens while generations change. It
// takes its time to start, says who answers, tells that it is ready in each way that
// there is, and loses nothing when it is told to leave: it stops accepting, answers what
// it has accepted, and goes.
//
//	slowserver -addr 127.0.0.1:0 -start 3s -version-file version -notify
//
// It writes to stdout: "starting pid=N version=W", "ready addr=ADDR", "draining", and
// what it answers is "N W". Without -addr it serves the sockets of LISTEN_FDS
// (sd_listen_fds(3)). With -crash, or where the version is the word crash, it ends with
// status 1 at once. A request for /?leak=N leaves N bytes behind in it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// settings are the flags.
type settings struct {
	addr, version, versionFile, readyFile string
	start, work, linger                   time.Duration
	notify, crash                         bool
	readyFD, leak, atOnce                 int
}

func main() {
	var s settings
	flag.StringVar(&s.addr, "addr", "", "listen at HOST:PORT or unix:PATH, not before the start is over; empty: LISTEN_FDS")
	flag.DurationVar(&s.start, "start", 0, "how long it takes to start")
	flag.DurationVar(&s.work, "work", 0, "how long it takes to answer")
	flag.IntVar(&s.atOnce, "at-once", 0, "how many connections of a socket it has at once, while the others wait in the backlog; 0: any number")
	flag.IntVar(&s.leak, "leak", 0, "how many bytes more it keeps after each request")
	flag.DurationVar(&s.linger, "linger", time.Second, "how long connections without a request are kept when it is to leave")
	flag.StringVar(&s.version, "version", "1", "the word that it answers with")
	flag.StringVar(&s.versionFile, "version-file", "", "where that word is read from, at the start")
	flag.BoolVar(&s.crash, "crash", false, "end with status 1 at once")
	flag.BoolVar(&s.notify, "notify", false, "say READY=1 to NOTIFY_SOCKET")
	flag.IntVar(&s.readyFD, "ready-fd", -1, "write a line to this descriptor when it is ready")
	flag.StringVar(&s.readyFile, "ready-file", "", "write this file when it is ready")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "slowserver:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM.
func run(s settings) error {
	if s.versionFile != "" {
		text, err := os.ReadFile(s.versionFile)
		if err != nil {
			return err
		}
		s.version = strings.TrimSpace(string(text))
	}
	if s.crash || s.version == "crash" {
		return errors.New("crashed, as asked for")
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, unix.SIGTERM)
	fmt.Printf("starting pid=%d version=%s\n", os.Getpid(), s.version)
	select {
	case <-time.After(s.start):
	case <-term:
		return nil
	}
	listeners, err := s.listeners()
	if err != nil {
		return err
	}
	if s.atOnce > 0 {
		for i, l := range listeners {
			listeners[i] = bound(l, s.atOnce)
		}
	}
	served := serve(listeners, fmt.Sprintf("%d %s\n", os.Getpid(), s.version), s.work, s.leak)
	fmt.Printf("ready addr=%s\n", listeners[0].Addr())
	if err := s.tell(); err != nil {
		return err
	}
	<-term
	return served.drain(s.linger)
}

// listeners are those that are given, or one of its own.
func (s *settings) listeners() ([]net.Listener, error) {
	if s.addr == "" {
		all, err := activation.Listeners()
		if err == nil && len(all) == 0 {
			err = errors.New("no -addr and no LISTEN_FDS for this process; give one of them")
		}
		return all, err
	}
	network, address := "tcp", s.addr
	if path, ok := strings.CutPrefix(s.addr, "unix:"); ok {
		network, address = "unix", path
	}
	l, err := net.Listen(network, address)
	return []net.Listener{l}, err
}

// tell says that it is ready.
func (s *settings) tell() error {
	if s.notify {
		if said, err := daemon.SdNotify(false, daemon.SdNotifyReady); !said {
			return fmt.Errorf("say READY=1: nobody listens: %v", err)
		}
	}
	if s.readyFD >= 0 {
		end := os.NewFile(uintptr(s.readyFD), "ready")
		if _, err := fmt.Fprintln(end, "ready"); err != nil {
			return err
		}
		end.Close()
	}
	if s.readyFile != "" {
		return os.WriteFile(s.readyFile, []byte("ready\n"), 0o644)
	}
	return nil
}
