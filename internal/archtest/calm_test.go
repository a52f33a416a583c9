package archtest

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named are the packages in a line of scripts/check.sh.
func named(t *testing.T, line string) []string {
	t.Helper()
	text, err := os.ReadFile(root + "/scripts/check.sh")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + line + `="(.*)"$`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("no line %s= in scripts/check.sh", line)
	}
	return strings.Fields(string(m[1]))
}

// TestLively: what starts goroutines of its own is always tested under the race
// detector. Package main has no tests.
func TestLively(t *testing.T) {
	lively, met := named(t, "lively"), 0
	for _, s := range sources(t) {
		folder := filepath.Dir(s.path)
		room, _, _ := strings.Cut(folder, "/")
		if s.isTest || slices.Contains([]string{".", "internal", "bench", "examples"}, room) {
			continue
		}
		for _, why := range stirs(s.file) {
			met++
			if !slices.Contains(lively, folder) {
				t.Errorf("%s: %s, so it is lively in scripts/check.sh", s.path, why)
			}
		}
	}
	if met == 0 {
		t.Error("no goroutine anywhere")
	}
}

// TestCalm: what scripts/check.sh never tests under the race detector starts no
// goroutine, and neither do its tests.
func TestCalm(t *testing.T) {
	calm := named(t, "calm")
	met := map[string]bool{}
	for _, s := range sources(t) {
		folder := filepath.Dir(s.path)
		if !slices.Contains(calm, folder) {
			continue
		}
		met[folder] = true
		for _, why := range stirs(s.file) {
			t.Errorf("%s: %s, so it needs the race detector: see calm in scripts/check.sh", s.path, why)
		}
	}
	for _, folder := range calm {
		if !met[folder] {
			t.Errorf("no source in %s, which is calm in scripts/check.sh", folder)
		}
	}
}

// stirs says what in a file starts goroutines.
func stirs(file *ast.File) (why []string) {
	starters := []string{"Parallel", "RunParallel", "Go", "AfterFunc"}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			why = append(why, "a goroutine")
		case *ast.SelectorExpr:
			if slices.Contains(starters, node.Sel.Name) {
				why = append(why, node.Sel.Name)
			}
		}
		return true
	})
	if slices.Contains(imports(file), "testing/synctest") {
		why = append(why, "synctest")
	}
	return why
}

// TestStirs is the test of the test.
func TestStirs(t *testing.T) {
	want := map[string]bool{
		"sources.go": true, "internal/clitest/tree_test.go": true, "supervise/scene_test.go": true,
		"restart/core.go": false, "limits/size.go": false,
	}
	for _, s := range sources(t) {
		if stir, there := want[s.path]; there && stir != (len(stirs(s.file)) > 0) {
			t.Errorf("%s: %v", s.path, stirs(s.file))
		}
		delete(want, s.path)
	}
	if len(want) > 0 {
		t.Errorf("not there: %v", want)
	}
}
