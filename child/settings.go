package child

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Settings is what a command is started with. It is used for every generation
// again, so that all start alike.
type Settings struct {
	// Argv is the command and its arguments, bytes as given.
	Argv []string
	// Path is the file that is run, where it is not found by the first word of Argv.
	Path string
	// Env is the whole environment, in order, duplicates and all. A LISTEN_PID
	// that names this process is set to the pid of the new one, as the
	// descriptors of socket activation are for it (sd_listen_fds(3)).
	Env []string
	// Room is for how many entries more there is to be room in it (Spawner.Append).
	Room int

	// Blocked and Ignored are the signal mask and the ignored signals, one bit
	// each (bit n-1 for signal n). All other signals get their default action.
	Blocked, Ignored uint64
	// ParentDeath is the signal the kernel sends to the child when relance dies
	// (prctl(2), PR_SET_PDEATHSIG); zero: none.
	ParentDeath unix.Signal
	// OwnGroup makes the child the leader of a process group of its own.
	OwnGroup bool
	// OwnSession makes it the leader of a session of its own, without a terminal
	// (setsid(2)).
	OwnSession bool
	// Replace lists descriptors that take the place of others, in this order: what one
	// puts in its place, a later one must not be made from.
	Replace []Replacement
	// Close lists descriptors that the child must not have, but for those that are
	// replaced.
	Close []int
	// OnlyStdio closes all descriptors above 2, those too that we were given. Before Linux
	// 5.9 (close_range(2)), and where a filter of system calls (seccomp(2)) that is older
	// refuses that, it does not.
	OnlyStdio bool

	// Rlimits are set late, before the user only (setrlimit(2)).
	Rlimits []Rlimit
	// OOMScoreAdj is written to /proc/self/oom_score_adj, nil: left alone.
	OOMScoreAdj *int
	// Nice is the nice value, as setpriority(2) takes it; nil: left alone.
	Nice *int

	// Identity is as whom the command runs.
	Identity Identity

	// more are the entries of the environment that were appended.
	more []string
}

// Replacement is a descriptor FD of the child that is to be From of ours
// (dup3(2)). The two are not the same.
type Replacement struct{ FD, From int }

// Rlimit is one resource limit to set: what setrlimit(2) takes.
type Rlimit struct {
	Resource int
	Cur, Max uint64
	// What names the limit in an error message: "nofile to 1024:4096".
	What string
}

const (
	sigIgn = 1 // SIG_IGN of the kernel's sigaction; SIG_DFL is 0
	// sigsetSize is the size of the kernel's signal set, in bytes.
	sigsetSize = 8
)

// sigaction is the kernel's struct sigaction (rt_sigaction(2)).
type sigaction struct {
	handler uintptr
	_       [2]uintptr // flags, restorer
	_       uint64     // mask
}

var (
	actionDefault = &sigaction{}
	actionIgnore  = &sigaction{handler: sigIgn}
)

// stepJoin is the step that enters a group.
const stepJoin = "join the group"

// program writes the stage for these settings. parent is the pid that the new
// process must find as its parent, zero for an exec in place. joinFD is an open
// cgroup.procs of the group to join, or -1.
func (s *Settings) program(parent, joinFD int) (*program, error) {
	p := &program{execs: map[int]string{}}
	if s.OwnGroup {
		p.add("make a process group", unix.SYS_SETPGID, 0, 0)
	}
	if s.OwnSession {
		p.add("make a session", unix.SYS_SETSID)
	}
	if joinFD >= 0 {
		zero := []byte("0")
		p.hold(zero)
		p.add(stepJoin, unix.SYS_WRITE, uintptr(joinFD), pointer(&zero[0]), 1)
	}
	s.addPriorities(p)
	s.addSignals(p)
	for _, r := range s.Replace {
		p.add(fmt.Sprintf("replace descriptor %d", r.FD), unix.SYS_DUP3, uintptr(r.From), uintptr(r.FD), 0)
	}
	for _, fd := range s.Close {
		if !slices.ContainsFunc(s.Replace, func(r Replacement) bool { return r.FD == fd }) {
			p.add("close a descriptor", unix.SYS_CLOSE, uintptr(fd))
		}
	}
	if s.OnlyStdio {
		c := p.add("close all other descriptors", unix.SYS_CLOSE_RANGE, 3, math.MaxUint32, 0)
		c.tolerate = 1<<unix.ENOSYS | 1<<unix.EPERM
	}
	for i := range s.Rlimits {
		r := &s.Rlimits[i]
		p.hold(r)
		p.add("set rlimit "+r.What, unix.SYS_PRLIMIT64, 0, uintptr(r.Resource), pointer(&r.Cur), 0)
	}
	s.addIdentity(p)
	if s.ParentDeath != 0 && parent != 0 {
		p.add("set the parent-death signal", unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(s.ParentDeath))
		// "If the parent died before the prctl, the signal will never come":
		// so look again, afterwards.
		c := p.add("find the parent alive", unix.SYS_GETPPID)
		c.flags, c.want = flagCheck, uintptr(parent)
	}
	env, err := s.addEnv(p)
	if err != nil {
		return nil, err
	}
	mask := &s.Blocked
	p.add("set the signal mask", unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, pointer(mask), 0, sigsetSize)
	return p, s.addExecs(p, env)
}

// addPriorities adds what the scheduler and the OOM killer are told.
func (s *Settings) addPriorities(p *program) {
	if s.OOMScoreAdj != nil {
		path := []byte("/proc/self/oom_score_adj\x00")
		text := []byte(fmt.Sprint(*s.OOMScoreAdj))
		p.hold(path)
		p.hold(text)
		dir := unix.AT_FDCWD
		p.add("open /proc/self/oom_score_adj", unix.SYS_OPENAT, uintptr(dir), pointer(&path[0]),
			unix.O_WRONLY|unix.O_CLOEXEC)
		c := p.add(fmt.Sprintf("set oom_score_adj to %s", text), unix.SYS_WRITE, 0, pointer(&text[0]), uintptr(len(text)))
		c.flags = flagLast
	}
	if s.Nice != nil {
		p.add(fmt.Sprintf("set the nice value to %d", *s.Nice), unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, uintptr(*s.Nice))
	}
}

// addSignals gives every signal the disposition that relance was started with:
// the runtime has changed them all, and a new process inherits that.
func (s *Settings) addSignals(p *program) {
	for sig := uintptr(1); sig <= 64; sig++ {
		if sig == uintptr(unix.SIGKILL) || sig == uintptr(unix.SIGSTOP) {
			continue
		}
		act := actionDefault
		if s.Ignored&(1<<(sig-1)) != 0 {
			act = actionIgnore
		}
		p.add("set a signal's action", unix.SYS_RT_SIGACTION, sig, pointer(act), 0, sigsetSize)
	}
}

// addEnv makes the environment block, and fills LISTEN_PID in.
func (s *Settings) addEnv(p *program) ([]*byte, error) {
	env, err := syscall.SlicePtrFromStrings(slices.Concat(s.Env, s.more))
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	env = append(env, make([]*byte, s.Room-len(s.more))...)
	p.env = env
	own := fmt.Sprintf("LISTEN_PID=%d", unix.Getpid())
	for i, entry := range s.Env {
		if entry != own {
			continue
		}
		// Room for the longest pid and the zero byte behind it.
		text := make([]byte, len("LISTEN_PID=")+20+1)
		n := copy(text, "LISTEN_PID=")
		p.hold(text)
		env[i] = &text[0]
		p.add("get the new pid", unix.SYS_GETPID)
		p.add("set LISTEN_PID", 0, pointer(&text[n])).flags = flagDecimal
	}
	return env, nil
}

// addExecs adds the exec of each file that execvp(3) would try, and after a file
// that is neither a binary nor begins with #! the shell on it, as execvp(3) does.
func (s *Settings) addExecs(p *program, env []*byte) error {
	const (
		// After these execvp goes on with the next folder of PATH.
		goOn = 1<<unix.ENOENT | 1<<unix.EACCES | 1<<unix.ENOTDIR | 1<<unix.ENODEV
		// After this one with the shell, which is the call that follows.
		script = 1 << unix.ENOEXEC
	)
	argv, err := syscall.SlicePtrFromStrings(s.Argv)
	if err != nil {
		return fmt.Errorf("command %q: %w", s.Argv, err)
	}
	shell, err := syscall.BytePtrFromString("/bin/sh")
	if err != nil {
		return err
	}
	p.hold(argv)
	p.hold(shell)
	as := ""
	if s.Identity.As != nil {
		as = " as " + s.Identity.As.What
	}
	for _, file := range candidates(cmp.Or(s.Path, s.Argv[0]), s.Env) {
		path, err := syscall.BytePtrFromString(file)
		if err != nil {
			return fmt.Errorf("command %q: %w", file, err)
		}
		shArgv := append([]*byte{shell, path}, argv[1:]...)
		p.hold(path)
		p.hold(shArgv)
		p.execs[len(p.calls)] = s.Argv[0]
		c := p.add(fmt.Sprintf("run %q%s", file, as), unix.SYS_EXECVE, pointer(path), pointer(&argv[0]), pointer(&env[0]))
		c.tolerate = goOn | script
		p.execs[len(p.calls)] = s.Argv[0]
		c = p.add(fmt.Sprintf("run /bin/sh %q%s", file, as), unix.SYS_EXECVE, pointer(shell), pointer(&shArgv[0]), pointer(&env[0]))
		c.onlyAfter = uintptr(unix.ENOEXEC)
	}
	return nil
}

// candidates lists the files that execvp(3) tries for name: itself if it has a
// slash, else one for each folder of PATH, where an empty one is the current
// folder (a script sees its $0 without "./"), and an unset PATH is that of
// confstr(_CS_PATH).
func candidates(name string, env []string) []string {
	if strings.Contains(name, "/") || name == "" {
		return []string{name}
	}
	path := "/bin:/usr/bin"
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			path = value
			break
		}
	}
	var files []string
	for folder := range strings.SplitSeq(path, ":") {
		if folder != "" {
			folder += "/"
		}
		files = append(files, folder+name)
	}
	return files
}

// pointer is the address of *v for a call; the program must hold what it is in.
func pointer[T any](v *T) uintptr { return uintptr(unsafe.Pointer(v)) }
