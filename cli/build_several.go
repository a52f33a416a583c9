package cli

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"relance/listen"
	"relance/ready"
	"relance/restart"
)

// maxWorkers bounds what somebody may have meant.
const maxWorkers = 1000

// several sets how many generations there may be at once, and when one is ready.
func (run *Run) several(f *runFlags) error {
	p := &run.Policy
	p.MaxUnavailable = 1
	for _, c := range []struct {
		name, value string
		most        int64
		into        *int
	}{
		{"workers", f.Workers, maxWorkers, &p.Workers},
		{"max-unavailable", f.MaxUnavailable, maxWorkers, &p.MaxUnavailable},
	} {
		if c.value == "" {
			continue
		}
		n, err := parseCount(c.value, c.most)
		switch {
		case err != nil:
		case c.name == "workers":
		case p.Workers == 0 && n > 1:
			err = errors.New("of what? Give --workers too, or leave it out")
		case n > int64(max(p.Workers, 1)) && p.Workers != 1:
			err = fmt.Errorf("there are only %d --workers; use a number up to that", p.Workers)
		}
		if err != nil {
			return flagError(c.name, c.value, err)
		}
		*c.into = int(n)
	}
	if p.Handover = f.Handover; p.Handover && !f.recycles() {
		return &Error{Msg: "--handover: " + notRecycled, flag: "handover"}
	}
	if p.Handover && p.Restart == restart.Never && !f.renewed() {
		return &Error{Msg: "--handover: under --restart never a spent budget is the end, so nobody takes over; use another policy, or leave one of the two out", flag: "handover"}
	}
	switch {
	case f.Restart != "":
	case p.Workers > 0:
		p.Restart = restart.Always // a pool is there to be kept full
	case p.Handover:
		p.Restart = restart.OnFailure // no gap is wanted, so least of all one without end
	}
	if run.Stdio != nil && (p.Handover || p.Workers > 1) {
		flag := "workers"
		if p.Handover {
			flag = "handover"
		}
		return flagError("stdio", f.Stdio, fmt.Errorf(
			"--%s has several commands at one stdin; leave one of the two out (the other side of --stdio sees no recycle in any case)", flag))
	}
	if err := run.totalMemory(f.TotalMemoryMax); err != nil {
		return err
	}
	if err := prefixesOutput(f.PrefixOutput, p.Workers); err != nil {
		return err
	}
	run.PrefixOutput = f.PrefixOutput
	return run.readiness(f)
}

// readiness sets how it is known that a generation can do its work.
func (run *Run) readiness(f *runFlags) error {
	p := &run.Policy
	spec, most, err := parseReady(f.Ready, f.StartTimeout, run.readyBeside(), f.Notify == "ready")
	if err != nil {
		return err
	}
	if spec.PerWorker() && p.Workers == 0 {
		return flagError("ready", f.Ready, errors.New("there is no worker, whose number {worker} is; give --workers too, or write the address out"))
	}
	if f.Notify == "ready" && spec.Kind != ready.None && spec.Kind != ready.Notify {
		return flagError("ready", f.Ready, errors.New("--notify ready says something else; leave one of the two out"))
	}
	switch spec.Kind {
	case ready.None:
		if p.Ready == restart.ReadyAtStart && (p.Handover || p.Workers > 1) && p.MinUptime > 0 {
			p.Ready, p.ReadyDelay = restart.ReadyAfter, p.MinUptime
		}
	case ready.Notify:
		p.Ready = restart.ReadyWhenSaid
	case ready.Delay:
		p.Ready, p.ReadyDelay = restart.ReadyAfter, spec.Delay
	default:
		p.Ready, run.Ready = restart.ReadyWhenProbed, spec
	}
	if p.Ready == restart.ReadyWhenSaid || p.Ready == restart.ReadyWhenProbed {
		p.StartTimeout = most
	}
	return nil
}

// readyBeside is what else is asked for that --ready must go together with.
func (run *Run) readyBeside() ready.Use {
	use := ready.Use{Handover: run.Policy.Handover, Workers: max(run.Policy.Workers, 1)}
	if run.Sockets.As != listen.Stdin {
		use.Passed = len(run.Sockets.Addresses)
	}
	for _, a := range run.Sockets.Addresses {
		switch a.Kind {
		case listen.TCP:
			host := ""
			if a.Host.IsValid() {
				host = a.Host.String()
			}
			use.Held = append(use.Held, ready.Held{Network: "tcp", Address: net.JoinHostPort(host, strconv.Itoa(int(a.Port)))})
		case listen.Stream:
			use.Held = append(use.Held, ready.Held{Network: "unix", Address: a.Path})
		}
	}
	return use
}

// recycles reports whether anything recycles the command.
func (f *runFlags) recycles() bool {
	return f.MemoryHigh != "" || f.MemoryPressure != "" || f.counted() || f.CPUTime != "" || f.CPUShare != "" || f.planned() ||
		len(f.Watch) > 0 || f.OutputSilence != "" || f.MaxRequests != "" || f.renewed()
}

// notRecycled says why a flag that is about recycles can do nothing.
const notRecycled = "nothing is recycled here; give a budget such as --memory-high, a time such as --every, " +
	"--restart-signal, or --name for relance restart too"

// renewed reports whether somebody is to ask for the next generation, by a signal or by
// relance restart. A control socket that nobody has asked for does not tell so.
func (f *runFlags) renewed() bool {
	return f.RestartSignal != "" || f.Control != controlNone && (f.Control != "" || f.Name != "")
}

// Berths is how many generations may live at once.
func (run *Run) Berths() int {
	n := max(run.Policy.Workers, 1)
	if run.Policy.Handover {
		n *= 2
	}
	return n
}
