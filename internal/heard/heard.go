// Package heard reads line by line what the programs of a test write, for the layers
// that have a machine of their own. What a test passes over is in its log.
package heard

import (
	"bufio"
	"io"
	"regexp"
	"testing"
	"time"

	"relance/internal/await"
)

// Lines are those of one stream that no test has taken yet.
type Lines struct {
	name string
	more chan string
	end  chan struct{}
}

// most is more than a test can want.
const most = 10000

// Of reads a stream to its end. Who writes does not wait for the test: a line beyond
// the bound is dropped.
func Of(name string, from io.Reader) *Lines {
	l := &Lines{name: name, more: make(chan string, most), end: make(chan struct{})}
	go func() {
		defer close(l.end)
		defer close(l.more)
		for in := bufio.NewScanner(from); in.Scan(); {
			select {
			case l.more <- in.Text():
			default:
			}
		}
	}()
	return l
}

// End is closed when the stream has ended.
func (l *Lines) End() <-chan struct{} { return l.end }

// Next waits for the next line, and reports whether there is one before the end.
func (l *Lines) Next(t testing.TB) (line string, ok bool) {
	t.Helper()
	return l.next(t, time.After(await.Patience), "another line, or its end")
}

func (l *Lines) next(t testing.TB, late <-chan time.Time, what string) (line string, ok bool) {
	t.Helper()
	select {
	case line, ok = <-l.more:
		if ok {
			t.Logf("%s: %s", l.name, line)
		}
	case <-late:
		t.Fatalf("%s: not in time: %s", l.name, what)
	}
	return line, ok
}

// Want passes over lines until one matches, and returns what its groups matched.
func (l *Lines) Want(t testing.TB, pattern string) []string {
	t.Helper()
	want := regexp.MustCompile(pattern)
	for late := time.After(await.Patience); ; {
		line, ok := l.next(t, late, pattern)
		if !ok {
			t.Fatalf("%s has ended without a line like %q", l.name, pattern)
		}
		if m := want.FindStringSubmatch(line); m != nil {
			return m
		}
	}
}

// Now are the lines that are there, without waiting for more.
func (l *Lines) Now() (all []string) {
	for {
		select {
		case line, ok := <-l.more:
			if !ok {
				return all
			}
			all = append(all, line)
		default:
			return all
		}
	}
}

// Rest are the lines to the end.
func (l *Lines) Rest(t testing.TB) (all []string) {
	t.Helper()
	for {
		line, ok := l.Next(t)
		if !ok {
			return all
		}
		all = append(all, line)
	}
}
