package files

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// helperEnv makes the test binary watch a folder where there are few watches.
const helperEnv = "RELANCE_FILES_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		if err := fewWatches(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fewWatches watches dir with all the watches that there are, and makes a folder for
// which there is none.
func fewWatches(dir string) error {
	limit := func(n int) error {
		return os.WriteFile("/proc/sys/user/max_inotify_watches", fmt.Append(nil, n), 0)
	}
	w, err := Open([]string{dir})
	if err != nil {
		return err
	}
	if err := limit(len(w.armed)); err != nil {
		return err
	}
	if err := os.Mkdir(dir+"/sub", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(dir+"/sub/a", nil, 0o644); err != nil {
		return err
	}
	for range 2 {
		changed, err := w.Examine()
		fmt.Printf("changed: %q, error: %v\n", changed, err)
	}
	if err := limit(1); err != nil {
		return err
	}
	_, err = Open([]string{dir})
	fmt.Println("open:", err)
	return nil
}

// Without a watch left it says so, with the cure, and looks on.
func TestNoWatchLeft(t *testing.T) {
	s := newScene(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperEnv+"="+s.dir)
	ids := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids(os.Getuid()), GidMappings: ids(os.Getgid()),
	}
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		need.Lack(t, "no user namespace: %v", err)
	}
	lines := strings.Split(string(out), "\n")
	if err != nil || len(lines) < 3 {
		t.Fatalf("%v: %s", err, out)
	}
	const cure = "raise fs.inotify.max_user_watches"
	if !strings.HasPrefix(lines[0], fmt.Sprintf("changed: [%q], error: watch %q", s.dir+"/sub/a", s.dir)) || !strings.Contains(lines[0], cure) {
		t.Errorf("with the first new folder: %s", lines[0])
	}
	if !strings.HasPrefix(lines[1], "changed: [], error: watch") {
		t.Errorf("again: %s", lines[1])
	}
	if !strings.HasPrefix(lines[2], "open: watch") || !strings.Contains(lines[2], cure) {
		t.Errorf("at the start: %s", lines[2])
	}
}

func TestNoInstanceLeft(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := Open([]string{"/"})
	if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); back != nil {
		t.Fatal(back)
	}
	if err == nil || !strings.Contains(err.Error(), "fs.inotify.max_user_instances") {
		t.Errorf("without a descriptor: %v", err)
	}
}

// What keeps it from seeing all is told with what to do.
func TestCures(t *testing.T) {
	for err, want := range map[error]string{
		unix.EACCES: "permission denied; let relance read it, or watch less",
		unix.EMFILE: "too many open files; raise the limit of open files, or watch less",
		unix.EIO:    "input/output error; mend that, or watch less",
		errSteps:    "more than 1048576 folders and symlinks on the way; watch less: a file, a smaller folder or a pattern",
	} {
		p := &pass{word: &word{given: "d", shown: "d"}, hidden: map[string]bool{}}
		p.hide("d", err)
		if got := p.err.Error(); got != `watch "d": look at "d": `+want {
			t.Errorf("%v: %s", err, got)
		}
	}
}

func TestBadWords(t *testing.T) {
	for word, want := range map[string]string{
		"":        "name a file",
		"a\x00b":  "zero byte",
		"d/[a":    "bad pattern",
		"d/[a/b]": "bad pattern",
		`d/a\`:    "bad pattern",
		"d/**/a":  "** is not known",
	} {
		_, err := Open([]string{"/etc", word})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "watch "+quote(word)+": ") {
			t.Errorf("%q: %v", word, err)
		}
	}
}
