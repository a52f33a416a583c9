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
	for range 6 {
		ts[0].Keep(3, []byte("next"))
	}
	if got := ts.Last(1); got != nil {
		t.Errorf("overwritten: %q", got)
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

// TestTailTogether: two that write and one that reads see whole lines only.
func TestTailTogether(t *testing.T) {
	ts := NewTails(1, 10)
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 5000 {
				ts[0].Keep(1, fmt.Appendf(nil, "%d of %d", i, w))
			}
		})
	}
	for range 1000 {
		for _, line := range ts.Last(1) {
			var i, w int
			if _, err := fmt.Sscanf(line, "%d of %d", &i, &w); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
	}
	writers.Wait()
	if got := ts.Last(1); len(got) != 10 {
		t.Errorf("%q", got)
	}
}
