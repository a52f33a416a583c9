package files

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// word is one path or pattern of the user.
type word struct {
	// base is where to begin, absolute; shown is how the user spells it. Both are
	// without the parts, and not cleaned: "link/.." is not the folder of link.
	base, shown string
	// parts are those components that follow, from the first with a wildcard on.
	// There are none in a plain path.
	parts []string
	given string
	// prints are the fingerprints of the last pass, by the path as it is shown.
	prints map[string]fingerprint
}

const wildcards = `*?[\`

// parseWord reads one path or pattern; cwd is where a relative one begins.
func parseWord(given, cwd string) (*word, error) {
	refuse := func(why string) (*word, error) { return nil, fmt.Errorf("watch %s: %s", quote(given), why) }
	switch {
	case given == "":
		return refuse("empty: name a file, a folder or a pattern such as conf.d/*.toml")
	case strings.ContainsRune(given, 0):
		return refuse("no path has a zero byte in it")
	}
	w := &word{given: given, shown: given, base: given}
	if i := strings.IndexAny(given, wildcards); i >= 0 {
		i = strings.LastIndexByte(given[:i], '/') + 1
		w.shown, w.base = given[:i], given[:i]
		w.parts = components(given[i:])
	}
	for _, part := range w.parts {
		if _, err := filepath.Match(part, ""); errors.Is(err, filepath.ErrBadPattern) {
			return refuse(`bad pattern: close each [, and write \ before a character that stands for itself`)
		}
		if strings.Contains(part, "**") {
			return refuse("** is not known: name the folder, it is watched with all that is in it")
		}
	}
	if !strings.HasPrefix(w.base, "/") {
		w.base = cwd + "/" + w.base
	}
	if w.shown = strings.TrimRight(w.shown, "/"); w.shown == "" && strings.HasPrefix(given, "/") {
		w.shown = "/"
	}
	return w, nil
}

// components cuts a path at its slashes, and drops what means nothing.
func components(path string) (all []string) {
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && part != "." {
			all = append(all, part)
		}
	}
	return all
}

// join puts a name below a folder, as both are spelled. A pattern without a folder
// has no spelling of it.
func join(folder, name string) string {
	if folder == "" || strings.HasSuffix(folder, "/") {
		return folder + name
	}
	return folder + "/" + name
}

// leaving reports whether a name is what editors and mounts leave beside the files
// that somebody wrote. In a folder, and for a wildcard, such names do not count;
// who names one is given it.
//
//   - .x: hidden from ls(1) and from the shell's wildcards. Swap files of vim
//     (.x.swp, .x.swo), locks of emacs (.#x) and LibreOffice (.~lock.x#), temporary
//     files of rsync (.x.AbCdEf), .git, and the ..data and ..2024_01_01 of a
//     ConfigMap, whose visible links lead there and are followed.
//   - x~: backups of vim, emacs and others.
//   - #x#: autosaves of emacs.
//   - 4913: made and removed by vim to see whether it can write to the folder; it
//     goes on to 5036 and so in steps of 123 only where that name is taken.
func leaving(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "4913" ||
		len(name) > 1 && strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#")
}

// quoteMax is how much of a word an error repeats.
const quoteMax = 200

// quote returns s in quotes, without control characters, and shortened.
func quote(s string) string {
	if len(s) > quoteMax {
		return strconv.Quote(s[:quoteMax]) + "..."
	}
	return strconv.Quote(s)
}
