package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what go list tells of one package.
type pkg struct {
	ImportPath string
	Imports    []string
}

const (
	module = "relance"
	root   = "../.."
)

// room is where p lives: the path below the module, "main.go" for its top.
func (p pkg) room() string {
	if p.ImportPath == module {
		return "main.go"
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// packages lists the module, for a machine with cgo and for one without: both
// are built.
func packages(t *testing.T) []pkg {
	t.Helper()
	byPath := map[string]pkg{}
	for _, cgo := range []string{"0", "1"} {
		cmd := exec.Command("go", "list", "-json", "./...")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
			var p pkg
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			p.Imports = append(p.Imports, byPath[p.ImportPath].Imports...)
			slices.Sort(p.Imports)
			p.Imports = slices.Compact(p.Imports)
			byPath[p.ImportPath] = p
		}
	}
	var all []pkg
	for _, p := range byPath {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b pkg) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return all
}

// rooms reads the table of HACKING.md: room -> what stands in its last column.
func rooms(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(root + "/HACKING.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		name := strings.Trim(strings.TrimSpace(cells[0]), "`")
		if len(cells) != 3 || name == strings.TrimSpace(cells[0]) {
			continue
		}
		table[strings.TrimSuffix(name, "/")] = strings.TrimSpace(cells[2])
	}
	if len(table) < 10 {
		t.Fatalf("the table of rooms in HACKING.md has %d lines", len(table))
	}
	return table
}

// row returns the line of the table for a room: its own, or that of the folder
// it is in.
func row(table map[string]string, room string) (string, bool) {
	for {
		if _, ok := table[room]; ok {
			return room, true
		}
		i := strings.LastIndex(room, "/")
		if i < 0 {
			return "", false
		}
		room = room[:i]
	}
}

// allows reports whether a room with this cell of the table may import target.
func allows(cell, room, target string) bool {
	top, _, _ := strings.Cut(target, "/")
	from, _, _ := strings.Cut(room, "/")
	if helps := top == "internal" && from == "bench"; !helps && (top == "internal" || top == "examples" || top == "bench") {
		// Only among themselves; a benchmark may also have those helpers that its line names.
		return from == top
	}
	switch rest, all := strings.CutPrefix(cell, "all"); {
	case cell == "":
		return true
	case all:
		except := strings.FieldsFunc(strings.TrimPrefix(rest, " except "), func(r rune) bool { return r == ',' || r == ' ' })
		return !slices.Contains(except, target)
	case cell == "none":
		return false
	}
	return slices.Contains(strings.Split(strings.ReplaceAll(cell, " ", ""), ","), target)
}

func TestImports(t *testing.T) {
	table := rooms(t)
	used := map[string]bool{}
	for _, p := range packages(t) {
		r, ok := row(table, p.room())
		if !ok {
			t.Errorf("%s is in no room of HACKING.md", p.ImportPath)
			continue
		}
		used[r] = true
		for _, imported := range p.Imports {
			target, own := strings.CutPrefix(imported, module+"/")
			if own && !allows(table[r], p.room(), target) {
				t.Errorf("%s imports %s; HACKING.md allows: %s", p.ImportPath, imported, table[r])
			}
		}
	}
	for r := range table {
		// A room may be planned, but then there is no folder.
		if _, err := os.Stat(root + "/" + r); err == nil && !used[r] && r != "examples" {
			t.Errorf("HACKING.md has the room %s, and no package is in it", r)
		}
	}
}

// TestAllows is the test of the test.
func TestAllows(t *testing.T) {
	for _, c := range []struct {
		cell, room, target string
		want               bool
	}{
		{"none", "limits", "restart", false},
		{"restart, limits", "report", "restart", true},
		{"restart, limits", "report", "limits", true},
		{"restart, limits", "report", "signals", false},
		{"restart, limits", "report", "rest", false},
		{"all", "main.go", "supervise", true},
		{"all", "main.go", "internal/misbehave", false},
		{"all except main", "cli", "supervise", true},
		{"all except main, cli", "supervise", "cli", false},
		{"all except main, cli", "supervise", "child", true},
		{"", "internal/vm/run", "internal/vm/wire", true},
		{"", "internal/given", "entry", true},
		{"none", "examples/leaky", "examples/other", true},
		{"none", "examples/leaky", "limits", false},
		{"requests/client, internal/clients", "bench", "internal/clients", true},
		{"requests/client", "bench", "internal/clients", false},
		{"internal/clients", "control", "internal/clients", false},
		{"internal/clients", "bench", "examples/held", false},
		{"none", "bench", "child", false},
	} {
		if got := allows(c.cell, c.room, c.target); got != c.want {
			t.Errorf("%q: %s imports %s: %v", c.cell, c.room, c.target, got)
		}
	}
}
