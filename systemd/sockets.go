package systemd

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// socket is where a manager can perhaps be reached.
type socket struct {
	// path is that of a unix(7) socket, or its abstract name after an "@".
	path string
	// bus says that a message bus listens, not the manager itself.
	bus bool
}

const (
	systemPrivate = "/run/systemd/private"
	systemBus     = "/run/dbus/system_bus_socket"
)

// sockets returns where to ask for a scope, best first: the socket of the manager
// itself serves without a bus and its policy, and systemctl(1) too prefers it.
// Root asks the system's manager, everybody else their own: the system's would
// want a password for it.
func sockets(uid int, getenv func(string) string) []socket {
	if uid == 0 {
		return systemSockets()
	}
	return userSockets(uid, getenv)
}

// systemSockets are those of the system's manager.
func systemSockets() []socket { return []socket{{systemPrivate, false}, {systemBus, true}} }

// userSockets are those of a user's manager.
//
// The address in the environment comes before the usual place of a user's bus,
// sd_bus_default_user(3). Only unix sockets are taken of it: the other transports
// are for other machines, or run a program.
func userSockets(uid int, getenv func(string) string) []socket {
	usual := "/run/user/" + strconv.Itoa(uid)
	dirs := []string{usual}
	if dir := getenv("XDG_RUNTIME_DIR"); path.IsAbs(dir) && path.Clean(dir) != usual {
		dirs = []string{path.Clean(dir), usual}
	}
	var all []socket
	for _, dir := range dirs {
		all = append(all, socket{dir + "/systemd/private", false})
	}
	all = append(all, parseAddresses(getenv("DBUS_SESSION_BUS_ADDRESS"))...)
	for _, dir := range dirs {
		all = append(all, socket{dir + "/bus", true})
	}
	return compact(all)
}

// compact drops what stands earlier already.
func compact(all []socket) (once []socket) {
	for _, s := range all {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// mostAddresses bounds what is taken of a variable that anybody may have set.
const mostAddresses = 8

// parseAddresses reads addresses as the D-Bus specification has them,
// "unix:path=/a,guid=0;unix:abstract=/b", and returns the unix sockets.
func parseAddresses(list string) (all []socket) {
	for address := range strings.SplitSeq(list, ";") {
		keys, ok := strings.CutPrefix(address, "unix:")
		if !ok || len(all) == mostAddresses {
			continue
		}
		for pair := range strings.SplitSeq(keys, ",") {
			key, escaped, _ := strings.Cut(pair, "=")
			value, err := dbus.UnescapeBusAddressValue(escaped)
			if err != nil || value == "" || len(value) > mostPath || strings.ContainsRune(value, 0) {
				continue
			}
			switch {
			case key == "path" && path.IsAbs(value):
				all = append(all, socket{value, true})
			case key == "abstract":
				all = append(all, socket{"@" + value, true})
			}
		}
	}
	return all
}

// mostPath is what fits into sun_path beside a zero, unix(7).
const mostPath = 107
