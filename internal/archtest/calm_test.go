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

// TestCalm: what scripts/check.sh tests without the race detector starts no
// goroutine, and neither do its tests.
func TestCalm(t *testing.T) {
	text, err := os.ReadFile(root + "/scripts/check.sh")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^calm="(.*)"$`).FindSubmatch(text)
	if m == nil {
		t.Fatal("no line calm= in scripts/check.sh")
	}
	calm := strings.Fields(string(m[1]))
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
