package main

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"relance/cli"
	"relance/control"
	"relance/report"
	"relance/restart"
	"relance/status"
)

// ordered asks for what is to be done, and waits for what comes of it.
func ordered(todo *cli.Ask, client *control.Client) int {
	w := waiting{verb: todo.Verb, before: map[int]int{}, up: map[int]bool{}}
	body, err := client.Status()
	var now status.Status
	if err == nil {
		err = decode(body, &now)
	}
	if err != nil {
		return unheard(todo, err)
	}
	for _, worker := range now.Workers {
		w.before[worker.Worker] = max(w.before[worker.Worker], worker.Generation)
	}
	process := openProcess(client.PID())
	defer process.close()
	if todo.NoWait {
		if _, err = client.Order(todo.Verb); err != nil {
			return unheard(todo, err)
		}
		return 0
	}
	// Who listens before it asks misses nothing, however quick the end is.
	stream, err := client.Events(0, true)
	if err != nil {
		return unheard(todo, err)
	}
	defer stream.Close()
	heard, err := client.Order(todo.Verb)
	if err != nil {
		return unheard(todo, err)
	}
	w.after = heard.Seq
	err = eachEvent(stream, w.tell)
	switch {
	case w.failed, err != nil && todo.Verb == "restart":
		if err != nil {
			return unheard(todo, err)
		}
		return 1
	case w.done:
		return 0
	case todo.Verb == "restart":
		cli.Complain(stderr{}, &cli.Error{Msg: "restart: relance has ended"})
		return 1
	}
	// Its last word is said, or it ended before we could hear it.
	if !process.ended() {
		cli.Complain(stderr{}, &cli.Error{
			Msg: "stop: it has said its last word, and is still there", Hint: "it waits for who reads its stdout or stderr, or for a mail or webhook (--post-timeout); a signal (TERM) does not",
		})
		return 1
	}
	return 0
}

// waiting is an order of which something is still to come.
type waiting struct {
	verb string
	// after is the number of the last event that was there before the order.
	after uint64
	// before has the last generation of each worker before the order, up those with a
	// later one.
	before       map[int]int
	up           map[int]bool
	done, failed bool
}

// failures are the kinds of events that say that the next generation is not there.
var failures = []restart.Kind{restart.Backoff, restart.NoHelp, restart.HandoverFailed, restart.GaveUp, restart.Reduced, restart.BudgetEnd}

// tell tells of an event, and reports whether there is more to wait for.
func (w *waiting) tell(_ []byte, e report.Event) (more bool, err error) {
	if e.Seq > 0 && e.Seq <= w.after {
		// It may have come after the status, from a recycle for another reason.
		if before, there := w.before[e.Worker]; there {
			w.before[e.Worker] = max(before, e.Generation)
		}
		return true, nil
	}
	if !e.Silent() {
		if err := write(eventText(e)); err != nil {
			return false, err
		}
	}
	if w.verb != "restart" {
		return true, nil
	}
	kind, later := restart.Kind(e.Kind), e.Generation > w.before[e.Worker]
	switch {
	case kind == restart.Up && later:
		w.up[e.Worker] = true
	case slices.Contains(failures, kind) && (later || kind == restart.GaveUp || kind == restart.Reduced):
		w.failed = true
	}
	w.done = len(w.before) > 0 && len(w.up) == len(w.before)
	return !w.done && !w.failed, nil
}

// patience is how long a stop waits for the process of relance after it has said its last
// word.
const patience = 10 * time.Second

// process is one whose end can be waited for: a descriptor of it (pidfd_open(2)); -1:
// that cannot be had, since it is gone, or of another pid namespace.
type process int

func openProcess(pid int) process {
	if pid <= 0 {
		return -1
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1
	}
	return process(fd)
}

func (p process) close() {
	if p >= 0 {
		_ = unix.Close(int(p))
	}
}

// ended waits until it has ended, and reports whether it has, as far as that can be known.
func (p process) ended() bool {
	if p < 0 {
		return true
	}
	fds := []unix.PollFd{{Fd: int32(p), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		if err != unix.EINTR {
			return n > 0
		}
	}
}
