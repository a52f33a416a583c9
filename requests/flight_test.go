package requests

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestFlight: whatever is begun and ended, the count is that of a plain set.
func TestFlight(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var f flight
		room, plain, named := 500, int64(0), map[string]bool{}
		for step := range 20000 {
			name := ""
			if rnd.IntN(10) > 0 {
				name = fmt.Sprint(rnd.IntN(600))
			}
			// More begin in some times, more end in others.
			if begins := rnd.IntN(10) < 3+4*(step/2000%2); begins {
				want := ""
				switch {
				case name == "":
					plain++
				case named[name]:
					want = badTwice
				case len(named) == 500:
					want = badMany
				default:
					named[name] = true
				}
				if fault := f.begin([]byte(name), &room); fault != want {
					t.Fatalf("begin %q: %q, want %q", name, fault, want)
				}
				continue
			}
			want := ""
			switch {
			case name == "" && plain == 0:
				want = badEmpty
			case name == "":
				plain--
			case !named[name]:
				want = badNone
			default:
				delete(named, name)
			}
			if fault := f.end([]byte(name), &room); fault != want {
				t.Fatalf("end %q: %q, want %q", name, fault, want)
			}
			if f.plain != plain || len(f.named) != len(named) || room != 500-len(named) {
				t.Fatalf("%d, %d named, room for %d; want %d, %d", f.plain, len(f.named), room, plain, len(named))
			}
		}
		if n := f.forget(&room); n != plain+int64(len(named)) || room != 500 {
			t.Errorf("%d forgotten, room for %d", n, room)
		}
	}
}

// TestFlightShrinks: what was in flight once takes no memory for ever, also where one
// is left.
func TestFlightShrinks(t *testing.T) {
	all := make([]flight, 20)
	grown := growth(func() {
		room := maxFlight
		for i := range all {
			for n := range maxFlight - len(all) {
				if fault := all[i].begin(fmt.Append(nil, n), &room); fault != "" {
					t.Fatal(fault)
				}
			}
			for n := range maxFlight - len(all) - 1 {
				if fault := all[i].end(fmt.Append(nil, n), &room); fault != "" {
					t.Fatal(fault)
				}
			}
		}
	})
	if grown > fewConnections {
		t.Errorf("%d bytes more than before", grown)
	}
	if len(all[0].named) != 1 || len(all[19].named) != 1 {
		t.Error("the last is lost")
	}
}
