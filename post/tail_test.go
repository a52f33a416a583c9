package post

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestTail: the last lines of one generation, whoever else has written since.
func TestTail(t *testing.T) {
	ts := NewTails(2, 3)
	if got := ts.Last(1); got != nil || ts.Lines() != 3 {
		t.Errorf("%q", got)
	}
	for i := range 10 {
		ts[0].Keep(1, fmt.Appendf(nil, "line %d", i))
		ts[1].Keep(2, fmt.Appendf(nil, "other %d", i))
	}
	ts[0].Keep(3, []byte("next"))
	for gen, want := range map[int]string{1: "line 7|line 8|line 9", 2: "other 7|other 8|other 9", 3: "next", 4: ""} {
		if got := strings.Join(ts.Last(gen), "|"); got != want {
			t.Errorf("gen %d: %q, want %q", gen, got, want)
		}
	}
	// The message about a crash is made a while after it: what the next one writes at its
	// start, however much, leaves these lines alone.
	for range 1000 {
		ts[0].Keep(3, []byte("next"))
	}
	if got := strings.Join(ts.Last(1), "|"); got != "line 7|line 8|line 9" {
		t.Errorf("the last lines of one that has ended are overwritten: %q", got)
	}
	ts[0].Keep(5, []byte("one more"))
	ts[0].Keep(1, []byte("late"))
	if got := ts.Last(1); got != nil {
		t.Errorf("kept for ever: %q", got)
	}
}

// TestTailUnwritten: who has begun to write a line, and has not yet, shows no older one in
// its place.
func TestTailUnwritten(t *testing.T) {
	ts := NewTails(1, 3)
	for i := range 6 {
		ts[0].Keep(1, fmt.Appendf(nil, "line %d", i))
	}
	ts[0].ring(1).next.Add(1)
	if got := strings.Join(ts.Last(1), "|"); got != "line 3|line 4|line 5" {
		t.Errorf("%q", got)
	}
}

// TestTailBounds: no line, and no message, is longer than it may be, and none moves the
// cursor of who reads it.
func TestTailBounds(t *testing.T) {
	ts := NewTails(1, 1000)
	for i := range 1000 {
		ts[0].Keep(1, []byte(fmt.Sprintf("%d\x1b[2J", i)+strings.Repeat("ä", 4000)))
	}
	lines := ts.Last(1)
	all := strings.Join(lines, "\n")
	if len(all) > mostKept || len(all) < mostKept-2*mostLine || strings.Contains(all, "\x1b") || !strings.HasPrefix(lines[len(lines)-1], "999\ufffd[2J") {
		t.Errorf("%d bytes in %d lines", len(all), len(lines))
	}
}

// TestTailTogether: who reads while two write sees whole lines, each once and in order.
func TestTailTogether(t *testing.T) {
	ts := NewTails(1, 10)
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 50000 {
				ts[0].Keep(1, fmt.Appendf(nil, "%d of %d", i, w))
			}
		})
	}
	for range 2000 {
		last := [2]int{-1, -1}
		for _, line := range ts.Last(1) {
			var i, w int
			if _, err := fmt.Sscanf(line, "%d of %d", &i, &w); err != nil || i <= last[w] {
				t.Fatalf("%q after %d: %v", line, last[w], err)
			}
			last[w] = i
		}
	}
	writers.Wait()
	if got := ts.Last(1); len(got) != 10 {
		t.Errorf("%q", got)
	}
}
