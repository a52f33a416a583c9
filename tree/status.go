package tree

import (
	"bytes"
	"strings"
)

// status is what we use of /proc/PID/status, see proc_pid_status(5). Sizes are
// bytes and never negative; what the file does not name is zero. A zombie and a
// kernel thread name no size at all.
type status struct {
	vmPeak, vmSize, vmData int64
	rss, anon, shmem, swap int64
	hasAnon                bool // RssAnon is there: Linux 4.5 and later
	threads                int64
	state                  byte
	killed                 bool // KILL waits for it, or for its first thread
}

// held is the bound of what cannot be reclaimed: RssAnon + RssShmem + VmSwap.
// Pages of files are left out, the kernel can drop them. A kernel that does
// not split the RSS leaves only the whole of it.
func (s status) held() int64 {
	if !s.hasAnon {
		return sum(s.rss, s.swap)
	}
	return sum(s.anon, s.shmem, s.swap)
}

// parseStatus parses /proc/PID/status. The kernel escapes newlines in Name, so
// no process can forge a line. Unknown lines are skipped.
func parseStatus(b []byte) status {
	var s status
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		key, value, ok := bytes.Cut(line, []byte{':'})
		if !ok {
			continue
		}
		switch string(key) {
		case "VmPeak":
			s.vmPeak = kib(value)
		case "VmSize":
			s.vmSize = kib(value)
		case "VmData":
			s.vmData = kib(value)
		case "VmRSS":
			s.rss = kib(value)
		case "RssAnon":
			s.anon, s.hasAnon = kib(value), true
		case "RssShmem":
			s.shmem = kib(value)
		case "VmSwap":
			s.swap = kib(value)
		case "Threads":
			n, _ := number(bytes.TrimSpace(value))
			s.threads = int64(min(n, maxPID))
		case "SigPnd", "ShdPnd":
			s.killed = s.killed || hasKill(bytes.TrimSpace(value))
		case "State":
			if v := bytes.TrimSpace(value); len(v) > 0 {
				s.state = v[0]
			}
		}
	}
	return s
}

// hasKill reports whether KILL, the ninth, is in a set of signals, in hexadecimal.
func hasKill(set []byte) bool {
	return len(set) >= 3 && strings.IndexByte("13579bdf", set[len(set)-3]) >= 0
}

// cutLine returns the first line of b without its newline, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// kib parses "  1234 kB" into bytes. Zero stands for anything else: such a line
// is not one of ours.
func kib(value []byte) int64 {
	word, ok := bytes.CutSuffix(bytes.TrimSpace(value), []byte(" kB"))
	if !ok {
		return 0
	}
	n, _ := number(bytes.TrimSpace(word))
	return int64(min(n, maxBytes/1024)) * 1024
}

const maxBytes = 1<<63 - 1

// sum adds sizes and stops at the largest number instead of turning negative.
func sum(sizes ...int64) (total int64) {
	for _, n := range sizes {
		if total > maxBytes-n {
			return maxBytes
		}
		total += n
	}
	return total
}
