package tree

import "bytes"

// rollup is what we use of /proc/PID/smaps_rollup, see proc_pid_smaps(5) and
// https://docs.kernel.org/filesystems/proc.html. Sizes are bytes.
type rollup struct {
	pss, anon, shmem, swap, lazyFree int64
	hasSplit                         bool // Pss_Anon is there: Linux 5.9 and later
}

// held is the process's share of what cannot be reclaimed: Pss_Anon + Pss_Shmem
// + SwapPss, without the pages it has given back by MADV_FREE, which the kernel
// takes when it wants them (in a cgroup they count as inactive_file). They are
// never shared, so their size and their share are the same.
//
// Before Linux 5.9 the share is not split: then it is Pss + SwapPss, which
// includes mapped files.
func (r rollup) held() int64 {
	if !r.hasSplit {
		return sum(r.pss, r.swap)
	}
	return sum(r.anon-min(r.anon, r.lazyFree), r.shmem, r.swap)
}

// parseRollup parses /proc/PID/smaps_rollup and reports whether it is one.
func parseRollup(b []byte) (r rollup, ok bool) {
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		key, value, cut := bytes.Cut(line, []byte{':'})
		if !cut {
			continue
		}
		switch string(key) {
		case "Pss":
			r.pss, ok = kib(value), true
		case "Pss_Anon":
			r.anon, r.hasSplit = kib(value), true
		case "Pss_Shmem":
			r.shmem = kib(value)
		case "SwapPss":
			r.swap = kib(value)
		case "LazyFree":
			r.lazyFree = kib(value)
		}
	}
	return r, ok
}
