package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"relance/restart"
)

func filter(t *testing.T, words string) Filter {
	t.Helper()
	f, err := ParseFilter(words)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFilterWords: no word is two things, and each is taken.
func TestFilterWords(t *testing.T) {
	all := append(FilterWords(), every)
	for i, word := range all {
		filter(t, word)
		if slices.Contains(all[:i], word) {
			t.Errorf("%q is two things", word)
		}
	}
	for _, words := range []string{"", "warn,", "Warn", "memory", "warn crash", "oom,,up"} {
		if _, err := ParseFilter(words); err == nil || !strings.Contains(err.Error(), "use all or some of info warn error crash begun left") {
			t.Errorf("%q: %v", words, err)
		}
	}
}

// TestFilter: which words are for which events.
func TestFilter(t *testing.T) {
	zero, failed := 0, 3
	events := map[string]Event{
		"begun":   {Kind: "begun", Level: "info"},
		"crash":   {Kind: "left", Level: "info", Reason: "exit", ExitStatus: &failed},
		"killed":  {Kind: "left", Level: "info", Reason: "signal", ExitStatus: &failed},
		"end":     {Kind: "left", Level: "info", Reason: "exit", ExitStatus: &zero},
		"recycle": {Kind: "left", Level: "info", Reason: "memory-high", ExitStatus: &failed},
		"up":      {Kind: "up", Level: "info"},
		"oom":     {Kind: "oom", Level: "warn", Reason: "oom-kill"},
		"gave-up": {Kind: "gave-up", Level: "error", Reason: "exit"},
		"note":    {Level: "warn", Msg: "x"},
	}
	for words, want := range map[string]string{
		"warn,crash":      "crash killed oom gave-up",
		"error":           "gave-up",
		"info":            "up oom gave-up",
		"memory-high, up": "recycle up",
		"exit":            "crash end",
		"left":            "crash killed end recycle",
		"oom":             "oom",
		"all":             "begun crash killed end recycle up oom gave-up",
	} {
		f := filter(t, words)
		for name, e := range events {
			if got := f.Has(e); got != (strings.Contains(" "+want+" ", " "+name+" ")) {
				t.Errorf("%s: %s: %v", words, name, got)
			}
		}
	}
	if (Filter{}).Has(events["gave-up"]) {
		t.Error("the zero filter has something")
	}
}

// TestFilterKinds: info is what the log has, of every kind.
func TestFilterKinds(t *testing.T) {
	info, all := filter(t, "info"), filter(t, "all")
	for _, kind := range restart.Kinds() {
		e := EventOf(restart.Report{Kind: kind, Exit: &restart.Exited{}}, "", time.Now())
		if info.Has(e) == e.Silent() || !all.Has(e) || !filter(t, "oom, "+string(kind)).Has(e) {
			t.Errorf("%s", kind)
		}
	}
}
