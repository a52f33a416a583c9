package stdio

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/requests"
)

// outers are what our stdout may be, with its other end.
var outers = []struct {
	name string
	open func(t *testing.T) (r, w int)
	kind targetKind
}{
	{"pipe", func(t *testing.T) (int, int) { return pipe(t) }, own},
	{"piecewise", func(t *testing.T) (int, int) { return pipe(t) }, piecewise},
	{"non-blocking piecewise", func(t *testing.T) (int, int) {
		r, w := pipe(t)
		if err := unix.SetNonblock(w, true); err != nil {
			t.Fatal(err)
		}
		return r, w
	}, piecewise},
	{"socket", func(t *testing.T) (int, int) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fds[0], fds[1]
	}, socket},
	{"FIFO", func(t *testing.T) (int, int) {
		path := filepath.Join(t.TempDir(), "fifo")
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		w, err := unix.Open(path, unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return r, w
	}, own},
}

// While nobody reads, the owner's orders are obeyed, a generation that ends is
// settled, and then all is read, as it should be.
func TestStalled(t *testing.T) {
	t.Parallel()
	for _, outer := range outers {
		t.Run(outer.name, func(t *testing.T) {
			t.Parallel()
			r, outW, before := connectBy(t, outer.kind, outer.open)
			if r.to.kind != outer.kind {
				t.Errorf("kind %d", r.to.kind)
			}
			// More than all that is between us holds.
			const total = 400000
			go func() {
				w := bufio.NewWriterSize(r.in, 1<<16)
				for i := range total {
					fmt.Fprintln(w, i)
				}
				w.Flush()
				r.in.Close()
			}()
			r.start("sed", "s/^/a/")
			full(t, outW)
			r.kill()
			r.start("sed", "s/^/a/")
			lost := 0
			for i := range total {
				got, err := r.answers.ReadString('\n')
				if got == "LOST\n" {
					lost++
				} else if got != fmt.Sprintf("a%d\n", i) {
					t.Fatalf("%d: got %q, %v", i, got, err)
				}
			}
			if lost == 0 || lost > total/2 {
				t.Errorf("%d lost", lost)
			}
			if n := r.end(); n.Owed != 0 || n.Lost != 0 {
				t.Errorf("%+v", n)
			}
			if after, _ := unix.FcntlInt(uintptr(outW), unix.F_GETFL, 0); after != before {
				t.Errorf("flags were %#x, are %#x", before, after)
			}
			r.nothing()
		})
	}
}

// connectBy connects to a stdout that is opened so, and written to as kind says; flags
// are those that it had.
func connectBy(t *testing.T, kind targetKind, open func(*testing.T) (r, w int)) (r *rig, outW, flags int) {
	inR, inW := pipe(t)
	outR, outW := open(t)
	flags, _ = unix.FcntlInt(uintptr(outW), unix.F_GETFL, 0)
	r = connectTo(t, lines(Error), inR, inW, outR, outW)
	if kind == piecewise {
		r.Close()
		r = reconnect(t, r)
	}
	return r, outW, flags
}

// wantUnheard waits for the news that nobody reads, after which the command is ended as
// it would be by the reader itself.
func (r *rig) wantUnheard() {
	r.t.Helper()
	r.wait(requests.Unheard)
	r.CloseInput()
	r.end()
	if state := r.cmd.ProcessState.String(); state != "signal: broken pipe" {
		r.t.Error(state)
	}
	r.close()
	if len(r.said) > 0 {
		r.t.Errorf("said %q", <-r.said)
	}
}

// reconnect opens another broker for the same two, which could not open its target
// again.
func reconnect(t *testing.T, old *rig) *rig {
	old.over.Do(func() {})
	r := &rig{t: t, news: old.news, said: old.said, in: old.in, out: old.out, answers: old.answers, theirs: old.theirs, count: old.count}
	b, err := open(lines(Error), r.theirs[0], r.theirs[1], r.count, func(line string) { r.said <- line })
	if err != nil {
		t.Fatal(err)
	}
	b.to.close()
	b.to = target{r.theirs[1], piecewise}
	r.Broker = b
	go b.Run(r.news)
	t.Cleanup(r.close)
	return r
}

// full waits until a write to w would wait.
func full(t *testing.T, w int) {
	t.Helper()
	eventually(t, "full", func() bool {
		fds := [1]unix.PollFd{{Fd: int32(w), Events: unix.POLLOUT}}
		n, err := unix.Poll(fds[:], 0)
		return err == nil && n == 0
	})
}

// The reader goes: the command gets SIGPIPE, as it would from it, and no more is
// asked of anybody. As long as somebody else has that end too there is a reader.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	r.shell("while :; do read -r l || l=end; echo a$l; done")
	r.send("1\n")
	r.expect("a1\n")
	copied, err := unix.FcntlInt(r.out.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		t.Fatal(err)
	}
	r.out.Close()
	r.send("2\n")
	var got [8]byte
	if n, err := unix.Read(copied, got[:]); err != nil || string(got[:n]) != "a2\n" {
		t.Errorf("%q, %v", got[:max(n, 0)], err)
	}
	unix.Close(copied)
	r.leave()
	r.send("3\n")
	r.wantUnheard()
}

// The reader goes while we wait for it.
func TestReaderGoneWhileStalled(t *testing.T) {
	t.Parallel()
	for _, outer := range outers {
		t.Run(outer.name, func(t *testing.T) {
			t.Parallel()
			r, outW, _ := connectBy(t, outer.kind, outer.open)
			r.shell("sed s/^/a/; echo end")
			go func() {
				for text := []byte(strings.Repeat("x\n", 4096)); ; {
					if _, err := r.in.Write(text); err != nil {
						break // closed
					}
				}
			}()
			full(t, outW)
			r.leave()
			r.wantUnheard()
		})
	}
}

// From a file to a file.
func TestFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	if err := os.WriteFile(from, []byte(strings.Repeat("x\n", 50000)), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := unix.Open(from, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := unix.Open(to, unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	r := connectTo(t, lines(Error), in, -1, -1, out)
	r.start("sed", "s/^/a/")
	r.wait(requests.InputEnded)
	r.end()
	r.close()
	got, err := os.ReadFile(to)
	if err != nil || string(got) != strings.Repeat("ax\n", 50000) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A device that is full: it is said, and the command sees it as SIGPIPE.
func TestFull(t *testing.T) {
	t.Parallel()
	inR, inW := pipe(t)
	out, err := unix.Open("/dev/full", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := connectTo(t, lines(Error), inR, inW, -1, out)
	r.shell("while :; do read -r l || l=end; echo a$l; done")
	r.send("1\n")
	r.wait(requests.Unheard)
	r.CloseInput()
	r.end()
	if state := r.cmd.ProcessState.String(); state != "signal: broken pipe" {
		t.Error(state)
	}
	if got := <-r.said; got != "write to stdout: no space left on device; nothing more is read from stdin" {
		t.Errorf("said %q", got)
	}
}

// Nothing stays open from generations that have gone, nor of a start that failed.
func TestDescriptors(t *testing.T) {
	r := connect(t, lines(Error))
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := 0
	for i := range 30 {
		if err := r.Begin(1000); err != nil {
			t.Fatal(err)
		}
		r.Spawned(false)
		r.shell(echo)
		r.send("1\n")
		r.expect("a1\n")
		r.kill()
		if i == 0 {
			before = open()
		}
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors, and then %d", before, after)
	}
}

// Nobody listens any more: Close comes to an end all the same.
func TestCloseUnheard(t *testing.T) {
	t.Parallel()
	r := connect(t, lines(Error))
	for range cap(r.news) {
		r.news <- requests.News{}
	}
	r.shell(echo)
	r.send("1\n")
	r.expect("a1\n")
	r.in.Close()
	_ = r.cmd.Wait()
	r.End(1)
	r.nothing()
}
