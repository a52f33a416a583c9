package ready

import (
	"errors"
	"fmt"
	"net"
)

// Use is what else is asked for.
type Use struct {
	// Workers is how many generations live at once beside each other, from 1.
	Workers int
	// Handover says that the next generation starts while the one before serves.
	Handover bool
	// Passed is how many held sockets the child gets, as descriptors from 3 on.
	Passed int
	// Held are the addresses of the held sockets.
	Held []Held
	// Inherited tells of descriptors that the child has from whoever started relance;
	// nil: there are none.
	Inherited func(fd int) bool
}

// Held is the address of a held socket, as net.Addr has it: Network is tcp or unix, an
// Address of unix is a path or @name.
type Held struct{ Network, Address string }

// Check reports what in u makes s tell of something else than that a generation is
// ready: who answers is another one, or nobody. The error names the cure.
func (s Spec) Check(u Use) error {
	if s.Kind == FD {
		return s.checkFD(u)
	}
	if s.Target == "" {
		return nil
	}
	if err := s.checkWorkers(u.Workers); err != nil {
		return err
	}
	if s.Kind == File {
		return nil // what another generation has written before does not count
	}
	if u.Handover && expand(s.Target, 1, 1) == expand(s.Target, 1, 2) {
		return errors.New("the generation that is to leave would answer (--handover); " +
			"use notify or fd, or an address of its own such as unix:/run/app.{generation}.sock or tcp:127.0.0.1:{8000+generation%100}")
	}
	for _, h := range u.Held {
		if s.Kind != HTTP && meets(s, h) {
			return fmt.Errorf("who connects to %s is never refused, as it is held (--listen); use notify, fd or http", h.Address)
		}
	}
	return nil
}

// checkFD looks whether the child has something else there.
func (s Spec) checkFD(u Use) error {
	held := func(fd int) bool { return fd < defaultFD+u.Passed }
	inherited := func(fd int) bool { return u.Inherited != nil && u.Inherited(fd) }
	free := defaultFD
	for free < mostFD && (held(free) || inherited(free)) {
		free++
	}
	switch {
	case held(s.FD):
		return fmt.Errorf("descriptor %d is a held socket (--listen); use another one such as fd:%d", s.FD, free)
	case inherited(s.FD):
		return fmt.Errorf("descriptor %d is open, given to the command by whoever started relance; "+
			"use another one such as fd:%d", s.FD, free)
	}
	return nil
}

// checkWorkers looks at the targets of all workers: each has one of its own.
func (s Spec) checkWorkers(workers int) error {
	seen := map[string]int{}
	for w := 1; w <= workers; w++ {
		// Of the generations, whose numbers are unique over all workers, any two differ.
		target := expand(s.Target, w, w)
		if err := checks[s.Kind](target); err != nil {
			return fmt.Errorf("of worker %d: %w", w, err)
		}
		if other, twice := seen[target]; twice {
			return fmt.Errorf("workers %d and %d would answer for each other; "+
				"put {worker} into it, as in tcp:127.0.0.1:{8000+worker}", other, w)
		}
		seen[target] = w
	}
	return nil
}

// checks are how the target of a kind is looked at.
var checks = map[Kind]func(string) error{TCP: checkTCP, Unix: checkUnix, HTTP: checkHTTP, File: checkFile}

// meets reports whether who connects to s is answered by the held socket h.
func meets(s Spec, h Held) bool {
	if s.Kind == Unix {
		return h.Network == "unix" && h.Address == s.Target
	}
	host, port, err := net.SplitHostPort(s.Target)
	heldHost, heldPort, heldErr := net.SplitHostPort(h.Address)
	if err != nil || heldErr != nil || h.Network != "tcp" || port != heldPort {
		return false
	}
	if host == "localhost" {
		host = ""
	}
	at, held := net.ParseIP(host), net.ParseIP(heldHost)
	switch {
	case heldHost == "" || held.IsUnspecified():
		return host == "" || at != nil
	case host == "" || at.IsUnspecified():
		return held.IsLoopback() || held.IsUnspecified()
	}
	return host == heldHost || at != nil && at.Equal(held)
}
