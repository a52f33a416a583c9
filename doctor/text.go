package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"relance/limits"
	"relance/systemd"
)

// WriteJSON writes the report as one JSON object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, line := range r.Facts.lines() {
		fmt.Fprintf(&b, "%-12s %s\n", line[0], plain(line[1]))
	}
	b.WriteString("\nWhat relance would use here:\n")
	last := ""
	for _, row := range r.Rows {
		note := row.Note
		if note != "" && note == last {
			note = "as above"
		}
		last = row.Note
		line := fmt.Sprintf("  %-18s %-30s %s", row.What, words[row.Use], plain(note))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	switch {
	case len(r.Advice) > 0:
		b.WriteString("\nHow to get more:\n")
	case len(r.lacking(everything...)) > 0:
		b.WriteString("\nNo way is known to get more.\n")
	default:
		b.WriteString("\nNothing better is possible.\n")
	}
	for i, a := range r.Advice {
		fmt.Fprintf(&b, "  %d. for %s:\n     %s\n", i+1, strings.Join(a.For, ", "), plain(a.Do))
		for _, line := range a.Lines {
			fmt.Fprintf(&b, "         %s\n", line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plain replaces what would change a terminal: the name of a group may have any
// character but a line feed.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return '?'
		}
		return c
	}, s)
}

// lines are the facts, name and value.
func (f Facts) lines() [][2]string {
	return [][2]string{
		{"kernel", f.Kernel},
		{"cgroups", f.hierarchyText()},
		{"own group", f.groupText()},
		{"systemd", f.systemdText()},
		{"container", f.containerText()},
		{"memory", f.memoryText()},
		{"swap", f.swapText()},
		{"pressure", f.pressureText()},
	}
}

func (f Facts) hierarchyText() string {
	switch f.Hierarchy {
	case Unified:
		return "v2"
	case Hybrid:
		if f.V1Memory {
			return "v1, and v2 beside it without the memory controller"
		}
		return "v1, and v2 beside it"
	case V1:
		return "v1 only"
	}
	return "none mounted"
}

func (f Facts) groupText() string {
	switch {
	case f.Group == "":
		return "none in cgroup v2"
	case f.Folder == "":
		return f.Group + ", which no mount shows"
	}
	words := []string{f.Folder}
	for _, w := range []struct {
		is   bool
		word string
	}{
		{f.Top, "the root of all"}, {f.Namespace, "the root of a namespace"},
		{f.ReadOnly, "read-only"}, {f.Delegated, "delegated to us"},
		{!f.Delegated && !f.Top && !f.Namespace, "not delegated"},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	controllers := strings.Join(f.Controllers, " ")
	if controllers == "" {
		controllers = "none"
	}
	return strings.Join(words, ", ") + "; controllers: " + controllers
}

func (f Facts) systemdText() string {
	if !f.Systemd {
		return "does not run this machine"
	}
	unit := systemd.Readable(f.Unit)
	switch systemd.Kind(f.Kind) {
	case systemd.System:
		return "runs this machine; we are in " + unit
	case systemd.Session:
		return "runs this machine; we are in a login session, " + unit
	case systemd.User:
		return "runs this machine; we are in " + unit + " of a user's manager"
	case systemd.Root:
		return "runs this machine; we are in none of its units"
	}
	return "runs this machine; our group is not of its making"
}

func (f Facts) containerText() string {
	var signs []string
	if f.Runtime != "" {
		signs = append(signs, f.Runtime)
	}
	if f.Namespace {
		signs = append(signs, "cgroup namespace of its own")
	}
	if f.PID == 1 {
		signs = append(signs, "we are process 1")
	}
	if len(signs) == 0 {
		return "no sign of one"
	}
	return strings.Join(signs, ", ")
}

func (f Facts) memoryText() string {
	if f.Memory == 0 {
		return "unknown"
	}
	return limits.FormatSize(f.Memory) + " (" + f.MemorySource + ")"
}

func (f Facts) swapText() string {
	s := "none"
	if f.Swap > 0 {
		s = limits.FormatSize(f.Swap)
	}
	if f.SwapLimit {
		s += "; can be limited for a group"
	}
	return s
}

func (f Facts) pressureText() string {
	switch {
	case !f.PSI:
		return "no information (PSI)"
	case !f.GroupPSI:
		return "known of the machine, not of groups"
	}
	return "known of the machine and of groups"
}
