package restart

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the core does into testdata/*.txt; commit only what you understand")

// TestScripts plays testdata/*.txt: lines of events, each followed by the
// indented actions that the core answers with. A line is
//
//	policy restart=always grace=10s …     a new core
//	midnight                              a day of the plan begins
//	clock -1h                             the clock on the wall is set
//	+1s exited gen=1 code=1               one event, that much later
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("%s differs; now:\n%s", file, got)
			}
		})
	}
}

func play(t *testing.T, script string) string {
	var out strings.Builder
	var core *Core
	var plan *fakePlan
	now := time.Unix(0, 0)
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue // what was expected; written anew
		}
		fmt.Fprintln(&out, line)
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		var actions []Action
		switch {
		case words[0] == "policy":
			policy := parsePolicy(t, words[1:])
			plan, _ = policy.Plan.(*fakePlan)
			core = New(policy)
			actions = core.Start(now)
		case words[0] == "midnight":
			now = now.Add(fakeDay - sinceMidnight(now))
			continue
		case words[0] == "clock":
			plan.shift += duration(t, words[1])
			continue
		case strings.HasPrefix(words[0], "+"):
			now = now.Add(duration(t, words[0][1:]))
			actions = core.Step(now, parseEvent(t, words[1], words[2:]))
		default:
			t.Fatalf("line %q", line)
		}
		for _, a := range actions {
			fmt.Fprintf(&out, "\t%s\n", describe(now, a))
		}
		fmt.Fprintf(&out, "\t%s%s\n", describeCore(core), describeDeadline(now, core.Deadline()))
	}
	return out.String()
}

// describeCore says where the generations stand.
func describeCore(c *Core) string {
	if c.policy.Workers <= 1 && !c.policy.Handover && !c.policy.Gate {
		return c.State().String()
	}
	var words []string
	for _, s := range c.slots {
		word := describeSlot(s)
		if c.policy.Workers > 1 {
			word = fmt.Sprintf("%d: %s", s.number, word)
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

// describeSlot says in words where the generations of a slot stand.
func describeSlot(s *slot) string {
	words := s.at.state.String()
	if r := s.at; r.state == Running && !r.gen.ready.is {
		words += " not ready"
	}
	if s.at.state == Running && s.at.gen.turn != "" && !s.at.gen.handing {
		words += " queued"
	}
	if s.at.state == Running && s.at.gen.handing {
		words += " handing"
	}
	if s.policy.Gate {
		words += [...]string{"", ", gate asked", ", gate open", ", gate closing"}[s.gate.state]
	}
	switch {
	case s.other == nil:
	case s.candidate(s.other):
		words += ", candidate " + s.other.state.String()
	default:
		words += ", retired " + s.other.state.String()
	}
	return words
}
