package main

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/cli"
	"relance/clock"
	"relance/entry"
	"relance/files"
	"relance/output"
	"relance/signals"
	"relance/supervise"
)

// The sources beside signals and groups, each opened only where it is asked for.

// ask is what the budgets need to be seen.
func ask(todo *cli.Run) supervise.Ask {
	p := &todo.Policy
	return supervise.Ask{
		Memory: p.MemoryHigh > 0, Addressed: p.AddressLimit > 0 || p.DataLimit > 0,
		MaxFiles: todo.MaxFiles, FilesPercent: todo.FilesPercent, Sockets: p.MaxSockets > 0, Tasks: p.MaxTasks > 0,
		CPU: p.CPUTime > 0 || p.CPUShare > 0 || p.IdleWait > 0 || p.MaxFiles || p.MaxSockets > 0 || p.MaxTasks > 0,
	}
}

// watchClock lets set hear of the clock where something is planned by it. Where
// that cannot be, what is planned may come late, and nothing else.
func watchClock(todo *cli.Run, set chan<- clock.Set, say func(string)) {
	if todo.Policy.Plan == nil {
		return
	}
	source, err := clock.Open()
	if err != nil {
		say(err.Error() + "; when it is set, or the machine sleeps, what is planned may come late")
		return
	}
	go source.Run(set)
}

// carry stands between the command's output and ours, where that is needed, and
// returns nil where it is not. count is told of the lines that todo counts.
func carry(todo *cli.Run, given entry.Given, say func(string), count func(gen int, n int64)) (*output.Carrier, error) {
	if todo.Policy.Silence == 0 && todo.CountLines == nil {
		return nil, nil
	}
	want := output.Want{Silence: todo.Policy.Silence > 0, Stdout: todo.CountStdout, Stderr: todo.CountStderr, Count: count}
	if todo.CountLines != nil {
		want.Matches = todo.CountLines.Match
	}
	carried, err := output.Open(given.Closed, say, want)
	var uncounted *output.UncountedError
	switch {
	case errors.As(err, &uncounted):
		return nil, todo.Uncounted(err)
	case err != nil:
		return nil, todo.Uncarried(err)
	}
	for _, stream := range carried.Streams() {
		go stream.Run()
	}
	return carried, nil
}

// drain passes on what is left of the output. While a reader stalls that may take
// for ever, and nobody else looks at signals any more: those that would have ended
// the command now end us.
func drain(carried *output.Carrier, received <-chan signals.Signal, ignored uint64) {
	if carried == nil {
		return
	}
	for len(received) > 0 {
		<-received // came before the end
	}
	go func() {
		runtime.LockOSThread() // for EndBy
		for s := range received {
			switch s.Number {
			case unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT:
				if ignored&(1<<(s.Number-1)) == 0 {
					child.EndBy(s.Number)
					os.Exit(128 + int(s.Number)) // PID 1 lives on
				}
			}
		}
	}()
	carried.Close()
}

// watchFiles lets touched hear of what is watched, and returns nil where nothing is.
func watchFiles(todo *cli.Run, touched chan<- files.Touched) (*files.Watch, error) {
	if len(todo.Watch) == 0 {
		return nil, nil
	}
	watch, err := files.Open(todo.Watch)
	if err != nil {
		return nil, &cli.Error{Msg: "--watch: " + err.Error()}
	}
	go watch.Run(touched)
	return watch, nil
}
