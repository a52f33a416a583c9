package post

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"relance/restart"
)

// TestWords: there is a word for each kind and each reason of the core, and none is two
// things.
func TestWords(t *testing.T) {
	words := map[string][]string{}
	paths, err := filepath.Glob("../restart/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			of, _ := spec.Type.(*ast.Ident)
			text, _ := spec.Values[0].(*ast.BasicLit)
			if of != nil && text != nil && text.Kind == token.STRING {
				word, _ := strconv.Unquote(text.Value)
				words[of.Name] = append(words[of.Name], word)
			}
			return true
		})
	}
	for name, known := range map[string][]string{"Kind": texts(restart.Kinds()), "Reason": texts(reasons)} {
		slices.Sort(known)
		slices.Sort(words[name])
		if !slices.Equal(known, words[name]) || len(known) < 10 {
			t.Errorf("%s: %q, and the core has %q", name, known, words[name])
		}
		for _, word := range known {
			if word == crash || slices.Contains(levels, word) || name == "Kind" && slices.Contains(words["Reason"], word) {
				t.Errorf("%q is two things", word)
			}
		}
	}
}

func texts[T ~string](all []T) (list []string) {
	for _, each := range all {
		list = append(list, string(each))
	}
	return list
}
