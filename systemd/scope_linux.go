package systemd

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
)

var (
	// ErrNoManager says that no systemd could be asked: none runs, no bus, or a bus
	// without it.
	ErrNoManager = errors.New("no systemd to ask")
	// ErrDenied says that systemd, or the bus, does not do it for us.
	ErrDenied = errors.New("denied")
	// ErrTimeout says that no answer came in time.
	ErrTimeout = errors.New("no answer in time")
)

// Patience is how long StartScope waits at most. On a machine that is not busy it
// takes some ten milliseconds.
const Patience = 3 * time.Second

// Request says what scope is asked for.
type Request struct {
	// Description is for people, in "systemctl status".
	Description string
	// Slice is where the scope goes; "" leaves it to the manager: system.slice, or
	// app.slice of a user's manager.
	Slice string
}

// Scope is a scope that was made.
type Scope struct {
	// Unit is its name, as systemctl(1) takes it.
	Unit string
	// User reports whether a user's manager has it, so that it is systemctl --user.
	User bool
}

// StartScope asks systemd for a scope around this process, with all controllers
// delegated, systemd.scope(5). As root it asks the system's manager, else the
// user's. When it returns, this process is in the scope: /proc/self/cgroup tells
// where that is. The scope goes with the last process in it, also when it failed.
//
// After ErrTimeout the scope may still come. With another manager around it comes
// what that manager does to its units: a user's ends when the user has logged out,
// and its scopes with it, unless loginctl(1) enable-linger was asked for.
//
// Delegation also keeps systemd from stopping the scope when the kernel kills a
// process in it for memory: OOMPolicy= is then "continue", systemd.service(5).
func StartScope(ctx context.Context, r Request) (Scope, error) {
	uid := os.Geteuid()
	return startScope(ctx, r, uid, sockets(uid, os.Getenv))
}

func startScope(ctx context.Context, r Request, uid int, where []socket) (Scope, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	scope := Scope{Unit: fmt.Sprintf("relance-%d-%08x.scope", os.Getpid(), rand.Uint32()), User: uid != 0}
	worst := ErrNoManager
	for _, s := range where {
		err := ask(ctx, s, uid, scope.Unit, r)
		var no *unreachable
		switch {
		case err == nil:
			return scope, nil
		case ctx.Err() == context.DeadlineExceeded:
			return Scope{}, fmt.Errorf("ask %s for %s: %w", s.path, scope.Unit, ErrTimeout)
		case ctx.Err() != nil:
			return Scope{}, fmt.Errorf("ask %s for %s: %w", s.path, scope.Unit, ctx.Err())
		case !errors.As(err, &no):
			return Scope{}, fmt.Errorf("ask %s for %s: %w", s.path, scope.Unit, err)
		case errors.Is(err, ErrDenied) || !errors.Is(worst, ErrDenied):
			worst = err
		}
	}
	return Scope{}, fmt.Errorf("ask systemd for a scope: %w", worst)
}

// unreachable says that a socket leads to no manager, so that the next may.
type unreachable struct {
	path string
	err  error
}

func (u *unreachable) Error() string { return fmt.Sprintf("connect %s: %v", u.path, u.err) }

func (u *unreachable) Unwrap() error { return u.err }

func (u *unreachable) Is(target error) bool {
	if errors.Is(u.err, os.ErrPermission) {
		return target == ErrDenied
	}
	return target == ErrNoManager && !errors.Is(u.err, ErrDenied)
}

// ask asks at one socket.
func ask(ctx context.Context, s socket, uid int, unit string, r Request) error {
	c, err := dial(ctx, s.path, uid)
	if err != nil {
		return &unreachable{s.path, err}
	}
	defer c.close()
	m := manager{conn: c, removed: map[dbus.ObjectPath]result{}}
	if s.bus {
		if err := m.greet(); err != nil {
			return &unreachable{s.path, err}
		}
	}
	job, err := m.start(unit, r)
	var refused *refusal
	if errors.As(err, &refused) && refused.absent() {
		return &unreachable{s.path, err}
	} else if err != nil {
		return err
	}
	word, err := m.wait(job)
	if err != nil {
		return fmt.Errorf("wait for the job: %w", err)
	}
	if word != "done" {
		return fmt.Errorf("the job ended as %s", printable(word))
	}
	return nil
}

func properties(r Request) []property {
	p := []property{
		{"Description", dbus.MakeVariant(r.Description)},
		// Zero is who asks, as the manager sees it: in a pid namespace of our own our
		// number is somebody else's.
		{"PIDs", dbus.MakeVariant([]uint32{0})},
		{"Delegate", dbus.MakeVariant(true)},
		{"CollectMode", dbus.MakeVariant("inactive-or-failed")},
	}
	if r.Slice != "" {
		p = append(p, property{"Slice", dbus.MakeVariant(r.Slice)})
	}
	return p
}
