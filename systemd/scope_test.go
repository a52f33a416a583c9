package systemd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"relance/internal/await"
)

const job = dbus.ObjectPath("/org/freedesktop/systemd1/job/7")

func TestScope(t *testing.T) {
	var asked *dbus.Message
	where := private(t, func(p peer) {
		asked = p.call()
		p.reply(asked, job)
		p.say(removed(job, "done"))
		p.gone()
	})
	scope, err := start(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	if scope.User != (os.Geteuid() != 0) || Unit("/"+scope.Unit).Unit != scope.Unit || !strings.HasSuffix(scope.Unit, ".scope") {
		t.Errorf("%+v", scope)
	}
	if asked.Flags&dbus.FlagNoAutoStart == 0 {
		t.Error("would start a manager")
	}
	if sig := header(asked, dbus.FieldSignature); sig.(dbus.Signature).String() != "ssa(sv)a(sa(sv))" {
		t.Errorf("signature %v", sig)
	}
	if asked.Body[0] != scope.Unit || asked.Body[1] != "fail" {
		t.Errorf("%v", asked.Body)
	}
	got := map[string]string{}
	for _, pair := range asked.Body[2].([][]any) {
		got[pair[0].(string)] = pair[1].(dbus.Variant).String()
	}
	want := map[string]string{
		"Description": `"a test"`, "PIDs": "@au [0]", "Delegate": "true",
		"CollectMode": `"inactive-or-failed"`, "Slice": `"test.slice"`,
	}
	for name := range got {
		if got[name] != want[name] {
			t.Errorf("%s is %s, want %s", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	again, err := start(t.Context(), where)
	if err != nil || again.Unit == scope.Unit {
		t.Errorf("the second: %v, %v", again, err)
	}
}

// What a manager, or who pretends to be one, may say; nothing but a clear yes is
// taken for one.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(p peer)
		want  string // in the error; "" for none
		is    error
	}{
		"the job ends before the answer": {func(p peer) {
			m := p.call()
			p.say(removed(job, "done"))
			p.reply(m, job)
			p.gone()
		}, "", nil},
		"other jobs and signals first": {func(p peer) {
			m := p.call()
			p.say(removed("/other/1", "failed"))
			p.say(signal("UnitNew", "x", dbus.ObjectPath("/x")))
			p.reply(m, job)
			p.say(removed("/other/2", "done"))
			p.say(removed(job, "done"))
			p.gone()
		}, "", nil},
		"only another job": {func(p peer) {
			p.reply(p.call(), job)
			p.say(removed("/other/2", "done"))
		}, "hung up", nil},
		"a stranger's word": {func(p peer) {
			p.reply(p.call(), job)
			lie := removed(job, "done")
			lie.Headers[dbus.FieldSender] = dbus.MakeVariant(":1.66")
			p.say(lie)
			p.say(removed(job, "failed"))
			p.gone()
		}, "ended as failed", nil},
		"wrong types in the signal": {func(p peer) {
			p.reply(p.call(), job)
			p.say(signal("JobRemoved"))
			p.say(signal("JobRemoved", uint32(1), "/org/freedesktop/systemd1/job/7", "x", "done"))
			p.say(signal("JobRemoved", uint32(1), job, "x", uint32(0)))
			p.say(removed(job, "canceled"))
			p.gone()
		}, "ended as canceled", nil},
		"no job":         {func(p peer) { p.reply(p.call()); p.gone() }, "names no job", nil},
		"a job as text":  {func(p peer) { p.reply(p.call(), string(job)); p.gone() }, "names no job", nil},
		"another answer": {func(p peer) { p.call(); p.reply(&dbus.Message{}, job) }, "hung up", nil},
		"denied": {func(p peer) { p.refuse(p.call(), "org.freedesktop.DBus.Error.AccessDenied", "no\x1b[31m") },
			`"no\x1b[31m"`, ErrDenied},
		"password wanted": {func(p peer) {
			p.refuse(p.call(), "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired")
		}, "InteractiveAuthorizationRequired", ErrDenied},
		"exists": {func(p peer) { p.refuse(p.call(), "org.freedesktop.systemd1.UnitExists", "Unit x exists.") },
			"Unit x exists.", nil},
		"not systemd":   {func(p peer) { p.refuse(p.call(), "org.freedesktop.DBus.Error.UnknownMethod") }, "UnknownMethod", ErrNoManager},
		"error of type": {func(p peer) { p.refuse(p.call(), "a.b", uint32(1)) }, "a.b", nil},
		"much text":     {func(p peer) { p.refuse(p.call(), "a.b", strings.Repeat("x", 9000)) }, "xxx...", nil},
		"too large, and then the answer": {func(p peer) {
			m := p.call()
			p.say(signal("JobRemoved", uint32(1), job, strings.Repeat("x", 3<<20), "failed"))
			p.reply(m, job)
			p.say(removed(job, "done"))
			p.gone()
		}, "", nil},
		"one that cannot be read, and then the answer": {func(p peer) {
			m := p.call()
			broken := make([]byte, 24)
			broken[0], broken[12] = 'l', 8
			p.net.Write(broken)
			p.reply(m, job)
			p.say(removed(job, "done"))
			p.gone()
		}, "", nil},
		"says to be larger than can be": {func(p peer) {
			p.call()
			p.net.Write(append([]byte("l\x02\x00\x01"), "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff"...))
			p.gone()
		}, "not a D-Bus message", nil},
		"not D-Bus": {func(p peer) { p.call(); io.WriteString(p.net, "HTTP/1.1 400 Bad Request\r\n") }, "not a D-Bus message", nil},
		"half":      {func(p peer) { p.call(); io.WriteString(p.net, "l\x02\x00\x01") }, "hung up", nil},
	} {
		t.Run(name, func(t *testing.T) {
			scope, err := start(t.Context(), private(t, c.serve))
			if c.want == "" {
				if err != nil || scope.Unit == "" {
					t.Errorf("%+v, %v", scope, err)
				}
				return
			}
			if err == nil || scope != (Scope{}) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 ||
				strings.ContainsRune(err.Error(), '\x1b') {
				t.Fatalf("%+v, %v; want an error with %q", scope, err, c.want)
			}
			for _, kind := range []error{ErrDenied, ErrNoManager, ErrTimeout} {
				if errors.Is(err, kind) != (kind == c.is) {
					t.Errorf("%v: is %v: %v", err, kind, errors.Is(err, kind))
				}
			}
		})
	}
}

// The beginning, before messages.
func TestAuthentication(t *testing.T) {
	for name, c := range map[string]struct {
		say string
		is  error
	}{
		"rejected":      {"REJECTED EXTERNAL ANONYMOUS\r\n", ErrDenied},
		"something":     {"220 mail.example ESMTP\r\n", ErrNoManager},
		"endless":       {strings.Repeat("x", 10000), ErrNoManager},
		"nothing":       {"", ErrNoManager},
		"half an OK":    {"OK", ErrNoManager},
		"asks for more": {"DATA\r\n", ErrNoManager},
	} {
		t.Run(name, func(t *testing.T) {
			where := listen(t, func(n net.Conn, in *bufio.Reader) {
				in.ReadString('\n')
				io.WriteString(n, c.say)
			})
			_, err := start(t.Context(), where)
			if !errors.Is(err, c.is) {
				t.Errorf("%v, want %v", err, c.is)
			}
		})
	}
}

// late is a context whose deadline passes when the test says so.
type late struct {
	context.Context
	passed chan struct{}
}

func (l late) Done() <-chan struct{} { return l.passed }

func (l late) Err() error {
	select {
	case <-l.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Who says nothing is not waited for, at no point; and who does not want to wait
// is heard.
func TestEndOfPatience(t *testing.T) {
	silent := map[string]func(l late) socket{
		"accepts": func(l late) socket {
			return listen(t, func(n net.Conn, in *bufio.Reader) { in.Peek(1); close(l.passed); io.Copy(io.Discard, in) })
		},
		"hears": func(l late) socket { return private(t, func(p peer) { p.call(); close(l.passed); p.gone() }) },
		"promises": func(l late) socket {
			return private(t, func(p peer) { p.reply(p.call(), job); close(l.passed); p.gone() })
		},
	}
	for name, listens := range silent {
		deadline := late{t.Context(), make(chan struct{})}
		where := listens(deadline)
		if _, err := start(deadline, where); !errors.Is(err, ErrTimeout) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := start(ctx, where); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, canceled: %v", name, err)
		}
	}
}

func TestNobody(t *testing.T) {
	none := socket{t.TempDir() + "/none", false}
	if _, err := start(t.Context(), none); !errors.Is(err, ErrNoManager) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := start(t.Context()); !errors.Is(err, ErrNoManager) {
		t.Errorf("%v", err)
	}
	denies := listen(t, func(n net.Conn, in *bufio.Reader) {
		in.ReadString('\n')
		io.WriteString(n, "REJECTED EXTERNAL\r\n")
	})
	// A denial says more than that something is missing.
	for _, where := range [][]socket{{none, denies}, {denies, none}} {
		if _, err := start(t.Context(), where...); !errors.Is(err, ErrDenied) || errors.Is(err, ErrNoManager) {
			t.Errorf("%v", err)
		}
	}
	good := private(t, func(p peer) { p.reply(p.call(), job); p.say(removed(job, "done")); p.gone() })
	if _, err := start(t.Context(), none, denies, good); err != nil {
		t.Errorf("the third answers: %v", err)
	}
}

func TestMayListen(t *testing.T) {
	for _, c := range []struct {
		peer uint32
		uid  int
		want bool
	}{{0, 0, true}, {0, 1000, true}, {1000, 1000, true}, {1001, 1000, false}, {1000, 0, false}, {65534, 1000, false}} {
		if mayListen(c.peer, c.uid) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

// Nothing stays: no goroutine, no descriptor.
func TestNothingStays(t *testing.T) {
	good := private(t, func(p peer) { p.reply(p.call(), job); p.say(removed(job, "done")); p.gone() })
	deadlines := make(chan late, 1)
	silent := private(t, func(p peer) { p.call(); close((<-deadlines).passed); p.gone() })
	once := func() {
		if _, err := start(t.Context(), good); err != nil {
			t.Fatal(err)
		}
		deadline := late{t.Context(), make(chan struct{})}
		deadlines <- deadline
		if _, err := start(deadline, silent); !errors.Is(err, ErrTimeout) {
			t.Fatal(err)
		}
	}
	once()
	goroutines, descriptors := runtime.NumGoroutine(), open(t)
	for range 20 {
		once()
	}
	// The other ends, which are ours too, need a moment to see that we are gone.
	await.Until(t, fmt.Sprintf("%d goroutines, %d descriptors", goroutines, descriptors), func() bool {
		return runtime.NumGoroutine() <= goroutines && open(t) <= descriptors
	})
}

// open counts our descriptors.
func open(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func FuzzReceive(f *testing.F) {
	for _, m := range []*dbus.Message{removed(job, "done"), signal("JobRemoved", uint32(1), job)} {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(m.Body...))
		var b strings.Builder
		if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(b.String()))
		f.Add([]byte(b.String() + b.String()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := manager{conn: &conn{in: bufio.NewReader(strings.NewReader(string(b)))}, removed: map[dbus.ObjectPath]result{}}
		for n := 0; ; n++ {
			msg, err := m.conn.receive()
			if err != nil {
				return
			}
			m.note(msg)
			_ = refusalOf(msg).Error()
			if n > len(b)/fixedHeader {
				t.Fatalf("%d messages of %d bytes", n, len(b))
			}
		}
	})
}
