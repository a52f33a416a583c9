package listen

import (
	"slices"
	"strings"
	"testing"
)

func TestParseDialects(t *testing.T) {
	for _, test := range []struct {
		text string
		want Dialects
		err  string
	}{
		{"systemd", Systemd, ""},
		{"einhorn,server-starter", Einhorn | ServerStarter, ""},
		{"systemd,systemd", Systemd, ""},
		{"stdin", Stdin, ""},
		{"stdin,systemd", 0, "use it alone"},
		{"", 0, `"": there is no such way`},
		{"Systemd", 0, `"Systemd": there is no such way, use systemd, server-starter, einhorn or stdin`},
		{"systemd,", 0, `""`},
	} {
		got, err := ParseDialects(test.text)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: got %b, %v", test.text, got, err)
		}
	}
}

// Nothing stale is left, and nothing of anybody else's is touched.
func TestEnv(t *testing.T) {
	given := []string{
		"A=1", "LISTEN_FDS=7", "LISTEN_PID=1", "LISTEN_FDNAMES=x", "LISTEN_PIDFDID=5", "LISTEN_ADDRESS=mine", "A=2",
		"SERVER_STARTER_PORT=80=9", "SERVER_STARTER_GENERATION=4", "EINHORN_FD_COUNT=1", "EINHORN_FD_0=9", "EINHORN_FD_FAMILY_0=AF_UNIX", "EINHORN_FDS=9",
		"EINHORN_MASTER_PID=3",
	}
	others := []string{"A=1", "LISTEN_ADDRESS=mine", "A=2", "EINHORN_MASTER_PID=3"}
	systemd, starter, einhorn := given[1:5], given[7:9], given[9:13]
	web := told{name: "web", address: "80", family: "AF_INET6"}
	plain := told{address: "/run/a", family: "AF_UNIX"}
	for _, test := range []struct {
		name      string
		all       []told
		as, stale Dialects
		without   [][]string // of what was given
		with      []string
	}{
		{"systemd", []told{web, plain}, Systemd, 0, [][]string{systemd}, []string{"LISTEN_FDS=2", "LISTEN_PID=42", "LISTEN_FDNAMES=web:unknown"}},
		{"no names", []told{plain, plain}, Systemd, 0, [][]string{systemd}, []string{"LISTEN_FDS=2", "LISTEN_PID=42"}},
		{"server-starter", []told{web, plain}, ServerStarter, 0, [][]string{starter},
			[]string{"SERVER_STARTER_PORT=80=3;/run/a=4", "SERVER_STARTER_GENERATION=1"}},
		{"einhorn", []told{web, plain}, Einhorn, 0, [][]string{einhorn},
			[]string{"EINHORN_FD_COUNT=2", "EINHORN_FD_0=3", "EINHORN_FD_FAMILY_0=AF_INET6", "EINHORN_FD_1=4", "EINHORN_FD_FAMILY_1=AF_UNIX"}},
		{"stdin", []told{web}, Stdin, 0, nil, nil},
		{"what was ours, in another way", []told{web}, Stdin, Systemd | ServerStarter, [][]string{systemd, starter}, nil},
	} {
		got := addEnv(slices.Clone(given), test.all, test.as, test.stale, 42)
		gone := slices.Concat(test.without...)
		want := slices.DeleteFunc(slices.Clone(given), func(entry string) bool { return slices.Contains(gone, entry) })
		if want = append(want, test.with...); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, want)
		}
		for _, entry := range others {
			if !slices.Contains(got, entry) {
				t.Errorf("%s: %s is gone", test.name, entry)
			}
		}
	}
}

// Whatever stands in the variables, what is taken is bounded and is there.
func FuzzInherited(f *testing.F) {
	f.Add("42", "1", "a:b", "80=0;/run/a=1")
	f.Add("42", "999999999999", ":", "=")
	f.Add("1", "-1", "", ";;;=3=")
	f.Fuzz(func(t *testing.T, pid, count, names, ports string) {
		all, from, err := inherited([]string{"LISTEN_PID=" + pid, "LISTEN_FDS=" + count, "LISTEN_FDNAMES=" + names, "SERVER_STARTER_PORT=" + ports}, 42, true)
		if err != nil && (all != nil || from != 0) {
			t.Errorf("%v beside %v", all, err)
		}
		if len(all) > 2*maxHeld || len(all) > 0 != (from != 0) {
			t.Errorf("%d from %b", len(all), from)
		}
		for _, g := range all {
			if !passed(g.fd) || strings.Contains(g.name, ":") {
				t.Errorf("%+v", g)
			}
		}
	})
}
