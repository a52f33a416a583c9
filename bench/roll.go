package main

import "time"

// A roll knows, by the events, which workers do their work: none that is told to stop or
// has ended, until its next generation is up.
type roll struct {
	serving map[int]int // worker to generation
	workers int
	ups     int
	most    int           // away at once, since all were there
	away    time.Duration // in which somebody was, but for the last time if it is not over
	since   time.Time     // of that; zero: all are there
}

func (r *roll) see(e event) {
	switch e.Event {
	case "up":
		r.serving[e.Worker] = e.Generation
		r.ups++
	case "stopping", "ended", "backoff", "no-help", "gave-up":
		if r.serving[e.Worker] == e.Generation {
			delete(r.serving, e.Worker)
		}
	}
	missing := r.workers - len(r.serving)
	switch {
	case r.ups < r.workers: // they start
	case missing > 0 && r.since.IsZero():
		r.since = e.Time
	case missing == 0 && !r.since.IsZero():
		r.away, r.since = r.away+e.Time.Sub(r.since), time.Time{}
	}
	if r.ups >= r.workers {
		r.most = max(r.most, missing)
	}
}

// awayAt is for how long somebody was away until a time.
func (r roll) awayAt(t time.Time) time.Duration {
	if r.since.IsZero() {
		return r.away
	}
	return r.away + t.Sub(r.since)
}
