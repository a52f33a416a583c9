package hooks

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/signals"
)

// program is what ps(1) calls the relance around a command.
const program = "relance-hook"

// spawn starts the command of j under a relance of its own, in a session of its own, and
// returns its pid. What it writes goes to our stderr, never to our stdout; that of an
// errand is kept.
func (c *Crew) spawn(j job) (int, error) {
	input, err := inputOf(j.input)
	if err != nil {
		return 0, err
	}
	defer unix.Close(input)
	s := c.set.Base
	s.Argv = c.words(j)
	// As it is, also where the file was replaced meanwhile.
	s.Path = "/proc/self/exe"
	s.Env = append(slices.Clone(s.Env), j.env...)
	s.OwnSession, s.OnlyStdio, s.ParentDeath = true, true, unix.SIGTERM
	s.Replace = []child.Replacement{{FD: 0, From: input}, {FD: 1, From: 2}}
	if j.errand != nil {
		s.Replace = []child.Replacement{{FD: 0, From: input}, {FD: 1, From: j.errand.said}, {FD: 2, From: j.errand.said}}
	}
	spawner, err := child.NewSpawner(&s)
	if err != nil {
		return 0, err
	}
	return spawner.Spawn(nil)
}

// inputOf returns a descriptor from which text is read. It is a file in memory
// (memfd_create(2)), so nobody waits for who reads it, or does not.
func inputOf(text string) (int, error) {
	if text == "" {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return -1, fmt.Errorf("open /dev/null for stdin: %w", err)
		}
		return fd, nil
	}
	fd, err := unix.MemfdCreate("event", unix.MFD_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("make a file for stdin: %w", err)
	}
	for b := []byte(text); len(b) > 0 && err == nil; {
		var n int
		n, err = unix.Write(fd, b)
		b = b[max(n, 0):]
	}
	if err == nil {
		_, err = unix.Seek(fd, 0, unix.SEEK_SET)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("write the event to a file for stdin: %w", err)
	}
	return fd, nil
}

// end asks the relance around a command to end all of it, or by force. The pid is ours
// until it is reaped. One that was stopped could not hear it.
func end(pid int, force bool) {
	sig := unix.SIGTERM
	if force {
		sig = unix.SIGKILL
	}
	_ = unix.Kill(pid, sig)
	_ = unix.Kill(pid, unix.SIGCONT)
}

// closeConn lets go of who has knocked.
func closeConn(fd int) { _ = unix.Close(fd) }

func signalName(s unix.Signal) string { return signals.Name(s) }
