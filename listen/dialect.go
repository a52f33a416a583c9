package listen

import (
	"fmt"
	"strconv"
	"strings"
)

// Dialects is a set of ways to tell the command of its sockets.
type Dialects uint8

const (
	// Systemd is that of sd_listen_fds(3): descriptors from 3 on, LISTEN_FDS,
	// LISTEN_PID and LISTEN_FDNAMES.
	Systemd Dialects = 1 << iota
	// ServerStarter is that of Server::Starter: SERVER_STARTER_PORT, which maps
	// addresses to descriptors, and SERVER_STARTER_GENERATION.
	ServerStarter
	// Einhorn is that of einhorn: EINHORN_FD_COUNT and EINHORN_FD_0 to the last.
	Einhorn
	// Stdin makes the one socket there is descriptor 0, as FastCGI and the wait mode
	// of inetd(8) have it, and says nothing in the environment.
	Stdin
)

var dialects = map[string]Dialects{"systemd": Systemd, "server-starter": ServerStarter, "einhorn": Einhorn, "stdin": Stdin}

// ParseDialects reads a list with commas.
func ParseDialects(s string) (Dialects, error) {
	var set Dialects
	for word := range strings.SplitSeq(s, ",") {
		d, ok := dialects[word]
		if !ok {
			return 0, fmt.Errorf("%q: there is no such way, use systemd, server-starter, einhorn or stdin", word)
		}
		set |= d
	}
	if set&Stdin != 0 && set != Stdin {
		return 0, fmt.Errorf("stdin is one socket and no variables; use it alone")
	}
	return set, nil
}

// The variables of each dialect.
const (
	listenFDs     = "LISTEN_FDS="
	listenPID     = "LISTEN_PID="
	listenNames   = "LISTEN_FDNAMES="
	listenPIDFDID = "LISTEN_PIDFDID="

	starterPort       = "SERVER_STARTER_PORT="
	starterGeneration = "SERVER_STARTER_GENERATION="

	einhornCount  = "EINHORN_FD_COUNT="
	einhornFD     = "EINHORN_FD_"
	einhornFDs    = "EINHORN_FDS="
	einhornFamily = "EINHORN_FD_FAMILY_"
)

// firstFD is where the descriptors begin (SD_LISTEN_FDS_START).
const firstFD = 3

// unknown is the name of a descriptor without one, where others have one
// (sd_listen_fds_with_names(3)).
const unknown = "unknown"

// told is what the command is told of one socket.
type told struct {
	name    string // as LISTEN_FDNAMES has it
	address string // as SERVER_STARTER_PORT has it
	family  string // AF_INET, …
}

// addEnv returns env without the variables of these dialects, and with those of
// the sockets. What stale names are variables about sockets that the command does
// not get in that way.
func addEnv(env []string, all []told, as, stale Dialects, pid int) []string {
	drop := as | stale
	var out []string
	for _, entry := range env {
		if !mentions(entry, drop) {
			out = append(out, entry)
		}
	}
	if as&Systemd != 0 {
		// The stage puts the pid of the command in the place of ours. LISTEN_PIDFDID
		// would have to be its own as well, and may be left out.
		out = append(out, listenFDs+strconv.Itoa(len(all)), listenPID+strconv.Itoa(pid))
		if names, some := fdNames(all); some {
			out = append(out, listenNames+names)
		}
	}
	if as&ServerStarter != 0 {
		var ports []string
		for i, s := range all {
			ports = append(ports, s.address+"="+strconv.Itoa(firstFD+i))
		}
		out = append(out, starterPort+strings.Join(ports, ";"), generationEntry(1))
	}
	if as&Einhorn != 0 {
		out = append(out, einhornCount+strconv.Itoa(len(all)))
		for i, s := range all {
			out = append(out, fmt.Sprintf("%s%d=%d", einhornFD, i, firstFD+i), fmt.Sprintf("%s%d=%s", einhornFamily, i, s.family))
		}
	}
	return out
}

func generationEntry(gen int) string { return starterGeneration + strconv.Itoa(gen) }

// mentions reports whether entry is a variable of one of the dialects.
func mentions(entry string, d Dialects) bool {
	has := func(names ...string) bool {
		for _, name := range names {
			if strings.HasPrefix(entry, name) {
				return true
			}
		}
		return false
	}
	return d&Systemd != 0 && has(listenFDs, listenPID, listenNames, listenPIDFDID) ||
		d&ServerStarter != 0 && has(starterPort, starterGeneration) ||
		d&Einhorn != 0 && has(einhornFD, einhornFDs)
}

// fdNames is the list of names, and whether there are any.
func fdNames(all []told) (list string, some bool) {
	var names []string
	for _, s := range all {
		if s.name == "" {
			names = append(names, unknown)
			continue
		}
		names, some = append(names, s.name), true
	}
	return strings.Join(names, ":"), some
}

// lookup is getenv(3): of several entries the first counts.
func lookup(env []string, name string) (value string, ok bool) {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name); ok {
			return value, true
		}
	}
	return "", false
}
