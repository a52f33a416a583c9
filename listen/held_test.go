package listen

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// addresses parses words.
func addresses(t *testing.T, words ...string) []Address {
	t.Helper()
	var all []Address
	for _, word := range words {
		a, err := Parse(word)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

func open(t *testing.T, words ...string) (*Held, error) {
	t.Helper()
	h, err := Open(Want{Addresses: addresses(t, words...), PID: os.Getpid()})
	if err == nil {
		t.Cleanup(h.Close)
	}
	return h, err
}

func mustOpen(t *testing.T, words ...string) *Held {
	t.Helper()
	h, err := open(t, words...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// descriptors are those that are open, but for what the runtime makes when it first waits.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasSuffix(to, "/fd") && !strings.HasPrefix(to, "anon_inode:[event") {
			all = append(all, e.Name()+" "+to)
		}
	}
	return all
}

// What is held takes connections, at numbers that are out of the way of those under
// which the command gets it, and is closed on exec with us.
func TestOpen(t *testing.T) {
	folder := t.TempDir()
	before := descriptors(t)
	h := mustOpen(t, "127.0.0.1:0,name=web", ":0", "unix:"+folder+"/s", "unix:@relance-test-"+strconv.Itoa(os.Getpid()), "udp:127.0.0.1:0",
		"seqpacket:"+folder+"/p", "dgram:"+folder+"/d")
	for i, end := range h.Ends() {
		flags, err := unix.FcntlInt(uintptr(end.From), unix.F_GETFD, 0)
		if end.FD != 3+i || end.From < 3+7 || err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d is to be %d of ours, flags %#x, %v", end.FD, end.From, flags, err)
		}
		if blocks, err := unix.FcntlInt(uintptr(end.From), unix.F_GETFL, 0); err != nil || blocks&unix.O_NONBLOCK != 0 {
			t.Errorf("descriptor %d does not block: %v", end.FD, err)
		}
	}
	chosen := h.Chosen()
	if len(chosen) != 3 || !strings.HasPrefix(chosen[0], "127.0.0.1:") || !strings.HasPrefix(chosen[1], ":") || !strings.HasPrefix(chosen[2], "udp:127.0.0.1:") {
		t.Errorf("chosen: %q", chosen)
	}
	for _, to := range [][2]string{{"tcp", chosen[0]}, {"tcp4", "127.0.0.1" + chosen[1]}, {"unix", folder + "/s"}, {"unixpacket", folder + "/p"},
		{"unix", "@relance-test-" + strconv.Itoa(os.Getpid())}, {"unixgram", folder + "/d"}} {
		c, err := net.Dial(to[0], to[1])
		if err != nil {
			t.Error(err)
			continue
		}
		c.Close()
	}
	h.Close()
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if after := descriptors(t); len(after) != len(before) {
		t.Errorf("open before: %q\nand after: %q", before, after)
	}
}

// All or nothing, whatever is wrong and in whatever order.
func TestOpenFails(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(folder+"/file", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", folder+"/link"); err != nil {
		t.Fatal(err)
	}
	taken := bound(t, unix.AF_INET, unix.SOCK_STREAM, &unix.SockaddrInet4{Addr: loopback})
	port := strconv.Itoa(port(t, taken))
	living := bound(t, unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: folder + "/living"})
	pid, _ := give(t, taken, living)
	taken.Close()
	living.Close()
	ours, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	before, names := len(descriptors(t)), list(t, folder)
	for _, test := range []struct {
		address string
		want    error
		text    string
	}{
		{"127.0.0.1:" + port, unix.EADDRINUSE, "address already in use by cat, pid " + strconv.Itoa(pid) + "; stop it, or use another address"},
		{ours.Addr().String(), unix.EADDRINUSE, "address already in use: relance was given a socket with it; leave --listen out, or use another address"},
		{"192.0.2.1:0", unix.EADDRNOTAVAIL, "no interface of this machine has it; wait for it, or add ,freebind"},
		{"[fe80::1]:0", nil, "of which interface? Use [fe80::1%eth0]:0"},
		{"[fe80::1%nothing]:0", nil, `interface "nothing": there is none of this name here`},
		{"unix:" + folder + "/no/s", unix.ENOENT, "no such file or directory"},
		{"unix:" + folder + "/file", nil, "there is a regular file, which is left alone"},
		{"unix:" + folder + "/link", nil, "there is a symbolic link, which is left alone"},
		{"unix:" + folder, nil, "there is a directory, which is left alone"},
		{"unix:" + folder + "/living", unix.EADDRINUSE, "address already in use by cat, pid " + strconv.Itoa(pid) + "; stop it, or use another address"},
		{"dgram:" + folder + "/living", unix.EADDRINUSE, "address already in use"},
		{"unix:" + folder + "/s,owner=nobody-of-this-name", nil, `owner nobody-of-this-name: no user "nobody-of-this-name" in /etc/passwd`},
		{"unix:" + folder + "/s,owner=:nobody-of-this-name", nil, `owner :nobody-of-this-name: no group "nobody-of-this-name" in /etc/group`},
	} {
		_, err := open(t, "127.0.0.1:0", "unix:"+folder+"/first", test.address, "unix:"+folder+"/last")
		var address *AddressError
		if !errors.As(err, &address) || address.Index != 2 || !strings.Contains(err.Error(), test.text) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %q", test.address, err, test.text)
		}
		if now := list(t, folder); !slices.Equal(now, names) {
			t.Errorf("%s: in the folder %q, before %q", test.address, now, names)
		}
		if now := len(descriptors(t)); now != before {
			t.Errorf("%s: %d descriptors, before %d", test.address, now, before)
		}
	}
	if text, err := os.ReadFile(folder + "/file"); string(text) != "mine" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

// list is what a folder has.
func list(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Who has no privileges is told which ports are theirs.
func TestPrivilegedPort(t *testing.T) {
	a := addresses(t, ":80")[0]
	if err := a.explain(unix.EACCES, &unix.SockaddrInet4{}); !strings.Contains(err.Error(), "CAP_NET_BIND_SERVICE") {
		t.Error(err)
	}
}

// The backlog is that of the address, or as large as the kernel lets.
// What the kernel refuses for want of room or of rights is said with what to do.
func TestCures(t *testing.T) {
	a := addresses(t, "unix:/run/relance-test.sock")[0]
	if err := a.explain(unix.EROFS, &unix.SockaddrUnix{Name: a.Path}); !strings.Contains(err.Error(), "use a folder that can be written to") {
		t.Error(err)
	}
	// No process has so many descriptors.
	if _, err := move(0, math.MaxInt32); !errors.Is(err, unix.EMFILE) || !strings.Contains(err.Error(), "raise the limit (ulimit -n, LimitNOFILE=)") {
		t.Error(err)
	}
}

func TestBacklog(t *testing.T) {
	most, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if err != nil {
		t.Fatal(err)
	}
	h := mustOpen(t, "127.0.0.1:0", "127.0.0.1:0,backlog=7")
	for i, want := range []string{strings.TrimSpace(string(most)), "7"} {
		// Of a socket that listens it is the backlog (tcp_get_info).
		info, err := unix.GetsockoptTCPInfo(h.all[i].fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil || fmt.Sprint(info.Sacked) != want {
			t.Errorf("backlog %d, want %s: %v", info.Sacked, want, err)
		}
	}
}

// The options that show at a socket.
func TestOptions(t *testing.T) {
	h := mustOpen(t, "127.0.0.1:0", "[::1]:0,reuseport,freebind,ipv6only", ":0", "udp:127.0.0.1:0,reuseport")
	for _, test := range []struct{ i, level, opt, want int }{
		{0, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{0, unix.SOL_SOCKET, unix.SO_REUSEPORT, 0},
		{1, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
		{1, unix.SOL_IPV6, unix.IPV6_V6ONLY, 1},
		{1, unix.SOL_IP, unix.IP_FREEBIND, 1},
		{2, unix.SOL_IPV6, unix.IPV6_V6ONLY, 0},
		{3, unix.SOL_SOCKET, unix.SO_REUSEADDR, 0},
		{3, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
	} {
		if got, err := unix.GetsockoptInt(h.all[test.i].fd, test.level, test.opt); err != nil || got != test.want {
			t.Errorf("socket %d, option %d of %d: %d, want %d: %v", test.i, test.opt, test.level, got, test.want, err)
		}
	}
	// With freebind, what this machine does not have.
	mustOpen(t, "192.0.2.1:0,freebind")
}

// The command may make a socket that all share non-blocking: the next one finds it as
// the first did. While another one lives it is left alone.
func TestBlockingMode(t *testing.T) {
	h := mustOpen(t, "127.0.0.1:0")
	blocks := func() bool {
		flags, err := unix.FcntlInt(uintptr(h.all[0].fd), unix.F_GETFL, 0)
		if err != nil {
			t.Fatal(err)
		}
		return flags&unix.O_NONBLOCK == 0
	}
	if err := unix.SetNonblock(h.all[0].fd, true); err != nil {
		t.Fatal(err)
	}
	if h.Begin(2, false); blocks() {
		t.Error("changed under somebody who uses it")
	}
	if h.Begin(3, true); !blocks() {
		t.Error("not as it was found")
	}
	h.all[0].nonblock = true // found so
	if h.Begin(4, true); blocks() {
		t.Error("not as it was found")
	}
}

// Only the last dialect has something that is new each time.
func TestGeneration(t *testing.T) {
	for as, want := range map[Dialects][]string{Systemd: nil, Einhorn: nil, Systemd | ServerStarter: {"SERVER_STARTER_GENERATION=7"}} {
		h := mustOpen(t, "127.0.0.1:0")
		h.as = as
		if got, said := h.Begin(7, true); !slices.Equal(got, want) || said != nil {
			t.Errorf("%b: %q, %q", as, got, said)
		}
	}
}

// Nothing to hold is nothing, and what the dialects have no words for is refused.
func TestCheck(t *testing.T) {
	if h, err := Open(Want{Env: []string{"LISTEN_PID=1", "LISTEN_FDS=1"}, PID: os.Getpid()}); h != nil || err != nil {
		t.Error(h, err)
	}
	if _, err := Open(Want{As: Systemd, PID: os.Getpid()}); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
	if _, err := Open(Want{As: Stdin, Addresses: addresses(t, ":0", ":0"), PID: os.Getpid()}); !errors.Is(err, ErrNotOne) {
		t.Error(err)
	}
	folder := t.TempDir()
	for _, name := range []string{"a;b", "a=b"} {
		path := filepath.Join(folder, name)
		if _, err := Open(Want{As: ServerStarter, Addresses: addresses(t, "unix:"+path), PID: os.Getpid()}); err == nil ||
			!strings.Contains(err.Error(), "server-starter has no room for") {
			t.Error(err)
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s was left behind", path)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	for _, as := range []Dialects{ServerStarter, Einhorn, Stdin} {
		h := &Held{as: as}
		h.add(one{fd: int(r.Fd())})
		if err := h.check(); err == nil {
			t.Errorf("%b: a pipe is passed", as)
		}
	}
}

// What Server::Starter hands over is taken only if all of it is there.
func TestFromStarter(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fd, err := syscall.Dup(int(file.Fd())) // without O_CLOEXEC
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	closed := strconv.Itoa(int(file.Fd()))
	n := strconv.Itoa(fd)
	for _, test := range []struct {
		list string
		want []given
	}{
		{"80=" + n, []given{{fd: fd, address: "80"}}},
		{"127.0.0.1:80=" + n + ";/run/a=b=" + n, []given{{fd: fd, address: "127.0.0.1:80"}, {fd: fd, address: "/run/a=b"}}},
		{"", nil}, {"80", nil}, {"80=x", nil}, {"80=-1", nil}, {"80=" + n + ";81", nil},
		{"80=" + closed, nil}, {"80=9999", nil}, {"80=" + n + ";81=9999", nil},
		{strings.Repeat("80="+n+";", maxHeld) + "80=" + n, nil},
	} {
		if got := fromStarter([]string{"SERVER_STARTER_PORT=" + test.list, "SERVER_STARTER_PORT=1=" + n}); !slices.Equal(got, test.want) {
			t.Errorf("%.80q: got %+v", test.list, got)
		}
	}
}

// What systemd hands over is promised to one process by its pid.
func TestFromSystemd(t *testing.T) {
	for _, test := range []struct {
		env  []string
		fail bool
	}{
		{nil, false},
		{[]string{"LISTEN_FDS=1"}, false},
		{[]string{"LISTEN_FDS=1", "LISTEN_PID=43"}, false},
		{[]string{"LISTEN_FDS=1", "LISTEN_PID=43", "LISTEN_PID=42"}, false},
		{[]string{"LISTEN_FDS=0", "LISTEN_PID=42"}, false},
		{[]string{"LISTEN_FDS=x", "LISTEN_PID=42"}, true},
		{[]string{"LISTEN_FDS=-1", "LISTEN_PID=42"}, true},
		{[]string{"LISTEN_FDS=257", "LISTEN_PID=42"}, true},
		{[]string{"LISTEN_FDS=256", "LISTEN_PID=42"}, true},
	} {
		if all, err := fromSystemd(test.env, 42); len(all) > 0 || (err != nil) != test.fail {
			t.Errorf("%q: %v, %v", test.env, all, err)
		}
	}
}
