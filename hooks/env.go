package hooks

import (
	"strconv"
	"strings"

	"relance/report"
)

// What a command finds in its environment beside what relance was given.

// names of the entries; docs/hooks.md has them.
const (
	envEvent      = "RELANCE_EVENT"
	envReason     = "RELANCE_REASON"
	envGeneration = "RELANCE_GENERATION"
	envWorker     = "RELANCE_WORKER"
	envName       = "RELANCE_NAME"
	envPID        = "RELANCE_PID"
	envLevel      = "RELANCE_LEVEL"
	envMessage    = "RELANCE_MESSAGE"
	envStatus     = "RELANCE_EXIT_STATUS"
	envDropped    = "RELANCE_DROPPED"
	// Door is where the command of a gate knocks.
	Door = "RELANCE_GATE"
)

// maxValue bounds one entry; the kernel takes no more than 128 KiB (execve(2)).
const maxValue = 4096

// vars are entries, of which the empty ones are left out.
type vars []string

func (v *vars) add(name, value string) {
	if value == "" {
		return
	}
	value = strings.ReplaceAll(value, "\x00", "")
	*v = append(*v, name+"="+value[:min(len(value), maxValue)])
}

func (v *vars) number(name string, n int) {
	if n != 0 {
		v.add(name, strconv.Itoa(n))
	}
}

// ofEvent is what the command for e gets; dropped is how many events it never will.
func ofEvent(e report.Event, dropped int64) vars {
	var v vars
	v.add(envEvent, e.Kind)
	v.add(envReason, e.Reason)
	v.number(envGeneration, e.Generation)
	v.number(envWorker, e.Worker)
	v.add(envName, e.Name)
	v.number(envPID, e.PID)
	v.add(envLevel, e.Level)
	v.add(envMessage, e.Msg)
	if e.ExitStatus != nil {
		v.add(envStatus, strconv.Itoa(*e.ExitStatus))
	}
	v.number(envDropped, int(dropped))
	return v
}

// Environ is env without what is for relance alone: the twins of its flags, as a relance
// that a hook runs is another one, and what it was told of sockets and by whom it is
// watched.
func Environ(env, twins []string) []string {
	own := append([]string{
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDNAMES", "SERVER_STARTER_PORT", "SERVER_STARTER_GENERATION",
		"RELANCE_SOCKET", "RELANCE_LAST_EXIT", "RELANCE_LAST_UPTIME",
		envEvent, envReason, envGeneration, envWorker, envName, envPID, envLevel, envMessage, envStatus, envDropped, Door,
	}, twins...)
	var kept []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		ours := false
		for _, each := range own {
			ours = ours || name == each
		}
		if !ours {
			kept = append(kept, entry)
		}
	}
	return kept
}
