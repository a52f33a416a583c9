package report

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func lostWords(n int64, why error) Event {
	if why != nil {
		return Event{Msg: fmt.Sprintf("lost %d: %v", n, why)}
	}
	return Event{Msg: fmt.Sprintf("lost %d", n)}
}

// teller is a Writer of lines.
type teller struct{ *Writer }

func (w teller) Line(s string) { w.Tell(Event{Msg: s}) }

// startWriter returns a writer of text to fd.
func startWriter(fd int) teller { return teller{NewWriter(NewDescriptor(fd, false), lostWords)} }

// smallPipe returns a pipe that holds a page.
func smallPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(uintptr(fds[0]), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(fds[0]), "r"), os.NewFile(uintptr(fds[1]), "w")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func TestWriterKeepsTheOrder(t *testing.T) {
	r, w := smallPipe(t)
	out := startWriter(int(w.Fd()))
	for i := range 100 {
		out.Line(fmt.Sprint("line ", i))
	}
	out.Close(time.Minute)
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 100 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		if line != fmt.Sprint("relance: line ", i) {
			t.Errorf("line %d: %q", i, line)
		}
	}
}

// TestWriterFullPipe: nobody reads for a while. No Line waits, and what is
// missing is counted in its place, between the last line before and the first
// one after it.
func TestWriterFullPipe(t *testing.T) {
	r, w := smallPipe(t)
	out := startWriter(int(w.Fd()))
	const first = 5000
	for i := range first {
		out.Line(fmt.Sprintf("%d %s", i, strings.Repeat("x", 100)))
	}
	in := bufio.NewReader(r)
	next, lost := 0, 0
	read := func() bool {
		s, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		s = strings.TrimPrefix(s, "relance: ")
		var n int
		if _, err := fmt.Sscanf(s, "lost %d", &n); err == nil {
			next, lost = next+n, lost+n
		} else if _, err := fmt.Sscanf(s, "%d ", &n); err != nil || n != next || !strings.HasSuffix(s, "x\n") {
			t.Fatalf("line %d: %q", next, s)
		} else {
			next++
		}
		return true
	}
	for next < first {
		read() // to the end: the count comes though nothing follows
		if lost == 0 && next > first/2 {
			t.Fatal("nothing was lost?")
		}
	}
	for i := range 10 {
		out.Line(fmt.Sprintf("%d x", first+i))
	}
	out.Close(time.Minute)
	w.Close()
	for read() {
	}
	if next != first+10 || lost < first-queueLen-100 {
		t.Errorf("%d lines, %d of them lost", next, lost)
	}
}

// TestWriterClose: the count of what was lost last is written too, and a pipe
// that nobody reads does not keep us for longer than was said.
func TestWriterClose(t *testing.T) {
	r, w := smallPipe(t)
	out := startWriter(int(w.Fd()))
	for range 2000 {
		out.Line(strings.Repeat("x", 100))
	}
	out.Close(time.Millisecond)
	// Now somebody reads after all.
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		text <- string(b)
	}()
	<-out.done
	w.Close()
	written, lost := 0, 0
	last := ""
	for last = range strings.Lines(<-text) {
		if n := 0; strings.HasSuffix(last, "x\n") {
			written++
		} else if _, err := fmt.Sscanf(last, "relance: lost %d", &n); err == nil {
			lost += n
		}
	}
	if written+lost != 2000 || !strings.HasPrefix(last, "relance: lost") {
		t.Errorf("%d lines written, %d lost, ends in %q", written, lost, last)
	}
}

// TestWriterNonBlocking: somebody else who has the pipe made it non-blocking.
func TestWriterNonBlocking(t *testing.T) {
	r, w := smallPipe(t)
	if err := unix.SetNonblock(int(w.Fd()), true); err != nil {
		t.Fatal(err)
	}
	out := startWriter(int(w.Fd()))
	for range 200 {
		out.Line(strings.Repeat("x", 100))
	}
	got := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		got <- string(b)
	}()
	out.Close(time.Minute)
	w.Close()
	if s := <-got; s != strings.Repeat("relance: "+strings.Repeat("x", 100)+"\n", 200) {
		t.Errorf("%d bytes came", len(s))
	}
}

// TestWriterNobodyThere: a stderr that is closed, gone, full or not to be written
// to kills and stops nobody.
func TestWriterNobodyThere(t *testing.T) {
	r, gone := smallPipe(t)
	r.Close()
	readOnly, _ := smallPipe(t)
	closed, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 1000)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(closed)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for name, fd := range map[string]int{
		"EPIPE": int(gone.Fd()), "EBADF": closed, "ENOSPC": int(full.Fd()), "not for writing": int(readOnly.Fd()),
	} {
		t.Run(name, func(t *testing.T) {
			out := startWriter(fd)
			for range 10 * queueLen {
				out.Line("x")
			}
			out.Close(time.Minute)
			select {
			case <-out.done:
			default:
				t.Error("still writing")
			}
		})
	}
}

// TestWriterThrough: from then on somebody else writes, and only that one.
func TestWriterThrough(t *testing.T) {
	r, w := smallPipe(t)
	to := NewDescriptor(int(w.Fd()), false)
	out := teller{NewWriter(to, lostWords)}
	told := make(chan string, 8)
	out.Line("before")
	if line, err := bufio.NewReader(r).ReadString('\n'); line != "relance: before\n" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}
	to.Through(func(line string) error { told <- line; return unix.EPIPE })
	out.Line("after")
	out.Line("again")
	out.Close(time.Minute)
	w.Close()
	if a, b := <-told, <-told; a != "relance: after" || b != "relance: lost 1: broken pipe" {
		t.Errorf("told %q and %q", a, b)
	}
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		t.Errorf("%q was written too, %v", rest, err)
	}
}

// TestWriterAfterClose: who still has something to say when all is over ends nobody,
// nor does who closes twice.
func TestWriterAfterClose(t *testing.T) {
	r, w := smallPipe(t)
	out := startWriter(int(w.Fd()))
	out.Line("in time")
	out.Close(time.Minute)
	for range 2 * queueLen {
		out.Line("late")
	}
	out.Close(time.Minute)
	w.Close()
	if text, err := io.ReadAll(r); string(text) != "relance: in time\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// flaky is a log that takes nothing for a while.
type flaky struct {
	refuse error
	got    []string
	puts   chan bool
}

func (f *flaky) Put(e Event) error {
	err := f.refuse
	if err == nil {
		f.got = append(f.got, e.Msg)
	}
	f.puts <- true
	return err
}

// TestWriterMissing: what a log did not take is counted in its place, with the reason,
// as soon as it takes something, and at the end.
func TestWriterMissing(t *testing.T) {
	log := &flaky{puts: make(chan bool)}
	w := teller{NewWriter(log, lostWords)}
	step := func(line string, puts int) {
		w.Line(line)
		for range puts {
			<-log.puts
		}
	}
	step("a", 1)
	log.refuse = unix.ENOSPC
	step("b", 1)
	step("c", 1) // which is the try to say that b is missing
	log.refuse = nil
	step("d", 2)
	log.refuse = unix.EIO
	step("e", 1)
	log.refuse = nil
	go func() { <-log.puts }()
	w.Close(time.Minute)
	if want := []string{"a", "lost 2: no space left on device", "d", "lost 1: input/output error"}; !slices.Equal(log.got, want) {
		t.Errorf("got %q, want %q", log.got, want)
	}
}
