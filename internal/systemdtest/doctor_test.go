package systemdtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the doctor says under each way to be started: of our group, the line of a
// budget, that of a limit, and the end, where the cure is.
func TestDoctor(t *testing.T) {
	const (
		own     = ` +own group +(as above$|a group of its own for each generation below /)`
		refused = ` +refused +.*(has no Delegate=yes|as above)$`
		best    = `^Nothing better is possible\.$`
		yes     = ", delegated to us;"
		no      = ", not delegated;"
	)
	for name, want := range map[string]struct {
		group, high, max, end string
		scopes                int // asked of systemd
	}{
		"plain service": {no, ` +(looks in /proc|group around us, read-only) .*has no Delegate=yes`, refused,
			`systemctl edit vmtest-\d+\.service\):$`, 0},
		"delegated service": {yes, own, own, best, 0},
		"session":           {no, own + `.*\.scope`, own, best, 1},
		"service of the user": {no, ` +(looks in /proc|group around us, read-only) `, refused,
			`systemctl --user edit vmtest-\d+\.service\):$`, 0},
		"delegated service of the user": {yes, own, own, best, 0},
		"scope of the user":             {no, own + `.*\.scope`, own, best, 1},
		"delegated scope of the user":   {yes, own + `.*vmtest-\d+\.scope`, own, best, 0},
	} {
		for _, place := range places {
			if place.name != name {
				continue
			}
			t.Run(place.name, func(t *testing.T) {
				u := place.start(t, []string{place.delegate}, Program(t, "relance"), "doctor")
				if status := u.End(t); status != 0 {
					t.Errorf("status %d", status)
				}
				text := strings.Join(u.stdout.Rest(t), "\n")
				for _, line := range []string{"^own group +.*" + want.group, "^  --memory-high" + want.high, "^  --memory-max" + want.max, want.end} {
					if !regexp.MustCompile("(?m)" + line).MatchString(text) {
						t.Errorf("no line like %q", line)
					}
				}
				scopes := ownScope.FindAllString(text, -1)
				slices.Sort(scopes)
				if scopes = slices.Compact(scopes); len(scopes) != want.scopes {
					t.Errorf("the scopes %q, want %d", scopes, want.scopes)
				}
				wantNothingLeft(t, "")
			})
		}
	}
}
