package kerneltest

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/need"
)

// setClock sets the clock of this machine, which must be the virtual one: the test
// has asked.
func setClock(t *testing.T, to time.Time) {
	t.Helper()
	ts := unix.NsecToTimespec(to.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &ts); err != nil {
		t.Fatal(err)
	}
}

// A time of day that the clock is set over comes at once, and once: not again when
// the clock is set back and shows it a second time.
func TestClockIsSet(t *testing.T) {
	need.Machine(t, "sets the clock")
	// As early in a day as leaves room for what goes back.
	began := time.Date(2031, 5, 7, 8, 0, 0, 0, time.UTC)
	setClock(t, began)
	due := began.Add(2 * time.Hour)
	const shown = "2006-01-02 15:04 MST"
	r := start(t, "--at", due.Format("15:04"), "--timezone", "UTC", "--",
		"/bin/sh", "-c", `trap 'exit 0' TERM; echo pid=$$; while sleep 1; do echo "shown=$(date +%s)"; done`)
	r.child(t)
	r.waitFor(t, `^relance: gen 1: next recycle by the clock `+due.Format(shown)+`$`)
	setClock(t, due.Add(10*time.Second))
	r.waitFor(t, `^relance: gen 1: schedule: due `+due.Format(shown)+`, after .*; stopping`)
	tomorrow := due.Add(24 * time.Hour)
	r.waitFor(t, `^relance: gen 2: up, .*; next recycle by the clock `+tomorrow.Format(shown)+`$`)
	r.child(t)

	setClock(t, due.Add(-time.Hour))
	setClock(t, due.Add(-3*time.Second))
	r.until(t, due.Add(3*time.Second))

	// What was wrong by three hours or more was wrong before: the day is another.
	setClock(t, due.Add(-4*time.Hour))
	r.waitForNext(t, `^relance: gen 2: next recycle by the clock `+due.Format(shown)+`$`)
	setClock(t, tomorrow.Add(-time.Hour))
	r.waitForNext(t, `^relance: gen 2: next recycle by the clock `+tomorrow.Format(shown)+`$`)
	setClock(t, tomorrow.Add(time.Second))
	r.waitForNext(t, `^relance: gen 2: schedule: due `+tomorrow.Format(shown)+`, after .*; stopping`)
	r.waitForNext(t, `^relance: gen 3: up, .*; next recycle by the clock `+tomorrow.Add(24*time.Hour).Format(shown)+`$`)
	r.child(t)
	if status := r.end(t, unix.SIGTERM); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
}

// until waits until the command has seen the clock show a time. Relance has
// nothing to say before.
func (r *running) until(t *testing.T, shown time.Time) {
	t.Helper()
	for {
		seconds, err := strconv.ParseInt(r.out(t, `^shown=(\d+)$`)[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if said := r.lines.Now(); len(said) > 0 {
			t.Fatalf("relance says %q", said)
		}
		if now := time.Unix(seconds, 0); now.After(shown) && now.Sub(shown) < time.Minute {
			return
		}
	}
}

// waitForNext is waitFor where no other line may come first.
func (r *running) waitForNext(t *testing.T, pattern string) {
	t.Helper()
	if line, _ := r.lines.Next(t); !regexp.MustCompile(pattern).MatchString(line) {
		t.Fatalf("relance says %q, want a line like %q", line, pattern)
	}
}
