package report

import "testing"

// TestStream: every outlet gets each event, with one number; who takes none keeps
// nobody waiting, and what is lost is counted once.
func TestStream(t *testing.T) {
	var s Stream
	short, long := NewQueue(2), NewQueue(9)
	s.Add(short)
	s.Add(long)
	for range 5 {
		s.Tell(Event{Msg: "x"})
	}
	for q, want := range map[*Queue]int{short: 2, long: 5} {
		if len(q.Events()) != want || q.Dropped() != int64(5-want) || q.Dropped() != 0 {
			t.Errorf("%d events, want %d", len(q.Events()), want)
		}
		for n := range want {
			if e := <-q.Events(); e.Seq != uint64(n+1) || e.Msg != "x" {
				t.Errorf("%+v, want number %d", e, n+1)
			}
		}
	}
}
