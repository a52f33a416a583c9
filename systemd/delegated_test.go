package systemd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

const unitPath = dbus.ObjectPath("/org/freedesktop/systemd1/unit/a_2eservice")

// about asks at the sockets about a unit of our own manager.
func about(ctx context.Context, unit string, where ...socket) (bool, error) {
	us := os.Geteuid()
	return delegated(ctx, Where{Kind: User, UID: us, Unit: unit}, target{us: us, owner: us, at: where})
}

// tells answers both calls, the second with body.
func tells(body ...any) func(p peer) {
	return func(p peer) {
		p.reply(p.called("GetUnit"), unitPath)
		p.reply(p.called("Get"), body...)
		p.gone()
	}
}

func TestDelegated(t *testing.T) {
	for unit, iface := range map[string]string{
		"a.service": "org.freedesktop.systemd1.Service", "a.service.scope": "org.freedesktop.systemd1.Scope",
	} {
		for _, want := range []bool{true, false} {
			var get, property *dbus.Message
			yes, err := about(t.Context(), unit, private(t, func(p peer) {
				get = p.called("GetUnit")
				// One that nobody asked for is no answer.
				p.reply(&dbus.Message{}, unitPath)
				p.say(removed("/other/1", "done"))
				p.reply(get, unitPath)
				property = p.called("Get")
				p.reply(property, dbus.MakeVariant(want))
				p.gone()
			}))
			if err != nil || yes != want {
				t.Errorf("%s: %v, %v; want %v", unit, yes, err, want)
			}
			if len(get.Body) != 1 || get.Body[0] != unit {
				t.Errorf("%s: asked for %q", unit, get.Body)
			}
			if got := fmt.Sprint(header(property, dbus.FieldPath), header(property, dbus.FieldInterface), property.Body); got !=
				fmt.Sprint(unitPath, "org.freedesktop.DBus.Properties", []any{iface, "Delegate"}) {
				t.Errorf("%s: asked %s", unit, got)
			}
		}
	}
}

// Only a clear yes is one.
func TestDelegatedAnswers(t *testing.T) {
	refuses := func(name string) func(p peer) {
		return func(p peer) {
			p.reply(p.called("GetUnit"), unitPath)
			p.refuse(p.called("Get"), name, "no\x1b[31m")
		}
	}
	for name, c := range map[string]struct {
		serve func(p peer)
		want  string
		is    error
	}{
		"no unit": {func(p peer) {
			p.refuse(p.called("GetUnit"), "org.freedesktop.systemd1.NoSuchUnit", "Unit a not loaded.")
		},
			"about a.service: Unit a not loaded.", nil},
		"no path":         {func(p peer) { p.reply(p.called("GetUnit")); p.gone() }, "names no unit", nil},
		"a path as text":  {func(p peer) { p.reply(p.called("GetUnit"), string(unitPath)); p.gone() }, "names no unit", nil},
		"nothing":         {tells(), "neither yes nor no", nil},
		"a number":        {tells(dbus.MakeVariant(uint32(1))), "neither yes nor no", nil},
		"a word":          {tells(dbus.MakeVariant("yes")), "neither yes nor no", nil},
		"bare":            {tells(true), "neither yes nor no", nil},
		"hangs up":        {func(p peer) { p.reply(p.called("GetUnit"), unitPath); p.called("Get") }, "hung up", nil},
		"denied":          {refuses("org.freedesktop.DBus.Error.AccessDenied"), `"no\x1b[31m"`, ErrDenied},
		"no property":     {refuses("org.freedesktop.DBus.Error.UnknownProperty"), `"no\x1b[31m"`, nil},
		"no interface":    {refuses("org.freedesktop.DBus.Error.UnknownInterface"), `"no\x1b[31m"`, ErrNoManager},
		"another manager": {func(p peer) { p.refuse(p.called("GetUnit"), "org.freedesktop.DBus.Error.UnknownMethod") }, "UnknownMethod", ErrNoManager},
	} {
		t.Run(name, func(t *testing.T) {
			yes, err := about(t.Context(), "a.service", private(t, c.serve))
			if yes || err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsRune(err.Error(), '\x1b') {
				t.Fatalf("%v, %v; want an error with %q", yes, err, c.want)
			}
			for _, kind := range []error{ErrDenied, ErrNoManager, ErrTimeout} {
				if errors.Is(err, kind) != (kind == c.is) {
					t.Errorf("%v: is %v: %v", err, kind, errors.Is(err, kind))
				}
			}
		})
	}
}

func TestDelegatedPatience(t *testing.T) {
	for name, hears := range map[string]func(p peer){
		"at once": func(p peer) { p.called("GetUnit") },
		"later":   func(p peer) { p.reply(p.called("GetUnit"), unitPath); p.called("Get") },
	} {
		deadline := late{t.Context(), make(chan struct{})}
		where := private(t, func(p peer) { hears(p); close(deadline.passed); p.gone() })
		if yes, err := about(deadline, "a.service", where); yes || !errors.Is(err, ErrTimeout) {
			t.Errorf("%s: %v, %v", name, yes, err)
		}
	}
	none := socket{t.TempDir() + "/none", false}
	if yes, err := about(t.Context(), "a.service", none, private(t, tells(dbus.MakeVariant(true)))); !yes || err != nil {
		t.Errorf("the second answers: %v, %v", yes, err)
	}
	if yes, err := about(t.Context(), "a.service", none); yes || !errors.Is(err, ErrNoManager) {
		t.Errorf("nobody: %v, %v", yes, err)
	}
}

// A stranger's word is none. Root may ask a user's manager, and then it is that
// user who may listen.
func TestDelegatedStranger(t *testing.T) {
	us, other := os.Geteuid(), 4711
	if us != 0 {
		other = us
	}
	for owner, want := range map[int]error{other: nil, other + 1: ErrDenied} {
		var where socket
		as(t, other, func() {
			if where = private(t, tells(dbus.MakeVariant(true))); want != nil {
				// Not a word is said to it.
				where = listen(t, func(n net.Conn, in *bufio.Reader) {
					if _, err := in.ReadByte(); err != io.EOF {
						t.Errorf("said something: %v", err)
					}
				})
			}
		})
		yes, err := delegated(t.Context(), Where{Unit: "a.service"}, target{us: us, owner: owner, at: []socket{where}})
		if yes != (want == nil) || !errors.Is(err, want) {
			t.Errorf("the manager of %d, and %d listens: %v, %v", owner, other, yes, err)
		}
	}
}

// as does something with the effective user id of another, in this thread only.
func as(t *testing.T, uid int, do func()) {
	t.Helper()
	const keep = ^uintptr(0)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	was := os.Geteuid()
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(uid), keep); errno != 0 {
		t.Fatal(errno)
	}
	do()
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(was), keep); errno != 0 {
		t.Fatal(errno)
	}
}

// Each unit is asked about where it is known.
func TestTarget(t *testing.T) {
	const below = "/user.slice/user-1000.slice/user@1000.service"
	env := map[string]string{"XDG_RUNTIME_DIR": "/x"}
	system := target{at: systemSockets()}
	own := []socket{{"/x/systemd/private", false}, {"/run/user/1000/systemd/private", false}, {"/x/bus", true}, {"/run/user/1000/bus", true}}
	for _, c := range []struct {
		us    int
		group string
		want  target
	}{
		{0, "/system.slice/a.service", system},
		{1000, "/system.slice/a.service", target{us: 1000, at: systemSockets()}},
		{1000, "/user.slice/user-1000.slice/session-3.scope", target{us: 1000, at: systemSockets()}},
		{1000, below + "/x", target{us: 1000, at: systemSockets()}},
		{1000, below + "/app.slice/a.service", target{us: 1000, owner: 1000, at: own}},
		{0, below + "/app.slice/a.service", target{owner: 1000, at: []socket{{"/run/user/1000/systemd/private", false}, {"/run/user/1000/bus", true}}}},
		{0, "/user.slice/user-0.slice/user@0.service/app.slice/a.scope", target{at: []socket{
			{"/x/systemd/private", false}, {"/run/user/0/systemd/private", false}, {"/x/bus", true}, {"/run/user/0/bus", true}}}},
	} {
		got := Unit(c.group).target(c.us, func(name string) string { return env[name] })
		if got.us != c.want.us || got.owner != c.want.owner || !slices.Equal(got.at, c.want.at) {
			t.Errorf("%d in %s:\n got %+v\nwant %+v", c.us, c.group, got, c.want)
		}
	}
}

// What cannot be delegated is not asked about: nobody listens here.
func TestNotAsked(t *testing.T) {
	for _, group := range []string{"/", "/docker/0a", "/system.slice/a.socket", "/dev-sda.swap"} {
		if yes, err := Delegated(t.Context(), Unit(group)); yes || err != nil {
			t.Errorf("%s: %v, %v", group, yes, err)
		}
	}
}

// GetUnit is a fake manager's too: it has one unit.
func (f *fake) GetUnit(unit string) (dbus.ObjectPath, *dbus.Error) {
	if unit != "a.service" {
		return "", dbus.NewError("org.freedesktop.systemd1.NoSuchUnit", []any{"Unit " + unit + " not loaded."})
	}
	return unitPath, nil
}

type fakeUnit struct{}

func (fakeUnit) Get(iface, name string) (dbus.Variant, *dbus.Error) {
	if iface != managerName+".Service" || name != "Delegate" {
		return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", nil)
	}
	return dbus.MakeVariant(true), nil
}

func TestDelegatedOnBus(t *testing.T) {
	empty, where := bus(t), bus(t)
	f := manage(t, where, nil)
	if err := f.conn.Export(fakeUnit{}, unitPath, "org.freedesktop.DBus.Properties"); err != nil {
		t.Fatal(err)
	}
	if yes, err := about(t.Context(), "a.service", empty, where); !yes || err != nil {
		t.Errorf("%v, %v", yes, err)
	}
	if yes, err := about(t.Context(), "b.service", where); yes || err == nil || !strings.Contains(err.Error(), "not loaded") {
		t.Errorf("another unit: %v, %v", yes, err)
	}
	if yes, err := about(t.Context(), "a.service", empty); yes || !errors.Is(err, ErrNoManager) {
		t.Errorf("no manager there: %v, %v", yes, err)
	}
}

// Whatever comes back: an answer is a yes only if there was one, and it ends.
func FuzzDelegated(f *testing.F) {
	var answers []byte
	for i, body := range []any{unitPath, dbus.MakeVariant(true)} {
		m := &dbus.Message{Type: dbus.TypeMethodReply, Body: []any{body}, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(uint32(i + 1)), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body)),
		}}
		var b bytes.Buffer
		if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
			f.Fatal(err)
		}
		answers = append(answers, b.Bytes()...)
	}
	ask := func(b []byte) (bool, error) {
		m := manager{conn: &conn{net: deaf{}, in: bufio.NewReader(bytes.NewReader(b))}, removed: map[dbus.ObjectPath]result{}}
		return m.delegates("a.service")
	}
	if yes, err := ask(answers); !yes || err != nil {
		f.Fatalf("the first seed: %v, %v", yes, err)
	}
	f.Add(answers)
	f.Add(answers[:len(answers)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		yes, err := ask(b)
		if yes && (err != nil || bytes.Count(b, []byte("l\x02"))+bytes.Count(b, []byte("B\x02")) < 2) {
			t.Fatalf("yes, %v", err)
		}
	})
}

// deaf takes what is said to it.
type deaf struct{ net.Conn }

func (deaf) Write(b []byte) (int, error) { return len(b), nil }
