package tree

import "bytes"

// v2Path takes the path of the cgroup v2 out of /proc/PID/cgroup, cgroups(7). No
// name of a group has a newline in it.
func v2Path(b []byte) []byte {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		if path, ok := bytes.CutPrefix(line, []byte("0::")); ok {
			return bytes.TrimSuffix(path, []byte(" (deleted)"))
		}
	}
	return nil
}

// groupOf returns the generation in whose group, or below it, the path leads, 0
// for none. What it has in common with the path around, where we are ourselves,
// is of no generation of ours, but perhaps of one of a relance around us; and
// what lies below the group, perhaps of one within.
func groupOf(path, around []byte, lives []life) int {
	shared := true
	for len(path) > 0 {
		var name, ours []byte
		name, path, _ = bytes.Cut(path, []byte{'/'})
		ours, around, _ = bytes.Cut(around, []byte{'/'})
		if shared = shared && bytes.Equal(name, ours); shared {
			continue
		}
		for i := range lives {
			if l := &lives[i]; l.group != "" && string(name) == l.group {
				return l.gen
			}
		}
	}
	return 0
}

// maxEnviron is all that execve(2) takes: arguments and environment together are
// at most three quarters of 8 MiB.
const maxEnviron = 6 << 20

// markOf reads an environment (proc_pid_environ(5)) in pieces and returns the
// generation whose mark is an entry of it, 0 for none: also where it has those of
// several, for a process may write there what it likes. An entry that does not
// fit into buf is nobody's mark.
func markOf(buf []byte, lives []life, read func(b []byte) (int, error)) (gen int, err error) {
	kept, skip := 0, false // of an entry that goes on; whether it is too long
	for total := 0; total < maxEnviron; {
		n, err := read(buf[kept:])
		if err != nil || n <= 0 {
			return gen, err
		}
		total += n
		b := buf[:kept+n]
		for {
			entry, rest, whole := bytes.Cut(b, []byte{0})
			if !whole {
				break
			}
			for i := range lives {
				l := &lives[i]
				if skip || l.mark == "" || string(entry) != l.mark {
					continue
				}
				if gen != 0 && gen != l.gen {
					return 0, nil
				}
				gen = l.gen
			}
			b, skip = rest, false
		}
		if len(b) == len(buf) {
			kept, skip = 0, true
		} else {
			kept = copy(buf, b)
		}
	}
	return gen, nil
}
