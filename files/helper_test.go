package files

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
)

// scene is a folder in which a test does things, and who watches it.
type scene struct {
	*testing.T
	dir     string
	w       *Watch
	touched chan Touched
	over    chan bool
}

func newScene(t *testing.T) *scene {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &scene{T: t, dir: dir}
}

// at is the path of a name in the folder.
func (s *scene) at(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return s.dir + "/" + name
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) write(name, content string) {
	s.Helper()
	s.must(os.WriteFile(s.at(name), []byte(content), 0o644))
}
func (s *scene) mkdir(name string)  { s.Helper(); s.must(os.MkdirAll(s.at(name), 0o755)) }
func (s *scene) rename(a, b string) { s.Helper(); s.must(os.Rename(s.at(a), s.at(b))) }
func (s *scene) remove(name string) { s.Helper(); s.must(os.RemoveAll(s.at(name))) }

// link makes a symlink at name.
func (s *scene) link(target, name string) { s.Helper(); s.must(os.Symlink(target, s.at(name))) }

func (s *scene) touch(name string) {
	s.Helper()
	now := time.Now()
	s.must(os.Chtimes(s.at(name), now, now))
}

// watch begins to watch words of the folder.
func (s *scene) watch(words ...string) {
	s.Helper()
	var all []string
	for _, word := range words {
		all = append(all, s.at(word))
	}
	s.open(all)
}

func (s *scene) open(words []string) {
	s.Helper()
	w, err := Open(words)
	s.must(err)
	s.w, s.touched, s.over = w, make(chan Touched, 1), make(chan bool)
	go func() { w.Run(s.touched); close(s.over) }()
	s.Cleanup(s.end)
}

// end closes the watch; Run must return.
func (s *scene) end() {
	s.must(s.w.epoll.Close())
	s.must(unix.Close(s.w.inotify))
	select {
	case <-s.over:
	case <-time.After(await.Patience):
		s.Error("Run does not return when the watch is closed")
	}
}

// told waits for the next Touched.
func (s *scene) told() {
	s.Helper()
	select {
	case <-s.touched:
	case <-time.After(await.Patience):
		s.Fatal("nothing is told")
	}
}

// examined examines, and compares what has changed, without the folder before it.
func (s *scene) examined(want ...string) {
	s.Helper()
	got, err := s.w.Examine()
	s.must(err)
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], s.dir+"/")
	}
	if !slices.Equal(got, want) {
		s.Errorf("changed: %q, want %q", got, want)
	}
}

// change waits until something is told, says what must have changed, and listens.
func (s *scene) change(want ...string) {
	s.Helper()
	s.told()
	s.examined(want...)
	s.must(s.w.Listen())
}

// unheard says that nothing is told of what was just done and nothing has changed:
// the queue of the kernel is empty.
func (s *scene) unheard() {
	s.Helper()
	if n, err := unix.IoctlGetInt(s.w.inotify, unix.TIOCINQ); n != 0 || err != nil {
		s.Errorf("%d bytes in the queue, %v", n, err)
	}
	select {
	case <-s.touched:
		s.Error("told of nothing")
	default:
	}
	s.examined()
}
