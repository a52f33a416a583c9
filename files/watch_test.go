package files

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// A change of content is told and found, a rewrite of the same is told and found to
// be none.
func TestFile(t *testing.T) {
	s := newScene(t)
	s.write("a", "one")
	s.write("b", "one")
	s.watch("a", "b")
	s.write("a", "two")
	s.change("a")
	s.write("a", "two")
	s.change()
	s.touch("a")
	s.change()
	s.write("b", "three")
	s.write("a", "three")
	s.change("a", "b")
	s.write("neighbour", "may be written to, its appearing is told")
	s.change()
	s.write("neighbour", "in peace") // opened, so truncated, written, closed
	s.unheard()
	s.write("a", "four")
	s.change("a")
}

func TestVanishAndReturn(t *testing.T) {
	s := newScene(t)
	s.write("a", "one")
	s.watch("a")
	s.remove("a")
	s.change("a")
	s.write("a", "one")
	s.change("a")
	s.remove("a")
	s.write("a", "one") // before anybody looked
	s.change()
	s.write("a", "two") // the new file is armed
	s.change("a")
	s.rename("a", "elsewhere")
	s.change("a")
	s.rename("elsewhere", "a")
	s.change("a")
}

// Somebody who has a removed file or folder open must not hide that it is gone.
func TestHeldOpen(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/e")
	s.write("d/e/a", "one")
	s.watch("d/e/a")
	for _, name := range []string{"d", "d/e", "d/e/a"} {
		f, err := os.Open(s.at(name))
		s.must(err)
		defer f.Close()
	}
	s.remove("d/e/a")
	s.change("d/e/a")
	for _, name := range []string{"d/e", "d"} { // one that is held says nothing itself
		s.remove(name)
		s.change()
	}
	s.mkdir("d/e")
	s.change()
	s.write("d/e/a", "two")
	s.change("d/e/a")
}

// What is not there at the start is waited for, and so are its folders.
func TestMissing(t *testing.T) {
	s := newScene(t)
	s.watch("d/e/a", "link")
	s.mkdir("d")
	s.change()
	s.mkdir("d/e")
	s.change()
	s.write("d/e/a", "one")
	s.change("d/e/a")
	s.write("free", "of the folders above only the moves matter now")
	s.mkdir("d/free")
	s.change() // link is still missing, so the names of the first folder do matter
	s.link("d/to", "link")
	s.change()
	s.write("d/to", "x")
	s.change("link")
	s.write("d/free2", "x")
	s.change()
	s.remove("d")
	s.change("d/e/a", "link")
	s.mkdir("d/e")
	s.write("d/e/a", "two")
	s.change("d/e/a")
}

// When what was missing is there, its busy folders are left alone.
func TestFoundLeavesFoldersAlone(t *testing.T) {
	s := newScene(t)
	s.watch("d/e/a")
	s.mkdir("d/e")
	s.write("d/e/a", "one")
	s.change("d/e/a")
	s.write("x", "x")
	s.write("d/x", "x")
	s.unheard()
	s.rename("d", "d2") // the control: that is told
	s.change("d/e/a")
}

// vim writes so with backupcopy=no, and tries first whether it can write to the
// folder.
func vimWrites(s *scene, dir, name, content string) {
	s.Helper()
	s.write(dir+"/."+name+".swp", "swap")
	s.write(dir+"/4913", "")
	s.remove(dir + "/4913")
	s.rename(dir+"/"+name, dir+"/"+name+"~")
	s.write(dir+"/"+name, content)
	s.remove(dir + "/" + name + "~")
	s.remove(dir + "/." + name + ".swp")
}

func TestVim(t *testing.T) {
	for _, word := range []string{"d/a", "d", "d/*", "*/a"} {
		t.Run(word, func(t *testing.T) {
			s := newScene(t)
			s.mkdir("d")
			s.write("d/a", "one")
			s.watch(word)
			for _, content := range []string{"two", "three"} {
				vimWrites(s, "d", "a", content)
				s.change("d/a")
			}
			vimWrites(s, "d", "a", "three")
			s.change()
			s.write("d/.a.swp", "left by a crash")
			s.rename("d/a", "d/a~")
			s.write("d/a", "four")
			s.told()
			s.examined("d/a")
		})
	}
}

func TestRealVim(t *testing.T) {
	vim := need.Program(t, "vim", "vim")
	for _, how := range []string{"set backup", "set nobackup writebackup backupcopy=no", "set backupcopy=yes", "set nowritebackup"} {
		t.Run(how, func(t *testing.T) {
			s := newScene(t)
			s.mkdir("d")
			s.write("d/a", "one\n")
			s.watch("d/a", "d")
			cmd := exec.Command(vim, "-es", "-u", "NONE", "-N", "-c", how, "-c", "normal Ox", "-c", "wq", s.at("d/a"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			s.change("d/a")
		})
	}
}

// The kubelet's way (atomic_writer.go): a new folder, a link to it, renamed over the
// one that the visible links go through.
func swapConfigMap(s *scene, old, next string, contents map[string]string) {
	s.Helper()
	s.mkdir("m/" + next)
	for name, content := range contents {
		s.write("m/"+next+"/"+name, content)
	}
	s.link(next, "m/..data_tmp")
	s.rename("m/..data_tmp", "m/..data")
	if old != "" {
		s.remove("m/" + old)
	}
}

func TestConfigMap(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"m", "m/config"}, {"m/config", "m/config"}, {"m/*", "m/config"}, {"link", "link"}, {"m/..data/config", "m/..data/config"},
	} {
		t.Run(c.word, func(t *testing.T) {
			s := newScene(t)
			s.mkdir("m")
			swapConfigMap(s, "", "..2024_1", map[string]string{"config": "one", "other": "x"})
			s.link("..data/config", "m/config")
			s.link("..data/other", "m/other")
			s.link("m/config", "link")
			s.watch(c.word)
			swapConfigMap(s, "..2024_1", "..2024_2", map[string]string{"config": "two", "other": "x"})
			s.change(c.want)
			swapConfigMap(s, "..2024_2", "..2024_3", map[string]string{"config": "two", "other": "x"})
			s.change() // the same content in other files
			swapConfigMap(s, "..2024_3", "..2024_4", map[string]string{"config": "three", "other": "x"})
			s.change(c.want)
			swapConfigMap(s, "..2024_4", "..2024_5", map[string]string{"other": "x"})
			s.change(c.want) // leads nowhere
			swapConfigMap(s, "..2024_5", "..2024_6", map[string]string{"config": "three", "other": "x"})
			s.change(c.want)
			s.write("m/..2024_6/config", "written to in place")
			s.change(c.want)
		})
	}
}

func TestLinks(t *testing.T) {
	s := newScene(t)
	s.mkdir("d/e")
	s.mkdir("out/sub")
	s.write("out/sub/a", "one")
	s.write("out/b", "one")
	s.link("..", "d/e/up")       // a loop
	s.link("self", "d/self")     // one that leads nowhere
	s.link("../out/sub", "d/to") // a folder
	s.link("to", "d/too")        // the same folder: looked at once
	s.link(s.at("out/b"), "d/b") // a file
	s.link("d", "link")
	s.watch("d", "link/e/../b")
	s.write("out/sub/a", "two")
	s.change("d/to/a")
	s.write("out/b", "two")
	s.change("d/b", "link/e/../b")
	s.write("out/sub/new", "x")
	s.change("d/to/new")
	s.remove("link")
	s.link("out", "link")
	s.change("link/e/../b") // there is no out/e
	s.mkdir("out/e")
	s.change("link/e/../b")
}

// A thousand writes cost one wake-up while nobody listens, and no more than were
// asked for.
func TestThousandWrites(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	s.write("d/a", "one")
	w, err := Open([]string{s.at("d")})
	s.must(err)
	count, told, over := 0, make(chan Touched), make(chan bool)
	go func() { w.Run(told); close(told) }()
	first := make(chan bool, 1)
	go func() {
		for range told {
			if count++; count == 1 {
				first <- true
			}
		}
		close(over)
	}()
	if !w.Quiet() {
		t.Error("nothing has happened, and it is not quiet")
	}
	for i := range 1000 {
		s.write("d/a", fmt.Sprint(i))
		s.write(fmt.Sprintf("d/b%d", i%50), fmt.Sprint(i))
	}
	<-first
	if w.Quiet() {
		t.Error("a thousand writes, and it is quiet")
	}
	if !w.Quiet() {
		t.Error("nothing has come since it was asked, and it is not quiet")
	}
	for i := range 1000 {
		s.write("d/a", fmt.Sprint("again", i))
	}
	changed, err := w.Examine()
	if err != nil || len(changed) != 51 {
		t.Errorf("changed: %q, %v", changed, err)
	}
	s.must(w.Listen())
	if changed, err := w.Examine(); len(changed) != 0 || err != nil {
		t.Errorf("changed again: %q, %v", changed, err)
	}
	s.must(w.epoll.Close())
	s.must(unix.Close(w.inotify))
	<-over
	if count != 1 {
		t.Errorf("told %d times of what nobody had asked for", count)
	}
}

// What comes between Examine and Listen is told at once.
func TestBeforeListen(t *testing.T) {
	s := newScene(t)
	s.write("a", "one")
	s.watch("a")
	s.write("a", "two")
	s.told()
	s.examined("a")
	s.write("a", "three")
	s.must(s.w.Listen())
	s.change("a")
	s.unheard()
}

// Neighbours, and what editors leave, do not keep anybody waiting for quiet.
func TestQuiet(t *testing.T) {
	s := newScene(t)
	s.mkdir("d")
	s.write("a", "one")
	s.write("d/a", "one")
	s.watch("a", "d", "p/*")
	for _, c := range []struct {
		name  string
		quiet bool
	}{{"neighbour", true}, {"d/.a.swp", true}, {"d/a~", true}, {"a", false}, {"d/new", false}} {
		s.write(c.name, "x")
		if got := s.w.Quiet(); got != c.quiet {
			t.Errorf("%s was written to; quiet: %v", c.name, got)
		}
	}
	s.examined("a", "d/new")
}

// When the queue was too short all is found just so, and what is new is armed.
func TestOverflow(t *testing.T) {
	s := newScene(t)
	most := 0
	text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	s.must(err)
	fmt.Sscan(string(text), &most)
	if most > 1<<18 {
		need.Lack(t, "a queue of %d records takes too long to fill; set fs.inotify.max_queued_events to less", most)
	}
	s.mkdir("d")
	s.write("d/a", "one")
	s.write("d/x", "x")
	s.watch("d")
	for range most/2 + 1 {
		s.rename("d/x", "d/y")
		s.rename("d/y", "d/x")
	}
	s.mkdir("d/new")
	s.write("d/new/b", "one")
	s.write("d/a", "two")
	s.told()
	overflow := false
	for buf := make([]byte, 1<<16); ; {
		n, err := unix.Read(s.w.inotify, buf)
		if err != nil {
			break
		}
		for b := buf[:n]; len(b) > 0; {
			r, rest, ok := cut(b)
			if !ok {
				t.Fatal("no whole record")
			}
			if strings.Contains(r.name, "new") {
				t.Error("the queue is not full enough")
			}
			overflow = overflow || r.mask&unix.IN_Q_OVERFLOW != 0
			b = rest
		}
	}
	if !overflow {
		t.Error("no overflow")
	}
	s.examined("d/a", "d/new/b")
	s.must(s.w.Listen())
	s.write("d/new/b", "two")
	s.change("d/new/b")
}
