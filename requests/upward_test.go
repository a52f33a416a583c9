package requests

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUpward(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	u := OpenUpward()
	u.Ready()
	u.Status("two\nlines")
	u.Extend(1500 * time.Millisecond)
	u.Alive()
	close(u.words)
	u.Run(func(text string) { t.Error(text) })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	for _, want := range []string{"READY=1", "STATUS=two\uFFFDlines", "EXTEND_TIMEOUT_USEC=1500000", "WATCHDOG=1"} {
		var b [100]byte
		n, err := conn.Read(b[:])
		if err != nil || string(b[:n]) != want {
			t.Errorf("%q, %v; want %q", b[:n], err, want)
		}
	}
}

// TestUpwardToNobody: no word where nobody listens, and no waiting for who does not
// read.
func TestUpwardToNobody(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if u := OpenUpward(); u != nil {
		t.Error("told to nobody")
	}
	var none *Upward
	none.Ready()

	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "not-there"))
	u, said := OpenUpward(), 0
	for range 10 * upwardWords {
		u.Alive()
	}
	close(u.words)
	u.Run(func(text string) {
		said++
		if !strings.Contains(text, "not-there") {
			t.Error(text)
		}
	})
	if said != 1 {
		t.Errorf("said %d times", said)
	}
}

func TestWatchdogInterval(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		fails     bool
	}{
		{"", "", 0, false},
		{"2000000", "", 2 * time.Second, false},
		{"2000000", fmt.Sprint(os.Getpid()), 2 * time.Second, false},
		{"2000000", "1", 0, false},
		{"x", "", 0, true},
	} {
		t.Setenv("WATCHDOG_USEC", c.usec)
		t.Setenv("WATCHDOG_PID", c.pid)
		if got, err := WatchdogInterval(); got != c.want || (err != nil) != c.fails {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}
