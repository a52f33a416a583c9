package tree

import (
	"cmp"
	"slices"
)

// life is a generation that lives.
type life struct {
	gen, child int
	start      uint64 // of the child; 0 where it may not be seen, unborn before it is started
	group      string // the name of its cgroup, "" without one
	mark       string // the entry of its own in the environment, "" without one
}

const unborn = 1<<64 - 1

// apart tells the trees of several generations apart. A member whose chain of
// parents leads to the child of a generation is of its tree. An orphan has lost
// its chain, and root is its parent: it is of the generation that the first of
// these rules names, and so is all that descends from it.
//
//  1. It was seen before, with its chain or without. No process ever changes its
//     generation, so this is remembered as long as it lives.
//  2. Only one generation is old enough to have started it.
//  3. It is in the cgroup of a generation.
//  4. A member of known generation is or was in its session or process group, or
//     leads it. As long as anybody is in one, no new process gets its number
//     (POSIX.1, "Process ID Reuse").
//  5. It has the mark of a generation in its environment.
//  6. Nobody knows: it is of the oldest generation that can have started it.
type apart struct {
	lives []life // in the order in which they began
	known map[int]origin
	leads map[int]lead
	scans uint64
}

// origin is what is remembered of a member. It is sure unless rule 6 has spoken.
type origin struct {
	start uint64
	gen   int
	sure  bool
}

// lead is the generation of a session or process group, and the scan that has
// last met a member in it.
type lead struct {
	gen  int
	seen uint64
}

// clues are what an orphan shows of its generation beyond its stat; 0 for
// nothing.
type clues interface {
	group(pid int) (gen int)
	mark(pid int) (gen int)
}

// settling is one use of apart: on the processes of a scan, by pid, of which
// those inside know their topmost ancestor below root.
type settling struct {
	*apart
	procs []proc
	own   stat // of root
	clues
}

// settle finds the generation of each member.
func (a *apart) settle(procs []proc, root int, c clues) {
	s := settling{apart: a, procs: procs, clues: c}
	if i, ok := find(procs, root); ok {
		s.own = procs[i].stat
	}
	a.scans++
	s.renew()
	open := 0
	s.tops(func(p *proc) {
		if p.gen, p.sure = a.recall(p); p.gen == 0 {
			open++
		}
	})
	s.lead()
	for _, rule := range [...]func(*proc) int{s.byAge, s.byGroup, s.byLead, s.byMark, s.byLead} {
		if open == 0 {
			break
		}
		before := open
		s.tops(func(p *proc) {
			if p.gen != 0 {
				return
			}
			if p.gen = rule(p); p.gen != 0 {
				p.sure = true
				open--
			}
		})
		if open < before {
			s.lead()
		}
	}
	s.tops(func(p *proc) {
		if p.gen == 0 {
			p.gen, _ = a.oldest(p)
		}
	})
	s.remember()
}

// renew drops what was known of a number that a new process has got: whoever led
// that session or group is gone, and nobody is left in it.
func (s *settling) renew() {
	for i := range s.procs {
		p := &s.procs[i]
		if o, ok := s.known[p.pid]; !ok || o.start != p.start {
			delete(s.known, p.pid)
			delete(s.leads, p.pid)
		}
	}
}

// tops calls f with every member that has root for its parent.
func (s *settling) tops(f func(p *proc)) {
	for i := range s.procs {
		if p := &s.procs[i]; p.verdict == inside && p.top == i {
			f(p)
		}
	}
}

// recall knows the children of the generations and, after renew, who was seen
// before.
func (a *apart) recall(p *proc) (gen int, sure bool) {
	for i := range a.lives {
		if l := &a.lives[i]; l.child == p.pid && l.start == p.start {
			return l.gen, true
		}
	}
	o := a.known[p.pid]
	return o.gen, o.sure
}

// oldest returns the oldest generation that p can come from, since nobody is
// older than whoever it descends from, and whether there is no other.
func (a *apart) oldest(p *proc) (gen int, only bool) {
	n := 0
	for i := range a.lives {
		if l := &a.lives[i]; l.start <= p.start {
			if n++; n == 1 {
				gen = l.gen
			}
		}
	}
	if n == 0 {
		return a.lives[0].gen, false // left behind by one that is over
	}
	return gen, n == 1
}

func (s *settling) byAge(p *proc) int {
	gen, only := s.oldest(p)
	if !only {
		return 0
	}
	return gen
}

func (s *settling) byGroup(p *proc) int { return s.group(p.pid) }

func (s *settling) byMark(p *proc) int { return s.mark(p.pid) }

func (s *settling) byLead(p *proc) int {
	for _, id := range [...]int{p.session, p.pgrp} {
		if !s.led(id) {
			continue
		}
		if l, ok := s.leads[id]; ok {
			return l.gen
		}
		// It was no leader yet when it was seen last.
		if o, ok := s.known[id]; ok && o.sure {
			return o.gen
		}
	}
	return 0
}

// led reports whether a session or process group of that number was made by a
// member: we share our own with the children that have none of their own.
func (s *settling) led(id int) bool {
	return id != 0 && id != s.own.session && id != s.own.pgrp
}

// lead notes whose the sessions and process groups are.
func (s *settling) lead() {
	for i := range s.procs {
		p := &s.procs[i]
		if p.verdict != inside || !s.procs[p.top].sure {
			continue
		}
		for _, id := range [...]int{p.session, p.pgrp} {
			if s.led(id) {
				s.leads[id] = lead{gen: s.procs[p.top].gen}
			}
		}
	}
}

// remember keeps what was found for the next scan.
func (s *settling) remember() {
	for i := range s.procs {
		p := &s.procs[i]
		if p.verdict != inside {
			continue
		}
		top := &s.procs[p.top]
		s.known[p.pid] = origin{start: p.start, gen: top.gen, sure: top.sure}
		for _, id := range [...]int{p.session, p.pgrp} {
			if l, ok := s.leads[id]; ok {
				l.seen = s.scans
				s.leads[id] = l
			}
		}
	}
}

// forget drops what the scan, a whole one, has not met again. A process that
// forks and dies all the time may be missed by a torn one with all its group, so
// that these are kept then, if they are not too many.
func (a *apart) forget(procs []proc, torn bool) {
	for pid, o := range a.known {
		if i, ok := find(procs, pid); !ok || procs[i].start != o.start {
			delete(a.known, pid)
		}
	}
	if torn && len(a.leads) <= 2*len(procs) {
		return
	}
	for id, l := range a.leads {
		if l.seen != a.scans {
			delete(a.leads, id)
		}
	}
}

// find returns the index of pid in procs, which are sorted by it.
func find(procs []proc, pid int) (int, bool) {
	return slices.BinarySearchFunc(procs, pid, func(p proc, pid int) int { return cmp.Compare(p.pid, pid) })
}
