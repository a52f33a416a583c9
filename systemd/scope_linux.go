package systemd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/godbus/dbus/v5"
)

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
	scope := Scope{Unit: fmt.Sprintf("relance-%d-%08x.scope", os.Getpid(), rand.Uint32()), User: uid != 0}
	path, err := ask(ctx, target{us: uid, owner: uid, at: where}, func(m *manager) error { return m.makeScope(scope.Unit, r) })
	switch {
	case err == nil:
		return scope, nil
	case path == "":
		return Scope{}, fmt.Errorf("ask systemd for a scope: %w", err)
	}
	return Scope{}, fmt.Errorf("ask %s for %s: %w", path, scope.Unit, err)
}

// makeScope asks for the scope and waits until it is there.
func (m *manager) makeScope(unit string, r Request) error {
	job, err := m.start(unit, r)
	if err != nil {
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
