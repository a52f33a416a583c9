package hooks

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/internal/need"
	"relance/restart"
)

// Who holds a gate is heard, waits, and ends when it is let go.
func TestDoor(t *testing.T) {
	d, err := openDoor(3)
	if err != nil {
		t.Fatal(err)
	}
	knocks, ended := make(chan Knock), make(chan struct{})
	go func() {
		d.run(knocks)
		close(ended)
	}()
	held := make(chan error, 1)
	go func() { held <- Hold(d.address) }()
	k := <-knocks
	if k.worker != 3 || k.conn < 0 || k.err != nil {
		t.Fatalf("%+v", k)
	}
	select {
	case err := <-held:
		t.Fatalf("does not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	_ = unix.Close(k.conn)
	if err := <-held; err != nil {
		t.Error(err)
	}
	_ = d.file.Close()
	<-ended
	if err := Hold(d.address); err == nil {
		t.Error("holds what is not there")
	}
}

// Another user opens no gate; who comes after that does.
func TestDoorOfAnother(t *testing.T) {
	need.Root(t, "to be another user")
	d, err := openDoor(0)
	if err != nil {
		t.Fatal(err)
	}
	knocks := make(chan Knock)
	go d.run(knocks)
	defer d.file.Close()
	turnedAway := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // which is another user's from now on, and ends with this goroutine
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534); errno != 0 {
			turnedAway <- errno
			return
		}
		turnedAway <- Hold(d.address)
	}()
	select {
	case k := <-knocks:
		t.Errorf("heard: %+v", k)
		closeConn(k.conn)
	case err := <-turnedAway:
		if err != nil {
			t.Error(err)
		}
	}
	held := make(chan error, 1)
	go func() { held <- Hold(d.address) }()
	closeConn((<-knocks).conn)
	if err := <-held; err != nil {
		t.Error(err)
	}
}

// Of a gate whose command has ended while it was open nothing stays.
func TestGateEndsOpen(t *testing.T) {
	p := playCrew(t, Settings{Gate: "lock"})
	p.Gate(restart.OpenGate{Gate: 1, Gen: 1, Reason: restart.Age})
	p.Start(p.now)
	var ends [2]int
	if err := pipe(&ends); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	p.want("opened", p.Knock(Knock{conn: ends[1]}), restart.GateOpened{Gate: 1})
	p.want("ended", p.ends(1, child.Change{Code: 3}), restart.GateEnded{Gate: 1, Err: "exit status 3"})
	fds := []unix.PollFd{{Fd: int32(ends[0])}}
	if n, err := unix.Poll(fds, 0); n != 1 || fds[0].Revents != unix.POLLHUP {
		t.Errorf("the connection is there: %d, %v", n, err)
	}
}

// What each command is to read is there for it whether it reads it or not.
func TestInput(t *testing.T) {
	for _, text := range []string{"", "x", string(make([]byte, 1<<20))} {
		fd, err := inputOf(text)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for b := make([]byte, 4096); ; {
			n, err := unix.Read(fd, b)
			if n <= 0 || err != nil {
				break
			}
			got += n
		}
		if got != len(text) {
			t.Errorf("%d of %d bytes", got, len(text))
		}
		_ = unix.Close(fd)
	}
}
