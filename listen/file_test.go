package listen

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// stale leaves the file of a socket that nobody serves.
func stale(t *testing.T, path string, sotype int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, sotype|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
}

// A stale socket is replaced, of whatever type it was.
func TestStale(t *testing.T) {
	for _, sotype := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_SEQPACKET} {
		path := t.TempDir() + "/s"
		stale(t, path, sotype)
		mustOpen(t, "unix:"+path)
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if left := list(t, path[:len(path)-2]); len(left) != 1 {
			t.Errorf("in the folder there is %q", left)
		}
	}
}

// A living one is left alone, also if its backlog is full.
func TestLiving(t *testing.T) {
	path := t.TempDir() + "/s"
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for full := false; !full; {
		c, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(c)
		full = unix.Connect(c, &unix.SockaddrUnix{Name: path}) == unix.EAGAIN
	}
	if _, err := open(t, "unix:"+path); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// Nor is one taken for stale whose process does not listen yet, by whatever name it calls
// the file.
func TestNotListeningYet(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: folder + "/s"}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder + "/s", "s", "../" + filepath.Base(folder) + "/s"} {
		if _, err := open(t, "unix:"+path); err == nil || !strings.Contains(err.Error(), "address already in use") {
			t.Errorf("%s: %v", path, err)
		}
	}
	unix.Close(fd)
	mustOpen(t, "unix:s")
}

// Of two who find the same stale socket at once never both get the path, and who does
// not has taken nothing away from the one who does. That neither gets it, since one
// looks for its new file in the moment in which the other has it, is rare.
func TestStaleRace(t *testing.T) {
	folder := t.TempDir()
	path := folder + "/s"
	const rounds, racers = 100, 2
	none := 0
	for round := range rounds {
		stale(t, path, unix.SOCK_STREAM)
		var all sync.WaitGroup
		var winners [racers]*Held
		begin := make(chan struct{})
		for i := range racers {
			all.Add(1)
			go func() {
				defer all.Done()
				<-begin
				a := Address{Kind: Stream, Path: path}
				if fd, f, err := a.bind(); err == nil {
					winners[i] = &Held{all: []one{{fd: fd, file: f, address: &a}}}
				}
			}()
		}
		close(begin)
		all.Wait()
		won := 0
		for _, h := range winners {
			if h == nil {
				continue
			}
			if won++; !h.all[0].file.there() {
				t.Errorf("round %d: the file of a winner is gone", round)
			}
			h.Close()
		}
		if won > 1 {
			t.Fatalf("round %d: %d have it", round, won)
		}
		left := list(t, folder)
		if won == 1 && len(left) > 0 {
			t.Fatalf("round %d: left behind: %q", round, left)
		}
		if won == 0 {
			none++
			_ = os.Remove(path)
		}
	}
	if none > rounds/20 {
		t.Errorf("nobody has got it in %d of %d rounds", none, rounds)
	}
}

// At the end the file is removed, unless it is not ours any more.
func TestRemove(t *testing.T) {
	path := t.TempDir() + "/s"
	h := mustOpen(t, "unix:"+path)
	h.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("left behind: %v", err)
	}
	// Replaced by another one, at once: the number of the inode is not given again as
	// long as we may compare it.
	h = mustOpen(t, "unix:"+path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	stale(t, path, unix.SOCK_STREAM)
	h.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("somebody else's was removed: %v", err)
	}
}

// A command that removes the file, as servers do that take it for theirs, has not shut
// the clients of the next one out.
func TestMend(t *testing.T) {
	path := t.TempDir() + "/s"
	h := mustOpen(t, "unix:"+path+",mode=0600")
	before := h.Ends()[0].From
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, said := h.Begin(2, true)
	if len(said) != 1 || said[0] != "unix:"+path+": the file of the socket was removed or replaced; it was bound anew" {
		t.Errorf("said %q", said)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if fd, _, err := unix.Accept(h.Ends()[0].From); err != nil || h.Ends()[0].From != before {
		t.Errorf("descriptor %d, it was %d: %v", h.Ends()[0].From, before, err)
	} else {
		unix.Close(fd)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info, err)
	}
	if _, said := h.Begin(3, true); said != nil {
		t.Errorf("said %q", said)
	}
	// Somebody else's stays.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other := bound(t, unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: path})
	pid, _ := give(t, other)
	other.Close()
	want := fmt.Sprintf("clients do not find it any more: address already in use by cat, pid %d; stop it", pid)
	if _, said := h.Begin(4, true); len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("said %q", said)
	}
	h.Close()
	if c, err := net.Dial("unix", path); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
}

// What nobody can give back to those who live already is said, once.
func TestMissed(t *testing.T) {
	path := t.TempDir() + "/s"
	h := mustOpen(t, "unix:"+path, "unix:@"+t.Name())
	if said := h.Missed(); said != nil {
		t.Errorf("said %q of a file that is there", said)
	}
	for range 2 {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if said := h.Missed(); len(said) != 1 || !strings.HasPrefix(said[0], "unix:"+path+": the file of the socket was removed or replaced; clients do not find what runs any more") {
			t.Errorf("said %q", said)
		}
		if said := h.Missed(); said != nil {
			t.Errorf("said %q once more", said)
		}
		if _, said := h.Begin(2, false); len(said) != 1 || !strings.HasSuffix(said[0], "; it was bound anew for those that start from now on; clients do not find the others any more") {
			t.Errorf("said %q", said)
		}
	}
}

// The mode is what is asked for, whatever the umask, or what the umask leaves. The
// umask is of all threads, so this test is not parallel to others.
func TestMode(t *testing.T) {
	for _, test := range []struct {
		umask int
		mode  string
		want  os.FileMode
	}{
		{0o077, "", 0o700},
		{0o022, "", 0o755},
		{0o077, ",mode=0666", 0o666},
		{0, ",mode=0600", 0o600},
	} {
		path := t.TempDir() + "/s"
		old := unix.Umask(test.umask)
		h, err := open(t, "unix:"+path+test.mode)
		if now := unix.Umask(old); now != test.umask {
			t.Errorf("the umask is %#o, it was %#o", now, test.umask)
		}
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != test.want {
			t.Errorf("umask %#o, mode %q: got %v, %v", test.umask, test.mode, info.Mode(), err)
		}
		h.Close()
	}
}

// The file is nobody's to connect to before it has its owner and mode.
func TestModeBefore(t *testing.T) {
	path := t.TempDir() + "/s"
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Fchmod(fd, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Perm() != 0 {
		t.Errorf("this kernel makes it %v at once: %v", info.Mode(), err)
	}
}

func TestOwner(t *testing.T) {
	need.Root(t, "another owner")
	for _, test := range []struct {
		owner    string
		uid, gid uint32
	}{
		{"nobody", 65534, 65534},
		{"65534:0", 65534, 0},
		{":12345", 0, 12345},
		{"54321:12345", 54321, 12345},
		{"daemon:daemon", 1, 1},
	} {
		path := t.TempDir() + "/s"
		mustOpen(t, "unix:"+path+",owner="+test.owner+",mode=0640")
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || st.Uid != test.uid || st.Gid != test.gid || st.Mode&0o7777 != 0o640 {
			t.Errorf("%s: uid %d, gid %d, mode %#o: %v", test.owner, st.Uid, st.Gid, st.Mode, err)
		}
	}
}

// A name in the abstract namespace has neither file nor leftovers.
func TestAbstract(t *testing.T) {
	name := "@relance-test-abstract-" + strconv.Itoa(os.Getpid())
	h := mustOpen(t, "unix:"+name)
	if _, err := open(t, "unix:"+name); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
	h.Close()
	mustOpen(t, "unix:"+name)
}
