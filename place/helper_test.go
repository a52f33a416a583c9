package place_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/internal/await"
	"relance/internal/cgrouptest"
	"relance/place"
)

// helperEnv makes the test binary be a process that finds a place, as it is told
// on its standard input.
const helperEnv = "RELANCE_PLACE_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		// Whatever a test forgets ends by itself.
		time.AfterFunc(5*await.Patience, func() { os.Exit(3) })
		helper()
		return
	}
	os.Exit(m.Run())
}

// answer is what the helper says to each line that it is told.
type answer struct {
	Err, Hint, How string
	Source         place.Source
	// Group is the folder of the group made.
	Group string
}

// helper answers "find" with a Want behind it, "create", "close" and "read-only",
// which shows it the groups as most containers see theirs.
func helper() {
	var p *place.Place
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	out.Encode(answer{})
	for in.Scan() {
		var a answer
		var err error
		switch word, rest, _ := strings.Cut(in.Text(), " "); word {
		case "read-only":
			const at = "/sys/fs/cgroup"
			err = errors.Join(unix.Unmount(at, unix.MNT_DETACH), unix.Mount("cgroup2", at, "cgroup2", 0, ""),
				unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
		case "find":
			var w place.Want
			if err = json.Unmarshal([]byte(rest), &w); err == nil {
				w.PID = os.Getpid()
				p, err = place.Find(w)
			}
			if err == nil {
				a.How, a.Source = p.String(), p.Source
			}
		case "create":
			var g *cgroup.Group
			if g, err = p.Create(1); g != nil {
				a.Group = g.Path()
				defer g.Remove()
			}
		case "remove":
			err = os.Remove(rest)
		case "close":
			err = p.Close()
		}
		if err != nil {
			a.Err = err.Error()
		}
		if no, ok := err.(*place.Error); ok {
			a.Hint = no.Hint()
		}
		out.Encode(a)
	}
}

// process is a helper at work.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// start starts a helper in the group at path, in namespaces of its own if flags
// say so.
func start(t *testing.T, path string, flags uintptr) *process {
	t.Helper()
	dir, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), helperEnv+"=1")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd()), Unshareflags: flags}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &process{cmd, in, json.NewDecoder(out)}
	t.Cleanup(func() { h.kill() })
	h.answer(t)
	return h
}

func (h *process) kill() {
	h.cmd.Process.Kill()
	h.cmd.Wait()
}

func (h *process) answer(t *testing.T) (a answer) {
	t.Helper()
	if err := h.out.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// ask tells the helper to do something, and wants no error.
func (h *process) ask(t *testing.T, words ...string) answer {
	t.Helper()
	fmt.Fprintln(h.in, strings.Join(words, " "))
	a := h.answer(t)
	if a.Err != "" {
		t.Fatalf("%s: %s", words[0], a.Err)
	}
	return a
}

// find asks the helper to find a place.
func (h *process) find(t *testing.T, w place.Want) answer {
	t.Helper()
	b, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(h.in, "find %s\n", b)
	return h.answer(t)
}

// limited wants a group with a memory limit.
func limited() place.Want {
	size := int64(64 << 20)
	return place.Want{Source: place.Auto, Limits: cgroup.Limits{MemoryMax: &size}, MustLimit: true}
}

// scratch makes a group that is ours to shape, as that of a unit with
// Delegate=yes.
func scratch(t *testing.T) string {
	t.Helper()
	path := cgrouptest.Limited(t, cgroup.Limits{}).Path()
	delegate(t, path)
	return path
}

// delegate marks a group as systemd marks what it hands over.
func delegate(t *testing.T, path string) {
	t.Helper()
	if err := unix.Setxattr(path, "trusted.delegate", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
}

// subgroup makes a subgroup.
func subgroup(t *testing.T, path, name string) string {
	t.Helper()
	path = filepath.Join(path, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// put writes a file of a group.
func put(t *testing.T, path, file, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(path, file), []byte(text), 0); err != nil {
		t.Fatal(err)
	}
}

// read returns the words of a file of a group.
func read(t *testing.T, path, file string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path, file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b))
}

// groupOf is the folder of the group that a process is in.
func groupOf(t *testing.T, h *process) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", h.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join("/sys/fs/cgroup", strings.TrimPrefix(strings.TrimSpace(string(b)), "0::"))
}

// wantShape checks which subgroups there are and which controllers they get.
func wantShape(t *testing.T, path string, subgroups []string, enabled ...string) {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if !slices.Equal(names, subgroups) {
		t.Errorf("subgroups of %s: %q, want %q", path, names, subgroups)
	}
	if got := read(t, path, "cgroup.subtree_control"); !slices.Equal(got, enabled) {
		t.Errorf("controllers handed down by %s: %q, want %q", path, got, enabled)
	}
}
