package requests

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestNotify(t *testing.T) {
	b := start(t)
	b.notify("READY=1\nSTATUS=up\tand well\nMAINPID=1")
	b.notify("RELOADING=1\nMONOTONIC_USEC=5", "READY=1")
	b.notify("EXTEND_TIMEOUT_USEC=5000", "WATCHDOG_USEC=7000", "WATCHDOG=trigger", "WATCHDOG=1", "STOPPING=1") // all but the first wake nobody
	b.notify("STATUS=up\tand well")                                                                            // known
	b.notify("STATUS=")
	var got []News
	for len(got) < 5 {
		got = append(got, b.next())
	}
	want := []News{
		{Gen: 1, Kind: Ready}, {Gen: 1, Kind: Status, Text: "up\uFFFDand well"},
		{Gen: 1, Kind: Ready}, {Gen: 1, Kind: Extend, By: 5 * time.Millisecond},
		{Gen: 1, Kind: Status},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	b.figures(0, 0)
	if s := b.heard(); s != "" {
		t.Errorf("said: %s", s)
	}
}

func TestNotifyCounts(t *testing.T) {
	b := start(t)
	b.notify("X_RELANCE_REQUESTS=3", "X_RELANCE_REQUESTS=4\nX_RELANCE_REQUESTS=5", "X_RELANCE_REQUESTS=0")
	b.figures(12, 0)
	b.notify("X_RELANCE_BEGIN=a\nX_RELANCE_BEGIN=b\nX_RELANCE_BEGIN=")
	b.figures(12, 3)
	b.notify("X_RELANCE_END=a", "X_RELANCE_END=")
	b.figures(14, 1)
	if s := b.heard(); s != "" {
		t.Errorf("said: %s", s)
	}
	b.notify("X_RELANCE_END=a", "X_RELANCE_END=", "X_RELANCE_BEGIN=b", "X_RELANCE_REQUESTS=x", "READY=1\x00STATUS=x", strings.Repeat("x", maxDatagram+1))
	b.figures(14, 1)
	if s := b.heard(); strings.Count(s, "\n") != 1 || !strings.Contains(s, badNone) || !strings.Contains(s, "X_RELANCE_REQUESTS=x") {
		t.Errorf("said: %s", s)
	}
	b.notify("X_RELANCE_END=b")
	b.figures(15, 0)
}

// TestFloodOfStatus: of what comes between two looks the last is told, and who does
// not listen is not told more and more.
func TestFloodOfStatus(t *testing.T) {
	b := start(t)
	conn := b.talker()
	const many = 20000
	sent := make(chan error, 1)
	go func() {
		for i := range many {
			text := "STATUS=" + strings.Repeat("x", i%2+1)
			if i == many-1 {
				text = "STATUS=last"
			}
			if _, err := unix.Write(conn, []byte(text)); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	n := 0
	for {
		n++
		if b.next().Text == "last" {
			break
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if n >= many {
		t.Errorf("%d News", n)
	}
	t.Logf("%d News of %d messages", n, many)
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// TestDescriptors: those that are sent are closed, each and every one.
func TestDescriptors(t *testing.T) {
	b := start(t)
	conn := b.talker()
	b.notify("X_RELANCE_REQUESTS=1") // whatever the runtime opens is open now
	before := openFiles(t)
	for _, c := range []struct {
		text string
		n    int
	}{{"READY=1", 1}, {"FDSTORE=1", 2}, {"FDSTORE=1\nFDNAME=x", maxDescriptors}, {"BARRIER=1", 2}, {"nonsense\x00\x01", 5}} {
		fds := make([]int, c.n)
		for i := range fds {
			fds[i] = int(os.Stdin.Fd())
		}
		if err := unix.Sendmsg(conn, []byte(c.text), unix.UnixRights(fds...), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := barrier(conn); err != nil {
		t.Fatal(err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
	if s := b.heard(); strings.Count(s, "FDSTORE") != 1 {
		t.Errorf("said: %s", s)
	}
	// The control: one that is kept is seen.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if after := openFiles(t); after != before+2 {
		t.Errorf("%d descriptors with a pipe, %d before", after, before)
	}
}
