package systemd

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestUnit(t *testing.T) {
	long := strings.Repeat("a", 300)
	for in, want := range map[string]Where{
		"/":                                   {Kind: Root},
		"/init.scope":                         {Kind: System, Unit: "init.scope"},
		"/system.slice/app.service":           {Kind: System, Unit: "app.service", Slice: "system.slice"},
		"/system.slice/app.service/payload/x": {Kind: System, Unit: "app.service", Slice: "system.slice", Below: "payload/x"},
		"/system.slice/system-app.slice/app@1.service": {Kind: System, Unit: "app@1.service", Slice: "system-app.slice"},
		`/system.slice/docker-0a1b.scope`:              {Kind: System, Unit: "docker-0a1b.scope", Slice: "system.slice"},
		"/system.slice/_cpu.service":                   {Kind: System, Unit: "cpu.service", Slice: "system.slice"},
		"/machine.slice/libpod-0a.scope/container":     {Kind: System, Unit: "libpod-0a.scope", Slice: "machine.slice", Below: "container"},

		"/user.slice/user-1000.slice/session-3.scope":                     {Kind: Session, Unit: "session-3.scope", Slice: "user-1000.slice"},
		"/user.slice/user-0.slice/session-c12.scope/a":                    {Kind: Session, Unit: "session-c12.scope", Slice: "user-0.slice", Below: "a"},
		"/system.slice/session-3.scope":                                   {Kind: System, Unit: "session-3.scope", Slice: "system.slice"},
		"/user.slice/user-1000.slice/session-x.scope":                     {Kind: System, Unit: "session-x.scope", Slice: "user-1000.slice"},
		"/user.slice/user-1000.slice/user@1000.service":                   {Kind: User, UID: 1000, Unit: "user@1000.service", Slice: "user-1000.slice"},
		"/user.slice/user-1000.slice/user@1000.service/init.scope":        {Kind: User, UID: 1000, Unit: "init.scope", Slice: "user-1000.slice"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope": {Kind: User, UID: 1000, Unit: "x.scope", Slice: "app.slice"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/app-a.slice/x.service/y/z.scope": {
			Kind: User, UID: 1000, Unit: "x.service", Slice: "app-a.slice", Below: "y/z.scope"},
		"/user.slice/user-1000.slice/user@1000.service/not a unit": {
			Kind: User, UID: 1000, Unit: "user@1000.service", Slice: "user-1000.slice", Below: "not a unit"},
		"/user.slice/user-1000.slice/user@x.service": {Kind: System, Unit: "user@x.service", Slice: "user-1000.slice"},

		"":                                  {},
		"system.slice/app.service":          {},
		"/system.slice":                     {}, // no unit has its processes in a slice
		"/docker/0a1b":                      {},
		"/kubepods/burstable/pod1/0a":       {},
		"/../system.slice/a.service":        {},
		"/..":                               {},
		"//app.service":                     {},
		"/system.slice/../a.service":        {},
		"/system.slice/a.service (deleted)": {},
		"/system.slice/.service":            {},
		"/system.slice/_.service":           {},
		"/a.target":                         {}, // has no processes
		"/" + long + ".service":             {},
		"/a\nb.service":                     {},
	} {
		if got := Unit(in); got != want {
			t.Errorf("%q:\n got %+v\nwant %+v", in, got, want)
		}
	}
}

func TestMayAsk(t *testing.T) {
	for in, want := range map[string]bool{
		"/":                         false,
		"/system.slice/app.service": false,
		"/docker/0a":                false,
		"/user.slice/user-1000.slice/session-3.scope":                     true,
		"/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope": true,
	} {
		if got := Unit(in).MayAsk(); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func TestIsUnit(t *testing.T) {
	for in, want := range map[string]bool{
		"/": false, "/docker/0a": false, "/system.slice/app.service": true, "/system.slice/app.service/x": false,
		"/user.slice/user-1000.slice/user@1000.service":             true,
		"/user.slice/user-1000.slice/user@1000.service/init.scope":  true,
		"/user.slice/user-1000.slice/user@1000.service/a.service/x": false,
	} {
		if got := Unit(in).IsUnit(); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func TestReadable(t *testing.T) {
	for in, want := range map[string]string{
		"app.service": "app.service",
		`app-gnome-org.gnome.Terminal\x2d12.scope`: "app-gnome-org.gnome.Terminal-12.scope",
		`dev-disk-by\x5cx.swap`:                    `dev-disk-by\x.swap`,
		`a\x0ab.service`:                           `a\x0ab.service`,
		`a\x1b[31m.service`:                        `a\x1b[31m.service`,
		`a\xzz.service`:                            `a\xzz.service`,
		`a\x2`:                                     `a\x2`,
		"\xff":                                     "\xff",
	} {
		if got := Readable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRunning(t *testing.T) {
	root := t.TempDir()
	if running(root) {
		t.Error("no folder, and running")
	}
	if err := os.MkdirAll(filepath.Join(root, "run/systemd/system"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !running(root) {
		t.Error("the folder is there, and not running")
	}
}

func TestStartedUs(t *testing.T) {
	for value, want := range map[string]bool{"": false, "1": false, strconv.Itoa(os.Getpid()): true} {
		t.Setenv("SYSTEMD_EXEC_PID", value)
		if (Where{Unit: "a.service"}).StartedUs() != want {
			t.Errorf("%q: %v", value, !want)
		}
		if (Where{Unit: "session-1.scope"}).StartedUs() || (Where{}).StartedUs() {
			t.Errorf("%q: started as no service", value)
		}
	}
}

func FuzzUnit(f *testing.F) {
	f.Add("/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope/y")
	f.Add("/system.slice/_a\\x2db.service")
	f.Fuzz(func(t *testing.T, in string) {
		w := Unit(in)
		if (w.Unit == "") != (w.Kind == Root || w.Kind == Other) || w.Unit == "" && (w.Slice != "" || w.Below != "") {
			t.Fatalf("%q: %+v", in, w)
		}
		// All it says stands in the path, in this order.
		rest := in
		for _, part := range []string{w.Slice, w.Unit, w.Below} {
			_, after, ok := strings.Cut(rest, part)
			if !ok {
				t.Fatalf("%q: %+v", in, w)
			}
			rest = after
		}
		if w.Unit != "" && rest != "" {
			t.Fatalf("%q: %+v leaves %q", in, w, rest)
		}
		if r := Readable(w.Unit); len(r) > len(w.Unit) || strings.ContainsFunc(r, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Fatalf("%q: %q", in, r)
		}
	})
}
