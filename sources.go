package main

import (
	"errors"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/cli"
	"relance/clock"
	"relance/entry"
	"relance/files"
	"relance/output"
	"relance/requests"
	"relance/signals"
	"relance/stdio"
	"relance/supervise"
)

// The sources beside signals and groups, each opened only where it is asked for.

// opened are they, and the channels through which the loop hears of them.
type opened struct {
	counter *requests.Counter
	server  *requests.Server
	carried *output.Carrier
	watched *files.Watch
	broker  *stdio.Broker
	above   *requests.Upward
	beat    time.Duration
	supervise.Sources
}

// open opens what is asked for; where one cannot be, nothing is started.
func open(todo *cli.Run, given entry.Given, received <-chan signals.Signal, changes <-chan cgroup.Change, say func(string)) (o opened, err error) {
	news, touched, set := make(chan requests.News, 64), make(chan files.Touched, 1), make(chan clock.Set)
	o.Sources = supervise.Sources{Signals: received, Groups: changes, Clock: set, Files: touched, Requests: news}
	if o.counter, o.server, err = listen(todo, news, say); err != nil {
		return o, err
	}
	if o.counter != nil {
		o.Counted = o.counter.Told()
	}
	if o.server != nil {
		// Where the command is listened to it does not speak for itself any more.
		if o.above, o.beat, err = speak(say); err != nil {
			return o, err
		}
	}
	if o.broker, err = broke(todo, o.counter, news, say); err != nil {
		return o, err
	}
	if o.carried, err = carry(todo, given, say, o.counter); err != nil {
		return o, err
	}
	if o.watched, err = watchFiles(todo, touched); err != nil {
		return o, err
	}
	watchClock(todo, set, say)
	return o, nil
}

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
func carry(todo *cli.Run, given entry.Given, say func(string), counter *requests.Counter) (*output.Carrier, error) {
	if todo.Policy.Silence == 0 && todo.CountLines == nil {
		return nil, nil
	}
	want := output.Want{Silence: todo.Policy.Silence > 0, Stdout: todo.CountStdout, Stderr: todo.CountStderr}
	if todo.CountLines != nil {
		want.Count = counter.Serve
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
func drain(from opened, received <-chan signals.Signal, ignored uint64) {
	if from.carried == nil && from.broker == nil {
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
	if from.broker != nil {
		from.broker.Close()
	}
	if from.carried != nil {
		from.carried.Close()
	}
}

// speak tells whoever has started us how it goes, if that wants to know. A sign of
// life comes twice in the time after which we would be taken for hung.
func speak(say func(string)) (*requests.Upward, time.Duration, error) {
	every, err := requests.WatchdogInterval()
	if err != nil {
		return nil, 0, err
	}
	above := requests.OpenUpward()
	if above == nil {
		return nil, 0, nil
	}
	go above.Run(say)
	return above, every / 2, nil
}

// broke stands between our stdin and stdout and the command's; nil: nobody does.
func broke(todo *cli.Run, counter *requests.Counter, news chan<- requests.News, say func(string)) (*stdio.Broker, error) {
	if todo.Stdio == nil {
		return nil, nil
	}
	broker, err := stdio.Open(*todo.Stdio, counter, say)
	if err != nil {
		return nil, err
	}
	go broker.Run(news)
	return broker, nil
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

// listen opens what counts requests and what hears of them; nil: nobody wants to
// know.
func listen(todo *cli.Run, news chan<- requests.News, say func(string)) (*requests.Counter, *requests.Server, error) {
	if todo.Policy.MaxRequests == 0 && !todo.Listens && todo.Stdio == nil {
		return nil, nil, nil
	}
	counter := requests.NewCounter()
	if !todo.Listens {
		return counter, nil, nil
	}
	server, err := requests.Open(counter, say)
	if err != nil {
		return nil, nil, err
	}
	go server.Run(news)
	return counter, server, nil
}
