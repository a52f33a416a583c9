package systemd

import (
	"slices"
	"strings"
	"testing"
)

func TestSockets(t *testing.T) {
	const private, bus = "/run/user/1000/systemd/private", "/run/user/1000/bus"
	for name, c := range map[string]struct {
		uid  int
		env  map[string]string
		want []socket
	}{
		"root": {0, map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x", "XDG_RUNTIME_DIR": "/y"},
			[]socket{{"/run/systemd/private", false}, {"/run/dbus/system_bus_socket", true}}},
		"nothing set": {1000, nil, []socket{{private, false}, {bus, true}}},
		"as usual": {1000, map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + bus, "XDG_RUNTIME_DIR": "/run/user/1000/"},
			[]socket{{private, false}, {bus, true}}},
		"elsewhere": {1000, map[string]string{"DBUS_SESSION_BUS_ADDRESS": "unix:abstract=/tmp/d", "XDG_RUNTIME_DIR": "/x"},
			[]socket{{"/x/systemd/private", false}, {private, false}, {"@/tmp/d", true}, {"/x/bus", true}, {bus, true}}},
		"relative": {1000, map[string]string{"XDG_RUNTIME_DIR": "x"}, []socket{{private, false}, {bus, true}}},
	} {
		if got := sockets(c.uid, func(name string) string { return c.env[name] }); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestParseAddresses(t *testing.T) {
	for in, want := range map[string][]socket{
		"":                               nil,
		"unix:path=/run/a%20b,guid=0123": {{"/run/a b", true}},
		"tcp:host=h;unix:guid=1,path=/a;unix:abstract=b": {{"/a", true}, {"@b", true}},
		"unixexec:path=/bin/sh":                          nil,
		"autolaunch:":                                    nil,
		"unix:path=a":                                    nil,
		"unix:path=":                                     nil,
		"unix:path=/a%00b":                               nil,
		"unix:path=/a%zz":                                nil,
		"unix:runtime=yes":                               nil,
		"unix:path=/" + strings.Repeat("a", 107):         nil,
		"unix:path=/" + strings.Repeat("a", 106):         {{"/" + strings.Repeat("a", 106), true}},
	} {
		if got := parseAddresses(in); !slices.Equal(got, want) {
			t.Errorf("%q: %v", in, got)
		}
	}
	if got := parseAddresses(strings.Repeat("unix:path=/a;", 1000)); len(got) > mostAddresses {
		t.Errorf("%d addresses", len(got))
	}
}

func FuzzParseAddresses(f *testing.F) {
	f.Add("unix:path=/run/a%20b,guid=0123;unix:abstract=/b")
	f.Fuzz(func(t *testing.T, in string) {
		for _, s := range parseAddresses(in) {
			if s.path == "" || len(s.path) > mostPath+1 || s.path[0] != '/' && s.path[0] != '@' || !s.bus {
				t.Fatalf("%q: %+v", in, s)
			}
		}
	})
}
