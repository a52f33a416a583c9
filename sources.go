package main

import (
	"errors"
	"os"
	"time"

	"relance/cgroup"
	"relance/cli"
	"relance/clock"
	"relance/entry"
	"relance/files"
	"relance/hooks"
	"relance/listen"
	"relance/output"
	"relance/ready"
	"relance/report"
	"relance/requests"
	"relance/signals"
	"relance/stdio"
	"relance/supervise"
)

// The sources beside signals and groups, each opened only where it is asked for.

// opened are they, and the channels through which the loop hears of them.
type opened struct {
	ears    []supervise.Ears
	watched *files.Watch
	broker  *stdio.Broker
	prober  *ready.Prober
	held    *listen.Held
	above   *requests.Upward
	beat    time.Duration
	supervise.Sources
}

// open opens what is asked for; where one cannot be, nothing is started.
func open(todo *cli.Run, given entry.Given, received <-chan signals.Signal, changes <-chan cgroup.Change, say func(string), stderr *report.Descriptor) (o opened, err error) {
	news, touched, set := make(chan requests.News, 64), make(chan files.Touched, 1), make(chan clock.Set)
	o.Sources = supervise.Sources{Signals: received, Groups: changes, Clock: set, Files: touched, Requests: news}
	o.ears = make([]supervise.Ears, todo.Berths())
	if err = o.hear(todo, news, say); err != nil {
		return o, err
	}
	if todo.Listens {
		// Where the command is listened to it does not speak for itself any more.
		if o.above, o.beat, err = speak(say); err != nil {
			return o, err
		}
	}
	if o.broker, err = broke(todo, o.ears[0].Counter, news, say); err != nil {
		return o, err
	}
	if err = o.carry(todo, given, say, stderr); err != nil {
		return o, err
	}
	if o.watched, err = watchFiles(todo, touched); err != nil {
		return o, err
	}
	if err = o.probe(todo); err != nil {
		return o, err
	}
	if o.held, err = hold(&todo.Sockets); err != nil {
		return o, err
	}
	for _, address := range o.held.Chosen() {
		say("listening on " + address)
	}
	watchClock(todo, set, say)
	return o, nil
}

// probe finds out whether generations are ready, where that is asked for.
func (o *opened) probe(todo *cli.Run) (err error) {
	if o.prober, err = ready.Open(todo.Ready, max(todo.Policy.Workers, 1)); o.prober == nil || err != nil {
		return err
	}
	results := make(chan ready.Result)
	o.Ready = results
	for range o.prober.Runs() {
		go o.prober.Run(results)
	}
	return nil
}

// attend listens at the doors of the gates.
func attend(crew *hooks.Crew) <-chan hooks.Knock {
	knocks := make(chan hooks.Knock)
	for _, run := range crew.Runs() {
		go run(knocks)
	}
	return knocks
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

// hold binds the sockets that the command is to have, and takes those that we were
// given for it; nil: there are none.
func hold(sockets *cli.Sockets) (*listen.Held, error) {
	held, err := listen.Open(listen.Want{Addresses: sockets.Addresses, As: sockets.As, Env: environment(), PID: os.Getpid()})
	if err != nil {
		return nil, sockets.Unbound(err)
	}
	return held, nil
}

// carry stands between the command's output and ours, where that is needed. Lines
// of ours on stderr go the same way where others write there.
func (o *opened) carry(todo *cli.Run, given entry.Given, say func(string), stderr *report.Descriptor) error {
	workers := todo.Policy.Workers
	if todo.Policy.Silence == 0 && todo.CountLines == nil && workers < 2 && !todo.PrefixOutput && todo.Posts.Kept == nil {
		return nil
	}
	all, err := output.OpenAll(len(o.ears), given.Closed, say, func(i int) output.Want {
		want := output.Want{Silence: todo.Policy.Silence > 0, Stdout: todo.CountStdout, Stderr: todo.CountStderr, Whole: workers > 1 || todo.PrefixOutput}
		if todo.CountLines != nil {
			want.Count = o.ears[i].Counter.Serve
			want.Matches = todo.CountLines.Match
		}
		if kept := todo.Posts.Kept; kept != nil {
			want.Keep = kept[i].Keep
		}
		if todo.PrefixOutput {
			want.Prefix = output.WorkerPrefix(1+i*workers/len(o.ears), workers)
		}
		return want
	})
	var uncounted *output.UncountedError
	var unprefixed *output.UnprefixedError
	var unkept *output.UnkeptError
	switch {
	case errors.As(err, &unkept):
		return todo.Unkept(err)
	case errors.As(err, &uncounted):
		return todo.Uncounted(err)
	case errors.As(err, &unprefixed):
		return todo.Unprefixed(err)
	case err != nil:
		return todo.Uncarried(err)
	}
	for i, carrier := range all.Carriers {
		o.ears[i].Output = carrier
		for _, stream := range carrier.Streams() {
			go stream.Run()
		}
	}
	if workers > 1 || todo.PrefixOutput {
		stderr.Through(all.Tell)
	}
	return nil
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

// hangUp takes away the sockets on which the command is listened to.
func hangUp(from opened) {
	for _, ears := range from.ears {
		if ears.Server != nil {
			ears.Server.Close()
		}
	}
}

// hear opens what counts requests and what hears of them, where somebody wants to
// know.
func (o *opened) hear(todo *cli.Run, news chan<- requests.News, say func(string)) error {
	if todo.Policy.MaxRequests == 0 && !todo.Listens && todo.Stdio == nil {
		return nil
	}
	for i, counter := range requests.NewCounters(len(o.ears)) {
		o.ears[i].Counter, o.Counted = counter, counter.Told()
		if !todo.Listens {
			continue
		}
		server, err := requests.Open(counter, todo.SocketDir, say)
		if err != nil {
			return err
		}
		o.ears[i].Server = server
		go server.Run(news)
	}
	return nil
}
