package status

import (
	"fmt"
	"strings"
)

// Text is s for people, each line ended by a line feed. width is that of the terminal
// in cells; zero: it goes into a pipe, and is one fact a line in ASCII. colour says
// whether colours may be used.
func (s Status) Text(width int, colour bool) string {
	var b strings.Builder
	for _, w := range s.Workers {
		fmt.Fprintf(&b, "gen %d: %s, pid %d\n", w.Generation, w.State, w.PID)
	}
	return b.String()
}
