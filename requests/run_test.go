package requests

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// still is a server whose Run is played by the test.
func still(t *testing.T) *bench {
	t.Helper()
	counter := NewCounter()
	s, err := Open(counter, "", func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, Server: s, counter: counter}
	b.begin(1)
	s.run.follow()
	t.Cleanup(func() {
		s.run.leave()
		for _, fd := range []int{s.epoll, s.wake, s.done} {
			unix.Close(fd)
		}
	})
	return b
}

// TestNothingIsTakenOver: the next generation knows neither members nor events of the
// last one, and a descriptor that waits is not inherited by what is started meanwhile.
func TestNothingIsTakenOver(t *testing.T) {
	b := still(t)
	r := &b.run
	b.dial()
	r.accept(r.at.listen[0])
	fd := b.talker()
	read, write, err := osPipe(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Sendmsg(fd, []byte("BARRIER=1"), unix.UnixRights(write), nil, 0); err != nil {
		t.Fatal(err)
	}
	unix.Close(write)
	if n := r.receive(2); n != 1 || len(r.barriers) != 1 {
		t.Fatalf("%d messages, %d barriers", n, len(r.barriers))
	}
	if flags, err := unix.FcntlInt(uintptr(r.barriers[0]), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
	if len(r.conns) != 1 || r.conns[0] == nil || len(r.census.known) == 0 {
		t.Fatalf("%d connections, %d known", len(r.conns), len(r.census.known))
	}
	late := unix.EpollEvent{Events: unix.EPOLLIN, Fd: 0, Pad: r.at.serial}
	b.begin(2)
	r.follow()
	r.handle(late) // was told in the same breath as the wake-up
	if len(r.census.known) != 0 || len(r.barriers) != 0 {
		t.Errorf("%d known, %d barriers", len(r.census.known), len(r.barriers))
	}
	if n, err := unix.Read(read, make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("the barrier is not closed: %d, %v", n, err)
	}
}

// osPipe returns a pipe; the end to read is closed by the test's end.
func osPipe(t *testing.T) (read, write int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], unix.O_CLOEXEC)
	t.Cleanup(func() { unix.Close(p[0]) })
	return p[0], p[1], err
}

// TestEndOfAMutePeer: what was said is counted, though no reply was ever read.
func TestEndOfAMutePeer(t *testing.T) {
	b := start(t)
	mute := b.dial()
	_ = mute.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	sent := pour(mute, []byte(strings.Repeat("begin\nend\n", 500)), 1<<30)
	b.End()
	b.figures(int64(sent/len("begin\nend\n")), 0)
}

// TestNoMemoryForARequest: what comes again and again must not cost memory.
func TestNoMemoryForARequest(t *testing.T) {
	b := still(t)
	s := b.Server
	p := b.dial()
	s.run.accept(s.run.at.listen[0])
	conn := b.talker()
	p.expect("relance 1")
	datagram, lines, reply := []byte("X_RELANCE_REQUESTS=1\nWATCHDOG=1\nX_RELANCE_BEGIN=a\nX_RELANCE_END=a\nSTATUS=x"), []byte("begin\nbegin x\nend x\nend\n"), make([]byte, 1024)
	one := func() {
		_, _ = unix.Write(conn, datagram)
		s.run.receive(1)
		_, _ = p.Write(lines)
		s.run.serve(s.run.conns[0])
		_, _ = p.Read(reply)
	}
	one()
	if n := testing.AllocsPerRun(1000, one); n != 0 {
		t.Errorf("%v allocations", n)
	}
	b.figures(4*1002, 0)
}

// TestNothingAfterTheEnd: what was told in the same breath as the end is about sockets
// that are closed, and nobody is told of an error of theirs.
func TestNothingAfterTheEnd(t *testing.T) {
	b := still(t)
	b.say = b.hear
	b.now.Load().end.Store(true)
	serial := b.run.at.serial
	for _, slot := range []int32{slotWake, slotNotify, slotListen, slotPadded} {
		b.run.handle(unix.EpollEvent{Events: unix.EPOLLIN, Fd: slot, Pad: serial})
	}
	if said := b.heard(); said != "" || b.run.deaf {
		t.Errorf("said %q", said)
	}
}
