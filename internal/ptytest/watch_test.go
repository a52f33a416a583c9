package ptytest

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"relance/internal/misbehave/misbehavetest"
)

// watch starts a relance with a socket, and its status on a terminal of that size.
func watch(t *testing.T, columns uint16) *terminal {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "x.sock")
	server := exec.Command(misbehavetest.Relance(), "--name", "web", "--control", socket, "--memory-high", "500M", "--",
		"sh", "-c", "exec sleep 1000 # "+strings.Repeat("a long command ", 20))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(unix.SIGTERM)
		_ = server.Wait()
	})
	eventually(t, "its socket", func() (bool, string) {
		out, err := exec.Command(misbehavetest.Relance(), "status", socket).CombinedOutput()
		return err == nil, string(out)
	})
	// A terminal with abilities, unlike that of the other tests.
	return open(t, "TERM=xterm", "sh", "-c", fmt.Sprintf("stty rows 24 cols %d; exec relance status %s --watch --interval 100ms", columns, socket))
}

var style = regexp.MustCompile("\x1b\\[[0-9;]*m")

const (
	home   = "\x1b[H"
	begins = "\x1b[?1049h\x1b[?25l\x1b[2J"
	leaves = "\x1b[?25h\x1b[?1049l"
)

// frame waits for the next picture, and returns its lines as they are shown.
func (term *terminal) frame() []string {
	term.t.Helper()
	term.until(regexp.QuoteMeta(home))
	picture, ok := strings.CutSuffix(term.picture(), "\x1b[J")
	if !ok {
		term.t.Fatalf("what was there before is not erased: %q", picture)
	}
	var lines []string
	for line := range strings.SplitSeq(picture, "\n") {
		line, erased := strings.CutSuffix(line, "\x1b[K")
		if !erased {
			term.t.Errorf("the rest of the line stays: %q", line)
		}
		lines = append(lines, style.ReplaceAllString(line, ""))
	}
	return lines
}

// frames waits for a picture as it is wanted: of those before, some may have been on
// their way.
func (term *terminal) frames(what string, wanted func(lines []string) bool) {
	term.t.Helper()
	for late := time.Now().Add(patience); !wanted(term.frame()); {
		if time.Now().After(late) {
			term.t.Fatalf("no picture that is %s", what)
		}
	}
}

// picture waits for the end of one, and returns it.
func (term *terminal) picture() string {
	term.t.Helper()
	before, match := term.find("\x1b\\[J", true)
	return before + match[0]
}

// fits checks a picture, and returns how wide its widest line is.
func fits(t *testing.T, lines []string, columns, rows int) (widest int) {
	t.Helper()
	if len(lines) > rows {
		t.Errorf("%d lines on a terminal of %d", len(lines), rows)
	}
	for _, line := range lines {
		widest = max(widest, utf8.RuneCountInString(line))
		if strings.Contains(line, "\x1b") {
			t.Errorf("something else: %q", line)
		}
	}
	if widest > columns {
		t.Errorf("%d cells on a terminal of %d:\n%s", widest, columns, strings.Join(lines, "\n"))
	}
	if all := strings.Join(lines, "\n"); !strings.Contains(all, "web") || !strings.Contains(all, "of 500 MiB") {
		t.Errorf("it does not say how it goes:\n%s", all)
	}
	return widest
}

// TestWatch: relance status --watch draws in place, fits the window when that has another
// size, and gives the terminal back.
func TestWatch(t *testing.T) {
	t.Parallel()
	term := watch(t, 80)
	term.until(regexp.QuoteMeta(begins))
	narrow := fits(t, term.frame(), 80, 24)
	fits(t, term.frame(), 80, 24) // the same place again
	term.resize(24, 120)
	tall := 0
	term.frames("wider", func(lines []string) bool { tall = len(lines); return fits(t, lines, 120, 24) > narrow })
	if tall <= 5 {
		t.Fatalf("%d lines on 24: nothing can be told of fewer", tall)
	}
	term.resize(5, 40)
	term.frames("of five lines", func(lines []string) bool { return len(lines) <= 5 })
	if lines := term.frame(); len(lines) > 5 {
		t.Errorf("%d lines on 5", len(lines))
	}
	term.press(ctrlC)
	term.until(regexp.QuoteMeta(leaves) + "$")
	if got := term.status(); !got.Signaled() || got.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %#x", got)
	}
	term.empty()
}

// TestWatchResizedMeanwhile: a status that was on its way when the window got another size is
// drawn for the one that it has by then.
func TestWatchResizedMeanwhile(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "x.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	asked, resized := make(chan struct{}, 9), make(chan struct{})
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-resized
		fmt.Fprintf(w, `{"command":[%q],"last_event":{"msg":%q}}`, strings.Repeat("command", 20), strings.Repeat("it goes on ", 40))
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	term := open(t, "TERM=xterm", "sh", "-c", "stty rows 24 cols 120; exec relance status "+socket+" --watch --interval 1h")
	<-asked
	term.resize(3, 40)
	close(resized)
	lines := term.frame()
	if len(lines) != 3 {
		t.Errorf("%d lines on a terminal of 3", len(lines))
	}
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > 40 {
			t.Errorf("%d cells on a terminal of 40: %s", n, line)
		}
	}
	term.press(ctrlC)
	term.until(regexp.QuoteMeta(leaves))
	term.empty()
}

// TestWatchTheBusy: who cannot answer for once is asked again, the last picture stays below.
func TestWatchTheBusy(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "x.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var busy atomic.Bool
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if busy.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, `{"error":"it is very busy","name":"web"}`)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	term := open(t, "TERM=xterm", "sh", "-c", "stty rows 5 cols 20; exec relance status "+socket+" --watch --interval 100ms")
	term.frame()
	busy.Store(true)
	term.until(regexp.QuoteMeta(home + "no news: it is very \x1b[K" + home)) // as wide as the terminal, and nothing is erased
	busy.Store(false)
	term.until(regexp.QuoteMeta(home + "\x1b[1mweb"))
	term.press(ctrlC)
	term.until(regexp.QuoteMeta(leaves))
	term.empty()
}

// TestWatchStopped: Ctrl-Z gives the terminal to the shell, and who goes on takes it
// again.
func TestWatchStopped(t *testing.T) {
	t.Parallel()
	term := watch(t, 80)
	term.frame()
	term.press(ctrlZ)
	term.until(regexp.QuoteMeta(leaves))
	eventually(t, "it is stopped", func() (bool, string) {
		all := session(term.cmd.Process.Pid)
		return len(all) == 1 && all[0].state == "T", fmt.Sprint(all)
	})
	if err := unix.Kill(term.cmd.Process.Pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	term.until(regexp.QuoteMeta(begins))
	fits(t, term.frame(), 80, 24)
	term.press(ctrlC)
	term.until(regexp.QuoteMeta(leaves))
	term.empty()
}
