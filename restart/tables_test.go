package restart

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What the tables of states and of slots are made with.

// writeTable compares a table with what is between head and tail in a file, or writes
// it there.
func writeTable(t *testing.T, file, head, tail, table string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), head)
	_, after, ok2 := strings.Cut(rest, tail)
	if !ok1 || !ok2 {
		t.Fatalf("no place for the table in %s", file)
	}
	got := before + head + table + tail + after
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got != string(text) {
		t.Errorf("the table in %s is not what Step does; go test ./restart -update; now:\n%s", file, table)
	}
}

// comment makes a preformatted comment of text.
func comment(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("//\t"+strings.TrimRight(line, " \n"), "\t") + "\n")
	}
	return b.String()
}

func describeDeadline(now, d time.Time) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf(", deadline +%s", d.Sub(now).Round(time.Millisecond))
}

func duration(t *testing.T, s string) time.Duration {
	if s == "forever" {
		return Forever
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// describeHook is describe for what is run for people.
func describeHook(a Action) string {
	switch a := a.(type) {
	case OpenGate:
		s := fmt.Sprintf("open-gate %d gen=%d reason=%s", a.Gate, a.Gen, a.Reason)
		if a.Worker != 0 {
			s += fmt.Sprintf(" worker=%d", a.Worker)
		}
		return s
	case CloseGate:
		return fmt.Sprintf("close-gate %d", a.Gate)
	case AfterUp:
		return fmt.Sprintf("after-up gen=%d worker=%d pid=%d", a.Gen, a.Worker, a.PID)
	}
	panic("unknown action")
}

func nameOf(t *testing.T, event string) string {
	words := strings.Fields(event)
	return reflect.TypeOf(parseEvent(t, words[0], words[1:])).Name()
}

// inTime is an event with the time after which it comes.
func inTime(event string) string {
	if !strings.HasPrefix(event, "+") && !strings.HasPrefix(event, "clock ") {
		return "+0s " + event
	}
	return event
}

// playWords plays a script of one line, and returns the answer to its last event.
func playWords(t *testing.T, script string) (core *Core, last []Action) {
	var plan *fakePlan
	now := time.Unix(0, 0)
	for line := range strings.SplitSeq(script, "; ") {
		words := strings.Fields(line)
		if words[0] == "policy" {
			policy := parsePolicy(t, words[1:])
			plan, _ = policy.Plan.(*fakePlan)
			core = New(policy)
			core.Start(now)
			continue
		}
		if words[0] == "clock" {
			plan.shift += duration(t, words[1])
			continue
		}
		d, err := time.ParseDuration(words[0])
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(d)
		last = core.Step(now, parseEvent(t, words[1], words[2:]))
	}
	return core, last
}
