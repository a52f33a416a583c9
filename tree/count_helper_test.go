package tree

import (
	"bufio"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hoard opens so many files and sockets, starts so many threads, and sets its
// soft RLIMIT_NOFILE. It says how many descriptors and sockets it has by its own
// count.
func hoard(args []string) {
	limit := uint64(atoiMust(args[3]))
	var had unix.Rlimit
	must(unix.Getrlimit(unix.RLIMIT_NOFILE, &had))
	must(unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: had.Max}))
	for range atoiMust(args[0]) {
		_, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		must(err)
	}
	for range atoiMust(args[1]) {
		_, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(err)
	}
	for range atoiMust(args[2]) {
		begun := make(chan bool)
		go func() {
			runtime.LockOSThread()
			begun <- true
			unix.Select(0, nil, nil, nil, nil)
		}()
		<-begun
	}
	dir, err := os.Open("/proc/self/fd")
	must(err)
	names, err := dir.Readdirnames(-1)
	must(err)
	sockets := 0
	for _, name := range names {
		if to, _ := os.Readlink("/proc/self/fd/" + name); strings.HasPrefix(to, "socket:") {
			sockets++
		}
	}
	dir.Close()
	say("files=%d", len(names)-1) // dir itself is among them
	say("sockets=%d", sockets)
	forever()
}

func atoiMust(s string) int {
	n, err := strconv.Atoi(s)
	must(err)
	return n
}

// hidden starts a process of root with 20 sockets, becomes an ordinary user with
// a process of its own with 3, and counts.
func hidden([]string) {
	must(subreaper())
	begin := func(uid int, args ...string) int {
		r, w, err := os.Pipe()
		must(err)
		cmd := self(args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid)}}
		cmd.Stdout = w
		must(cmd.Start())
		lines := bufio.NewReader(r)
		for range 2 {
			_, err = lines.ReadString('\n')
			must(err)
		}
		return cmd.Process.Pid
	}
	root := begin(0, "hoard", "30", "20", "0", "100")
	own := begin(nobody, "hoard", "10", "3", "0", "1000")
	must(syscall.Setuid(nobody))
	w, err := New(os.Getpid())
	must(err)
	w.Ask(Ask{Files: true, Sockets: true, CPU: true})
	c, err := w.Count(All)
	say("err=%v", err)
	say("sockets=%d own=%v cpu=%v", c.Sockets, c.SocketsWho.PID == own, c.CPUTotal > 0)
	say("unseen=%v eacces=%v", c.Unseen != nil, errors.Is(c.Unseen, unix.EACCES) && c.UnseenWho.PID == root)
	w.Ask(Ask{Files: true, ByShare: true})
	c, err = w.Count(All)
	say("err=%v", err)
	who, limit, unseen := root, uint64(100), false
	if w.proc.quickFiles(root) == 0 { // Linux before 6.2
		who, limit, unseen = own, 1000, true
	}
	say("by share: who=%v limit=%v unseen=%v", c.FilesWho.PID == who, c.FilesLimit == limit, (c.Unseen != nil) == unseen)
	forever()
}

func milliseconds(s string) time.Duration { return time.Duration(atoiMust(s)) * time.Millisecond }

// burn uses so much CPU time, of this process.
func burn(d time.Duration) {
	clock := func() time.Duration {
		var ts unix.Timespec
		must(unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts))
		return time.Duration(ts.Nano())
	}
	for until := clock() + d; clock() < until; {
		for range 1000 {
			sink++
		}
	}
}

// spender uses 100 ms itself, 110 ms in a child it waits for, 120 ms in one that
// stays a zombie, and 130 ms in one that lives on.
func spender([]string) {
	burn(100 * time.Millisecond)
	must(self("burn", "110").Run())
	zombie := self("burn", "120")
	must(zombie.Start())
	must(unix.Waitid(unix.P_PID, zombie.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	must(spawn(false, "burnt", "130")) // writes ready
	forever()
}

// relay has children that have children, waits for all of them, and goes on. A
// forked copy again: no runtime.
//
//go:nosplit
func relay() {
	for {
		tick()
		child := fork()
		if child == 0 {
			for range 3 {
				pid := fork()
				if pid == 0 {
					for range 100000 {
						sink++
					}
					unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
				}
				await(pid)
			}
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		await(child)
	}
}

var status32 int32

//go:nosplit
func await(pid uintptr) {
	unix.RawSyscall6(unix.SYS_WAIT4, pid, uintptr(unsafe.Pointer(&status32)), 0, 0, 0, 0)
}
