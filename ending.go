package main

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/restart"
	"relance/signals"
)

// What is waited for when the loop is over.

// drain passes on what is left of the output. While a reader stalls that may take
// for ever, and nobody else looks at signals any more: those that would have ended
// the command now end us, also while messages are waited for that are on their way. Those
// are sent meanwhile: a reader that stalls is no reason not to tell of the end.
func drain(from opened, received <-chan signals.Signal, ignored uint64, tell *teller) {
	posting := tell.posts.children
	carries := from.ears[0].Output != nil || from.broker != nil
	if carries || posting != nil {
		for range len(received) { // and no more, however fast others come
			<-received // came before the end
		}
		go endBy(received, ignored, tell.asked, posting)
	}
	if !carries {
		return
	}
	said := make(chan struct{})
	long := time.AfterFunc(time.Second, func() {
		tell.say("all has ended; what it has written waits for its reader, which stalls; TERM, INT, HUP or QUIT does not wait")
		close(said)
	})
	defer func() {
		if !long.Stop() {
			<-said // nothing is said when the writer is closed
		}
	}()
	passed := make(chan struct{})
	go func() {
		from.passOn()
		close(passed)
	}()
	tell.crew.Serve(posting, passed)
}

// passOn waits until all that the command has written is passed on.
func (o *opened) passOn() {
	if o.broker != nil {
		o.broker.Close()
	}
	for _, ears := range o.ears {
		if ears.Output != nil {
			ears.Output.Close()
		}
	}
}

// endBy ends us by the first signal that would have ended the command, and is not of the
// request that has, and tells children that one of ours may have ended; children has room
// for one, and nobody else sends there.
func endBy(received <-chan signals.Signal, ignored uint64, asked time.Time, children chan<- struct{}) {
	runtime.LockOSThread() // for EndBy
	for s := range received {
		switch s.Number {
		case unix.SIGCHLD:
			if len(children) < cap(children) {
				children <- struct{}{}
			}
		case unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT:
			if ignored&(1<<(s.Number-1)) == 0 && time.Since(asked) >= restart.SameRequest {
				child.EndBy(s.Number)
				os.Exit(128 + int(s.Number)) // PID 1 lives on
			}
		}
	}
}
