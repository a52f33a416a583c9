package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is one Go file of the module.
type source struct {
	path   string // below the root
	file   *ast.File
	lines  int
	isTest bool
}

// room is the first folder of the path, "main.go" at the top.
func (s source) room() string {
	top, _, found := strings.Cut(s.path, "/")
	if !found {
		return "main.go"
	}
	return top
}

var files = token.NewFileSet()

// sources is every Go file, whatever it is built for.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil || len(all) < 20 {
		t.Fatalf("%d files: %v", len(all), err)
	}
	return all
}

var parsed = sync.OnceValues(func() (all []source, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "cache" || name == "bin") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		below, err := filepath.Rel(root, path)
		all = append(all, source{
			path: below, file: file, lines: strings.Count(string(text), "\n"),
			isTest: strings.HasSuffix(name, "_test.go") || strings.HasSuffix(filepath.Dir(path), "test"),
		})
		return err
	})
	return all, err
})

func imports(f *ast.File) []string {
	var paths []string
	for _, spec := range f.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, path)
	}
	return paths
}

// denied says which package of the library nobody may import, and why. Programs
// that only tests, benchmarks and examples need are free.
var denied = map[string]string{
	"os/exec":   "its Wait competes with the reaper",
	"os/signal": "signals.Source is the one that receives",
	"log":       "people are told by report",
	"log/slog":  "people are told by report",
}

func TestDenied(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest || slices.Contains([]string{"internal", "bench", "examples"}, s.room()) {
			continue
		}
		for _, path := range imports(s.file) {
			if why, no := denied[path]; no {
				t.Errorf("%s imports %s: %s", s.path, path, why)
			}
		}
	}
}

// TestCoreIsPure: the core gets all it knows by its arguments.
func TestCoreIsPure(t *testing.T) {
	mayImport := []string{"math", "math/rand/v2", "time"}
	ofTime := []string{"Time", "Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}
	ofRand := []string{"Rand", "New", "NewPCG"} // with a seed
	n := 0
	for _, s := range sources(t) {
		if s.isTest || s.room() != "restart" {
			continue
		}
		n++
		for _, path := range imports(s.file) {
			if !slices.Contains(mayImport, path) {
				t.Errorf("%s imports %s", s.path, path)
			}
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			at := func() token.Position { return files.Position(node.Pos()) }
			switch node := node.(type) {
			case *ast.GoStmt, *ast.SendStmt, *ast.SelectStmt, *ast.ChanType, *ast.DeferStmt:
				t.Errorf("%s: %T in the core", at(), node)
			case *ast.SelectorExpr:
				from, ok := node.X.(*ast.Ident)
				if ok && (from.Name == "time" && !slices.Contains(ofTime, node.Sel.Name) ||
					from.Name == "rand" && !slices.Contains(ofRand, node.Sel.Name)) {
					t.Errorf("%s: %s.%s in the core", at(), from.Name, node.Sel.Name)
				}
			}
			return true
		})
		for _, decl := range s.file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				t.Errorf("%s: a variable of the package, in the core", files.Position(d.Pos()))
			}
		}
	}
	if n == 0 {
		t.Error("no core")
	}
}

// TestSize: what does not fit has two things in it.
func TestSize(t *testing.T) {
	const (
		mostLines     = 300
		mostTestLines = 400
		mostOfOne     = 60
	)
	for _, s := range sources(t) {
		most := mostLines
		if s.isTest {
			most = mostTestLines
		}
		if s.lines > most {
			t.Errorf("%s has %d lines, more than %d", s.path, s.lines, most)
		}
		if s.isTest {
			continue
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1; n > mostOfOne {
				t.Errorf("%s: %s has %d lines, more than %d", files.Position(f.Pos()), f.Name.Name, n, mostOfOne)
			}
		}
	}
}

// TestOneLoop: only the owner waits for several things at once, and only the
// edges and the writer start goroutines.
func TestOneLoop(t *testing.T) {
	// The first of control has one for each connection, whose other end may be slow, and the
	// second one to hear of its end; watch.go is of relance status, which has no loop. The
	// last runs in programs of others.
	mayStart := []string{
		"main.go", "sources.go", "ending.go", "outlets.go", "report/writer_linux.go", "control/server_linux.go", "control/serve_linux.go", "watch.go",
		"requests/client/stream.go",
	}
	// control waits for a bounded time: for the loop, and at the end for who reads. post/run.go
	// waits for the clock and for a mail server, which the loop must not. hooks/errand.go waits when the
	// loop is over. The five before it send,
	// or do not if nobody has room or listens.
	maySelect := []string{
		"supervise/loop.go", "watch.go", "control/ask.go", "control/server_linux.go", "post/run.go",
		"report/writer_linux.go", "requests/counter.go", "stdio/run_linux.go", "requests/upward_linux.go", "report/stream.go", "control/ring.go", "hooks/errand.go",
	}
	for _, s := range sources(t) {
		if s.isTest || slices.Contains([]string{"internal", "bench", "examples"}, s.room()) {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			switch node.(type) {
			case *ast.GoStmt:
				if !slices.Contains(mayStart, s.path) {
					t.Errorf("%s: a goroutine", files.Position(node.Pos()))
				}
			case *ast.SelectStmt:
				if !slices.Contains(maySelect, s.path) {
					t.Errorf("%s: a second loop", files.Position(node.Pos()))
				}
			}
			return true
		})
		for _, path := range imports(s.file) {
			if path == "sync" {
				t.Errorf("%s imports sync: one owner needs no locks", s.path)
			}
		}
	}
}
