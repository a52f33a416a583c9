package control

import (
	"encoding/json"
	"fmt"
	"testing"

	"relance/report"
)

func TestRing(t *testing.T) {
	var stream report.Stream
	var ring Ring
	stream.Add(&ring)
	tell := func(n int) {
		for range n {
			stream.Tell(report.Event{Msg: "x"})
		}
	}
	read := func(seen uint64) (last uint64, lost uint64, seqs []uint64) {
		last = ring.since(seen, func(missing uint64, line string) bool {
			var e report.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Error(err)
			}
			lost += missing
			seqs = append(seqs, e.Seq)
			return true
		})
		return last, lost, seqs
	}
	if last, lost, seqs := read(0); last != 0 || lost != 0 || seqs != nil {
		t.Errorf("empty: %d, %d, %v", last, lost, seqs)
	}
	tell(3)
	if last, lost, seqs := read(1); last != 3 || lost != 0 || fmt.Sprint(seqs) != "[2 3]" {
		t.Errorf("the second and the third: %d, %d, %v", last, lost, seqs)
	}
	if last, _, seqs := read(99); last != 99 || seqs != nil {
		t.Errorf("of the future: %d, %v", last, seqs)
	}
	tell(kept)
	if last, lost, seqs := read(1); last != kept+3 || lost != 2 || len(seqs) != kept || seqs[0] != 4 {
		t.Errorf("too slow: %d, %d, %d from %d", last, lost, len(seqs), seqs[0])
	}
	if ring.oldest() != 3 {
		t.Errorf("oldest %d", ring.oldest())
	}
	// One whose number was given out and who is not there yet ends it.
	ring.Tell(report.Event{Seq: kept + 5})
	if last, _, seqs := read(kept + 3); last != kept+3 || seqs != nil {
		t.Errorf("past one that is missing: %d, %v", last, seqs)
	}
	ring.Tell(report.Event{Seq: kept + 4})
	if last, _, seqs := read(kept + 3); last != kept+5 || len(seqs) != 2 {
		t.Errorf("when it has come: %d, %v", last, seqs)
	}
}

// TestRingShared: many who tell at once, and one who reads all the time: each event is
// read once or counted as lost, in order.
func TestRingShared(t *testing.T) {
	const tellers, each = 4, 5000
	var stream report.Stream
	var ring Ring
	stream.Add(&ring)
	f := ring.follow()
	defer ring.leave(f)
	for range tellers {
		go func() {
			for range each {
				stream.Tell(report.Event{Msg: "x"})
			}
		}()
	}
	var seen, got, lost, before uint64
	for seen < tellers*each {
		<-f.news
		seen = ring.since(seen, func(missing uint64, line string) bool {
			var e report.Event
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq <= before {
				t.Errorf("%s after %d: %v", line, before, err)
			}
			before = e.Seq
			got, lost = got+1, lost+missing
			return true
		})
	}
	if got+lost != tellers*each || got < kept {
		t.Errorf("%d read, %d lost", got, lost)
	}
}

func TestFollowers(t *testing.T) {
	var ring Ring
	var all []*follower
	for range maxFollowers {
		all = append(all, ring.follow())
	}
	if ring.follow() != nil {
		t.Error("one too many")
	}
	ring.leave(all[3])
	if ring.follow() == nil {
		t.Error("no room for another one")
	}
}
