package status

import "time"

// How fast memory grows, from the points of one generation. It is the line that has
// the least squares of distances, and it is believed only where
//
//   - there are enough points, over enough time, of which the first tenth of the time is left out: a
//     program takes what it needs at its start;
//   - the line explains most of what was seen (R²);
//   - the later half of the points says the same, give or take a half: memory that
//     rises until a cache is full lies near a line for a while, and then does not
//     go on.

const (
	trendPoints = 64
	trendStep   = 250 * time.Millisecond
	// leastPoints is how many must be left without the warm-up, and leastSquared the
	// least R² that is believed.
	leastPoints  = 6
	leastSquared = 0.75
	warmUp       = 10 // the part of the time
	// leastSpan is the part of the age that they must lie in, longEnough what is enough
	// for any age: who looks for ten seconds at a program of a week sees chance.
	leastSpan  = 4
	longEnough = 10 * 60.0
)

// trend is what was seen of one generation: the mean of each step.
type trend struct {
	step time.Duration
	sums []sum
}

// sum is of n figures from a time on.
type sum struct {
	first, at, memory float64 // seconds, the sum of seconds, the sum of bytes
	n                 float64
}

// add takes what was seen at an age of the generation.
func (t *trend) add(age time.Duration, memory int64) {
	if t.sums == nil {
		t.step, t.sums = trendStep, make([]sum, 0, trendPoints)
	}
	if len(t.sums) == trendPoints {
		t.step *= 2
		half := t.sums[:0]
		for i := 0; i < trendPoints; i += 2 {
			a, b := t.sums[i], t.sums[i+1]
			half = append(half, sum{a.first, a.at + b.at, a.memory + b.memory, a.n + b.n})
		}
		t.sums = half
	}
	at := max(age, 0).Seconds()
	if n := len(t.sums); n > 0 {
		last := &t.sums[n-1]
		if at = max(at, last.at/last.n); at-last.first < t.step.Seconds() {
			last.at, last.memory, last.n = last.at+at, last.memory+float64(memory), last.n+1
			return
		}
	}
	t.sums = append(t.sums, sum{at, at, float64(memory), 1})
}

// slope returns the growth in bytes per hour, and whether there is one to speak of.
func (t *trend) slope() (float64, bool) {
	points := t.sums
	if len(points) == 0 {
		return 0, false
	}
	warm := points[len(points)-1].first / warmUp
	for len(points) > 0 && points[0].first < warm {
		points = points[1:]
	}
	if len(points) < leastPoints {
		return 0, false
	}
	now := points[len(points)-1].first
	if span := now - points[0].first; span < now/leastSpan && span < longEnough {
		return 0, false
	}
	all, squared := fit(points)
	late, _ := fit(points[len(points)/2:])
	switch {
	case all == 0:
		return 0, squared == 1
	case squared < leastSquared, late/all < 0.5, late/all > 1.5:
		return 0, false
	}
	return all * time.Hour.Seconds(), true
}

// fit is the slope in bytes per second, and R², of the points. What does not move at
// all lies on a line.
func fit(points []sum) (slope, squared float64) {
	var meanX, meanY, n float64
	for _, p := range points {
		meanX, meanY, n = meanX+p.at/p.n, meanY+p.memory/p.n, n+1
	}
	meanX, meanY = meanX/n, meanY/n
	var xx, xy, yy float64
	for _, p := range points {
		x, y := p.at/p.n-meanX, p.memory/p.n-meanY
		xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
	}
	switch {
	case yy == 0:
		return 0, 1
	case xx == 0:
		return 0, 0
	}
	return xy / xx, xy * xy / (xx * yy)
}
