package clitest

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// askOnce asks who is there.
func askOnce(t *testing.T, network, address string) (pid int) {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 1<<10)
	if _, err := c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	text := ""
	for n, err := c.Read(b); n > 0 || err == nil; n, err = c.Read(b) {
		text += string(b[:n])
	}
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	if n, err := fmt.Sscanf(body, "%d ", &pid); n != 1 {
		t.Fatalf("%q %q: %v", head, body, err)
	}
	return pid
}

// A server that may do nothing serves port 80, which relance holds for it: all its
// generations are that user with no capabilities, and relance stays root.
func TestUserServesPort80(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	root := identityOf(t, os.Getpid())
	none := strings.Repeat("0", 16)
	want := fmt.Sprintf("Uid: 65534 65534 65534 65534\nGid: 65534 65534 65534 65534\nGroups: 65534\n"+
		"CapInh: %s\nCapPrm: %[1]s\nCapEff: %[1]s\nCapAmb: %[1]s\nNoNewPrivs: 1", none)
	for name, flags := range map[string][]string{"stop and start": nil, "handover": {"--handover"}, "workers": {"--workers", "2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			release(t, s.folder, "v1")
			// A loopback address of its own for each, since there is one port 80.
			address := fmt.Sprintf("127.%d.%d.%d:80", 80+len(flags), os.Getpid()>>8&0xff, os.Getpid()&0xff)
			words := append([]string{relance(), "--log-format", "json", "--user", "nobody", "--no-new-privs", "--listen", address, "--restart-signal", "HUP",
				"--ready", "notify"}, flags...)
			r := start(t, append(append(words, "--"), slowserver(t, s.folder)...)...)
			seen := map[int]bool{}
			for n := 1; n <= 2; n++ {
				pids := map[int]bool{}
				for range max(len(flags), 1) {
					pids[wantEvent(t, r.errs, "up").PID] = true
					if n > 1 {
						r.out.want(t, "^draining$")
					}
				}
				for pid := range pids {
					if got := identityOf(t, pid); got != want {
						t.Errorf("got\n%s\nwant\n%s", got, want)
					}
				}
				pid := askOnce(t, "tcp", address)
				if seen[pid] {
					t.Errorf("pid %d has answered before", pid)
				}
				seen[pid] = true
				if n == 1 {
					r.signal(syscall.SIGHUP)
				}
			}
			if got := identityOf(t, r.pid); got != root {
				t.Errorf("relance is\n%s\nand was\n%s", got, root)
			}
			r.signal(syscall.SIGTERM)
			r.wantEnd(0)
		})
	}
}

// The file of a unix socket belongs to relance, as with systemd to root, unless it is
// said to whom; the command has the socket either way.
func TestUserServesFile(t *testing.T) {
	t.Parallel()
	need.Root(t, "to be another user")
	for name, want := range map[string]struct {
		options        string
		uid, gid, mode uint32
	}{
		"nobody named":   {",mode=0600", 0, 0, 0o600},
		"a user":         {",mode=0660,owner=nobody", 65534, 65534, 0o660},
		"a group":        {",mode=0660,owner=:nogroup", 0, 65534, 0o660},
		"user and group": {",mode=0640,owner=nobody:nogroup", 65534, 65534, 0o640},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			release(t, s.folder, "v1")
			path := s.file("socket")
			r := start(t, append([]string{relance(), "--log-format", "json", "--user", "nobody", "--listen", "unix:" + path + want.options, "--ready", "notify",
				"--max-requests", "1000", "--"}, slowserver(t, s.folder)...)...)
			r.out.want(t, "^ready addr=")
			var st unix.Stat_t
			if err := unix.Lstat(path, &st); err != nil || st.Uid != want.uid || st.Gid != want.gid || st.Mode&0o777 != want.mode {
				t.Errorf("%v, uid %d, gid %d, mode %o, want %+v", err, st.Uid, st.Gid, st.Mode, want)
			}
			if pid := askOnce(t, "unix", path); identityOf(t, pid) == identityOf(t, os.Getpid()) {
				t.Error("root has answered")
			}
			r.signal(syscall.SIGTERM)
			r.wantEnd(0)
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("the file was left behind: %v", err)
			}
		})
	}
}
