package tree

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// All stands for every generation, those that are over too: for all descendants
// of root but strangers.
const All = 0

// Begin is called before a generation is started, whose number is above [All]. As
// long as no other one lives, all members are of its tree, and telling them apart
// costs nothing. Where others live, each look sorts the members (see apart), and
// Begin looks once: whoever is there now is theirs. An error says that this look
// failed; the generation has begun all the same.
func (w *Walker) Begin(gen int) error {
	w.lives = append(w.lives, life{gen: gen, start: unborn})
	if len(w.lives) < 2 {
		return nil
	}
	if w.known == nil {
		w.known, w.leads = map[int]origin{}, map[int]lead{}
	}
	return w.scan(All)
}

// Started says how the tree of a generation is known that has begun: by its child
// and by what the child was started with. group is the name of its cgroup, mark an
// entry in its environment that no other one has, as "RELANCE_GENERATION=3"; both
// may be "".
func (w *Walker) Started(gen, child int, group, mark string) error {
	i := slices.IndexFunc(w.lives, func(l life) bool { return l.gen == gen })
	l := &w.lives[i]
	l.child, l.group, l.mark = child, group, mark
	s, err := w.proc.stat(child)
	if err == nil || isGone(err) || isRefused(err) { // hidepid
		l.start = s.start
		return nil
	}
	l.start = 0
	return fmt.Errorf("read /proc/%d/stat: %w", child, err)
}

// End is called when a generation is over, which it is when nobody is left of
// its tree, or when it could not be started. Who is left all the same is known
// to be of it as long as several others live, and falls to the only one then; and
// [All] has it.
func (w *Walker) End(gen int) {
	w.lives = slices.DeleteFunc(w.lives, func(l life) bool { return l.gen == gen })
	if len(w.lives) < 2 {
		clear(w.known)
		clear(w.leads)
	}
}

// Left counts the living members of a generation. It is for a root that has
// children, as wait4(2) says. A scan alone cannot say that nobody is left, since
// one that forks and ends all the time may be missed by it; the next of its family
// to end tells root again.
//
// So of all, or of the only generation, it is 0 only if all that root has are
// strangers. Where others live nobody can know; but somebody who is dead and not
// reaped is of its family too, and his end is still to come.
func (w *Walker) Left(gen int) (n int, err error) {
	dead := false
	for range maxTorn {
		if err = w.scan(gen); err != nil {
			return 1, err // not empty as long as nobody can say that it is
		}
		for _, m := range w.found {
			if m.Alive() {
				n++
			}
		}
		dead = len(w.found) > n
		if n > 0 || !w.torn {
			break
		}
	}
	if n == 0 && (dead || w.whole(gen) && len(w.strangers) == 0) {
		return 1, nil
	}
	return n, nil
}

// whole reports whether the tree of gen is all there is.
func (w *Walker) whole(gen int) bool {
	return gen == All || len(w.lives) == 1 && w.lives[0].gen == gen
}

// generation returns that of a member, after a scan.
func (w *Walker) generation(p *proc) int {
	switch len(w.lives) {
	case 0:
		return All
	case 1:
		return w.lives[0].gen
	}
	return w.procs[p.top].gen
}

// group is a clue: the generation in whose cgroup pid is. Who cannot be read says
// nothing.
func (w *Walker) group(pid int) int {
	if !slices.ContainsFunc(w.lives, func(l life) bool { return l.group != "" }) {
		return 0
	}
	if len(w.around) == 0 {
		b, err := w.proc.read(w.root, "cgroup")
		if err != nil {
			return 0
		}
		w.around = append(w.around, v2Path(b)...)
	}
	b, err := w.proc.read(pid, "cgroup")
	if err != nil {
		return 0
	}
	return groupOf(v2Path(b), w.around, w.lives)
}

// mark is a clue: the generation whose mark is in the environment of pid. That of
// another user, or of a program that is not dumpable, is hidden.
func (w *Walker) mark(pid int) int {
	if !slices.ContainsFunc(w.lives, func(l life) bool { return l.mark != "" }) {
		return 0
	}
	path := append(strconv.AppendInt(w.proc.path[:0], int64(pid), 10), "/environ\x00"...)
	fd, err := openat(w.proc.fd, path, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	gen, err := markOf(w.proc.buf, w.lives, func(b []byte) (int, error) { return unix.Read(fd, b) })
	if err != nil {
		return 0
	}
	return gen
}
