package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
	"relance/restart"
)

// fileLog is a File and what it says on stderr meanwhile.
type fileLog struct {
	*File
	t    *testing.T
	path string
	r, w *os.File
}

func openFileLog(t *testing.T, path string, asJSON bool) *fileLog {
	t.Helper()
	r, w := smallPipe(t)
	f, err := OpenFile(path, asJSON, time.UTC, NewDescriptor(int(w.Fd()), false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(f.fd) })
	return &fileLog{f, t, path, r, w}
}

func (f *fileLog) put(msg string) error { return f.Put(Event{Time: noon, Msg: msg}) }

// want compares the file at path with lines of messages.
func (f *fileLog) want(path string, msgs ...string) {
	f.t.Helper()
	want := ""
	for _, m := range msgs {
		want += "2026-03-01T12:00:00.123Z relance: " + m + "\n"
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		f.t.Errorf("%s: %v\n%swant\n%s", path, err, got, want)
	}
}

// said is all that stderr got.
func (f *fileLog) said() string {
	f.w.Close()
	text, err := io.ReadAll(f.r)
	if err != nil {
		f.t.Error(err)
	}
	return string(text)
}

// ok fails the test if err is not nil.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFileMoved: moved away, removed, replaced, cut short, its folder moved: the next line
// is where the path leads, and nobody has told.
func TestFileMoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "logs", "web.log")
	ok(t, os.Mkdir(filepath.Dir(path), 0o755))
	ok(t, os.WriteFile(path, []byte("2026-03-01T12:00:00.123Z relance: before\n"), 0o600))
	f := openFileLog(t, path, false)
	ok(t, f.put("one"))
	f.want(path, "before", "one")
	ok(t, os.Rename(path, path+".1"))
	ok(t, f.put("two"))
	f.want(path+".1", "before", "one")
	f.want(path, "two")
	ok(t, os.Remove(path))
	ok(t, f.put("three"))
	f.want(path, "three")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^0o640 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	ok(t, os.WriteFile(path+".new", nil, 0o600))
	ok(t, os.Rename(path+".new", path))
	ok(t, f.put("four"))
	f.want(path, "four")
	ok(t, os.Truncate(path, 0)) // logrotate's copytruncate
	ok(t, f.put("five"))
	f.want(path, "five")
	ok(t, os.Rename(filepath.Dir(path), dir+"/old"))
	// Nothing can be made there now; what is still to be found is written on.
	ok(t, f.put("six"))
	f.want(dir+"/old/web.log", "five", "six")
	ok(t, os.Remove(dir+"/old/web.log"))
	if err := f.put("lost"); err == nil || err.Error() != "open "+path+": no such file or directory" {
		t.Error(err)
	}
	_ = f.put("lost too")
	ok(t, os.Mkdir(filepath.Dir(path), 0o755))
	ok(t, f.put("seven"))
	f.want(path, "seven")
	if want := "relance: log file: open " + path + ": no such file or directory; its lines are lost meanwhile, and counted\n"; f.said() != want {
		t.Error("not said once on stderr")
	}
}

// TestFileLink: a symbolic link of who has set it up is followed wherever it leads, one
// that comes to be there later is not.
func TestFileLink(t *testing.T) {
	dir := t.TempDir()
	path, victim := dir+"/log", dir+"/victim"
	ok(t, os.Symlink("first", path))
	f := openFileLog(t, path, false)
	ok(t, f.put("one"))
	ok(t, os.Symlink("second", path+".new"))
	ok(t, os.Rename(path+".new", path))
	ok(t, f.put("two"))
	f.want(dir+"/first", "one")
	f.want(dir+"/second", "two")

	path = dir + "/plain"
	f = openFileLog(t, path, false)
	ok(t, f.put("one"))
	ok(t, os.WriteFile(victim, nil, 0o600))
	ok(t, os.Remove(path))
	ok(t, os.Symlink(victim, path))
	if err := f.put("two"); err == nil || !strings.HasSuffix(err.Error(), ": too many levels of symbolic links") {
		t.Error(err)
	}
	f.want(victim)
}

// TestFileJSON: lines for machines are nothing but JSON.
func TestFileJSON(t *testing.T) {
	path := t.TempDir() + "/log"
	f := openFileLog(t, path, true)
	ok(t, f.Put(Event{Schema: 1, Time: noon, Msg: "x"}))
	text, err := os.ReadFile(path)
	ok(t, err)
	if m := decode(t, strings.TrimSuffix(string(text), "\n")); m["msg"] != "x" {
		t.Errorf("%s", text)
	}
}

// TestFileStartFailure: that nothing could be started is said where everybody looks too.
func TestFileStartFailure(t *testing.T) {
	path := t.TempDir() + "/log"
	f := openFileLog(t, path, false)
	ok(t, f.Put(EventOf(restart.Report{Kind: restart.StartFailure, Gen: 1, Err: "run \"x\": not found in PATH"}, "", noon)))
	f.want(path, `error: run "x": not found in PATH`)
	if got := f.said(); got != "relance: error: run \"x\": not found in PATH\n" {
		t.Error(got)
	}
}

// TestOpenFile: what cannot be a log file, and that a pipe without a reader keeps nobody
// waiting.
func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	ok(t, unix.Mkfifo(dir+"/fifo", 0o600))
	for path, want := range map[string]error{dir: unix.EISDIR, dir + "/no/log": unix.ENOENT, dir + "/fifo": unix.ENXIO} {
		if _, err := OpenFile(path, false, time.UTC, nil); err == nil || err.Error() != fmt.Sprintf("open %s: %v", path, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestFullDisk: a file system without room keeps nobody waiting; the lines that did not
// fit are counted in their place when there is room, and a line that was written in part
// is none with the next.
func TestFullDisk(t *testing.T) {
	need.Root(t, "mounts a small file system")
	dir := t.TempDir()
	ok(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"))
	defer unix.Unmount(dir, unix.MNT_DETACH)
	ok(t, os.WriteFile(dir+"/ballast", make([]byte, 48<<10), 0o600))
	path := dir + "/log"
	f := openFileLog(t, path, false)
	lost := func(n int64, why error) Event { return Event{Time: noon, Msg: Lost(n, why)} }
	const all = 200
	puts := make(chan bool, 2*all+9)
	w := NewWriter(watched{f, puts}, lost)
	for i := range all {
		w.Tell(Event{Time: noon, Msg: fmt.Sprintf("%d %s", i, strings.Repeat("x", 1000))})
	}
	for range all {
		<-puts
	}
	ok(t, os.Remove(dir+"/ballast"))
	w.Tell(Event{Time: noon, Msg: "room"})
	w.Close(time.Minute)
	if got := f.said(); got != "relance: log file: write "+path+": no space left on device; its lines are lost meanwhile, and counted\n" {
		t.Errorf("stderr: %q", got)
	}
	text, err := os.ReadFile(path)
	ok(t, err)
	whole := regexp.MustCompile(`(?m)^\S+ relance: (\d+) x{1000}$`).FindAllString(string(text), -1)
	missing := 0
	for _, m := range regexp.MustCompile(`(?m)^\S+ relance: (\d+) lines? (?:is|are) missing here: write `+path+`: no space left on device$`).FindAllStringSubmatch(string(text), -1) {
		n := 0
		fmt.Sscan(m[1], &n)
		missing += n
	}
	if len(whole)+missing != all || missing < all/2 || !strings.HasSuffix(string(text), " relance: room\n") {
		t.Errorf("%d lines and %d missing of %d, ends in %q", len(whole), missing, all, text[max(0, len(text)-200):])
	}
}

// watched tells of each Put.
type watched struct {
	Log
	puts chan<- bool
}

func (w watched) Put(e Event) error {
	err := w.Log.Put(e)
	w.puts <- err == nil
	return err
}
