package tree

import (
	"bytes"
	"errors"
	"time"
)

// userHZ is the unit of the times in /proc/PID/stat. The kernel converts to it
// whatever its own tick is, and it is 100 on every architecture Go runs on.
const userHZ = 100

var errMalformed = errors.New("malformed line")

// stat is what we use of /proc/PID/stat, see proc_pid_stat(5).
type stat struct {
	pid, ppid int
	// pgrp and session are zero where the process shows none: while it is taken
	// down, or where they are of a pid namespace around ours.
	pgrp, session int
	threads       int
	start         uint64        // ticks since boot; together with pid the identity of a process
	cpu           time.Duration // utime + stime
	waited        time.Duration // cutime + cstime
	state         byte
	exiting       bool   // it is being taken down (PF_EXITING)
	comm          []byte // aliases the parsed line
}

// parseStat parses one /proc/PID/stat. The name stands in parentheses and may
// hold anything, parentheses and newlines too ("1 (a) R 1 (b) S 2 …"), but only
// numbers follow it: the last ')' of the line is the one that ends it.
func parseStat(b []byte) (stat, error) {
	var s stat
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || end < open || end+2 >= len(b) || b[open-1] != ' ' || b[end+1] != ' ' {
		return stat{}, errMalformed
	}
	pid, ok := number(b[:open-1])
	if !ok || pid == 0 || pid > maxPID {
		return stat{}, errMalformed
	}
	s.pid, s.comm = int(pid), b[open+1:end]

	var own, waited uint64
	rest := b[end+2:]
	for field := 3; field <= 22; field++ {
		var word []byte
		word, rest = cutField(rest)
		n, ok := number(word)
		switch field {
		case 3:
			if ok = len(word) == 1 && word[0] >= 'A' && word[0] <= 'z'; ok {
				s.state = word[0]
			}
		case 4:
			ok = ok && n <= maxPID
			s.ppid = int(n)
		case 5:
			s.pgrp, ok = leader(n, ok), len(word) > 0
		case 6:
			s.session, ok = leader(n, ok), len(word) > 0
		case 9:
			s.exiting = n&pfExiting != 0
		case 14, 15:
			own = addTicks(own, n)
		case 16, 17:
			waited = addTicks(waited, n)
		case 20:
			ok = ok && n <= maxPID
			s.threads = int(n)
		case 22:
			s.start = n
		default:
			ok = len(word) > 0 // some of these may be negative; none is ours
		}
		if !ok {
			return stat{}, errMalformed
		}
	}
	s.cpu, s.waited = ofTicks(own), ofTicks(waited)
	return s, nil
}

// leader is the number of a process group or session, zero for the -1 that stands
// for none.
func leader(n uint64, ok bool) int {
	if !ok || n > maxPID {
		return 0
	}
	return int(n)
}

// pfExiting is a flag of the kernel, in linux/sched.h.
const pfExiting = 0x4

// addTicks adds and stops at the most that a Duration can hold.
func addTicks(a, b uint64) uint64 { return min(a+min(b, maxTicks), maxTicks) }

func ofTicks(n uint64) time.Duration { return time.Duration(n) * (time.Second / userHZ) }

const (
	maxPID   = 1<<31 - 1
	maxTicks = uint64(1<<63-1) / uint64(time.Second/userHZ) // what a Duration can hold
)

// cutField returns the next word of b and what follows its space.
func cutField(b []byte) (word, rest []byte) {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i+1:]
	}
	return bytes.TrimSuffix(b, []byte("\n")), nil
}

// number parses an unsigned decimal and reports whether b is one. It exists
// because strconv wants a string, and this runs for every process at each scan.
func number(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}
