package tree

import (
	"cmp"
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

// The world of these tests: processes that fork, die, begin sessions and process
// groups and shed what they could be known by, without a kernel. Each knows whose
// it is, and what apart says of it is compared with that.

const worldRoot, worldPIDs = 1, 60

type being struct {
	stat
	gen                int // the truth
	marked, grouped    bool
	recognised, misled bool // settled for sure once; had no way to be told apart
}

type world struct {
	t       *testing.T
	apart   apart
	all     map[int]*being
	used    map[int]bool // numbers that were somebody's since the last scan
	born    map[int]uint64
	now     uint64
	last    int // generation
	careful bool
	trace   []string
}

func newWorld(t *testing.T, careful bool) *world {
	w := &world{t: t, all: map[int]*being{}, used: map[int]bool{}, born: map[int]uint64{}, now: 1, careful: careful}
	w.apart.known, w.apart.leads = map[int]origin{}, map[int]lead{}
	w.all[worldRoot] = &being{stat: stat{pid: worldRoot, pgrp: worldRoot, session: worldRoot, start: 1, state: 'S'}}
	return w
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// free returns a number that POSIX lets a new process have. Of who is careful it
// was nobody's since the last scan.
func (w *world) free() int {
	taken := map[int]bool{}
	for _, b := range w.all {
		taken[b.pid], taken[b.pgrp], taken[b.session] = true, true, true
	}
	for pid := worldRoot + 1; pid < worldPIDs; pid++ {
		if !taken[pid] && !(w.careful && w.used[pid]) {
			return pid
		}
	}
	return 0
}

func (w *world) fork(parent *being) *being {
	pid := w.free()
	if pid == 0 {
		return nil
	}
	b := *parent
	if start, ok := w.born[pid]; ok {
		w.now = max(w.now, start+1) // no number is two people's within one tick
	}
	w.born[pid] = w.now
	b.pid, b.ppid, b.start, b.recognised, b.misled = pid, parent.pid, w.now, false, false
	w.all[pid] = &b
	return &b
}

// leave notes which numbers b has given up.
func (w *world) leave(b *being) { w.used[b.pid], w.used[b.pgrp], w.used[b.session] = true, true, true }

func (w *world) exit(b *being) {
	w.leave(b)
	delete(w.all, b.pid)
	for _, c := range w.all {
		if c.ppid == b.pid {
			c.ppid = worldRoot
		}
	}
}

func (w *world) begin() {
	if w.free() == 0 {
		return
	}
	w.last++
	w.apart.lives = append(w.apart.lives, life{gen: w.last, start: unborn})
	w.scan()
	child := w.fork(w.all[worldRoot])
	child.gen, child.marked, child.grouped, child.pgrp = w.last, true, true, child.pid
	if w.last%2 == 0 {
		child.pgrp = worldRoot // on a terminal
	}
	l := &w.apart.lives[len(w.apart.lives)-1]
	l.child, l.start = child.pid, child.start
	w.note("begin %d: pid %d start %d", w.last, child.pid, child.start)
}

// end ends the generations of which nobody is left.
func (w *world) end() {
	left := map[int]bool{}
	for _, b := range w.all {
		left[b.gen] = true
	}
	w.apart.lives = slices.DeleteFunc(w.apart.lives, func(l life) bool { return !left[l.gen] })
	if len(w.apart.lives) < 2 {
		clear(w.apart.known)
		clear(w.apart.leads)
	}
}

func (w *world) group(pid int) int {
	if b := w.all[pid]; b.grouped {
		return b.gen
	}
	return 0
}

func (w *world) mark(pid int) int {
	if b := w.all[pid]; b.marked {
		return b.gen
	}
	return 0
}

// chained reports whether b still has its chain to the child of its generation.
func (w *world) chained(b *being) bool {
	for i := range w.apart.lives {
		if l := &w.apart.lives[i]; l.child == b.pid && l.start == b.start {
			return true
		}
	}
	up, ok := w.all[b.ppid]
	return ok && up.pid != worldRoot && w.chained(up)
}

func (w *world) scan() {
	if len(w.apart.lives) < 2 {
		return
	}
	k := &Walker{root: worldRoot}
	for _, b := range w.all {
		k.procs = append(k.procs, proc{stat: b.stat})
	}
	slices.SortFunc(k.procs, byPID)
	for i := range k.procs {
		k.judge(i)
	}
	w.apart.settle(k.procs, worldRoot, w)
	w.apart.forget(k.procs, false)
	clear(w.used)
	for i := range k.procs {
		if p := &k.procs[i]; p.pid != worldRoot {
			w.check(p, &k.procs[p.top])
		}
	}
}

// check compares what was found of p, by its topmost ancestor, with the truth.
func (w *world) check(p, top *proc) {
	b := w.all[p.pid]
	wrong := func(why string) {
		w.t.Helper()
		w.t.Fatalf("%s: pid %d of generation %d is given to %d, sure: %v\n%v", why, p.pid, b.gen, top.gen, top.sure, w.trace)
	}
	right := top.gen == b.gen
	up := w.all[top.pid]
	switch {
	case p.verdict != inside || top.gen == 0:
		wrong("nobody's")
	case !right && w.chained(b):
		wrong("has its chain")
	case !right && up.grouped && !up.misled:
		wrong("is in its group")
	case !right && up.marked && w.careful && !up.misled:
		wrong("has its mark")
	case !right && b.recognised:
		wrong("was known")
	case !right && top.sure && w.careful:
		wrong("sure")
	}
	b.recognised = right && top.sure
	b.misled = !right // and remembered so
}

// run does what a script says: the low bits of each byte are what, the next byte
// is who.
func (w *world) run(script []byte) {
	w.begin()
	w.begin()
	for ; len(script) > 1; script = script[2:] {
		var all []*being
		for _, b := range w.all {
			if b.pid != worldRoot {
				all = append(all, b)
			}
		}
		slices.SortFunc(all, func(a, b *being) int { return cmp.Compare(a.pid, b.pid) })
		what := script[0] % 12
		if len(all) == 0 {
			what = 11
		}
		var b *being
		if what < 8 {
			b = all[int(script[1])%len(all)]
			w.note("%s %d", [...]string{"fork", "fork", "fork", "exit", "setsid", "setpgid", "unmark", "ungroup"}[what], b.pid)
		}
		switch what {
		case 0, 1, 2:
			if c := w.fork(b); c != nil {
				w.note("is %d", c.pid)
			}
		case 3:
			w.exit(b)
			w.end()
		case 4:
			if b.pgrp != b.pid {
				w.leave(b)
				b.session, b.pgrp = b.pid, b.pid
			}
		case 5:
			if b.session != b.pid {
				w.leave(b)
				b.pgrp = b.pid
			}
		case 6:
			b.marked = false
		case 7:
			b.grouped = false
		case 8:
			w.now++
			w.note("tick")
		case 9, 10:
			w.note("scan")
			w.scan()
		case 11:
			if len(w.apart.lives) < 4 {
				w.begin()
			}
		}
	}
	w.scan()
}

// Careful: no number is given anew between two scans. Then what apart is sure of
// is so, and who can be known by something is known. Else it may be misled, but
// never about who has its chain or its group.
func FuzzApart(f *testing.F) {
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		script := make([]byte, 40+r.Intn(400))
		r.Read(script)
		f.Add(script, seed%3 > 0)
	}
	f.Fuzz(func(t *testing.T, script []byte, careful bool) {
		newWorld(t, careful).run(script)
	})
}

// scene is a scan written down.
type scene struct {
	apart
	groups, marks map[int]int
	asked         []string
}

func (s *scene) group(pid int) int {
	s.asked = append(s.asked, fmt.Sprintf("group %d", pid))
	return s.groups[pid]
}

func (s *scene) mark(pid int) int {
	s.asked = append(s.asked, fmt.Sprintf("mark %d", pid))
	return s.marks[pid]
}

// look scans processes of root 10, and returns "pid:generation" of each member,
// with a question mark where nobody knows.
func (s *scene) look(stats ...stat) (found []string) {
	w := &Walker{root: 10}
	for _, st := range append(stats, stat{pid: 10, ppid: 1, pgrp: 10, session: 9, start: 1}) {
		w.procs = append(w.procs, proc{stat: st})
	}
	slices.SortFunc(w.procs, byPID)
	for i := range w.procs {
		w.judge(i)
	}
	s.asked = nil
	s.settle(w.procs, 10, s)
	s.forget(w.procs, false)
	for _, p := range w.procs {
		if p.verdict == inside {
			top, doubt := w.procs[p.top], ""
			if !top.sure {
				doubt = "?"
			}
			found = append(found, fmt.Sprintf("%d:%d%s", p.pid, top.gen, doubt))
		}
	}
	return found
}

func TestApart(t *testing.T) {
	s := &scene{apart: apart{
		lives: []life{{gen: 1, child: 20, start: 100}, {gen: 2, child: 30, start: 200}, {gen: 3, child: 40, start: 300}},
		known: map[int]origin{}, leads: map[int]lead{},
	}}
	step := func(name string, want []string, asked []string, stats ...stat) {
		t.Helper()
		if got := s.look(stats...); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if !slices.Equal(s.asked, asked) {
			t.Errorf("%s: asked for %v, want %v", name, s.asked, asked)
		}
	}
	one := stat{pid: 20, ppid: 10, pgrp: 20, session: 9, start: 100}
	two := stat{pid: 30, ppid: 10, pgrp: 30, session: 9, start: 200}
	three := stat{pid: 40, ppid: 10, pgrp: 10, session: 9, start: 300} // on a terminal it has our group
	deep := stat{pid: 31, ppid: 30, pgrp: 30, session: 9, start: 400}
	step("chains", []string{"20:1", "30:2", "31:2", "40:3"}, nil, one, two, three, deep)

	orphan := deep
	orphan.ppid, orphan.pgrp, orphan.session = 10, 31, 31
	step("remembered", []string{"20:1", "30:2", "31:2", "40:3"}, nil, one, two, three, orphan)
	kin := stat{pid: 32, ppid: 10, pgrp: 31, session: 31, start: 500}
	step("its session", []string{"20:1", "30:2", "31:2", "32:2", "40:3"}, []string{"group 32"}, one, two, three, orphan, kin)
	step("its session, without who led it", []string{"20:1", "30:2", "32:2", "33:2", "40:3"}, []string{"group 33"}, one, two, three, kin,
		stat{pid: 33, ppid: 10, pgrp: 33, session: 31, start: 600})
	step("a session of who led none when it was seen", []string{"20:1", "30:2", "34:2", "40:3"}, []string{"group 34"}, one, two, three,
		stat{pid: 34, ppid: 10, pgrp: 34, session: 32, start: 700})
	step("a number given anew, with its group", []string{"20:1", "30:2", "34:1?", "40:3"}, []string{"group 34", "mark 34"}, one, two, three,
		stat{pid: 34, ppid: 10, pgrp: 34, session: 9, start: 701})
	step("a guess is remembered", []string{"20:1", "30:2", "34:1?", "40:3"}, nil, one, two, three,
		stat{pid: 34, ppid: 10, pgrp: 34, session: 9, start: 701})
	step("and leads nobody", []string{"20:1", "30:2", "34:1?", "35:1?", "40:3"}, []string{"group 35", "mark 35"}, one, two, three,
		stat{pid: 34, ppid: 10, pgrp: 34, session: 9, start: 701}, stat{pid: 35, ppid: 10, pgrp: 34, session: 9, start: 702})

	step("the group of the child", []string{"20:1", "30:2", "36:2", "37:2", "40:3"}, []string{"group 36"}, one, two, three,
		stat{pid: 36, ppid: 10, pgrp: 30, session: 9, start: 800}, stat{pid: 37, ppid: 36, pgrp: 37, session: 37, start: 800})
	step("a group made since", []string{"20:1", "30:2", "31:2", "36:2", "40:3"}, []string{"group 36"}, one, two, three,
		stat{pid: 31, ppid: 30, pgrp: 31, session: 9, start: 801}, stat{pid: 36, ppid: 10, pgrp: 31, session: 9, start: 802})
	step("our own group tells nothing", []string{"20:1", "30:2", "38:1?", "40:3"}, []string{"group 38", "mark 38"}, one, two, three,
		stat{pid: 38, ppid: 10, pgrp: 10, session: 9, start: 900})
	step("age", []string{"20:1", "30:2", "39:1", "40:3", "41:1?", "42:1?"}, []string{"group 41", "group 42", "mark 41", "mark 42"}, one, two, three,
		stat{pid: 39, ppid: 10, pgrp: 39, session: 39, start: 199}, stat{pid: 41, ppid: 10, pgrp: 41, session: 41, start: 200},
		stat{pid: 42, ppid: 10, pgrp: 42, session: 42, start: 99})

	s.groups, s.marks = map[int]int{51: 3}, map[int]int{51: 2, 52: 2}
	step("its cgroup before its mark", []string{"20:1", "30:2", "40:3", "51:3", "52:2", "53:2"}, []string{"group 51", "group 52", "group 53", "mark 52", "mark 53"},
		one, two, three, stat{pid: 51, ppid: 10, pgrp: 51, session: 51, start: 999}, stat{pid: 52, ppid: 10, pgrp: 52, session: 52, start: 999},
		stat{pid: 53, ppid: 10, pgrp: 53, session: 52, start: 999})
	step("the child of a generation is gone, and its number given anew", []string{"20:1?", "30:2", "40:3"}, []string{"group 20", "mark 20"},
		stat{pid: 20, ppid: 10, pgrp: 20, session: 9, start: 1000}, two, three)
	if len(s.known) != 3 || len(s.leads) != 1 {
		t.Errorf("it remembers too much: %v, %v", s.known, s.leads)
	}
}

// A torn scan may have missed who is in a session; but nobody makes us remember
// without end.
func TestApartForgets(t *testing.T) {
	s := &scene{apart: apart{
		lives: []life{{gen: 1, child: 20, start: 100}, {gen: 2, child: 30, start: 200}},
		known: map[int]origin{}, leads: map[int]lead{77: {gen: 2}},
	}}
	s.scans = 5
	s.forget(make([]proc, 1), true)
	if len(s.leads) != 1 {
		t.Error("forgotten in a torn scan")
	}
	s.leads[78], s.leads[79] = lead{gen: 1}, lead{gen: 1, seen: 5}
	s.forget(make([]proc, 1), true)
	if len(s.leads) != 1 || s.leads[79].gen != 1 {
		t.Errorf("kept in torn scans for ever: %v", s.leads)
	}
}
