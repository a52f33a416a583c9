package hooks

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
