package identity

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"relance/internal/need"
)

const (
	passwd = `# comment
root:x:0:0:root:/root:/bin/bash
+nis::::::
-gone:x:77:77::/:/bin/sh

  app:x:1000:1001:The app,,,:/srv/app:/usr/sbin/nologin
slip:x:1OOO:1000::/:/bin/sh
minus:x:-1:1000::/:/bin/sh
all:x:4294967295:1000::/:/bin/sh
big:x:4294967294:4294967294::/:/bin/sh
short:x:5:5
long:x:5:5::/:/bin/sh:more
bare:x:1002:1002:::
app:x:6:6:second:/:/bin/sh
`
	group = `root:x:0:
adm:x:4:syslog,app
# app:x:9:app
app:x:1001:
video:x:44:app
slip:x:4O:app
sudo:x:27:application,bare
+::0:app
big:x:4294967294:
adm:x:5:
`
)

func TestFind(t *testing.T) {
	for _, test := range []struct {
		spec string
		want User
		err  string
	}{
		{"root", User{Groups: []uint32{0}, Name: "root", Home: "/root", Shell: "/bin/bash"}, ""},
		{"0", User{Groups: []uint32{0}, Name: "root", Home: "/root", Shell: "/bin/bash"}, ""},
		{"app", User{UID: 1000, GID: 1001, Groups: []uint32{4, 44, 1001}, Name: "app", Home: "/srv/app", Shell: "/usr/sbin/nologin"}, ""},
		{"1000", User{UID: 1000, GID: 1001, Groups: []uint32{4, 44, 1001}, Name: "app", Home: "/srv/app", Shell: "/usr/sbin/nologin"}, ""},
		{"app:adm", User{UID: 1000, GID: 4, Groups: []uint32{4, 44}, Name: "app", Home: "/srv/app", Shell: "/usr/sbin/nologin"}, ""},
		{"1000:7", User{UID: 1000, GID: 7, Groups: []uint32{4, 7, 44}, Name: "app", Home: "/srv/app", Shell: "/usr/sbin/nologin"}, ""},
		{"bare", User{UID: 1002, GID: 1002, Groups: []uint32{27, 1002}, Name: "bare"}, ""},
		{"big:big", User{UID: maxID, GID: maxID, Groups: []uint32{maxID}, Name: "big", Home: "/", Shell: "/bin/sh"}, ""},
		{"4711:4712", User{UID: 4711, GID: 4712, Home: "/"}, ""},
		{"4711:adm", User{UID: 4711, GID: 4, Home: "/"}, ""},
		{"4711", User{}, "so that its group is not known; use 4711:GROUP"},
		{"", User{}, "use USER or USER:GROUP"},
		{":adm", User{}, "use USER or USER:GROUP"},
		{"app:", User{}, "use USER or USER:GROUP"},
		{"app:adm:x", User{}, `no group "adm:x" in /etc/group`},
		{"App", User{}, `no user "App" in /etc/passwd; use one that is in it, or the numbers`},
		{"ap", User{}, `no user "ap"`},
		{"app:none", User{}, `no group "none" in /etc/group`},
		{"4294967295:1", User{}, "no user can have the number 4294967295"},
		{"1000:99999999999999999999", User{}, "no group can have the number 99999999999999999999"},
		{"-1", User{}, `no user "-1"`},
		// What the files say badly is nobody, and above all not root.
		{"slip", User{}, `no user "slip"`}, {"minus", User{}, `no user "minus"`}, {"all", User{}, `no user "all"`},
		{"short", User{}, `no user "short"`}, {"long", User{}, `no user "long"`}, {"+nis", User{}, `no user "+nis"`},
		{"gone", User{}, `no user "gone"`}, {"# comment", User{}, `no user "# comment"`}, {"77", User{}, "use 77:GROUP"},
		{"app:slip", User{}, `no group "slip"`},
	} {
		got, err := find(test.spec, []byte(passwd), []byte(group))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: got %+v, %v; want %s", test.spec, got, err, test.err)
			}
			continue
		}
		if err != nil || !same(got, test.want) {
			t.Errorf("%s: got %+v, %v; want %+v", test.spec, got, err, test.want)
		}
	}
}

func same(a, b User) bool {
	return a.UID == b.UID && a.GID == b.GID && a.Name == b.Name && a.Home == b.Home && a.Shell == b.Shell && slices.Equal(a.Groups, b.Groups)
}

// An image with nothing but a program has neither file.
func TestFindWithoutFiles(t *testing.T) {
	if got, err := find("1000:1000", nil, nil); err != nil || !same(got, User{UID: 1000, GID: 1000, Home: "/"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := find("app", nil, nil); err == nil {
		t.Error("a name was found nowhere")
	}
}

func TestFindGroups(t *testing.T) {
	for _, test := range []struct {
		list string
		want []uint32
		err  string
	}{
		{"none", nil, ""},
		{"adm", []uint32{4}, ""},
		{"video,7,adm,4", []uint32{4, 7, 44}, ""},
		{"adm,", nil, `no group "" in /etc/group`},
		{"adm,x", nil, `no group "x" in /etc/group; use one that is in it, or its number`},
		{"none,adm", nil, `no group "none"`},
	} {
		got, err := findGroups(test.list, []byte(group))
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, %v; want %v, %s", test.list, got, err, test.want, test.err)
		}
	}
}

// What id(1) says of each user of this machine, by the C library.
func TestLookupAgrees(t *testing.T) {
	id := need.Program(t, "id", "coreutils")
	for _, name := range []string{"root", "nobody", "daemon", "www-data", "mail"} {
		out, err := exec.Command(id, "-G", name).Output()
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		var want []uint32
		for _, word := range strings.Fields(string(out)) {
			gid, ok := parseID(word)
			if !ok {
				t.Fatalf("%q", out)
			}
			want = append(want, gid)
		}
		got, err := Lookup(name)
		if err != nil || got.Name != name || got.GID != want[0] || !slices.Equal(got.Groups, set(want)) {
			t.Errorf("%s: got %+v, %v; want %v", name, got, err, want)
		}
	}
}

func TestEnv(t *testing.T) {
	env := []string{"A=1", "HOME=/root", "USER=root", "HOME=/twice", "LOGNAME=root", "HOMER=x", "SHELL=/bin/bash", "noequals"}
	for _, test := range []struct {
		user User
		want string
	}{
		{User{Name: "app", Home: "/srv", Shell: "/bin/sh"}, "A=1 HOMER=x noequals HOME=/srv USER=app LOGNAME=app SHELL=/bin/sh"},
		{User{Home: "/"}, "A=1 HOMER=x noequals HOME=/"},
	} {
		if got := strings.Join(test.user.Env(slices.Clone(env)), " "); got != test.want {
			t.Errorf("%+v: got %s, want %s", test.user, got, test.want)
		}
	}
}

func TestParseCaps(t *testing.T) {
	for _, test := range []struct {
		list string
		want uint64
		text string
	}{
		{"NET_BIND_SERVICE", 1 << 10, "NET_BIND_SERVICE"},
		{"cap_net_bind_service,+chown,CAP_KILL", 1<<10 | 1 | 1<<5, "CHOWN,KILL,NET_BIND_SERVICE"},
		{"checkpoint_restore", 1 << 40, "CHECKPOINT_RESTORE"},
	} {
		got, err := ParseCaps(test.list)
		if err != nil || got != test.want || FormatCaps(got) != test.text {
			t.Errorf("%s: got %#x %s, %v", test.list, got, FormatCaps(got), err)
		}
	}
	for _, list := range []string{"", "all", "net_bind_service,", "-chown", "cap_cap_chown", "41"} {
		if got, err := ParseCaps(list); err == nil {
			t.Errorf("%s: got %#x", list, got)
		}
	}
	if got := FormatCaps(1 << 63); got != "63" {
		t.Errorf("a capability of the future: got %s", got)
	}
}

// Whatever stands in the files, nobody but who is written as 0 in them is root.
func FuzzFind(f *testing.F) {
	f.Add("app", passwd, group)
	f.Add("1000:adm", passwd, group)
	f.Add("slip", passwd, group)
	f.Fuzz(func(t *testing.T, spec, passwd, group string) {
		u, err := find(spec, []byte(passwd), []byte(group))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x00") && !strings.ContainsAny(spec, "\n\r\x00") {
				t.Errorf("%q: more than a line: %q", spec, err)
			}
			return
		}
		if u.UID == 0 && !strings.Contains(passwd, ":0") && strings.Trim(strings.SplitN(spec, ":", 2)[0], "0") != "" {
			t.Errorf("%q is root: %+v", spec, u)
		}
		if u.UID > maxID || u.GID > maxID || u.Name != "" && !slices.Contains(u.Groups, u.GID) || u.Name == "" && len(u.Groups) > 0 ||
			!slices.IsSorted(u.Groups) || strings.ContainsRune(u.Name+u.Home+u.Shell, 0) {
			t.Errorf("%q: %+v", spec, u)
		}
	})
}
