package tree

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Process is what there is to tell people of a member beside what a scan has seen.
type Process struct {
	// Held is the memory that cannot be reclaimed, by the bound of [Walker.Measure], and
	// RSS all that is resident, in bytes.
	Held, RSS int64
	Age       time.Duration
	// Command is its command line, its words divided by spaces; the first maxCommand
	// bytes of it, whatever they are. Empty: it has none, as a zombie or a kernel thread.
	Command string
}

// maxCommand bounds what is read of a command line.
const maxCommand = 512

// Describe looks at a member that a scan has found; it reports whether that is still
// there. It may be called by any goroutine.
func Describe(m Member) (p Process, there bool) {
	var status status
	for _, file := range []struct {
		name string
		most int64
		take func(b []byte)
	}{
		// The groups of the process stand before its sizes.
		{"status", maxFile, func(b []byte) { status = parseStatus(b) }},
		{"cmdline", maxCommand, func(b []byte) {
			p.Command = string(bytes.ReplaceAll(bytes.TrimRight(b, "\x00"), []byte{0}, []byte{' '}))
		}},
		// The last, so that all that was read before is of this process.
		{"stat", bufSize, func(b []byte) {
			s, err := parseStat(b)
			there = err == nil && s.start == m.Start
		}},
	} {
		b, err := readProc(m.PID, file.name, file.most)
		if err != nil {
			return p, false
		}
		file.take(b)
	}
	p.Held, p.RSS = status.held(), status.rss
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) == nil {
		p.Age = max(time.Duration(now.Nano())-time.Duration(m.Start)*(time.Second/userHZ), 0)
	}
	return p, there
}

// Comm is the name of a process, as it or who has started it has set it; empty: there is
// none that can be seen. The bytes may be any.
func Comm(pid int) string {
	b, err := readProc(pid, "comm", bufSize)
	if err != nil {
		return ""
	}
	return string(bytes.TrimRight(b, "\n"))
}

func readProc(pid int, name string, most int64) ([]byte, error) {
	file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/" + name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}
