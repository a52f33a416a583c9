package hooks

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/limits"
)

// Programs that relance itself wants to be run, such as sendmail(8).

const (
	// errandFlag is the flag that they are run for.
	errandFlag = "mail-to"
	// errandName is what the relance around one calls itself.
	errandName = "sendmail"
	// mostErrand is for how long one may run.
	mostErrand = time.Minute
	// lingers is for how long what one leaves in the background may go on: exim and dma
	// deliver there, when the program itself has ended long since.
	lingers = 10 * time.Second
	// mostSaid bounds what is kept of what it writes, and mostFirst what is told of it.
	mostSaid  = 64 << 10
	mostFirst = 1000
)

// Errand is a program that is to be run for somebody who waits for what comes of it.
type Errand struct {
	argv  []string
	input string
	// said is the file that stdout and stderr lead to.
	said int
	done chan ending
}

// ending is what came of an errand. With an error there is no status.
type ending struct {
	status int
	said   string
	err    error
}

// Run runs a program, and returns its exit status and the first line that it has written,
// to stdout or stderr. An error says that it has none: it could not be started, took too
// long, or was killed. Run is for another goroutine than that of the owner, and waits.
func (c *Crew) Run(argv []string, input string) (status int, said string, err error) {
	done := make(chan ending, 1)
	c.errands <- Errand{argv: argv, input: input, said: -1, done: done}
	e := <-done
	return e.status, e.said, e.err
}

// Errands is where the next one comes from.
func (c *Crew) Errands() <-chan Errand {
	if c == nil {
		return nil
	}
	return c.errands
}

// Errand takes one, which Start starts.
func (c *Crew) Errand(e Errand) {
	var err error
	if e.said, err = boundedFile(mostSaid); err != nil {
		e.done <- ending{err: err}
		return
	}
	c.jobs = append(c.jobs, job{flag: errandFlag, input: e.input, errand: &e})
}

// boundedFile returns a descriptor of a file in memory that grows no further.
func boundedFile(size int64) (int, error) {
	fd, err := unix.MemfdCreate("said", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, fmt.Errorf("make a file for stderr: %w", err)
	}
	if err = unix.Ftruncate(fd, size); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("make a file for stderr: %w", err)
	}
	return fd, nil
}

// refused says that it could not be started.
func (e *Errand) refused(err error) {
	_ = unix.Close(e.said)
	e.done <- ending{err: err}
}

// ended says what came of it; told: it was told to end, as it took too long.
func (e *Errand) ended(ch child.Change, told bool) {
	end := ending{status: ch.Code, said: firstLine(e.said)}
	switch {
	case ch.Signal == 0 && ch.Code == 0:
	case told:
		end.err = errors.New("not done within " + limits.FormatDuration(mostErrand) + ", so it is ended")
	case ch.Signal != 0:
		end.err = errors.New("ended by signal " + signalName(ch.Signal))
	}
	_ = unix.Close(e.said)
	e.done <- end
}

// firstLine is the first line in the file that is the program's own.
func firstLine(fd int) string {
	text := make([]byte, mostSaid)
	n, err := unix.Pread(fd, text, 0)
	if err != nil {
		return ""
	}
	text, _, _ = bytes.Cut(text[:n], []byte{0})
	for line := range bytes.Lines(text) {
		said := strings.TrimSpace(string(line[:min(len(line), mostFirst)]))
		if said != "" && !strings.HasPrefix(said, "relance: "+errandName+": ") {
			return said
		}
	}
	return ""
}

// words are those of the relance around j: all of its flags, and what it runs.
func (c *Crew) words(j job) []string {
	words := []string{program, "--control=none"}
	if c.set.JSON && j.errand == nil {
		words = append(words, "--log-format=json")
	}
	if j.errand != nil {
		// A signal that is ignored where nobody asks for it (signal(7)), so that what is in the background ends by itself.
		words = append(words, "--name="+errandName, "--stop-signal=URG", "--stop-timeout="+lingers.String(), "--")
		return append(words, j.errand.argv...)
	}
	name := "--" + j.flag
	if c.set.Name != "" {
		name = c.set.Name + ": " + name
	}
	return append(words, "--name="+name, "--stop-timeout="+grace.String(), "--", "/bin/sh", "-c", j.command)
}

// Serve runs errands when the loop is over, until done is closed. children tells that one
// may have ended. What runs then is ended by the relance around it, as we are gone.
func (c *Crew) Serve(children <-chan struct{}, done <-chan struct{}) {
	if c == nil || c.errands == nil {
		<-done
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		for {
			ch, wait := child.Reap()
			if wait != child.Found {
				break
			}
			c.Ended(ch)
		}
		c.Start(time.Now())
		if due := c.Due(); due.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(due))
		}
		select {
		case <-done:
			return
		case e := <-c.errands:
			c.Errand(e)
		case <-children:
		case <-timer.C:
			c.Advance(time.Now())
		}
	}
}
