package systemd

import (
	"context"
	"errors"
	"fmt"
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

// Patience is how long a question is waited for at most. On a machine that is not
// busy a scope takes some ten milliseconds, anything else one.
const Patience = 3 * time.Second

// target is the manager that is to be asked.
type target struct {
	// us is the user we ask as, owner the one the manager runs as. Nobody but owner
	// and root may listen at the sockets.
	us, owner int
	// at are the sockets it can perhaps be reached at, best first.
	at []socket
}

// ask has a question put at the first socket that leads to a manager, and returns
// where that was: "" if none did.
func ask(ctx context.Context, t target, question func(m *manager) error) (path string, err error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	worst := ErrNoManager
	for _, s := range t.at {
		err := askAt(ctx, s, t, question)
		var no *unreachable
		switch {
		case err == nil:
			return s.path, nil
		case ctx.Err() == context.DeadlineExceeded:
			return s.path, ErrTimeout
		case ctx.Err() != nil:
			return s.path, ctx.Err()
		case !errors.As(err, &no):
			return s.path, err
		case errors.Is(err, ErrDenied) || !errors.Is(worst, ErrDenied):
			worst = err
		}
	}
	return "", worst
}

// askAt asks at one socket.
func askAt(ctx context.Context, s socket, t target, question func(m *manager) error) error {
	c, err := dial(ctx, s.path, t)
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
	err = question(&m)
	var refused *refusal
	if errors.As(err, &refused) && refused.absent() {
		return &unreachable{s.path, err}
	}
	return err
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
