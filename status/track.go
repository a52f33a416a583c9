package status

import (
	"maps"
	"slices"
	"time"

	"relance/report"
	"relance/restart"
)

// Track keeps what happened, as far as people ask for it. Its size is bounded: by
// lastEnds ends, mostReasons reasons, mostWorkers slots with the history of each, and
// the trends of two generations in each.
type Track struct {
	name    string
	command []string
	pid     int
	since   time.Time
	// began is the first moment it was told of: what it keeps are times since then.
	began   time.Time
	slots   map[int]*slot
	ends    []End
	ended   int64
	reasons map[string]int64
	last    *report.Event
	newest  int
	// first and highest are the numbers of events, and told how many came.
	first, highest, told uint64
}

const (
	// lastEnds is what is shown of the past.
	lastEnds = 10
	// mostReasons is more than there are.
	mostReasons = 64
	otherReason = "other"
	// mostWorkers is what --workers allows.
	mostWorkers = 1000
	// longMsg bounds what a name in a message can make of it.
	longMsg = 4096
)

// slot is what is kept of one, whose generations follow each other.
type slot struct {
	history history
	// runs are the last two generations: with a handover both live.
	runs [2]run
	// retry is when the next try comes, after a failure; the zero time: nobody waits.
	retry time.Time
}

// run is a generation; zero: none.
type run struct {
	gen     int
	started time.Time
	trend   trend
}

// New returns a Track to which nothing has happened. name is what the user calls this
// supervisor, or empty.
func New(name string) *Track {
	return &Track{name: name, reasons: map[string]int64{}, slots: map[int]*slot{}}
}

// Runs says what is run, which process relance is, and since when.
func (t *Track) Runs(command []string, pid int, since time.Time) {
	t.command, t.pid, t.since = slices.Clone(command), pid, since
}

// Tell takes the next event.
func (t *Track) Tell(e report.Event) {
	t.count(e.Seq)
	e.Msg = short(e.Msg)
	t.last, t.newest = &e, max(t.newest, e.Generation)
	switch kind := restart.Kind(e.Kind); kind {
	case restart.Begun:
		t.run(e.Time, e.Worker, e.Generation, e.Time)
		t.retry(e.Worker, time.Time{})
	case restart.Left:
		t.end(e)
		t.forget(e.Worker, func(gen int) bool { return gen == e.Generation })
	case restart.StartFailure, restart.Backoff, restart.GaveUp, restart.HandoverFailed:
		// One that was not ready in time has left before.
		if e.Reason == string(restart.StartFailed) && !t.hasLeft(e.Generation) {
			t.end(e)
		}
		t.waits(e)
	case restart.NoHelp:
		t.waits(e)
	case restart.Up:
		t.up(e)
	case restart.Stopping, restart.HandingOver, restart.Queued, restart.Deferred, restart.Observed, restart.Recovered:
		// What was seen just now, where memory is why.
		if e.Memory != nil && (e.Reason == string(restart.MemoryHigh) || kind == restart.Recovered) {
			t.Sample(e.Time, e.Generation, *e.Memory)
		}
	}
}

// count notes which events did not come. They may come in another order than that of
// their numbers.
func (t *Track) count(seq uint64) {
	if seq == 0 {
		return // it was in no stream
	}
	if t.told == 0 {
		t.first = seq
	}
	t.first, t.highest = min(t.first, seq), max(t.highest, seq)
	t.told++
}

// missed is how many did not.
func (t *Track) missed() int64 {
	if t.told == 0 {
		return 0
	}
	return max(int64(t.highest-t.first+1-t.told), 0)
}

// run returns what is kept of a generation, and begins to keep it; nil: there are too
// many workers.
func (t *Track) run(now time.Time, worker, gen int, started time.Time) *run {
	if t.began.IsZero() {
		t.began = now
	}
	s := t.slots[worker]
	if s == nil {
		if len(t.slots) >= mostWorkers+1 {
			return nil
		}
		s = &slot{}
		t.slots[worker] = s
	}
	oldest := &s.runs[0]
	if s.runs[1].gen < oldest.gen {
		oldest = &s.runs[1]
	}
	for i := range s.runs {
		r := &s.runs[i]
		if r.gen == gen {
			return r
		}
	}
	if gen < oldest.gen {
		return nil // late, and of no interest
	}
	*oldest = run{gen: gen, started: started}
	return oldest
}

// Sample takes what a look at generation gen has seen of its memory, in bytes. One that
// was not told of before is not known.
func (t *Track) Sample(now time.Time, gen int, memory int64) {
	if memory <= 0 || gen <= 0 {
		return
	}
	for _, s := range t.slots {
		for i := range s.runs {
			if r := &s.runs[i]; r.gen == gen {
				r.trend.add(now.Sub(r.started), memory)
				if other := s.runs[1-i].gen; other == 0 || other > gen {
					// Of two that live, the older one does the work, or did until now.
					s.history.add(max(now.Sub(t.began), 0), gen, memory)
				}
				return
			}
		}
	}
}

// forget drops generations of a slot that are over.
func (t *Track) forget(worker int, over func(gen int) bool) {
	if s := t.slots[worker]; s != nil {
		for i := range s.runs {
			if over(s.runs[i].gen) {
				s.runs[i] = run{}
			}
		}
	}
}

// waits notes when the next try comes, if e says so.
func (t *Track) waits(e report.Event) {
	next := time.Time{}
	if e.In != nil {
		next = e.Time.Add(time.Duration(whole(*e.In * 1e9)))
	}
	t.retry(e.Worker, next)
}

func (t *Track) retry(worker int, at time.Time) {
	if s := t.slots[worker]; s != nil {
		s.retry = at
	}
}

// hasLeft reports whether the end of a generation is among the last.
func (t *Track) hasLeft(gen int) bool {
	return slices.ContainsFunc(t.ends, func(e End) bool { return e.Generation == gen })
}

// end notes the end of a generation.
func (t *Track) end(e report.Event) {
	t.ended++
	reason := e.Reason
	if _, known := t.reasons[reason]; !known && len(t.reasons) >= mostReasons {
		reason = otherReason
	}
	t.reasons[reason]++
	end := End{
		Time: e.Time, Worker: e.Worker, Generation: e.Generation, Reason: e.Reason, Msg: e.Msg, Uptime: e.Uptime,
		ExitStatus: e.ExitStatus, ExitSignal: e.ExitSignal, Peak: e.MemoryPeak, CPU: e.CPU, Requests: e.Served,
	}
	if e.Kind == string(restart.Left) {
		end.Took = e.Took
	}
	t.ends = append(t.ends, end)
	if len(t.ends) > lastEnds {
		t.ends = t.ends[:copy(t.ends, t.ends[1:])]
	}
}

// up notes how long nobody was there after the last end of that slot.
func (t *Track) up(e report.Event) {
	for i := len(t.ends) - 1; i >= 0 && e.Down != nil; i-- {
		if end := &t.ends[i]; end.Worker == e.Worker && end.Generation < e.Generation {
			end.Down = e.Down
			return
		}
	}
}

// Status is what there is to know now. live has the generations that live and the
// slots that wait for one.
func (t *Track) Status(now time.Time, live []Live) Status {
	s := Status{
		Schema: Schema, Time: now, Name: t.name, Command: slices.Clone(t.command), PID: t.pid, Since: t.since,
		Generations: t.newest, Ended: t.ended, Reasons: maps.Clone(t.reasons), Missed: t.missed(),
		Workers: make([]Worker, 0, len(live)), Ends: slices.Clone(t.ends),
	}
	slices.Reverse(s.Ends)
	if s.Ends == nil {
		s.Ends = []End{}
	}
	if t.last != nil {
		last := *t.last
		s.Last = &last
	}
	if !t.since.IsZero() {
		s.Running = max(now.Sub(t.since), 0).Seconds()
	}
	t.learn(now, live)
	for i := range live {
		s.Generations = max(s.Generations, live[i].Generation)
		s.Workers = append(s.Workers, t.worker(now, &live[i]))
	}
	return s
}

// learn takes what is seen of those that live, also where an event of theirs was missed.
func (t *Track) learn(now time.Time, live []Live) {
	oldest := map[int]int{}
	for i := range live {
		l := &live[i]
		if first := oldest[l.Worker]; l.Generation > 0 && (first == 0 || l.Generation < first) {
			oldest[l.Worker] = l.Generation
		}
	}
	for worker, first := range oldest {
		t.forget(worker, func(gen int) bool { return gen < first })
	}
	for i := range live {
		if l := &live[i]; l.Generation > 0 && l.PID > 0 && !l.Started.IsZero() {
			t.run(now, l.Worker, l.Generation, l.Started)
			t.Sample(now, l.Generation, l.Memory)
		}
	}
}

// short bounds a message.
func short(msg string) string {
	if len(msg) <= longMsg {
		return msg
	}
	return msg[:longMsg] + "..."
}
