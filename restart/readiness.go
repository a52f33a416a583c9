package restart

import "time"

// Readiness says how it is known that a generation can do its work.
type Readiness uint8

const (
	// ReadyAtStart: it is taken for ready when it was started.
	ReadyAtStart Readiness = iota
	// ReadyWhenSaid: it says so (Ready).
	ReadyWhenSaid
	// ReadyWhenProbed: somebody asks it (Probe).
	ReadyWhenProbed
	// ReadyAfter: it has lived for as long as Policy.ReadyDelay.
	ReadyAfter
)

// readiness is what is known of whether a generation is ready.
type readiness struct {
	is bool
	// due is when it is ready, or is to be probed; the zero time: when it says so, or
	// when a probe is answered. by is when it must be ready; the zero time: whenever.
	due, by time.Time
	// why is why it is not, as the last probe saw it.
	why string
}

// The time between two probes grows with the age of the generation, within bounds: a
// server that starts in 50 ms is not to wait for a second, and one that needs a
// minute is not to be asked a thousand times.
const (
	probeShare   = 10
	minProbeWait = 20 * time.Millisecond
	maxProbeWait = time.Second
)

// awaitReady begins to wait until a generation that was started is ready.
func (c *course) awaitReady(now time.Time) []Action {
	r := &c.gen.ready
	*r = readiness{}
	if c.policy.Ready != ReadyAtStart && c.policy.StartTimeout != 0 {
		r.by = after(now, c.policy.StartTimeout)
	}
	switch c.policy.Ready {
	case ReadyAtStart:
		if c.candidate(c) {
			return c.isReady(now)
		}
		r.is = true
		c.compare(now)
		return c.afterUp()
	case ReadyAfter:
		r.due, r.by = now.Add(c.policy.ReadyDelay), time.Time{}
	case ReadyWhenProbed:
		return []Action{Probe{Gen: c.gen.number}}
	}
	return nil
}

// probed takes the answer to a Probe.
func (c *course) probed(now time.Time, ev Probed) []Action {
	r := &c.gen.ready
	switch {
	case r.is:
		return nil
	case ev.Ready:
		return c.isReady(now)
	}
	r.why = ev.Why
	r.due = now.Add(min(max(now.Sub(c.gen.started)/probeShare, minProbeWait), maxProbeWait))
	return nil
}

// tickReady does what is due while it is not ready.
func (c *course) tickReady(now time.Time) []Action {
	r := &c.gen.ready
	switch {
	case due(r.by, now):
		r.by, r.due = time.Time{}, time.Time{}
		return c.stop(now, StartFailed, c.afterBudget(), 0)
	case !due(r.due, now):
		return nil
	}
	r.due = time.Time{}
	if c.policy.Ready == ReadyAfter {
		return c.isReady(now)
	}
	return []Action{Probe{Gen: c.gen.number}}
}

// isReady: the generation can do its work.
func (c *course) isReady(now time.Time) []Action {
	r := &c.gen.ready
	if r.is {
		return nil
	}
	*r = readiness{is: true}
	var actions []Action
	if !c.gen.first || c.policy.Ready != ReadyAfter {
		actions = append(actions, c.upReport(now))
	}
	actions = append(actions, c.afterUp()...)
	if c.candidate(c) {
		return append(actions, c.takeOver(now)...)
	}
	c.compare(now)
	return actions
}

// afterUp says that the generation is ready, if somebody wants to know.
func (c *course) afterUp() []Action {
	if !c.policy.AfterUp {
		return nil
	}
	return []Action{AfterUp{Gen: c.gen.number, Worker: c.worker(), PID: c.gen.pid}}
}
