package listen

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Want is what is asked for.
type Want struct {
	// Addresses are bound, in this order, after what we were given ourselves.
	Addresses []Address
	// As says how the command is told, zero: as systemd does, and as we were.
	As Dialects
	// Env is the environment that relance was given.
	Env []string
	// PID is that of this process.
	PID int
}

// Held are the sockets that are held. It is for one goroutine. Of nil, which holds none,
// Chosen and Close can be called.
type Held struct {
	all       []one
	as, stale Dialects
	pid       int
}

// one is one of them.
type one struct {
	fd       int
	told     told
	nonblock bool // as it was found
	// address is what we have bound, file the file of it; nil: none, of another's. missed
	// says that people know that the file is gone.
	address *Address
	file    *file
	missed  bool
}

// AddressError says which of the addresses could not be bound.
type AddressError struct {
	Index int
	Err   error
}

func (e *AddressError) Error() string { return e.Err.Error() }

// Unwrap lets errors.Is see the errno.
func (e *AddressError) Unwrap() error { return e.Err }

// ErrNothing says that the command is to be told of sockets and there are none.
var ErrNothing = errors.New("there is no socket to pass")

// ErrNotOne says that stdin is one socket, and there are several or it is none.
var ErrNotOne = errors.New("the command's stdin is one socket")

// Open binds what is asked for and takes what we were given; nil: neither is there.
// It is all or nothing: after an error nothing is bound, and no file left behind.
func Open(w Want) (_ *Held, err error) {
	asked := len(w.Addresses) > 0 || w.As != 0
	all, from, err := inherited(w.Env, w.PID, asked)
	switch {
	case !asked && (err != nil || from == 0):
		return nil, nil // the command makes of it what it would without us
	case err != nil:
		return nil, err
	}
	if len(all)+len(w.Addresses) > maxHeld {
		return nil, fmt.Errorf("%d sockets: at most %d can be held; leave some out", len(all)+len(w.Addresses), maxHeld)
	}
	h := &Held{as: w.As, stale: from, pid: w.PID}
	if h.as == 0 {
		h.as = from
		if len(w.Addresses) > 0 {
			h.as |= Systemd
		}
	}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	// Out of the way of the numbers under which the command gets them.
	least := firstFD + len(all) + len(w.Addresses)
	for _, g := range all {
		if err := h.take(g, least); err != nil {
			return nil, err
		}
	}
	for i := range w.Addresses {
		if err := h.bind(&w.Addresses[i], least); err != nil {
			return nil, &AddressError{i, err}
		}
	}
	return h, h.check()
}

// take holds what we were given.
func (h *Held) take(g given, least int) error {
	fd, err := move(g.fd, least)
	if err != nil {
		return err
	}
	h.add(one{fd: fd, told: told{name: g.name, address: g.address}})
	return nil
}

func (h *Held) bind(a *Address, least int) error {
	fd, f, err := a.bind()
	if err != nil {
		return err
	}
	moved, err := move(fd, least)
	if err != nil {
		if f != nil {
			f.remove()
		}
		_ = unix.Close(fd)
		return err
	}
	h.add(one{fd: moved, told: told{name: a.Name}, address: a, file: f})
	return nil
}

// add completes what is known of a socket, and holds it.
func (h *Held) add(s one) {
	s.told.family = family(s.fd)
	if s.told.address == "" {
		s.told.address = addressOf(s.fd)
	}
	flags, err := unix.FcntlInt(uintptr(s.fd), unix.F_GETFL, 0)
	s.nonblock = err == nil && flags&unix.O_NONBLOCK != 0
	h.all = append(h.all, s)
}

// addressOf is the address of a socket as Server::Starter writes it, empty where it
// has none.
func addressOf(fd int) string {
	at, err := unix.Getsockname(fd)
	if err != nil {
		return ""
	}
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(at.Addr), uint16(at.Port)).String()
	case *unix.SockaddrInet6:
		host := netip.AddrFrom16(at.Addr)
		if only, err := unix.GetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_V6ONLY); err == nil && only == 0 && host.IsUnspecified() {
			return strconv.Itoa(at.Port) // of IPv4 as well
		}
		return netip.AddrPortFrom(host, uint16(at.Port)).String()
	case *unix.SockaddrUnix:
		return at.Name
	}
	return ""
}

// check refuses what a dialect has no words for.
func (h *Held) check() error {
	if len(h.all) == 0 {
		return ErrNothing
	}
	if h.as == Stdin && (len(h.all) != 1 || h.all[0].told.family == "") {
		return fmt.Errorf("%w, and there are %d descriptors; leave the others out", ErrNotOne, len(h.all))
	}
	for i, s := range h.all {
		if h.as&(ServerStarter|Einhorn) != 0 && s.told.family == "" {
			return fmt.Errorf("descriptor %d is no socket, and server-starter and einhorn know nothing else; use systemd", firstFD+i)
		}
		if h.as&ServerStarter != 0 && (s.told.address == "" || strings.ContainsAny(s.told.address, ";=")) {
			return fmt.Errorf("address %q: server-starter has no room for \";\" and \"=\"; use another path, or another way to pass it", s.told.address)
		}
	}
	return nil
}

// Replacement is a descriptor FD of the command that is to be From of ours.
type Replacement struct{ FD, From int }

// Ends are the descriptors that the command gets, without O_CLOEXEC.
func (h *Held) Ends() []Replacement {
	if h.as == Stdin {
		return []Replacement{{0, h.all[0].fd}}
	}
	var ends []Replacement
	for i, s := range h.all {
		ends = append(ends, Replacement{firstFD + i, s.fd})
	}
	return ends
}

// Env returns env with what the command is told, and without what was told to us.
func (h *Held) Env(env []string) []string {
	var all []told
	for _, s := range h.all {
		all = append(all, s.told)
	}
	return addEnv(env, all, h.as, h.stale, h.pid)
}

// Chosen are the addresses whose port the kernel has chosen, as they are now.
func (h *Held) Chosen() []string {
	if h == nil {
		return nil
	}
	var all []string
	for _, s := range h.all {
		if s.address == nil || s.address.Local() || s.address.Port != 0 {
			continue
		}
		a := *s.address
		switch at, _ := unix.Getsockname(s.fd); at := at.(type) {
		case *unix.SockaddrInet4:
			a.Port = uint16(at.Port)
		case *unix.SockaddrInet6:
			a.Port = uint16(at.Port)
		}
		all = append(all, a.Bare())
	}
	return all
}

// Begin says that a generation is to start, and returns the entries of its
// environment that differ from one to the next. What the last one has done to the
// sockets is mended; said are lines about that. Whether a socket blocks is the same
// for all who have it, so it is set again only when alone: nobody of the tree lives.
func (h *Held) Begin(gen int, alone bool) (entries, said []string) {
	for i := range h.all {
		s := &h.all[i]
		if alone {
			s.restore()
		}
		if line := s.mend(alone); line != "" {
			said = append(said, line)
		}
	}
	if h.as&ServerStarter != 0 {
		entries = append(entries, generationEntry(gen))
	}
	return entries, said
}

// restore makes it block, or not, as it was found (systemd does so at each start).
func (s *one) restore() {
	flags, err := unix.FcntlInt(uintptr(s.fd), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK != 0 == s.nonblock {
		return
	}
	_, _ = unix.FcntlInt(uintptr(s.fd), unix.F_SETFL, flags^unix.O_NONBLOCK) // SETFL of an open socket cannot fail
}

// Close removes the files of unix sockets that are still ours, and then closes all.
func (h *Held) Close() {
	if h == nil {
		return
	}
	for _, s := range h.all {
		if s.file != nil {
			s.file.remove()
		}
		_ = unix.Close(s.fd)
	}
	h.all = nil
}
