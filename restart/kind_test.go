package restart

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// TestKinds: the list of kinds has each that is declared.
func TestKinds(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if text, ok := spec.Values[0].(*ast.BasicLit); ok {
			declared++
			if word, err := strconv.Unquote(text.Value); err != nil || !slices.Contains(Kinds(), Kind(word)) {
				t.Errorf("%s is not in Kinds", text.Value)
			}
		}
		return true
	})
	if declared != len(Kinds()) || declared < 20 {
		t.Errorf("%d declared, %d in the list", declared, len(Kinds()))
	}
}
