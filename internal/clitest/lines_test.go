package clitest

import (
	"bufio"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is output that is read as it comes.
type lines struct {
	mu   sync.Mutex
	text []string
	next int
	more chan struct{}
	end  bool
}

func newLines() *lines { return &lines{more: make(chan struct{})} }

func (l *lines) read(from io.ReadCloser) {
	defer from.Close()
	r := bufio.NewReader(from)
	for {
		line, err := r.ReadString('\n')
		l.mu.Lock()
		if line != "" {
			l.text = append(l.text, strings.TrimSuffix(line, "\n"))
		}
		l.end = err != nil
		close(l.more)
		l.more = make(chan struct{})
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.text, "\n")
}

// take returns the next line, and false at the end of the output.
func (l *lines) take(t testing.TB) (string, bool) {
	t.Helper()
	return l.takeBefore(t, time.After(patience))
}

func (l *lines) takeBefore(t testing.TB, late <-chan time.Time) (string, bool) {
	t.Helper()
	for {
		l.mu.Lock()
		more, end := l.more, l.end
		if l.next < len(l.text) {
			l.next++
			line := l.text[l.next-1]
			l.mu.Unlock()
			return line, true
		}
		l.mu.Unlock()
		if end {
			return "", false
		}
		select {
		case <-more:
		case <-late:
			t.Fatal("what was waited for has not come, and no end of the output")
		}
	}
}

// want passes over lines until one matches, and returns what its groups matched.
func (l *lines) want(t testing.TB, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	// Lines that do not match may come for ever, so that there is an end to these too.
	last := time.Now().Add(5 * patience)
	for {
		line, ok := l.takeBefore(t, time.After(min(patience, time.Until(last))))
		if !ok {
			t.Fatalf("output ended without a line that matches %q:\n%s", pattern, l.all())
		}
		if m := re.FindStringSubmatch(line); m != nil {
			return m
		}
	}
}

// wantClosed waits until nobody has the output open any more.
func (l *lines) wantClosed(t testing.TB) {
	t.Helper()
	for {
		if _, ok := l.take(t); !ok {
			return
		}
	}
}
