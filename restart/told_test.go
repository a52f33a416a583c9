package restart

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// What a generation is told of the one before it.

// checkTold: it is what was reported of that, and of none for the first.
func (w *world) checkTold(a Spawn) {
	var want Last
	if a.Gen > 1 {
		want = Last{Reason: StartFailed, Exit: &Exited{Gen: a.Gen - 1, Code: w.chain.status}}
		for _, before := range slices.Concat(w.history, w.last) {
			if r, ok := before.(Report); ok && r.Kind == Left && r.Gen == a.Gen-1 {
				want = Last{Reason: r.Reason, Uptime: r.Uptime, Exit: r.Exit}
			}
		}
	}
	if !reflect.DeepEqual(a.Last, want) {
		w.errorf("generation %d is told %+v of the one before, want %+v", a.Gen, a.Last, want)
	}
}

// checkTold: only the first of each worker has nobody before it, and who is to take
// over hears of one that is still up, and is why it goes.
func (w *pool) checkTold(a Spawn) {
	before := slices.ContainsFunc(w.beings, func(b *being) bool { return b.worker == a.Worker })
	candidate := slices.ContainsFunc(w.of(a.Worker), func(b *being) bool { return b.alive && !b.asked })
	last := a.Last
	switch {
	case before != (last.Reason != ""):
	case before && candidate == (last.Exit != nil), !before && !reflect.DeepEqual(last, Last{}), last.Uptime < 0:
	case candidate:
		at := w.core.course(a.Gen).at.gen
		if last.Reason == at.turn && last.Uptime == w.now.Sub(at.started) {
			return
		}
	default:
		return
	}
	w.errorf("generation %d of worker %d is told %+v", a.Gen, a.Worker, last)
}

// spawned is the only Spawn of the actions.
func spawned(t *testing.T, actions []Action) Spawn {
	t.Helper()
	all := actionsOf[Spawn](actions)
	if len(all) != 1 {
		t.Fatalf("%v", actions)
	}
	return all[0]
}

// TestTold: a status, a signal, a start that failed, and one that is still up.
func TestTold(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := New(Policy{Restart: Always, BackoffMin: time.Second, BackoffMax: time.Minute, Grace: time.Second, StopSignal: 15})
	step := func(after time.Duration, ev Event) []Action { now = now.Add(after); return c.Step(now, ev) }
	if s := spawned(t, c.Start(now)); s.Last != (Last{}) {
		t.Errorf("the first: %+v", s)
	}
	step(0, Started{Gen: 1})
	step(90*time.Second, RestartAsked{})
	leaves := Exited{Gen: 1, Signal: 15}
	want := func(name string, s Spawn, want Last) {
		t.Helper()
		if !reflect.DeepEqual(s.Last, want) {
			t.Errorf("%s: %+v, want %+v", name, s.Last, want)
		}
	}
	want("asked", spawned(t, step(time.Second, leaves)), Last{Reason: Asked, Uptime: 90 * time.Second, Exit: &leaves})
	step(0, SpawnFailed{Gen: 2, Status: 127})
	want("no start", spawned(t, step(time.Minute, Tick{})), Last{Reason: StartFailed, Exit: &Exited{Gen: 2, Code: 127}})
	step(0, Started{Gen: 3})
	crash := Exited{Gen: 3, Code: 7}
	step(2*time.Second, crash)
	want("a crash, and after the delay", spawned(t, step(time.Minute, Tick{})), Last{Reason: Exit, Uptime: 2 * time.Second, Exit: &crash})

	c = New(Policy{Handover: true, Ready: ReadyWhenSaid, Grace: time.Second, BackoffMin: time.Second, BackoffMax: time.Minute})
	c.Start(now)
	step(0, Started{Gen: 1})
	step(0, Ready{Gen: 1})
	want("a handover", spawned(t, step(time.Hour, RestartAsked{})), Last{Reason: Asked, Uptime: time.Hour})
	step(0, Started{Gen: 2})
	step(time.Minute, Exited{Gen: 2, Code: 1})
	want("the next try", spawned(t, step(time.Minute, Tick{})), Last{Reason: Asked, Uptime: time.Hour + 2*time.Minute})
}
