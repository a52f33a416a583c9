package child

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// inPlace is the variable that makes this test binary become a command, as
// "relance exec" does.
const inPlace = "RELANCE_TEST_EXEC_IN_PLACE"

func TestMain(m *testing.M) {
	if command, ok := os.LookupEnv(inPlace); ok {
		runtime.LockOSThread()
		s := Settings{Argv: strings.Fields(command), Env: []string{"A=1"}, Nice: number(7), Ignored: bits(10)}
		err := s.Exec()
		fmt.Print(err)
		os.Exit(err.(*StageError).ExitStatus())
	}
	os.Exit(m.Run())
}

// spawn starts the command and waits for its end.
func spawn(t *testing.T, s *Settings, group *Group) (pid int, status unix.WaitStatus, err error) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spawner, err := NewSpawner(s)
	if err != nil {
		t.Fatal(err)
	}
	pid, err = spawner.Spawn(group)
	if err != nil {
		return 0, 0, err
	}
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
		t.Fatal(err)
	}
	return pid, status, nil
}

// shell is what runs the script, which writes its output into the file.
func shell(t *testing.T, script string) (s *Settings, output func() string) {
	file := filepath.Join(t.TempDir(), "out")
	s = &Settings{Argv: []string{"sh", "-c", "exec >" + file + "; " + script}, Env: []string{"PATH=/bin:/usr/bin"}}
	return s, func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
}

// A program that succeeds is gone from its list of calls by the exec; what it
// set is seen in the command.
func TestSpawn(t *testing.T) {
	s, output := shell(t, `ulimit -c; ulimit -S -n; nice; cat /proc/$$/oom_score_adj; test -e /proc/$$/fd/0 || echo no stdin; ps -o pgid= $$ | tr -d ' '; echo $LISTEN_PID`)
	s.Nice, s.OOMScoreAdj, s.OwnGroup, s.ParentDeath = number(3), number(400), true, unix.SIGTERM
	s.Close = []int{0}
	s.Rlimits = []Rlimit{{Resource: unix.RLIMIT_CORE}, {Resource: unix.RLIMIT_NOFILE, Cur: 33, Max: 44}}
	s.Env = append(s.Env, fmt.Sprintf("LISTEN_PID=%d", os.Getpid()))
	pid, status, err := spawn(t, s, nil)
	if err != nil || status != 0 {
		t.Fatal(err, status)
	}
	want := fmt.Sprintf("0\n33\n3\n400\nno stdin\n%d\n%d", pid, pid)
	if got := output(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What replaces a descriptor is inherited; ours stay as they are.
func TestSpawnReplaced(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	s := &Settings{
		Argv: []string{"sh", "-c", "echo out; echo err >&2; ls /proc/$$/fd | grep -cx " + fmt.Sprint(fds[1])}, Env: []string{"PATH=/bin:/usr/bin"},
		Replace: []Replacement{{FD: 1, From: fds[1]}, {FD: 2, From: fds[1]}},
	}
	for range 2 {
		if _, _, err := spawn(t, s, nil); err != nil {
			t.Fatal(err)
		}
	}
	unix.Close(fds[1])
	f := os.NewFile(uintptr(fds[0]), "pipe")
	defer f.Close()
	text, err := io.ReadAll(f)
	if want := strings.Repeat("out\nerr\n0\n", 2); err != nil || string(text) != want {
		t.Errorf("got %q, %v; want %q", text, err, want)
	}
}

// A step that is refused is named, and nothing is left to reap.
func TestSpawnRefused(t *testing.T) {
	for _, test := range []struct {
		change func(*Settings)
		want   string
	}{
		{func(s *Settings) { s.Argv = []string{"/no/such"} }, `run "/no/such": no such file or directory`},
		{func(s *Settings) { s.Argv = []string{"/etc"} }, `run "/etc": permission denied`},
		{func(s *Settings) {
			s.Rlimits = []Rlimit{{Resource: unix.RLIMIT_CPU, Cur: 2, Max: 1, What: "cpu to 2:1"}}
		}, "set rlimit cpu to 2:1: invalid argument"},
		{func(s *Settings) { s.Close = []int{1 << 20} }, "close a descriptor: bad file descriptor"},
		{func(s *Settings) { s.OOMScoreAdj = number(5000) }, "set oom_score_adj to 5000: invalid argument"},
	} {
		s := &Settings{Argv: []string{"/bin/true"}}
		test.change(s)
		_, _, err := spawn(t, s, nil)
		var stage *StageError
		if !errors.As(err, &stage) || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
		if c, wait := Reap(); wait != Childless {
			t.Errorf("%s: left %+v behind", test.want, c)
		}
	}
}

// A process whose parent has died before it could ask to be told of that does
// not run the command.
func TestParentGone(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := &Settings{Argv: []string{"/bin/true"}, ParentDeath: unix.SIGTERM}
	p, err := s.program(os.Getpid()+1, -1)
	if err != nil {
		t.Fatal(err)
	}
	spawner := &Spawner{settings: s, plain: p}
	if _, err := spawner.Spawn(nil); err == nil || err.Error() != "find the parent alive: no such process" {
		t.Errorf("got %v", err)
	}
}

// Where clone3 cannot put a process into the group, the stage joins it itself:
// here a folder with a file that takes what is written.
func TestJoinGroup(t *testing.T) {
	folder := t.TempDir()
	procs := filepath.Join(folder, "cgroup.procs")
	if err := os.WriteFile(procs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, status, err := spawn(t, &Settings{Argv: []string{"/bin/true"}}, &Group{FD: fd}); err != nil || status != 0 {
		t.Fatal(err, status)
	}
	if text, err := os.ReadFile(procs); err != nil || string(text) != "0" {
		t.Errorf("cgroup.procs: got %q, %v; want 0", text, err)
	}
}

// The same Spawner starts generation after generation alike, also after one that
// could not be started.
func TestSpawnAgain(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	file := filepath.Join(t.TempDir(), "command")
	spawner, err := NewSpawner(&Settings{Argv: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := spawner.Spawn(nil); !errors.Is(err, unix.ENOENT) {
			t.Fatalf("no file: got %v", err)
		}
		if err := os.Symlink("/bin/true", file); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			pid, err := spawner.Spawn(nil)
			if err != nil {
				t.Fatal(err)
			}
			var status unix.WaitStatus
			if _, err := unix.Wait4(pid, &status, 0, nil); err != nil || status != 0 {
				t.Fatal(err, status)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSetEnv: the entry is found by its name, wherever it has come to be; of several the
// last is ours.
func TestSetEnv(t *testing.T) {
	s, output := shell(t, "echo $A")
	s.Env = append(s.Env, "B=1", "A=", "B=")
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spawner, err := NewSpawner(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		entry string
		fails bool
	}{{"A=7", false}, {"B=2", false}, {"D=1", true}, {"A=x\x00", true}} {
		if err := spawner.SetEnv(test.entry); (err != nil) != test.fails {
			t.Errorf("%q: %v", test.entry, err)
		}
	}
	if want := []string{"PATH=/bin:/usr/bin", "B=1", "A=7", "B=2"}; !slices.Equal(s.Env, want) {
		t.Errorf("got %q, want %q", s.Env, want)
	}
	pid, err := spawner.Spawn(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
		t.Fatal(err)
	}
	if got := output(); got != "7" {
		t.Errorf("the command has %q", got)
	}
}

// TestAppend: what is appended is for the generations that follow until the next call,
// and comes after what there was; a program that is written anew has it too.
func TestAppend(t *testing.T) {
	s, output := shell(t, `echo "$A,$B,${C-none}"`)
	s.Env, s.Room = append(s.Env, "A=0"), 2
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spawner, err := NewSpawner(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		entries []string
		want    string
	}{
		{nil, "0,,none"}, {[]string{"B=1", "C=2"}, "0,1,2"}, {[]string{"C=3"}, "0,,3"}, {nil, "0,,none"},
	} {
		if err := spawner.Append(test.entries); err != nil {
			t.Fatal(err)
		}
		pid, err := spawner.Spawn(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Wait4(pid, nil, 0, nil); err != nil {
			t.Fatal(err)
		}
		if got := output(); got != test.want {
			t.Errorf("%q: the command has %q, want %q", test.entries, got, test.want)
		}
		anew, err := s.program(0, -1)
		if err != nil {
			t.Fatal(err)
		}
		var env []string
		for _, entry := range anew.env {
			if entry == nil {
				break
			}
			env = append(env, unix.BytePtrToString(entry))
		}
		if want := slices.Concat(s.Env, test.entries); !slices.Equal(env, want) || len(anew.env) != len(s.Env)+s.Room+1 {
			t.Errorf("%q, want %q", env, want)
		}
	}
	for _, entries := range [][]string{{"A=1", "B=2", "C=3"}, {"A=\x00"}} {
		if err := spawner.Append(entries); err == nil {
			t.Errorf("%q: no error", entries)
		}
	}
}

// Exec becomes the command under the same pid, and returns if it cannot.
func TestExecInPlace(t *testing.T) {
	for _, test := range []struct {
		command, want string
		status        int
	}{
		{"/usr/bin/env nice", "7\n", 0},
		{"no-such", `run "no-such": not found in PATH`, 127},
		{"/etc/passwd", `run "/etc/passwd": permission denied`, 126},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{inPlace + "=" + test.command}
		out, _ := cmd.CombinedOutput() // the status tells
		if got := cmd.ProcessState.ExitCode(); got != test.status || string(out) != test.want {
			t.Errorf("%s: got status %d %q, want %d %q", test.command, got, out, test.status, test.want)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{inPlace + "=/usr/bin/env cat /proc/self/stat /proc/self/status"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d (cat) ", cmd.Process.Pid); !strings.HasPrefix(string(out), want) {
		t.Errorf("got %.40q, want %q", out, want)
	}
	if want := "SigIgn:\t0000000000000200"; !strings.Contains(string(out), want) {
		t.Errorf("no %q in %s", want, out)
	}
}

// Changes of children as wait4(2) tells them.
func TestReap(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	base, sum := Reaped(), time.Duration(0)
	for _, test := range []struct {
		script string
		want   []Change
	}{
		{"i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 3", []Change{{Code: 3}}},
		{"kill -TERM $$", []Change{{Signal: unix.SIGTERM}}},
		{"kill -STOP $$", []Change{{Stopped: unix.SIGSTOP}, {Signal: unix.SIGKILL}}},
	} {
		spawner, err := NewSpawner(&Settings{Argv: []string{"/bin/sh", "-c", test.script}})
		if err != nil {
			t.Fatal(err)
		}
		pid, err := spawner.Spawn(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			// Waits for the change and leaves it there.
			if err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
				t.Fatal(err)
			}
			got, wait := Reap()
			ended := got.Stopped == 0
			if wait != Found || got.PID != pid || ended != (got.MaxRSS > 0) || got.CPU > time.Minute || got.Charged > time.Minute {
				t.Errorf("%s: got %+v, %v", test.script, got, wait)
			}
			sum += got.CPU
			got.PID, got.CPU, got.MaxRSS, got.Charged = 0, 0, 0, 0
			if got != want {
				t.Errorf("%s: got %+v, want %+v", test.script, got, want)
			}
			if want.Stopped != 0 {
				if _, wait := Reap(); wait != Later {
					t.Errorf("%s: stopped and then %v", test.script, wait)
				}
				if err := unix.Kill(pid, unix.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, wait := Reap(); wait != Childless {
			t.Errorf("%s: ended and then %v", test.script, wait)
		}
	}
	// Each is told in whole microseconds, twice over.
	if all := Reaped() - base; sum < time.Millisecond || (all-sum).Abs() > 10*time.Microsecond {
		t.Errorf("reaped %v, and the changes say %v", all, sum)
	}
}
