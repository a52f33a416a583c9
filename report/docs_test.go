package report

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"relance/restart"
)

// The specification of the events is what they are: docs/events.md is compared with the
// code.

// constants are the values of the constants of a type of the core, such as Kind.
func constants(t *testing.T, of string) (values []string) {
	t.Helper()
	paths, err := filepath.Glob("../restart/*.go")
	ok(t, err)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		ok(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, isValue := n.(*ast.ValueSpec)
			if !isValue || len(spec.Values) != 1 {
				return true
			}
			name, _ := spec.Type.(*ast.Ident)
			text, _ := spec.Values[0].(*ast.BasicLit)
			if name != nil && name.Name == of && text != nil {
				value, err := strconv.Unquote(text.Value)
				ok(t, err)
				values = append(values, value)
			}
			return true
		})
	}
	if len(values) < 4 {
		t.Fatalf("%d constants of type %s", len(values), of)
	}
	slices.Sort(values)
	return values
}

// section is what stands under a heading of docs/events.md, and under those below it.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/events.md")
	ok(t, err)
	_, below, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/events.md has no %q", heading)
	}
	level := heading[:strings.IndexByte(heading, ' ')+1]
	end := regexp.MustCompile(`(?m)^#{1,` + strconv.Itoa(len(level)-1) + `} `).FindStringIndex(below)
	if end != nil {
		below = below[:end[0]]
	}
	return below
}

// rows are the cells of the tables in a section, without their heads.
func rows(section string) (all [][]string) {
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| `") {
			var cells []string
			for cell := range strings.SplitSeq(strings.Trim(strings.TrimSpace(line), "|"), "|") {
				cells = append(cells, strings.Trim(strings.TrimSpace(cell), "`"))
			}
			all = append(all, cells)
		}
	}
	return all
}

// same compares what is documented with what there is.
func same(t *testing.T, what string, documented, there []string) {
	t.Helper()
	slices.Sort(documented)
	for _, v := range documented {
		if !slices.Contains(there, v) {
			t.Errorf("docs/events.md has the %s %q, and there is none", what, v)
		}
	}
	for _, v := range there {
		if n := len(slices.DeleteFunc(slices.Clone(documented), func(d string) bool { return d != v })); n != 1 {
			t.Errorf("docs/events.md has the %s %q %d times", what, v, n)
		}
	}
}

func first(rows [][]string) (all []string) {
	for _, r := range rows {
		all = append(all, r[0])
	}
	return all
}

// TestDocumentedKeys: every key of an event, with its type.
func TestDocumentedKeys(t *testing.T) {
	table := rows(section(t, "## Keys"))
	var there []string
	types := map[string]string{}
	for field := range reflect.TypeFor[Event]().Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		there = append(there, key)
		types[key] = keys[key]
	}
	same(t, "key", first(table), there)
	for _, row := range table {
		if len(row) != 4 || row[3] == "" {
			t.Errorf("%q: want a key, its type, its unit and what it is", row)
		} else if want := types[row[0]]; row[1] != want {
			t.Errorf("%s is a %s, docs/events.md has %s", row[0], want, row[1])
		}
		if unit := strings.HasSuffix(row[0], "_seconds") && row[2] != "s" || strings.HasSuffix(row[0], "_bytes") && row[2] != "bytes"; unit {
			t.Errorf("%s: in %q?", row[0], row[2])
		}
	}
}

// TestDocumentedWords: every kind, reason, budget and scope.
func TestDocumentedWords(t *testing.T) {
	var kinds []string
	for _, m := range regexp.MustCompile("(?m)^### `(.*)`$").FindAllStringSubmatch(section(t, "## Kinds"), -1) {
		kinds = append(kinds, m[1])
	}
	same(t, "kind", kinds, constants(t, "Kind"))
	same(t, "reason", first(rows(section(t, "## Reasons"))), constants(t, "Reason"))
	same(t, "budget", first(rows(section(t, "## Budgets"))), slices.DeleteFunc(constants(t, "Budget"), func(b string) bool { return b == "" }))
	same(t, "scope", first(rows(section(t, "## Scopes"))), constants(t, "Scope"))
}

// examples finds the lines of JSON.
var examples = regexp.MustCompile(`(?m)^    (\{.*\})$`)

// TestDocumentedExamples: the example of each kind is what that says, word for word.
func TestDocumentedExamples(t *testing.T) {
	for _, kind := range constants(t, "Kind") {
		example := examples.FindAllStringSubmatch(section(t, "### `"+kind+"`"), -1)
		var might []string
		for _, l := range lines {
			if l.report.Kind == restart.Kind(kind) {
				e := EventOf(l.report, "web", noon)
				e.Seq = 42
				might = append(might, e.JSON())
			}
		}
		if len(might) == 0 {
			t.Errorf("no line for %s", kind)
		}
		if len(example) != 1 || !slices.Contains(might, example[0][1]) {
			t.Errorf("%s: docs/events.md has %d examples; one of these is right:\n    %s", kind, len(example), strings.Join(might, "\n    "))
		}
	}
	for _, m := range examples.FindAllStringSubmatch(section(t, "## What is about no generation"), -1) {
		var e Event
		if err := json.Unmarshal([]byte(m[1]), &e); err != nil || e.Kind != "" || e.JSON() != m[1] {
			t.Errorf("%s: %v", m[1], err)
		}
	}
}

// TestEveryReason: the table of reports has each reason.
func TestEveryReason(t *testing.T) {
	for _, reason := range constants(t, "Reason") {
		if !slices.ContainsFunc(lines, func(l reportLine) bool { return l.report.Reason == restart.Reason(reason) }) {
			t.Errorf("no line for %s", reason)
		}
	}
}
