package files

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// mostNames bounds the names below one word, leavings too.
const mostNames = 10000

// pass is one look at everything that the words lead to.
type pass struct {
	w      *Watch
	number uint64
	now    time.Time
	// armed has what this pass has armed; content is how much it may still read,
	// into buf.
	armed   map[armKey]int32
	content int64
	buf     []byte
	// err is the first that matters.
	err error

	// Of the word that is looked at: how many more names and steps, the folders seen,
	// what was found, and what could not be looked into.
	word    *word
	left    int
	steps   int
	visited map[fileID]bool
	found   map[string]fingerprint
	hidden  map[string]bool
}

func (p *pass) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// hide remembers that path, as it is shown, could not be looked into: what was in
// it before has not vanished.
func (p *pass) hide(shown string, err error) {
	p.hidden[shown] = true
	if shown == p.word.shown || !errors.Is(err, unix.EACCES) {
		p.fail(fmt.Errorf("watch %s: look at %s: %w; %s", quote(p.word.given), quote(shown), err, cure(err)))
	}
}

const watchLess = "watch less: a file, a smaller folder or a pattern"

// cure is what to do about a path that could not be looked into.
func cure(err error) string {
	switch {
	case errors.Is(err, unix.EACCES):
		return "let relance read it, or watch less"
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return "raise the limit of open files, or watch less"
	case errors.Is(err, errSteps):
		return watchLess
	}
	return "mend that, or watch less"
}

// look takes the fingerprints of one word anew, and returns the paths whose content
// is not what it was.
func (p *pass) look(w *word) (changed []string) {
	p.word, p.left, p.steps = w, mostNames, mostSteps
	p.visited, p.found, p.hidden = map[fileID]bool{}, map[string]fingerprint{}, map[string]bool{}
	p.expand(w.base, w.shown, w.parts)
	for path, now := range p.found {
		if old, ok := w.prints[path]; !ok || !same(old, now) {
			changed = append(changed, path)
		}
	}
	for path, old := range w.prints {
		if _, ok := p.found[path]; ok {
			continue
		}
		if p.isHidden(path) {
			p.found[path] = old
		} else {
			changed = append(changed, path)
		}
	}
	w.prints = p.found
	return changed
}

// isHidden reports whether path is below what could not be looked into.
func (p *pass) isHidden(path string) bool {
	if len(p.hidden) == 0 {
		return false
	}
	for !p.hidden[path] {
		i := strings.LastIndexByte(path, '/')
		if i <= 0 {
			return p.hidden[""] || i == 0 && p.hidden["/"]
		}
		path = path[:i]
	}
	return true
}

// expand looks at what path and the rest of a pattern lead to.
func (p *pass) expand(path, shown string, parts []string) {
	real, st, err := p.follow(path)
	if err != nil {
		if !absent(err) {
			p.hide(shown, err)
		}
		return
	}
	folder := st.Mode&unix.S_IFMT == unix.S_IFDIR
	switch {
	case len(parts) == 0 && folder:
		p.folder(real, shown, st)
		return
	case len(parts) == 0:
		// A FIFO, socket or device has no content; who names one means the file itself.
		if regular(st) || len(p.word.parts) == 0 {
			p.file(real, shown, st)
		}
		return
	case !folder:
		return
	}
	part, rest := parts[0], parts[1:]
	if !strings.ContainsAny(part, wildcards) {
		p.expand(join(path, part), join(shown, part), rest)
		return
	}
	for _, name := range p.names(real, shown, names) {
		if ok, _ := filepath.Match(part, name); ok && (!leaving(name) || leaving(part)) {
			p.expand(join(path, name), join(shown, name), rest)
		}
	}
}

// names arms a folder and returns the names in it, in order.
func (p *pass) names(real, shown string, mask uint32) []string {
	if p.left < 0 {
		return nil
	}
	var all []string
	err := p.arm(real, mask, anyName)
	if err == nil || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ENOMEM) {
		all, err = list(real, p.left)
	}
	if err != nil {
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
			p.hide(shown, err)
		}
		return nil
	}
	p.left -= len(all)
	if p.left < 0 {
		p.hidden[p.word.shown] = true
		p.fail(fmt.Errorf("watch %s: more than %d names in %s and what was looked at before it; %s",
			quote(p.word.given), mostNames, quote(shown), watchLess))
		return nil
	}
	slices.Sort(all)
	return all
}

// file takes the fingerprint of a file that is armed itself.
func (p *pass) file(real, shown string, st *unix.Stat_t) {
	if errors.Is(p.arm(real, content, anyName), unix.EACCES) {
		// Not ours to read. Its folder tells of it as well.
		_ = p.arm(filepath.Dir(real), written, filepath.Base(real))
	}
	// Once more: only what comes after arming is told.
	if lstat(real, st) == nil {
		p.found[shown] = p.take(real, st, p.word.prints[shown])
	}
}

// folder looks at all in a folder and below. A folder to which two names lead, or
// one that is in itself by a symlink, is looked at once.
func (p *pass) folder(real, shown string, at *unix.Stat_t) {
	if id := idOf(at); !p.visited[id] {
		p.visited[id] = true
	} else {
		return
	}
	var st unix.Stat_t
	for _, name := range p.names(real, shown, written) {
		full, below := join(real, name), join(shown, name)
		if leaving(name) {
			continue
		}
		if err := lstat(full, &st); err != nil {
			if !absent(err) {
				p.hide(shown, err) // it may be listed and not be searched
			}
			continue
		}
		target, armed := full, true
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			to, at, err := p.follow(full)
			if err != nil {
				if !absent(err) {
					p.hide(below, err)
				}
				continue
			}
			target, st, armed = to, *at, false
		}
		switch {
		case st.Mode&unix.S_IFMT == unix.S_IFDIR:
			p.folder(target, below, &st)
		case !regular(&st):
		case armed:
			p.found[below] = p.take(target, &st, p.word.prints[below])
		default:
			p.file(target, below, &st)
		}
	}
}
