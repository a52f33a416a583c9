package control

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Where the sockets are. Each is NAME.sock in a folder named relance, which is for its
// owner alone: below the folder that systemd has made for a service, in that of a user
// who is logged in, or in /run for root. So whoever asks finds all of them in a few
// places, by name.

const (
	folderName = "relance"
	suffix     = ".sock"
	// rootFolder is where relance puts its folder for root: what is in the folder of a
	// login (XDG_RUNTIME_DIR) goes when root logs out.
	rootFolder = "/run"
)

// Place is who asks where sockets are: what decides about it.
type Place struct {
	// Env looks up a variable of the environment.
	Env func(name string) string
	UID int
	// Owned reports whether a folder is there and belongs to UID: by sudo and su somebody
	// else's XDG_RUNTIME_DIR may come along.
	Owned func(folder string) bool
	// Root is "/", or where a test has its tree.
	Root string
}

// Here is the Place of this process.
func Here() Place {
	uid := os.Geteuid()
	return Place{
		Env: os.Getenv, UID: uid, Root: "/",
		Owned: func(folder string) bool { return ownedBy(folder, uid) },
	}
}

// folder is where a new socket goes, empty: there is none for it.
func (p Place) folder() string {
	// "multiple directories are … concatenated with colon" (systemd.exec(5)).
	if given, _, _ := strings.Cut(p.Env("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(given) {
		return filepath.Join(given, folderName)
	}
	if p.UID == 0 {
		return filepath.Join(p.Root, rootFolder, folderName)
	}
	if user := p.user(); user != "" {
		return filepath.Join(user, folderName)
	}
	return ""
}

// user is the folder of the login; empty: there is none.
func (p Place) user() string {
	if folder := p.Env("XDG_RUNTIME_DIR"); filepath.IsAbs(folder) && p.Owned(folder) {
		return folder
	}
	return ""
}

// folders are where sockets may be, of those whom UID may ask.
func (p Place) folders() []string {
	var all []string
	add := func(folders ...string) {
		for _, folder := range folders {
			if !slices.Contains(all, folder) {
				all = append(all, folder)
			}
		}
	}
	below := func(folder string) {
		add(filepath.Join(folder, folderName))
		services, _ := filepath.Glob(filepath.Join(escape(folder), "*", folderName)) // of the pattern nothing is wrong
		add(services...)
	}
	for _, given := range filepath.SplitList(p.Env("RUNTIME_DIRECTORY")) {
		if filepath.IsAbs(given) {
			add(filepath.Join(given, folderName))
		}
	}
	run := filepath.Join(p.Root, rootFolder)
	switch {
	case p.UID == 0:
		below(run)
		logins, _ := filepath.Glob(filepath.Join(escape(run), "user", "*"))
		for _, login := range logins {
			below(login)
		}
	default:
		if user := p.user(); user != "" {
			below(user)
		} else {
			below(filepath.Join(run, "user", strconv.Itoa(p.UID)))
		}
		below(run)
	}
	return all
}

// escape takes the meaning from what filepath.Glob would take for a pattern.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// fileOf is the file of a name: whatever is in it, it is one file of the folder.
func fileOf(name string) string {
	name = url.PathEscape(name)
	if strings.HasPrefix(name, ".") {
		name = "%2E" + name[1:]
	}
	return name + suffix
}

// nameOf is the name of a file; empty: it is of none.
func nameOf(file string) string {
	escaped, ok := strings.CutSuffix(file, suffix)
	name, err := url.PathUnescape(escaped)
	if !ok || err != nil || fileOf(name) != file {
		return ""
	}
	return name
}

// numbered is the name of the nth of those who have one name.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// Unnamed is the name of a relance that got none: what it runs, and its pid, which tells
// two of them apart.
func Unnamed(command string, pid int) string {
	return filepath.Base(command) + "-" + strconv.Itoa(pid)
}
