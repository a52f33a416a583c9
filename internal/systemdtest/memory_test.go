package systemdtest

import (
	"regexp"
	"strings"
	"testing"
)

// Where the memory of the tree is watched, by the way that systemd started us.
const (
	ofOwn      = `^relance: memory: a group of its own for each generation below \S+, `
	delegated  = ofOwn + "delegated by systemd$"
	scoped     = ofOwn + "a scope that systemd made for us$"
	aroundUs   = `^relance: memory: the group around us, \S+, relance included; not possible: own group: `
	noDelegate = `vmtest-\d+\.(service|scope) has no Delegate=yes; relance doctor tells how to get more$`
)

var watched = map[string]string{
	"plain service":                 aroundUs + noDelegate,
	"delegated service":             delegated,
	"session":                       scoped,
	"service of the user":           aroundUs + noDelegate,
	"delegated service of the user": delegated,
	"scope of the user":             scoped,
	"delegated scope of the user":   delegated,
}

// ownScope is the name of a scope that a relance asked for.
var ownScope = regexp.MustCompile(`relance-\d+-[0-9a-f]{8}\.scope`)

// A leak is recycled wherever relance runs, by the best way there is, which is
// said with the reason why it is not better; and all is as it was afterwards.
func TestMemoryHigh(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			u := place.start(t, []string{place.delegate}, Program(t, "relance"), "--memory-high", "48M", "--min-uptime", "0s",
				"--", Program(t, "misbehave"), "eat-memory", "--rate", "64M", "--chunk", "1M")
			u.WaitFor(t, watched[place.name])
			first := u.Child(t)
			group := GroupOf(t, parent(t, first))
			for range 2 {
				u.WaitFor(t, `gen \d+: memory-high: [\d.]+ MiB of 48 MiB`)
			}
			u.WaitFor(t, `gen 3: up`)
			name := u.Name
			if own := ownScope.FindString(group); own != "" && u.user {
				// The scope it was started in went when it left.
				name = own
			}
			u.Systemctl(t, "stop", name)
			u.End(t)
			wantNothingLeft(t, group, first)
		})
	}
}

// What only a group of its own can do is done in one, or refused with the cure
// before anything starts.
func TestMemoryMax(t *testing.T) {
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			u := place.start(t, []string{place.delegate}, Program(t, "relance"), "--memory-max", "48M", "--swap-max", "0",
				"--restart", "never", "--", Program(t, "misbehave"), "eat-memory", "--chunk", "1M")
			if !strings.HasPrefix(watched[place.name], ofOwn) {
				u.WaitFor(t, `^relance: error: --memory-max: a cgroup of its own for the command is not possible here: own group: vmtest-\d+\.service has no Delegate=yes$`)
				u.WaitFor(t, `^relance: hint: put Delegate=yes into the section \[Service\] of vmtest-\d+\.service \(systemctl (--user )?edit \S+\) and restart it$`)
				if status := u.End(t); status != 125 {
					t.Errorf("status %d, want 125", status)
				}
				return
			}
			u.WaitFor(t, watched[place.name])
			u.WaitFor(t, `gen 1: oom-kill: .* was killed at memory.max 48 MiB`)
			if status := u.End(t); status != 128+9 {
				t.Errorf("status %d, want 137", status)
			}
			wantNothingLeft(t, "")
		})
	}
}
