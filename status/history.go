package status

import "time"

// What was seen of memory over time, in a fixed number of points. Where they are all
// in use, two become one and the next ones stand for twice the time, so that a long
// run costs as much as a short one.

const (
	// historyPoints is more than a terminal has cells for.
	historyPoints = 128
	// historyStep is the time that a point stands for at least, and historySpan how far
	// back they go: then the oldest are dropped.
	historyStep = time.Second
	historySpan = 24 * time.Hour
)

// point is the most memory that was seen from a time on, since the Track began.
type point struct {
	at     time.Duration
	gen    int
	memory int64
}

// history is what was seen of one slot.
type history struct {
	step   time.Duration
	points []point
}

// add takes what was seen. Times do not go back.
func (h *history) add(at time.Duration, gen int, memory int64) {
	if h.points == nil {
		h.step, h.points = historyStep, make([]point, 0, historyPoints)
	}
	if n := len(h.points); n > 0 {
		last := &h.points[n-1]
		at = max(at, last.at)
		if last.gen == gen && at-last.at < h.step {
			last.memory = max(last.memory, memory)
			return
		}
	}
	if len(h.points) == historyPoints {
		h.makeRoom(at)
	}
	h.points = append(h.points, point{at, gen, memory})
}

// makeRoom leaves at least one point free.
func (h *history) makeRoom(now time.Duration) {
	if h.step*historyPoints < historySpan {
		h.step *= 2
		h.points = thin(h.points, h.step)
	}
	old := 0
	for old < len(h.points) && h.points[old].at < now-historySpan {
		old++
	}
	if len(h.points)-old == historyPoints {
		// Generations that are shorter than a step: what is oldest goes.
		old = historyPoints / 4
	}
	h.points = h.points[:copy(h.points, h.points[old:])]
}

// thin makes one point of those of a generation that are closer than step.
func thin(points []point, step time.Duration) []point {
	kept := points[:1]
	for _, p := range points[1:] {
		last := &kept[len(kept)-1]
		if p.gen == last.gen && p.at-last.at < step {
			last.memory = max(last.memory, p.memory)
			continue
		}
		kept = append(kept, p)
	}
	return kept
}
