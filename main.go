// Relance runs any command under limits and budgets; when one is spent, it stops
// the whole process tree cleanly, starts it again, and says why.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	_ "unsafe" // for linkname

	"golang.org/x/sys/unix"

	"relance/cgroup"
	"relance/child"
	"relance/cli"
	"relance/entry"
	"relance/place"
	"relance/restart"
	"relance/signals"
	"relance/supervise"
	"relance/tree"
)

// version is set when a release is built.
var version = "development"

func init() {
	// The main goroutine stays on the main thread for good: the parent-death
	// signal of a child comes when the thread that made it ends (prctl(2)).
	runtime.LockOSThread()
}

func main() { os.Exit(run()) }

func run() int {
	given := entry.Record()
	todo, err := cli.Parse(cli.Input{Args: os.Args[1:], Env: environment(), Given: given, Version: "relance " + version})
	if err != nil {
		cli.Complain(stderr{}, err)
		return cli.UsageStatus
	}
	switch todo := todo.(type) {
	case cli.Print:
		fmt.Print(todo.Text)
		return 0
	case *cli.Exec:
		return become(todo)
	case *cli.Doctor:
		return diagnosed(todo)
	case *cli.Notify:
		return notified(todo)
	case *cli.Gate:
		return held(todo)
	case *cli.Ask:
		return asked(todo, given.Ignored)
	case *cli.Run:
		return supervised(todo, given)
	}
	panic("unknown thing to do")
}

// become is "relance exec"; it returns only where that could not be.
func become(todo *cli.Exec) int {
	for _, note := range todo.Notes {
		fmt.Fprintf(stderr{}, "relance: %s\n", note)
	}
	held, err := hold(&todo.Sockets)
	if err != nil {
		return refuse(err)
	}
	if held != nil {
		defer held.Close()
		for _, end := range held.Ends() {
			todo.Settings.Replace = append(todo.Settings.Replace, child.Replacement(end))
		}
		todo.Settings.Env = held.Env(todo.Settings.Env)
	}
	err = todo.Settings.Exec()
	cli.Complain(stderr{}, err)
	if stage, ok := err.(*child.StageError); ok {
		return stage.ExitStatus()
	}
	return cli.UsageStatus
}

// supervised runs the command until all is over.
func supervised(todo *cli.Run, given entry.Given) int {
	// The last thing of all, when what is to be said has been said.
	var endBy restart.Sig
	defer func() { child.EndBy(unix.Signal(endBy)) }()
	tell, err := openOutlets(todo)
	if err != nil {
		return refuse(err)
	}
	defer tell.Close()
	controls, say := newControls(todo, &tell.Stream), tell.say
	for _, note := range todo.Notes {
		say(note)
	}
	source, err := signals.Open()
	if err != nil {
		return refuse(err)
	}
	received, changes := make(chan signals.Signal, 16), make(chan cgroup.Change)
	from, err := open(todo, given, received, changes, say, tell.log.stderr)
	if err != nil {
		return refuse(err)
	}
	defer drain(from, received, given.Ignored, tell)
	defer from.held.Close()
	defer hangUp(from)
	from.Doors = attend(tell.crew)
	if from.Asks, err = controls.open(todo, say); err != nil {
		return refuse(err)
	}
	defer controls.close()
	where, err := locate(todo)
	if err != nil {
		return refuse(err)
	}
	// After the groups are gone, and also where nothing can be started.
	defer func() {
		if err := where.Close(); err != nil {
			say("leave the groups as they were: " + err.Error())
		}
	}()
	todo.Policy.MemoryEvents, todo.Policy.Swap = where.Limited() && todo.Guarded(), where.Swaps()
	if where.How != "" {
		say("memory: " + where.String())
	}
	machine, err := newMachine(setupOf(todo, where, &from, say))
	if err != nil {
		return refuse(err)
	}
	defer machine.Close()
	go source.Run(received)
	go machine.RunChanges(changes)
	go controls.run()
	config := configOf(todo, given, controls)
	config.Terminal, config.Say = machine.OnTerminal(), say
	config.Report = func(r restart.Report) { tell.report(r); controls.catchUp() }
	config.Above, config.Beat, tell.above = from.above, from.beat, from.above
	config.Settled, config.Hooks, config.Asked = giveBack(), tell.crew, tell.hurry
	config.EndBy = func(sig restart.Sig) { endBy = sig }
	return supervise.Run(config, machine, from.Sources)
}

// giveBack returns what gives memory back that only a start needs, to be called after each. The first has
// hardly used any heap, and a collection would start threads that an idle relance never needs.
func giveBack() func() {
	first := true
	return func() {
		if !first {
			debug.FreeOSMemory()
		}
		first = false
		entry.Trim()
	}
}

// newMachine prepares to start the command.
func newMachine(setup supervise.Setup) (*supervise.Machine, error) {
	machine, err := supervise.NewMachine(setup)
	if errors.Is(err, tree.ErrNoProc) {
		err = &cli.Error{Msg: err.Error(), Hint: "mount it: mount -t proc proc /proc"}
	}
	return machine, err
}

// setupOf is what the machine is made of.
func setupOf(todo *cli.Run, where *place.Place, from *opened, say func(string)) supervise.Setup {
	return supervise.Setup{
		Settings: &todo.Settings, Place: where, Limits: todo.Group, Pressure: todo.Pressure,
		Ask: ask(todo), Files: from.watched, Sockets: from.held, Workers: todo.Policy.Workers, Berths: len(from.ears), Ears: from.ears,
		Prober: from.prober, ReadyFD: todo.Ready.FD, Numbered: todo.Ready.Numbered(), Supervising: todo.Supervising, Stdio: from.broker, Limited: todo.Policy.MaxRequests > 0, Say: say,
	}
}

// configOf is what the loop needs to know of what is to be done.
func configOf(todo *cli.Run, given entry.Given, c *controls) supervise.Config {
	return supervise.Config{
		Policy:        todo.Policy,
		Situation:     signals.Situation{Ignored: given.Ignored, Leader: leader(), Self: os.Getpid()},
		Rewrites:      todo.Rewrites,
		RestartSignal: todo.RestartSignal,
		StopSignalSet: todo.StopSignalSet,
		Sample:        c.sample(),
		Status:        c.status,
	}
}

// refuse says why nothing was started.
func refuse(err error) int {
	cli.Complain(stderr{}, err)
	return cli.UsageStatus
}

// locate finds where the tree is put and its memory watched.
func locate(todo *cli.Run) (*place.Place, error) {
	if todo.Pressure == nil && len(todo.Group.Controllers())+len(todo.Total.Controllers()) == 0 {
		return place.Bare(os.Getpid()), nil
	}
	where, err := place.Find(place.Want{
		Source: todo.Source, Limits: todo.Group, Total: todo.Total, Pressure: todo.Pressure, PID: os.Getpid(),
		MustLimit: todo.NeedsGroup != "",
	})
	if refused := (*place.Error)(nil); errors.As(err, &refused) {
		flag := "memory-source"
		if todo.NeedsGroup != "" {
			flag = todo.NeedsGroup
		}
		return nil, &cli.Error{Msg: "--" + flag + ": " + err.Error(), Hint: refused.Hint()}
	}
	return where, err
}

// leader reports whether this process leads its session.
func leader() bool {
	sid, err := unix.Getsid(0)
	return err == nil && sid == os.Getpid()
}

// stderr writes without the runtime's habit of dying by SIGPIPE.
type stderr struct{}

func (stderr) Write(b []byte) (int, error) { return unix.Write(2, b) }

// environment is what we were given, in order, duplicates and all: os.Environ
// drops them.
//
//go:linkname environment syscall.runtime_envs
func environment() []string
