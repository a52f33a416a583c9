package restart

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// TestLists: the lists of kinds and of reasons have each that is declared, and no other.
func TestLists(t *testing.T) {
	for file, list := range map[string][]string{"kind.go": texts(Kinds()), "reason.go": texts(EveryReason())} {
		words := declared(t, file)
		slices.Sort(words)
		slices.Sort(list)
		if !slices.Equal(words, list) || len(words) < 15 {
			t.Errorf("%s declares %q, the list has %q", file, words, list)
		}
	}
}

// declared are the values of the constants of text in a file.
func declared(t *testing.T, path string) (words []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if text, ok := spec.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
			word, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		}
		return true
	})
	return words
}

func texts[T ~string](all []T) (list []string) {
	for _, each := range all {
		list = append(list, string(each))
	}
	return list
}
