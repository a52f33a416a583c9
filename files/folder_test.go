package files

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFolder(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/e")
	s.write("d/a", "one")
	s.write("d/e/b", "one")
	s.watch("d")
	s.write("d/e/b", "two")
	s.change("d/e/b")
	s.write("d/e/b", "two")
	s.change()
	// What was made in a folder before it could be armed is there all the same.
	s.mkdir("d/new/deep")
	s.write("d/new/deep/c", "one")
	s.change("d/new/deep/c")
	s.write("d/new/deep/c", "two")
	s.change("d/new/deep/c")
	s.mkdir("d/empty")
	s.change()
	s.rename("d/new", "d/moved")
	s.change("d/moved/deep/c", "d/new/deep/c")
	s.write("d/moved/deep/c", "three")
	s.change("d/moved/deep/c")
	s.rename("d/moved", "elsewhere")
	s.change("d/moved/deep/c")
	s.write("elsewhere/deep/c", "not watched any more")
	s.unheard()
	// The folder itself.
	s.remove("d")
	s.change("d/a", "d/e/b")
	s.mkdir("d/e")
	s.change()
	s.write("d/e/b", "x")
	s.change("d/e/b")
	s.rename("d", "old")
	s.mkdir("d")
	s.write("d/a", "x")
	s.change("d/a", "d/e/b")
	s.remove("d")
	s.write("d", "a file now")
	s.change("d", "d/a")
}

// Leavings are no files of a folder, and none for a wildcard; who names them means
// them.
func TestLeavings(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/.git")
	s.write("d/a~", "one")
	s.watch("d", "d/*", "d/a~", "d/.h*")
	for _, name := range []string{"d/.a.swp", "d/#a#", "d/4913", "d/b~", "d/.git/HEAD"} {
		s.write(name, "x")
	}
	s.change()
	s.write("d/.hidden", "x")
	s.write("d/a~", "two")
	s.write("d/4914", "x")
	s.change("d/.hidden", "d/4914", "d/a~")
	for name, want := range map[string]bool{
		".x": true, "x~": true, "#x#": true, "4913": true, "..data": true, "~": true,
		"x": false, "#": false, "x.swp": false, "#x": false, "4912": false, "~x": false,
	} {
		if leaving(name) != want {
			t.Errorf("leaving(%q): %v", name, !want)
		}
	}
}

func TestGlob(t *testing.T) {
	s := newScene(t)
	s.watch("conf.d/*.toml", "x/*/deep/[ab]", `st\*r`)
	s.mkdir("conf.d")
	s.change()
	s.write("conf.d/a.toml", "one")
	s.write("conf.d/b.yaml", "one")
	s.change("conf.d/a.toml")
	s.write("conf.d/b.yaml", "two")
	s.unheard()
	s.write("conf.d/a.toml", "two")
	s.change("conf.d/a.toml")
	s.rename("conf.d/b.yaml", "conf.d/b.toml")
	s.remove("conf.d/a.toml")
	s.change("conf.d/a.toml", "conf.d/b.toml")
	s.mkdir("conf.d/c.toml") // a folder, as when the shell had written it out
	s.write("conf.d/c.toml/x", "x")
	s.change("conf.d/c.toml/x")
	s.mkdir("x/y/deep")
	s.change()
	s.mkdir("x/z")
	s.change()
	s.mkdir("x/z/deep")
	s.change()
	s.write("x/z/deep/a", "one")
	s.write("x/y/deep/b", "one")
	s.write("x/y/deep/c", "one")
	s.change("x/y/deep/b", "x/z/deep/a")
	s.write("st*r", "x")
	s.write("star", "x")
	s.change("st*r")
}

// Paths come back as they were given; a folder and its file may both be watched.
func TestSpelling(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/e")
	s.Chdir(s.dir)
	s.open([]string{"d", "./d/e/", "../" + filepath.Base(s.dir) + "/d/e/*", "*", "d/e/a", "d/e/a"})
	s.write("d/e/a", "x")
	s.told()
	s.examined("../"+filepath.Base(s.dir)+"/d/e/a", "./d/e/a", "d/e/a")
}

// What has no content is not opened, and is none of the folder's files. Who names it
// is told when it is another.
func TestSpecial(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	s.must(unix.Mkfifo(s.at("d/fifo"), 0o644))
	s.watch("d", "d/*", "d/fifo")
	s.must(unix.Mkfifo(s.at("d/fifo2"), 0o644))
	s.change()
	s.must(unix.Mkfifo(s.at("d/fifo3"), 0o644))
	s.rename("d/fifo3", "d/fifo")
	s.change("d/fifo")
	s.write("d/a", "x")
	s.change("d/a")
	s.remove("d/fifo")
	s.write("d/fifo", "x")
	s.change("d/fifo")
	// A FIFO that takes the place of a file just before it is opened.
	s.remove("d/a")
	s.must(unix.Mkfifo(s.at("d/a"), 0o644))
	if _, ok := new(pass).readPrint(s.at("d/a")); ok {
		t.Error("a FIFO was read")
	}
}

// asUser makes the calling thread be an ordinary user to the file system.
func asUser(s *scene) {
	s.Helper()
	if os.Getuid() != 0 {
		return
	}
	for dir := s.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		s.must(os.Chmod(dir, 0o755))
	}
	runtime.LockOSThread()
	s.must(unix.Setfsuid(60000))
	s.Cleanup(func() {
		if unix.Setfsuid(0) == nil {
			runtime.UnlockOSThread()
		}
	})
}

// asRoot does what the user may not.
func asRoot(s *scene, do func()) {
	s.Helper()
	if os.Getuid() == 0 {
		s.must(unix.Setfsuid(0))
		defer func() { s.must(unix.Setfsuid(60000)) }()
	}
	do()
}

// What we may not read is no error: the file's size and times must do.
func TestUnreadable(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/private")
	s.mkdir("e")
	s.write("d/secret", "one")
	s.write("d/private/a", "one")
	s.write("e/secret", "one")
	for _, name := range []string{"d/secret", "d/private", "e/secret"} {
		s.must(os.Chmod(s.at(name), 0))
	}
	asUser(s)
	defer asRoot(s, func() { s.must(os.Chmod(s.at("d/private"), 0o755)) })
	s.watch("d", "e/secret")
	for _, name := range []string{"d/secret", "e/secret"} {
		asRoot(s, func() {
			if os.Getuid() == 0 {
				s.write(name, "longer")
				return
			}
			s.must(os.Chmod(s.at(name), 0o644))
			s.write(name, "longer")
			s.must(os.Chmod(s.at(name), 0))
		})
		s.change(name)
	}
	asRoot(s, func() { s.must(os.Chmod(s.at("d/secret"), 0o644)) })
	s.change() // to be read now, and not written to since
	asRoot(s, func() { s.must(os.Chmod(s.at("d/secret"), 0)) })
	s.change()
	asRoot(s, func() { s.must(os.Chmod(s.at("d/private"), 0o755)) })
	s.change("d/private/a")
	asRoot(s, func() { s.must(os.Chmod(s.at("d/private"), 0)) })
	s.change() // nobody knows, so it has not vanished
	if _, err := Open([]string{s.at("d/private")}); err == nil || !strings.HasSuffix(err.Error(), `d/private": permission denied; let relance read it, or watch less`) {
		t.Errorf("a folder that cannot be read: %v", err)
	}
}

// In a folder that we may list and not search nothing has vanished.
func TestUnsearchable(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	s.write("d/a", "one")
	asUser(s)
	s.watch("d")
	asRoot(s, func() { s.must(os.Chmod(s.at("d"), 0o644)) })
	if changed, err := s.w.Examine(); len(changed) > 0 || err == nil {
		t.Errorf("while it cannot be searched: %q, %v", changed, err)
	}
	asRoot(s, func() { s.must(os.Chmod(s.at("d"), 0o755)) })
	if changed, err := s.w.Examine(); len(changed) > 0 || err != nil {
		t.Errorf("when it can be again: %q, %v", changed, err)
	}
}

// In a folder that we may not list, the file itself tells.
func TestUnlistable(t *testing.T) {
	s := newScene(t)
	s.mkdir("x")
	s.write("x/a", "one")
	s.must(os.Chmod(s.at("x"), 0o311))
	asUser(s)
	defer asRoot(s, func() { s.must(os.Chmod(s.at("x"), 0o755)) })
	s.watch("x/a")
	held, err := os.Open(s.at("x/a"))
	s.must(err)
	defer held.Close()
	for _, content := range []string{"two", "three"} {
		asRoot(s, func() { s.write("x/b", content); s.rename("x/b", "x/a") })
		s.change("x/a")
	}
}

// TestMany: as many have changed as have changed.
func TestMany(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	s.watch("d")
	for i := range 150 {
		s.write(fmt.Sprintf("d/%03d", i), "")
	}
	if changed, err := s.w.Examine(); err != nil || len(changed) != 150 {
		t.Errorf("%d changed, %v", len(changed), err)
	}
}

func TestBound(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/e")
	s.write("all", "")
	for i := range mostNames - 2 {
		s.must(os.Link(s.at("all"), fmt.Sprintf("%s/d/e/%05d", s.dir, i)))
	}
	s.write("d/e/09998", "x") // with e these are as many as may be
	s.watch("d", "d/e/0999?")
	s.write("d/e/09998", "y")
	s.change("d/e/09998")
	s.mkdir("d/one more")
	s.told()
	for range 2 {
		changed, err := s.w.Examine()
		if err == nil || !strings.Contains(err.Error(), "10000") || !strings.Contains(err.Error(), s.at("d")) || len(changed) != 0 {
			t.Errorf("changed: %q, %v", changed, err)
		}
	}
	if _, err := Open([]string{s.at("d")}); err == nil {
		t.Error("watched without a bound")
	}
	s.remove("d/one more")
	s.write("d/e/09998", "z")
	s.must(s.w.Listen())
	s.change("d/e/09998")
}

// Links that lead through each other are followed so far and no further; what is not
// reached has not vanished.
func TestSteps(t *testing.T) {
	s := newScene(t)
	s.mkdir("out")
	s.mkdir("d")
	s.write("out/a", "x")
	detour := strings.Repeat("../out/", 300)
	for i := range 100 {
		s.link("../out/a", fmt.Sprintf("d/%02d", i))
	}
	s.watch("d")
	for i := range 100 { // a hundred ways of 39 detours each
		s.remove(fmt.Sprintf("d/%02d", i))
		s.link(detour+"0", fmt.Sprintf("d/%02d", i))
	}
	for i := range 38 {
		s.link(detour+fmt.Sprint(i+1), fmt.Sprintf("out/%d", i))
	}
	s.link("a", "out/38")
	s.told()
	if changed, err := s.w.Examine(); !errors.Is(err, errSteps) || len(changed) != 0 {
		t.Errorf("changed: %q, %v", changed, err)
	}
	for i := range 80 { // the control: fewer are not too many
		s.remove(fmt.Sprintf("d/%02d", i+20))
	}
	s.must(s.w.Listen())
	s.told()
	if changed, err := s.w.Examine(); err != nil || len(changed) != 80 {
		t.Errorf("changed: %q, %v", changed, err)
	}
}
