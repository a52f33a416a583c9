package systemd

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"relance/internal/need"
)

// A bus of our own, for everybody who is on it.
const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// bus starts a dbus-daemon and returns its socket.
func bus(t *testing.T) socket {
	t.Helper()
	program := need.Program(t, "dbus-daemon", "dbus-daemon")
	dir, err := os.MkdirTemp("", "relance")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path, file := filepath.Join(dir, "bus"), filepath.Join(dir, "conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, path), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config-file="+file, "--print-address", "--nofork", "--nopidfile")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	// The address is printed when it listens.
	if line, err := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, "unix:path="+path) {
		t.Fatalf("%q, %v", line, err)
	}
	return socket{path, true}
}

// fake is a manager on the bus. Its method is what the real one's is called.
type fake struct {
	conn   *dbus.Conn
	answer func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error)
	asked  chan string
	// late is closed by who gives no answer.
	late chan struct{}
}

func (f *fake) StartTransientUnit(unit, mode string, p []property, aux []auxiliary) (dbus.ObjectPath, *dbus.Error) {
	f.asked <- fmt.Sprint(mode, len(p), len(aux))
	return f.answer(f, unit)
}

// ended tells everybody that a job is over.
func (f *fake) ended(job dbus.ObjectPath, unit, word string) {
	f.conn.Emit(managerPath, managerIface+".JobRemoved", uint32(7), job, unit, word)
}

func manage(t *testing.T, where socket, answer func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error)) *fake {
	t.Helper()
	conn, err := dbus.Connect("unix:path=" + where.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &fake{conn: conn, answer: answer, asked: make(chan string, 100), late: make(chan struct{})}
	if err := conn.Export(f, managerPath, managerIface); err != nil {
		t.Fatal(err)
	}
	if r, err := conn.RequestName(managerName, 0); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%v, %v", r, err)
	}
	return f
}

func TestOnBus(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error)
		want   string
		is     error
	}{
		"done, and before the answer": {func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error) {
			f.ended("/other", "other.service", "failed")
			f.ended(job, unit, "done")
			return job, nil
		}, "", nil},
		"failed": {func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error) {
			f.ended("/other", "other.service", "done")
			f.ended(job, unit, "failed")
			return job, nil
		}, "ended as failed", nil},
		"never": {func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error) {
			close(f.late)
			return job, nil
		}, "in time", ErrTimeout},
		"denied": {func(*fake, string) (dbus.ObjectPath, *dbus.Error) {
			return "", dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"Rejected send message"})
		}, "Rejected send message", ErrDenied},
		"exists": {func(_ *fake, unit string) (dbus.ObjectPath, *dbus.Error) {
			return "", dbus.NewError("org.freedesktop.systemd1.UnitExists", []any{"Unit " + unit + " was already loaded."})
		}, ".scope was already loaded.", nil},
	} {
		t.Run(name, func(t *testing.T) {
			where := bus(t)
			f := manage(t, where, c.answer)
			scope, err := start(late{t.Context(), f.late}, where)
			if got := <-f.asked; got != "fail5 0" {
				t.Errorf("asked %q", got)
			}
			if c.want == "" {
				if err != nil || scope.Unit == "" {
					t.Errorf("%+v, %v", scope, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v, want %q, %v", err, c.want, c.is)
			}
		})
	}
}

// Many at once: each hears of its own job and has a name of its own.
func TestManyOnBus(t *testing.T) {
	where := bus(t)
	manage(t, where, func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error) {
		own := dbus.ObjectPath("/job/" + strings.NewReplacer("-", "_", ".", "_").Replace(unit))
		f.ended(own, unit, "done")
		return own, nil
	})
	type outcome struct {
		scope Scope
		err   error
	}
	outcomes := make(chan outcome)
	const many = 20
	for range many {
		go func() {
			scope, err := start(t.Context(), where)
			outcomes <- outcome{scope, err}
		}()
	}
	names := map[string]bool{}
	for range many {
		o := <-outcomes
		if o.err != nil {
			t.Error(o.err)
		}
		names[o.scope.Unit] = true
	}
	if len(names) != many {
		t.Errorf("%d names", len(names))
	}
}

// A bus without a manager, and then one with it: dbus-run-session(1) makes such
// ones, and the variable leads to it.
func TestNoManagerOnBus(t *testing.T) {
	empty := bus(t)
	if _, err := start(t.Context(), empty); !errors.Is(err, ErrNoManager) || errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
	where := bus(t)
	manage(t, where, func(f *fake, unit string) (dbus.ObjectPath, *dbus.Error) {
		f.ended(job, unit, "done")
		return job, nil
	})
	if _, err := start(t.Context(), empty, where); err != nil {
		t.Errorf("%v", err)
	}
}
