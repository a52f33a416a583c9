package cgroup

import (
	"bytes"
	"fmt"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// Victim names the process of g that an OOM killer has killed last, as "python3,
// pid 812", or is empty: the kernel tells it only in its log, which not everybody
// may read, and there only so often.
func (g *Group) Victim() string {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	victim := ""
	// A read returns one record; one that does not fit is EINVAL and skipped, as
	// is what was overwritten meanwhile (EPIPE). The log is read to its end
	// (EAGAIN), however fast somebody writes to it.
	var record [8192]byte
	for range maxRecords {
		n, err := unix.Read(fd, record[:])
		switch err {
		case nil:
			if v, ok := parseVictim(record[:n], g.name); ok {
				victim = v
			}
		case unix.EINTR, unix.EPIPE, unix.EINVAL:
		default:
			return victim
		}
	}
	return victim
}

// maxRecords is more than the kernel's log holds.
const maxRecords = 200000

// parseVictim takes a record of /dev/kmsg that tells of the end of a process of
// the group:
//
//	4,812,98765,-;oom-kill:constraint=CONSTRAINT_MEMCG,[…],task_memcg=/x/relance-7.0-1,task=python3,pid=812,uid=0
func parseVictim(record []byte, group string) (string, bool) {
	_, text, ok := bytes.Cut(record, []byte(";oom-kill:"))
	if !ok {
		return "", false
	}
	text, _, _ = bytes.Cut(text, []byte("\n"))
	_, text, ok = bytes.Cut(text, []byte(",task_memcg="))
	// A name may have a comma in it; the kernel's own words come last.
	end := bytes.LastIndex(text, []byte(",pid="))
	if !ok || end < 0 {
		return "", false
	}
	where, name, ok := bytes.Cut(text[:end], []byte(",task="))
	pid, _, _ := bytes.Cut(text[end+len(",pid="):], []byte(","))
	n, err := strconv.Atoi(string(pid))
	if !ok || err != nil || n <= 0 || !inGroup(string(where), group) {
		return "", false
	}
	return fmt.Sprintf("%s, pid %d", printable(name), n), true
}

// inGroup reports whether the path leads to the group of that name or below it.
func inGroup(where, group string) bool {
	for where = path.Clean(where); where != "/" && where != "."; where = path.Dir(where) {
		if path.Base(where) == group {
			return true
		}
	}
	return false
}

// printable makes a process name, which is the process's own choice, fit for a
// line.
func printable(name []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name[:min(len(name), 64)]))
}
