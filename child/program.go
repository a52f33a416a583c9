package child

import (
	"fmt"
	"strings"
	"syscall"
)

// A program is the stage: the list of system calls that a new process makes
// between fork and exec. It is written out in full before the fork, because in
// the new process nothing of Go may run (see stage_amd64.s, which performs it).
type program struct {
	calls []call
	// names says what each call is for, in the words of an error message.
	names []string
	// keep holds what the arguments point to: a uintptr keeps nothing alive.
	keep []any
	// execs holds the command for each call that is an execve.
	execs map[int]string
	// env is the environment block that the execs are given, ended by nil.
	env []*byte
}

// call is one system call of a program. The assembly reads and writes it by
// the offsets of its fields.
type call struct {
	nr   uintptr
	args [6]uintptr
	// flags is a set of the constants below.
	flags uintptr
	// want is what the call must return, with flagCheck.
	want uintptr
	// tolerate has one bit for each errno below 64 after which the program goes
	// on with the next call; any other errno ends it.
	tolerate uintptr
	// onlyAfter is the errno that the call before this one must have ended
	// with, or this one is passed over; zero: it is always made.
	onlyAfter uintptr
	// errno is written by the stage: how the call ended.
	errno uintptr
}

const (
	// flagLast puts the result of the call before into the first argument.
	flagLast = 1 << iota
	// flagCheck ends the program with ESRCH unless the result is want.
	flagCheck
	// flagDecimal makes no call: it writes the result of the call before as a
	// decimal number and a zero byte to the address in args[0].
	flagDecimal
)

// add appends a call and returns it, so that the caller can set the rest.
// The pointer is good until the next add.
func (p *program) add(name string, nr uintptr, args ...uintptr) *call {
	c := call{nr: nr}
	copy(c.args[:], args)
	p.calls = append(p.calls, c)
	p.names = append(p.names, name)
	return &p.calls[len(p.calls)-1]
}

// hold keeps v alive and in place for as long as the program is.
func (p *program) hold(v any) { p.keep = append(p.keep, v) }

// reset forgets how the calls of an earlier run ended.
func (p *program) reset() {
	for i := range p.calls {
		p.calls[i].errno = 0
	}
}

// failure names the call that ended the program: the first that ended with an
// errno it does not tolerate or, when all candidates of an exec were tried, the
// exec that says most (a file that may not be executed says more than one that
// is not there, as in execvp(3)).
func (p *program) failure() *StageError {
	var exec *StageError
	for i := range p.calls {
		c := &p.calls[i]
		if c.errno == 0 || c.onlyAfter != 0 {
			// A shell that could not be run says nothing of the file that it was
			// meant for: an image without one, and a binary for another machine.
			continue
		}
		errno := syscall.Errno(c.errno)
		tolerated := errno < 64 && c.tolerate&(1<<errno) != 0
		command, isExec := p.execs[i]
		switch {
		case !isExec && tolerated:
		case !isExec:
			return &StageError{Step: p.names[i], Errno: errno}
		case exec == nil || exec.Errno != syscall.EACCES || !tolerated:
			exec = &StageError{Step: p.names[i], Command: command, Exec: true, Errno: errno}
		}
	}
	return exec
}

// StageError says which step between fork and exec was refused, and why.
type StageError struct {
	// Step is the step in the words of a message: "set the nice value to -5".
	Step string
	// Exec reports whether the step was the exec itself; Command is what was to
	// be run, as the user wrote it.
	Exec    bool
	Command string
	// Errno is the kernel's answer.
	Errno syscall.Errno
}

func (e *StageError) Error() string {
	if e.Exec && e.Errno == syscall.ENOENT && !strings.Contains(e.Command, "/") {
		return fmt.Sprintf("run %q: not found in PATH", e.Command)
	}
	if e.Exec && e.Errno == syscall.EAGAIN {
		// execve(2): after a change of user, and above the limit of that one.
		return e.Step + ": that user has more processes than RLIMIT_NPROC allows"
	}
	return e.Step + ": " + e.Errno.Error()
}

// Unwrap lets errors.Is see the errno.
func (e *StageError) Unwrap() error { return e.Errno }

// ExitStatus is what a wrapper exits with after this error, as env(1),
// timeout(1) and the shell do: 127 when the command was not found, 126 when it
// was but could not be run, 125 when a step of ours before it was refused.
func (e *StageError) ExitStatus() int {
	switch {
	case !e.Exec:
		return 125
	case e.Errno == syscall.ENOENT || e.Errno == syscall.ENOTDIR:
		return 127
	}
	return 126
}
