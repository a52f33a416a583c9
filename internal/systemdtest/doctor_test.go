package systemdtest

import "testing"

// What the doctor says under each way to be started: the line of a budget, that
// of a limit, and the end, where the cure is.
func TestDoctor(t *testing.T) {
	const (
		own     = ` +own group +(as above$|a group of its own for each generation below /)`
		refused = ` +refused +.*(has no Delegate=yes|as above)$`
		best    = `^Nothing better is possible\.$`
	)
	for _, want := range []struct{ place, high, max, end string }{
		{"plain service", ` +(looks in /proc|group around us, read-only) .*has no Delegate=yes`, refused, `systemctl edit vmtest-\d+\.service\):$`},
		{"delegated service", own, own, best},
		{"session", own + `.*\.scope`, own, best},
		{"service of the user", ` +(looks in /proc|group around us, read-only) `, refused, `systemctl --user edit vmtest-\d+\.service\):$`},
		{"scope of the user", own + `.*\.scope`, own, best},
	} {
		for _, place := range places {
			if place.name != want.place {
				continue
			}
			t.Run(place.name, func(t *testing.T) {
				u := place.start(t, []string{place.delegate}, Program(t, "relance"), "doctor")
				u.Out(t, `^  --memory-high`+want.high)
				u.Out(t, `^  --memory-max`+want.max)
				u.Out(t, want.end)
				if status := u.End(t); status != 0 {
					t.Errorf("status %d", status)
				}
			})
		}
	}
}
