package child

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// text is the program as people read it: one line for each call, the signal
// actions, which are many and alike, as one.
func (p *program) text() []string {
	var lines []string
	actions := 0
	for i := range p.calls {
		if p.calls[i].nr == unix.SYS_RT_SIGACTION {
			actions++
			continue
		}
		if actions > 0 {
			lines = append(lines, fmt.Sprintf("%d actions", actions))
			actions = 0
		}
		lines = append(lines, p.names[i])
	}
	return lines
}

func number(n int) *int { return &n }

// The order of the stage. The group comes first, so that all that follows is
// counted there. What takes rights comes before they are gone, and the parent-death
// signal after, since it does not outlive a change of user. The parent is looked for
// after its death was asked to be told.
// What is replaced is not closed afterwards: 2 was not open before.
// Priorities and oom_score_adj need what a limit may take away (a descriptor), so
// the limits come late; the mask is last, since a signal that is waiting ends the
// stage as soon as it is let through.
func TestProgram(t *testing.T) {
	own, fd := strconv.Itoa(os.Getpid()), aPipe(t)
	execs := []string{`run "/bin/true"`, `run /bin/sh "/bin/true"`}
	asUser := []string{`run "/bin/true" as www-data`, `run /bin/sh "/bin/true" as www-data`}
	full := Settings{
		Argv: []string{"/bin/true"}, Env: []string{"A=1", "LISTEN_PID=" + own, "LISTEN_PID=7"},
		ParentDeath: unix.SIGTERM, OwnGroup: true, Replace: []Replacement{{FD: 1, From: fd}, {FD: 2, From: fd}}, Close: []int{0, 2, 3},
		Rlimits:     []Rlimit{{Resource: unix.RLIMIT_NOFILE, What: "nofile to 1:2"}, {Resource: unix.RLIMIT_NPROC, What: "nproc to 3:4"}},
		OOMScoreAdj: number(5), Nice: number(-3),
		Identity: Identity{
			As: &Account{UID: 33, GID: 34, What: "www-data"}, SetGroups: true, Groups: []uint32{4, 34}, Ambient: 1<<10 | 1<<40, NoNewPrivs: true,
		},
	}
	fullText := slices.Concat([]string{
		"make a process group",
		"join the group",
		"open /proc/self/oom_score_adj",
		"set oom_score_adj to 5",
		"set the nice value to -3",
		"62 actions",
		"replace descriptor 1",
		"replace descriptor 2",
		"close a descriptor",
		"close a descriptor",
		"set rlimit nofile to 1:2",
		"set rlimit nproc to 3:4",
		"give descriptor 1 to www-data",
		"give descriptor 2 to www-data",
		"set the supplementary groups",
		"set the group to 34",
		"keep capabilities",
		"set the user to www-data",
		"set the capabilities",
		"set the ambient capabilities",
		"set the ambient capabilities",
		"set no_new_privs",
		"set the parent-death signal",
		"find the parent alive",
		"get the new pid",
		"set LISTEN_PID",
		"set the signal mask",
	}, asUser)
	for _, test := range []struct {
		name           string
		settings       Settings
		parent, joinFD int
		want           []string
	}{
		{"nothing", Settings{Argv: []string{"/bin/true"}}, 1, -1, slices.Concat([]string{"62 actions", "set the signal mask"}, execs)},
		{"everything", full, 1, 9, fullText},
		{"no group", full, 1, -1, slices.DeleteFunc(slices.Clone(fullText), func(s string) bool { return s == "join the group" })},
		{"in place", full, 0, -1, slices.DeleteFunc(slices.Clone(fullText), func(s string) bool {
			return s == "join the group" || s == "set the parent-death signal" || s == "find the parent alive"
		})},
	} {
		p, err := test.settings.program(test.parent, test.joinFD)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.text(); !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, test.want)
		}
	}
}

// at is what an argument points to.
func at[T any](arg uintptr) T { return **(**T)(unsafe.Pointer(&arg)) }

// The arguments of the calls that carry the user's words.
func TestProgramArguments(t *testing.T) {
	s := Settings{
		Argv: []string{"/bin/x"}, Blocked: bits(1, 64), Ignored: bits(2, 13, 64),
		ParentDeath: unix.SIGQUIT, Replace: []Replacement{{FD: 1, From: 7}}, Close: []int{2}, Nice: number(-3), OOMScoreAdj: number(-17),
		Rlimits: []Rlimit{{Resource: unix.RLIMIT_CPU, Cur: 5, Max: 6}},
	}
	p, err := s.program(4711, -1)
	if err != nil {
		t.Fatal(err)
	}
	var ignored uint64
	for i, c := range p.calls {
		switch c.nr {
		case unix.SYS_RT_SIGACTION:
			if at[sigaction](c.args[1]).handler == sigIgn {
				ignored |= bits(int(c.args[0]))
			}
			if c.args[0] == uintptr(unix.SIGKILL) || c.args[0] == uintptr(unix.SIGSTOP) {
				t.Errorf("the action of signal %d cannot be set", c.args[0])
			}
		case unix.SYS_RT_SIGPROCMASK:
			if got := at[uint64](c.args[1]); got != s.Blocked || c.args[0] != unix.SIG_SETMASK {
				t.Errorf("mask: got %#x, want %#x", got, s.Blocked)
			}
		case unix.SYS_PRLIMIT64:
			if got := at[unix.Rlimit](c.args[2]); got != (unix.Rlimit{Cur: 5, Max: 6}) || c.args[1] != unix.RLIMIT_CPU {
				t.Errorf("rlimit: got %d to %+v", c.args[1], got)
			}
		case unix.SYS_PRCTL:
			if c.args[0] != unix.PR_SET_PDEATHSIG || c.args[1] != uintptr(unix.SIGQUIT) {
				t.Errorf("prctl: got %v", c.args)
			}
		case unix.SYS_GETPPID:
			if c.flags != flagCheck || c.want != 4711 {
				t.Errorf("parent: got %+v", c)
			}
		case unix.SYS_SETPRIORITY:
			if int(c.args[2]) != -3 {
				t.Errorf("nice: got %d", int(c.args[2]))
			}
		case unix.SYS_WRITE:
			if got := at[[3]byte](c.args[1]); string(got[:]) != "-17" || c.args[2] != 3 || c.flags != flagLast {
				t.Errorf("oom_score_adj: got %q, %+v", got[:], c)
			}
		case unix.SYS_DUP3:
			// Without O_CLOEXEC: it is for the command.
			if c.args[0] != 7 || c.args[1] != 1 || c.args[2] != 0 {
				t.Errorf("replace: got %v", c.args)
			}
		case unix.SYS_CLOSE:
			if c.args[0] != 2 {
				t.Errorf("close: got %d", c.args[0])
			}
		case unix.SYS_EXECVE, unix.SYS_OPENAT:
		default:
			t.Errorf("%s: a call that this test does not know", p.names[i])
		}
	}
	if ignored != s.Ignored {
		t.Errorf("ignored: got %#x, want %#x", ignored, s.Ignored)
	}
}

func bits(sigs ...int) (set uint64) {
	for _, s := range sigs {
		set |= 1 << (s - 1)
	}
	return set
}

// What execvp(3) tries; clitest compares with the real one.
func TestCandidates(t *testing.T) {
	for _, test := range []struct {
		name string
		env  []string
		want []string
	}{
		{"x", []string{"PATH=/a:/b"}, []string{"/a/x", "/b/x"}},
		{"x", []string{"PATH=/a"}, []string{"/a/x"}},
		{"x", []string{"PATH=/a/:b"}, []string{"/a//x", "b/x"}},
		{"x", []string{"A=1", "PATH=/a", "PATH=/b"}, []string{"/a/x"}},
		{"x", []string{"MYPATH=/a", "PATH"}, []string{"/bin/x", "/usr/bin/x"}},
		{"x", nil, []string{"/bin/x", "/usr/bin/x"}},
		// An empty folder is the current one, and the name stays as it is.
		{"x", []string{"PATH="}, []string{"x"}},
		{"x", []string{"PATH=:/a::/b:"}, []string{"x", "/a/x", "x", "/b/x", "x"}},
		{"x", []string{"PATH=."}, []string{"./x"}},
		{"./x", []string{"PATH=/a"}, []string{"./x"}},
		{"a/x", []string{"PATH=/a"}, []string{"a/x"}},
		{"/x", nil, []string{"/x"}},
		{"", []string{"PATH=/a"}, []string{""}},
	} {
		if got := candidates(test.name, test.env); !slices.Equal(got, test.want) {
			t.Errorf("candidates(%q, %q): got %q, want %q", test.name, test.env, got, test.want)
		}
	}
}
