package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"relance/child"
	"relance/limits"
	"relance/place"
	"relance/restart"
	"relance/signals"
)

// The values of flags that are not given; runFlags has them as words.
const (
	defaultStopSignal = unix.SIGTERM
	defaultGrace      = 10 * time.Second
	defaultBackoffMin = 100 * time.Millisecond
	defaultBackoffMax = 30 * time.Second
	defaultMinUptime  = time.Second
)

func (in Input) buildRun(f *runFlags, command []string) (*Run, error) {
	run := &Run{
		Name: f.Name,
		Policy: restart.Policy{
			StopSignal: restart.Sig(defaultStopSignal), Grace: defaultGrace,
			BackoffMin: defaultBackoffMin, BackoffMax: defaultBackoffMax, MinUptime: defaultMinUptime,
			Seed: uint64(time.Now().UnixNano()) ^ uint64(os.Getpid())<<32,
		},
		Settings: in.settings(command),
		Supervising: len(f.Rlimit) > 0 || f.limitsGroup() != "" || f.Restart != "" || f.budgets() || f.RestartSignal != "" || f.Handover || f.Workers != "" ||
			len(f.Listen) > 0 || f.Control != "" && f.Control != controlNone || f.OnEvent != "" || f.AfterUp != "" || f.BeforeRelaunch != "",
		Zone: time.Local, Source: place.Auto, NeedsGroup: f.limitsGroup(),
	}
	for _, step := range []func(*runFlags) error{
		func(f *runFlags) error { return in.limits(run, f) },
		func(f *runFlags) error { return in.priorities(&run.Settings, f.OOMScoreAdj, f.Nice) },
		func(f *runFlags) error { return f.identity(&run.Settings, true) },
		run.memory, run.groupLimits, run.source, run.output, run.countLines, run.stopping, run.relaunch, run.report, run.clock,
		func(f *runFlags) error { return in.counts(run, f) },
		func(f *runFlags) error { return in.cpu(run, f) },
		run.watch, run.requests, run.listen, run.several, run.observe, run.control, run.hooks,
		func(f *runFlags) error { return in.post(run, f) },
	} {
		if err := step(f); err != nil {
			return nil, err
		}
	}
	return run, nil
}

func (in Input) buildExec(f *execFlags, command []string) (any, error) {
	exec := &Exec{Settings: in.settings(command)}
	if _, err := in.rlimits(&exec.Settings, &exec.Notes, f.Rlimit); err != nil {
		return nil, err
	}
	if err := in.priorities(&exec.Settings, f.OOMScoreAdj, f.Nice); err != nil {
		return nil, err
	}
	if err := exec.Sockets.parse(f.Listen, f.ListenAs); err != nil {
		return nil, err
	}
	return exec, f.identity(&exec.Settings, false)
}

// settings hands on what we were given.
func (in Input) settings(command []string) child.Settings {
	s := child.Settings{
		Argv: command, Env: in.Env,
		Blocked: in.Given.Blocked, Ignored: in.Given.Ignored,
		// The runtime has raised ours.
		Rlimits: []child.Rlimit{{
			Resource: unix.RLIMIT_NOFILE, Cur: in.Given.NoFile.Cur, Max: in.Given.NoFile.Max, What: "nofile as it was",
		}},
	}
	for fd, closed := range in.Given.Closed {
		if closed {
			// The runtime has opened /dev/null in its place.
			s.Close = append(s.Close, fd)
		}
	}
	return s
}

// rlimits adds the limits asked for to the settings and returns them by resource.
func (in Input) rlimits(s *child.Settings, notes *[]string, words []string) (map[int]child.Rlimit, error) {
	set := map[int]child.Rlimit{}
	for _, word := range words {
		limit, err := limits.ParseRlimit(word)
		if err != nil {
			return nil, flagError("rlimit", word, err)
		}
		if _, twice := set[limit.Resource]; twice {
			return nil, flagError("rlimit", word, fmt.Errorf("%s is set twice, keep one", limit.Name))
		}
		cur := in.Given.NoFile
		if limit.Resource != unix.RLIMIT_NOFILE {
			if err := unix.Getrlimit(limit.Resource, &cur); err != nil {
				return nil, flagError("rlimit", word, err)
			}
		}
		soft, hard, err := limit.Resolve(limits.InForce(cur), mayRaise())
		if err != nil {
			return nil, flagError("rlimit", word, err)
		}
		*notes = append(*notes, limit.Warnings()...)
		set[limit.Resource] = child.Rlimit{
			Resource: limit.Resource, Cur: soft, Max: hard,
			What: fmt.Sprintf("%s to %s:%s", limit.Name, limits.FormatRlimit(limit.Resource, soft), limits.FormatRlimit(limit.Resource, hard)),
		}
		if limit.Resource == unix.RLIMIT_NOFILE {
			s.Rlimits[0] = set[limit.Resource]
		} else {
			s.Rlimits = append(s.Rlimits, set[limit.Resource])
		}
	}
	return set, nil
}

// mayRaise reports whether this process has CAP_SYS_RESOURCE, which raising a
// hard limit takes (setrlimit(2)).
func mayRaise() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return false
	}
	return data[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}

// limits sets the rlimits, and tells the policy of those it must know.
func (in Input) limits(run *Run, f *runFlags) error {
	set, err := in.rlimits(&run.Settings, &run.Notes, f.Rlimit)
	if err != nil {
		return err
	}
	p := &run.Policy
	for resource, limit := range set {
		switch resource {
		case unix.RLIMIT_AS:
			p.AddressLimit = finite(limit.Cur)
		case unix.RLIMIT_DATA:
			p.DataLimit = finite(limit.Cur)
		case unix.RLIMIT_CPU:
			p.CPUSoft, p.CPUHard = cpuTime(limit.Cur), cpuTime(limit.Max)
		case unix.RLIMIT_FSIZE:
			p.FileSize = limit.Cur != limits.Unlimited
		}
	}
	return nil
}

func (in Input) priorities(s *child.Settings, oom, nice string) error {
	for _, f := range []struct {
		name, value string
		min, max    int
		into        **int
	}{
		{"oom-score-adj", oom, -1000, 1000, &s.OOMScoreAdj},
		{"nice", nice, -20, 19, &s.Nice},
	} {
		if f.value == "" {
			continue
		}
		n, err := strconv.Atoi(f.value)
		if err != nil || n < f.min || n > f.max {
			return flagError(f.name, f.value, fmt.Errorf("use a whole number from %d to %d", f.min, f.max))
		}
		*f.into = &n
	}
	return nil
}

func (run *Run) stopping(f *runFlags) error {
	if f.StopSignal != "" {
		sig, err := signals.Parse(f.StopSignal)
		if err == nil && (sig == unix.SIGSTOP || sig == unix.SIGCONT || sig == unix.SIGCHLD) {
			err = fmt.Errorf("%s asks nobody to leave, use TERM, INT, QUIT or the like", signals.Name(sig))
		}
		if err != nil {
			return flagError("stop-signal", f.StopSignal, err)
		}
		run.Policy.StopSignal, run.StopSignalSet = restart.Sig(sig), true
	}
	if f.StopTimeout != "" {
		d, err := limits.ParseTimeout(f.StopTimeout)
		if err != nil {
			return flagError("stop-timeout", f.StopTimeout, err)
		}
		run.Policy.Grace = d
	}
	rewrites, err := signals.ParseRewrites(f.Rewrite)
	if err != nil {
		return &Error{Msg: "--" + err.Error(), flag: "rewrite"}
	}
	run.Rewrites = rewrites
	run.Settings.ParentDeath = unix.Signal(run.Policy.StopSignal)
	return nil
}

func (run *Run) relaunch(f *runFlags) error {
	p := &run.Policy
	var err error
	if f.Restart != "" {
		policies := map[string]restart.When{
			"limits": restart.OnLimits, "on-failure": restart.OnFailure, "always": restart.Always, "never": restart.Never,
		}
		when, ok := policies[f.Restart]
		if !ok {
			return flagError("restart", f.Restart, fmt.Errorf("no such policy, use limits, on-failure, always or never"))
		}
		p.Restart = when
	}
	if f.Backoff != "" {
		if p.BackoffMin, p.BackoffMax, err = parseBackoff(f.Backoff); err != nil {
			return flagError("backoff", f.Backoff, err)
		}
	}
	if f.GiveUp != "" {
		if p.GiveUp, p.GiveUpWithin, err = parseGiveUp(f.GiveUp); err != nil {
			return flagError("give-up", f.GiveUp, err)
		}
	}
	if f.RestartSignal != "" {
		sig, err := restartSignal(f.RestartSignal, run.Rewrites)
		if err != nil {
			return flagError("restart-signal", f.RestartSignal, err)
		}
		run.RestartSignal = sig
	}
	if f.MinUptime != "" {
		if p.MinUptime, err = limits.ParseDuration(f.MinUptime); err != nil {
			return flagError("min-uptime", f.MinUptime, err)
		}
	}
	return nil
}

// restartSignal reads a signal that would else be passed on.
func restartSignal(value string, rewrites signals.Rewrites) (unix.Signal, error) {
	sig, err := signals.Parse(value)
	if err != nil {
		return 0, err
	}
	name := signals.Name(sig)
	if !signals.Receivable(sig) || (signals.Situation{}).Meaning(signals.Signal{Number: sig, Sender: 1}) != signals.Forward {
		return 0, fmt.Errorf("%s has a meaning of its own here; use USR1, USR2, HUP or a realtime signal", name)
	}
	if to, wanted := rewrites.Apply(sig); to != sig || !wanted {
		return 0, fmt.Errorf("--rewrite makes another signal of %s; leave one of the two out", name)
	}
	return sig, nil
}

// watch sets which files are watched; that they can be is seen when it begins.
func (run *Run) watch(f *runFlags) error {
	for _, path := range f.Watch {
		if path == "" || strings.ContainsRune(path, 0) {
			return flagError("watch", path, fmt.Errorf("a path is needed"))
		}
	}
	run.Watch, run.Policy.Watches = f.Watch, len(f.Watch) > 0
	return nil
}
