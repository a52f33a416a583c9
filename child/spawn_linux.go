package child

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// cloneArgs is the start of the kernel's struct clone_args (clone3(2)), up to
// the group; the assembly reads flags and exitSignal for plain clone(2).
type cloneArgs struct {
	flags      uint64
	_          [3]uint64 // pidfd, child_tid, parent_tid
	exitSignal uint64
	_          [5]uint64 // stack, stack_size, tls, set_tid, set_tid_size
	cgroup     uint64
}

// vforkStage makes a process that shares our memory and performs the program in
// it while this thread sleeps. It returns the new pid, or the errno of clone(2),
// and whether the program came to its end without an exec.
// The mask all is set around it, the one before is kept in old.
//
//go:noescape
func vforkStage(calls *call, n uintptr, clone *cloneArgs, clone3 uintptr, all, old *uint64) (pid, errno, failed uintptr)

// stageHere performs the program in this process.
//
//go:noescape
func stageHere(calls *call, n uintptr)

// Group is the cgroup that a new process is put into.
type Group struct {
	// FD is a descriptor of the group's folder, for CLONE_INTO_CGROUP.
	FD int
}

// Spawner starts the generations of one command. It is not safe for use by more
// than one goroutine, and that one is locked to its thread.
type Spawner struct {
	settings *Settings
	// plain is the program without a group to join. It is written once: a
	// relaunch should cost no more than the fork and the exec.
	plain *program
	// noClone3 is set when the kernel refused CLONE_INTO_CGROUP: from then on
	// the stage joins the group itself.
	noClone3 bool
	// dumpable is what our memory was marked as before the first stage.
	dumpable dumpable
}

// NewSpawner prepares to start the command of s, which is the spawner's from now
// on.
func NewSpawner(s *Settings) (*Spawner, error) {
	plain, err := s.program(unix.Getpid(), -1)
	if err != nil {
		return nil, err
	}
	return &Spawner{settings: s, plain: plain, dumpable: isDumpable()}, nil
}

// SetEnv changes an entry of the environment that the next generations get: the last
// of the same name, NAME=value.
func (s *Spawner) SetEnv(entry string) error {
	text, err := unix.BytePtrFromString(entry)
	if err != nil {
		return fmt.Errorf("environment %q: %w", entry, err)
	}
	name := entry[:strings.IndexByte(entry, '=')+1]
	for i, old := range slices.Backward(s.settings.Env) {
		if strings.HasPrefix(old, name) {
			s.settings.Env[i], s.plain.env[i] = entry, text
			return nil
		}
	}
	return fmt.Errorf("environment %q: there is no such entry to change", entry)
}

// Append puts entries, NAME=value, behind the environment that the next generations get,
// in place of those of the call before. There is room for Settings.Room of them.
func (s *Spawner) Append(entries []string) error {
	if len(entries) > s.settings.Room {
		return fmt.Errorf("environment: %d entries to append, and room for %d", len(entries), s.settings.Room)
	}
	more := s.plain.env[len(s.settings.Env):]
	clear(more)
	s.settings.more = entries
	for i, entry := range entries {
		text, err := unix.BytePtrFromString(entry)
		if err != nil {
			return fmt.Errorf("environment %q: %w", entry, err)
		}
		more[i] = text
	}
	return nil
}

// Spawn starts the command and returns its pid once the exec has succeeded. The
// child is born inside group, if that is not nil. A *StageError says which step
// of the stage was refused; ErrNoEntry that it may not be in that group, and
// could be started without; any other error that no process could be made.
func (s *Spawner) Spawn(group *Group) (int, error) {
	if group != nil && !s.noClone3 {
		pid, err := s.run(s.plain, &cloneArgs{
			flags:      unix.CLONE_VM | unix.CLONE_VFORK | unix.CLONE_INTO_CGROUP,
			exitSignal: uint64(unix.SIGCHLD),
			cgroup:     uint64(group.FD),
		}, true)
		if !errors.Is(err, errNoClone3) {
			return pid, err
		}
		s.noClone3 = true
	}
	program := s.plain
	if group != nil {
		fd, err := unix.Openat(group.FD, "cgroup.procs", unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return 0, fmt.Errorf("%w: open cgroup.procs: %w", ErrNoEntry, err)
		}
		defer unix.Close(fd)
		if program, err = s.settings.program(unix.Getpid(), fd); err != nil {
			return 0, err
		}
	}
	pid, err := s.run(program, &cloneArgs{flags: unix.CLONE_VM | unix.CLONE_VFORK, exitSignal: uint64(unix.SIGCHLD)}, false)
	var stage *StageError
	if errors.As(err, &stage) && stage.Step == stepJoin {
		err = fmt.Errorf("%w: %w", ErrNoEntry, stage.Errno)
	}
	return pid, err
}

// errNoClone3 says that clone3(2) does not put a process into the group here: an
// old kernel or a filter (ENOSYS, EPERM, EINVAL), or a group that we may not move
// into from where we are (EACCES, EBUSY, EOPNOTSUPP).
var errNoClone3 = errors.New("clone3 refused")

// refusesClone3 reports whether errno means that, and not that there is no room
// for another process.
func refusesClone3(errno unix.Errno) bool { return errno != unix.EAGAIN && errno != unix.ENOMEM }

// ErrNoEntry says that the new process could not join the group it was to be in.
var ErrNoEntry = errors.New("cannot enter the group")

func (s *Spawner) run(p *program, args *cloneArgs, clone3 bool) (int, error) {
	p.reset()
	var use uintptr
	if clone3 {
		use = 1
	}
	all, old := ^uint64(0), uint64(0)
	pid, errno, failed := vforkStage(&p.calls[0], uintptr(len(p.calls)), args, use, &all, &old)
	runtime.KeepAlive(p)
	if s.settings.Identity.As != nil {
		s.dumpable.restore()
	}
	if errno != 0 {
		if clone3 && refusesClone3(unix.Errno(errno)) {
			return 0, fmt.Errorf("%w: %w", errNoClone3, unix.Errno(errno))
		}
		return 0, fmt.Errorf("fork: %w", unix.Errno(errno))
	}
	if failed != 0 {
		// The stage has ended; nobody else may see this pid.
		for {
			if _, err := unix.Wait4(int(pid), nil, 0, nil); err != unix.EINTR {
				break
			}
		}
		return 0, p.failure()
	}
	return int(pid), nil
}

// Exec performs the stage in this process and becomes the command. It returns
// only if it could not. The caller is locked to its thread and ends the program
// afterwards: the signal state is the command's by then.
func (s *Settings) Exec() error {
	here := *s
	here.OwnGroup, here.ParentDeath = false, 0
	p, err := here.program(0, -1)
	if err != nil {
		return err
	}
	stageHere(&p.calls[0], uintptr(len(p.calls)))
	runtime.KeepAlive(p)
	return p.failure()
}
