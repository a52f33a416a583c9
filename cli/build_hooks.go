package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"relance/child"
	"relance/hooks"
	"relance/limits"
	"relance/restart"
)

const (
	defaultHookTimeout = 30 * time.Second
	defaultGateTimeout = 10 * time.Minute
)

// hooks sets what is run when something happens.
func (run *Run) hooks(f *runFlags) error {
	h, p := &run.Hooks, &run.Policy
	*h = hooks.Settings{
		OnEvent: f.OnEvent, AfterUp: f.AfterUp, Gate: f.BeforeRelaunch, Timeout: defaultHookTimeout,
		Name: run.Name, JSON: run.JSON, Workers: p.Workers,
	}
	for _, c := range []struct{ name, command string }{
		{"on-event", f.OnEvent}, {"after-up", f.AfterUp}, {"before-relaunch", f.BeforeRelaunch},
	} {
		if c.command != "" && (strings.TrimSpace(c.command) == "" || strings.ContainsRune(c.command, 0)) {
			return flagError(c.name, c.command, errors.New("a command for /bin/sh is needed"))
		}
	}
	var err error
	if h.Filter, err = filter("on-event-filter", f.OnEventFilter, "info"); err != nil {
		return err
	}
	if f.OnEventFilter != "" && f.OnEventFilter != "info" && f.OnEvent == "" {
		return flagError("on-event-filter", f.OnEventFilter, errors.New("who is told? Give --on-event too, or leave it out"))
	}
	if f.HookTimeout != "" && f.HookTimeout != "30s" && f.OnEvent == "" && f.AfterUp == "" {
		return flagError("hook-timeout", f.HookTimeout, errors.New("nothing is run here; give --on-event or --after-up too, or leave it out"))
	}
	if err := timeout("hook-timeout", f.HookTimeout, &h.Timeout); err != nil {
		return err
	}
	p.AfterUp = f.AfterUp != ""
	return run.gate(f)
}

// gate sets what a planned recycle waits for.
func (run *Run) gate(f *runFlags) error {
	p := &run.Policy
	policies := map[string]restart.GatePolicy{"": restart.GateWait, "wait": restart.GateWait, "proceed": restart.GateProceed}
	policy, known := policies[f.GatePolicy]
	if !known {
		return flagError("gate-policy", f.GatePolicy, errors.New("no such policy, use wait or proceed"))
	}
	if f.BeforeRelaunch == "" {
		for _, flag := range []struct{ name, value, standard string }{
			{"gate-timeout", f.GateTimeout, "10m"}, {"gate-policy", f.GatePolicy, "wait"},
		} {
			if flag.value != "" && flag.value != flag.standard {
				return flagError(flag.name, flag.value, errors.New("nothing is waited for here; give --before-relaunch too, or leave it out"))
			}
		}
		return nil
	}
	if !f.recycles() {
		return flagError("before-relaunch", f.BeforeRelaunch, errors.New(notRecycled))
	}
	p.Gate, p.GateTimeout, p.GatePolicy = true, defaultGateTimeout, policy
	return timeout("gate-timeout", f.GateTimeout, &p.GateTimeout)
}

// timeout reads a time that may have no end, and is not nothing.
func timeout(flag, value string, into *time.Duration) error {
	if value == "" {
		return nil
	}
	d, err := limits.ParseTimeout(value)
	if err == nil && d == 0 {
		err = errors.New("that is no time to do anything in; use at least 1s")
	}
	if err != nil {
		return flagError(flag, value, err)
	}
	*into = d
	return nil
}

// hookSettings are what a hook is started with: as relance was given it, but for what
// the flags are about.
func (in Input) hookSettings(flags []*kong.Flag) child.Settings {
	twins := []string{smtpPasswordEnv, webhookSecretEnv}
	for _, f := range flags {
		twins = append(twins, f.Envs...)
	}
	return child.Settings{Env: hooks.Environ(in.Env, twins), Rlimits: in.settings(nil).Rlimits}
}
