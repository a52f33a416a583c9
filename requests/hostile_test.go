package requests

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/await"

	"relance/internal/need"
)

// undisturbed checks that another connection is served as ever.
func (b *bench) undisturbed(p *peer) {
	b.Helper()
	served, _ := b.counter.Read()
	p.ask("begin\nend\n", "ok -", "ok -")
	if s, _ := b.counter.Read(); s != served+1 {
		b.Errorf("%d served, %d before one more", s, served)
	}
}

// heap is how much memory there is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// growth is how much more memory is in use after f.
func growth(f func()) int64 {
	before := heap()
	f()
	return heap() - before
}

// fewConnections is more than what the connections of these tests may need.
const fewConnections = 8 << 20

// noGrowth checks that f leaves us as we were, but for what a few connections need.
func (b *bench) noGrowth(f func()) {
	b.Helper()
	if grown := growth(f); grown > fewConnections {
		b.Errorf("%d bytes more than before", grown)
	}
}

// TestGrowthIsSeen is the control of noGrowth.
func TestGrowthIsSeen(t *testing.T) {
	var kept [][]byte
	if grown := growth(func() { kept = append(kept, bytes.Repeat([]byte("x"), 2*fewConnections)) }); grown <= fewConnections {
		t.Errorf("%d bytes for %d", grown, len(kept[0]))
	}
	runtime.KeepAlive(kept)
}

// pour writes b again and again until n bytes are gone or nobody takes them.
func pour(conn net.Conn, b []byte, n int) (sent int) {
	for sent < n {
		k, err := conn.Write(b)
		sent += k
		if err != nil {
			break
		}
	}
	return sent
}

// TestNoNewline: who never ends its line is closed after 1024 bytes.
func TestNoNewline(t *testing.T) {
	b := start(t)
	good := b.connect()
	b.noGrowth(func() {
		for range 20 {
			if sent := pour(b.connect(), bytes.Repeat([]byte("x"), 64<<10), 1<<30); sent >= 1<<30 {
				t.Errorf("%d bytes were taken", sent)
			}
			b.undisturbed(good)
		}
	})
}

// TestGarbage: whatever is said, nothing of it is counted.
func TestGarbage(t *testing.T) {
	b := start(t)
	good := b.connect()
	random := make([]byte, 64<<10)
	if _, err := unix.Getrandom(random, 0); err != nil {
		t.Fatal(err)
	}
	b.noGrowth(func() {
		for range 50 {
			p := b.connect()
			pour(p, random, len(random))
			p.Close()
			b.undisturbed(good)
			b.notify(string(random[:maxDatagram]), string(random[:99]))
			random = append(random[101:], random[:101]...)
		}
	})
	b.figures(50, 0)
}

// stuff says requests until nothing is read from p any more, since it takes no replies,
// and returns how many bytes were sent. That no more is taken for now does not say so: what
// was sent may still be read. good is another connection, and nobody else has said a thing.
func (b *bench) stuff(p, good *peer) (sent int) {
	b.Helper()
	lines := []byte(strings.Repeat("begin\nend\n", 500))
	raw, err := p.SyscallConn()
	if err != nil {
		b.Fatal(err)
	}
	for sent < 1<<30 {
		var n, unread int
		var sending, reading error
		err := raw.Write(func(fd uintptr) bool {
			n, sending = unix.SendmsgN(int(fd), lines[sent%len(lines):], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			return true
		})
		if err != nil || sending != nil && sending != unix.EAGAIN && sending != unix.EINTR {
			b.Fatal(err, sending)
		}
		if sending == nil {
			sent += n
			continue
		}
		// All that is served has two replies, which are sent, as far as there is room, before
		// another connection has its turn. Where some are not, there was none.
		served, _ := b.counter.Read()
		good.ask("left\n", "ok -")
		err = raw.Control(func(fd uintptr) { unread, reading = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
		if err != nil || reading != nil {
			b.Fatal(err, reading)
		}
		if int64(len(hello))+2*served*int64(len("ok -\n")) > int64(unread) {
			return sent
		}
	}
	b.Fatal("all was taken")
	return sent
}

// TestNeverReads: who takes no replies is not read from until it does, and then all
// is as it said.
func TestNeverReads(t *testing.T) {
	b := start(t)
	good, mute := b.connect(), b.dial()
	b.noGrowth(func() {
		// The last line perhaps in part.
		sent := b.stuff(mute, good)
		b.undisturbed(good)
		b.Drain()
		good.expect("drain")
		b.undisturbed(good)
		mute.CloseWrite()
		whole := int64(sent / len("begin\nend\n"))
		mute.expect("relance 1")
		replies, drains := int64(0), 0
		for {
			line, err := mute.lines.ReadString('\n')
			if err != nil {
				break
			}
			switch line {
			case "ok -\n":
				replies++
			case "drain\n":
				drains++
			default:
				t.Fatalf("%q", line)
			}
		}
		if replies < 2*whole || replies > 2*whole+1 || drains != 1 {
			t.Errorf("%d replies to %d requests, drain %d times", replies, whole, drains)
		}
		b.figures(whole+2, 0)
	})
	// And who is gone for good without having read: what it said counts.
	served, _ := b.counter.Read()
	gone := b.dial()
	gone.say("count 7\n")
	gone.Close()
	await.Until(t, "counted", func() bool {
		good.ask("left\n", "ok -")
		now, _ := b.counter.Read()
		return now == served+7
	})
}

// TestCrowd: beyond the bound connections are closed, and those that are there work.
func TestCrowd(t *testing.T) {
	b := start(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 3*maxConns {
		need.Lack(t, "no room for so many descriptors: %d, %v; raise ulimit -n", limit.Cur, err)
	}
	good := b.connect()
	b.noGrowth(func() {
		var in []int
		for range maxConns - 1 {
			fd, line := b.plain()
			if line != hello {
				t.Fatalf("%d are too many: %q", len(in), line)
			}
			in = append(in, fd)
		}
		for range 10000 - maxConns {
			fd, line := b.plain()
			if line != "" {
				t.Fatalf("one too many: %q", line)
			}
			unix.Close(fd)
		}
		b.undisturbed(good)
		for _, fd := range in {
			unix.Close(fd)
		}
		b.welcomes()
	})
	if s := b.heard(); strings.Count(s, "RELANCE_SOCKET") != 1 || !strings.Contains(s, "1024 connections") {
		t.Errorf("said: %s", s)
	}
	b.undisturbed(good)
}

// plain connects, and reads what it is told; nothing where it is sent away.
func (b *bench) plain() (fd int, line string) {
	b.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: b.env["RELANCE_SOCKET"]})
	}
	if err != nil {
		b.Fatal(err)
	}
	var got [64]byte
	n, _ := unix.Read(fd, got[:])
	return fd, string(got[:max(n, 0)])
}

// welcomes waits until there is room for one more.
func (b *bench) welcomes() {
	b.Helper()
	await.Until(b, "room, as they have left", func() bool {
		fd, line := b.plain()
		unix.Close(fd)
		return line == hello
	})
}

// TestNoDescriptors: where no connection can be accepted relance does not spin, and
// goes on when one is closed.
func TestNoDescriptors(t *testing.T) {
	b := start(t)
	good := b.connect()
	waiting := b.dial()
	waiting.expect("relance 1")
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	// The next socket of ours has the last number there is, so accepting fails.
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	spare, err := unix.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = uint64(spare)
	unix.Close(spare)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: b.env["RELANCE_SOCKET"]}); err != nil {
		t.Fatal(err)
	}
	b.undisturbed(good)
	waiting.Close() // makes room, on both sides
	var got [64]byte
	n, err := unix.Read(fd, got[:])
	if err != nil || string(got[:n]) != hello {
		t.Errorf("%q, %v", got[:max(n, 0)], err)
	}
	if s := b.heard(); !strings.Contains(s, "accept a connection: "+unix.EMFILE.Error()) {
		t.Errorf("said: %q", s)
	}
}
