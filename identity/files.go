package identity

import (
	"bytes"
	"strconv"
	"strings"
)

// account is a line of /etc/passwd, passwd(5).
type account struct {
	name, home, shell string
	uid, gid          uint32
}

// team is a line of /etc/group, group(5).
type team struct {
	name    string
	gid     uint32
	members []string
}

// accountOf returns the first account that fits.
func accountOf(passwd []byte, fits func(account) bool) (found account, ok bool) {
	eachEntry(passwd, 7, func(f []string) bool {
		uid, okUID := parseID(f[2])
		gid, okGID := parseID(f[3])
		a := account{name: f[0], uid: uid, gid: gid, home: f[5], shell: f[6]}
		if okUID && okGID && fits(a) {
			found, ok = a, true
		}
		return !ok
	})
	return found, ok
}

// eachTeam calls f with each group until f has enough.
func eachTeam(group []byte, f func(team) bool) {
	eachEntry(group, 4, func(fields []string) bool {
		gid, ok := parseID(fields[2])
		return !ok || f(team{name: fields[0], gid: gid, members: strings.Split(fields[3], ",")})
	})
}

// eachEntry calls f with the fields of each line that has so many, until f has enough.
// What is no entry is passed over as the C library does it: comments, lines that refer
// to NIS (they begin with + or -), lines that miss something. Nothing is guessed: who
// takes a number that cannot be read for 0 takes a slip of the pen for root.
func eachEntry(file []byte, fields int, f func([]string) bool) {
	for line := range bytes.Lines(file) {
		text := strings.TrimSpace(string(line))
		if text == "" || strings.ContainsRune("#+-:", rune(text[0])) || strings.ContainsRune(text, 0) {
			continue
		}
		if parts := strings.Split(text, ":"); len(parts) == fields && !f(parts) {
			return
		}
	}
}

// maxID is the largest id; the one above says "no change" (setresuid(2)).
const maxID = 1<<32 - 2

// parseID parses the number of a user or a group.
func parseID(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n <= maxID
}
