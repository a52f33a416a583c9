package tree

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The programs the tests run. They write a line when they are where the test
// wants them; what they start inherits their output.
var helpers map[string]func(args []string)

func init() {
	helpers = map[string]func([]string){
		"sleep":    func([]string) { say("pid=%d", os.Getpid()); forever() },
		"stubborn": func([]string) { signal.Ignore(unix.SIGTERM); say("pid=%d", os.Getpid()); forever() },
		"daemon":   daemon,
		"middle":   func([]string) { must(spawn(true, "sleep")) },
		"stray":    stray,
		"link":     link,
		"blind":    blind,
		"census":   census,
		"rename":   rename,
		"strange":  stranger,
		"refused":  refused,
		"hog":      func(a []string) { hog(a[0]); say("ready"); forever() },
		"headless": headless,
		"share":    sharer,
		"map":      mapFile,
		"vfork":    vfork,
		"herd":     herd,
		"hoard":    hoard,
		"hidden":   hidden,
		"burn":     func(a []string) { burn(milliseconds(a[0])) },
		"burnt":    func(a []string) { burn(milliseconds(a[0])); say("ready"); forever() },
		"spender":  spender,
		"relay":    func([]string) { lasts(300); say("ready"); relay() },
		"bomb":     func(a []string) { signal.Ignore(unix.SIGCHLD); drop(a[0], a[1], a[2]); say("ready"); bomb() },
		"comet":    func(a []string) { drop(a[0], a[1], a[2]); say("ready"); comet() },
	}
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func forever() { select {} }

func must(err error) {
	if err != nil {
		say("%v", err)
		os.Exit(1)
	}
}

func spawn(setsid bool, args ...string) error {
	cmd := self(args...)
	cmd.Stdout = os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
	return cmd.Start()
}

// daemon forks twice with a session of its own, and sees its middle die.
func daemon([]string) {
	cmd := self("middle")
	cmd.Stdout = os.Stdout
	must(cmd.Run())
	say("orphaned")
	forever()
}

// stray starts a process when it is told, which loses its chain to us when it is
// told again. Words are what that process is to shed: its session, its environment.
func stray(args []string) {
	told()
	cmd := self(append([]string{"link"}, args...)...)
	cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	must(cmd.Run())
	say("orphaned")
	forever()
}

func link(args []string) {
	cmd := self("sleep") // writes pid=
	cmd.Stdout = os.Stdout
	for _, arg := range args {
		switch arg {
		case "session":
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		case "environment":
			cmd.Env = []string{helperEnv + "=sleep"}
		}
	}
	must(cmd.Start())
	told()
}

// told waits for one byte, and leaves the others to who comes next.
func told() {
	_, err := io.ReadFull(os.Stdin, make([]byte, 1))
	must(err)
}

// census counts the living descendants of itself after it has started a daemon,
// as a subreaper or not.
func census(args []string) {
	if args[0] == "subreaper" {
		must(subreaper())
	}
	r, w, err := os.Pipe()
	must(err)
	cmd := self("daemon")
	cmd.Stdout = w
	must(cmd.Start())
	lines := bufio.NewReader(r)
	for range 2 {
		_, err := lines.ReadString('\n')
		must(err)
	}
	tree, err := New(os.Getpid())
	must(err)
	ms, err := tree.Members(All)
	must(err)
	say("members=%d", len(ms))
	forever()
}

func rename([]string) {
	name, err := strconv.Unquote(`"` + os.Getenv("NAME") + `"`)
	must(err)
	p, err := unix.BytePtrFromString(name)
	must(err)
	must(unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0))
	say("ready")
	forever()
}

// stranger starts a child, executes itself again, and tells the child it has now
// inherited from one it starts then.
func stranger(args []string) {
	if len(args) == 0 {
		must(subreaper())
		must(spawn(false, "daemon")) // writes pid=, orphaned
		must(os.Setenv(helperEnv, "strange again"))
		must(syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	tree, err := New(os.Getpid())
	must(err)
	bufio.NewReader(os.Stdin).ReadString('\n') // the test has seen the stranger
	before, err := tree.Members(All)
	must(err)
	must(tree.IgnoreExisting())
	after, err := tree.Members(All)
	must(err)
	say("before=%d after=%d", len(before), len(after))
	must(spawn(false, "hog", "1")) // writes ready
	bufio.NewReader(os.Stdin).ReadString('\n')
	ms, err := tree.Members(All)
	must(err)
	say("own=%d", len(ms))
	// The stranger dies; its daemon becomes our child and stays a stranger.
	for _, m := range before {
		if m.PPID == os.Getpid() && m.Alive() {
			must(unix.Kill(m.PID, unix.SIGKILL))
			_, err := unix.Wait4(m.PID, nil, 0, nil)
			must(err)
			break
		}
	}
	ms, err = tree.Members(All)
	must(err)
	say("own=%d", len(ms))
	left, err := tree.Kill(All)
	say("left=%v err=%v strangers=%v", left > 1, err, len(tree.strangers) > 0)
	forever()
}

// refused starts a process of root, becomes an ordinary user, and meets it.
func refused([]string) {
	must(subreaper())
	r, w, err := os.Pipe()
	must(err)
	cmd := self("hog", "32")
	cmd.Stdout = w
	must(cmd.Start())
	_, err = bufio.NewReader(r).ReadString('\n')
	must(err)
	must(syscall.Setuid(nobody))
	tree, err := New(os.Getpid())
	must(err)
	u, err := tree.Measure(All, 1)
	say("exact=%v method=%s enough=%v err=%v", u.Exact, u.Method, u.Bytes >= 32<<20, err)
	n, err := tree.Signal(All, unix.SIGTERM)
	say("signalled=%d eperm=%v", n, errors.Is(err, unix.EPERM))
	left, err := tree.Kill(All)
	say("left=%d eperm=%v names=%v", left, errors.Is(err, unix.EPERM),
		err != nil && err.Error() == fmt.Sprintf("signal pid %d (%q): operation not permitted", cmd.Process.Pid, "exe"))
	forever()
}

// hog holds so many MiB of anonymous memory.
func hog(mib string) []byte {
	n, err := strconv.Atoi(mib)
	must(err)
	b, err := unix.Mmap(-1, 0, n<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	must(err)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}

// headless ends its first thread and lives on.
func headless([]string) {
	hog("32")
	go func() {
		for {
			b, err := os.ReadFile("/proc/self/stat")
			must(err)
			if s, err := parseStat(b); err == nil && s.state == 'Z' {
				say("ready")
				forever()
			}
		}
	}()
	syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

// sharer forks children that only read its memory: anonymous or shared.
func sharer(args []string) {
	var b []byte
	switch args[0] {
	case "anon":
		b = hog("64")
	case "shmem":
		var err error
		b, err = unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON)
		must(err)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
	}
	var p [2]int
	must(unix.Pipe2(p[:], 0))
	const n = 4
	for range n {
		if fork() == 0 {
			for i := 0; i < len(b); i += 4096 {
				sink += b[i]
			}
			unix.RawSyscall(unix.SYS_WRITE, uintptr(p[1]), uintptr(unsafe.Pointer(&b[0])), 1)
			park()
		}
	}
	_, err := io.ReadFull(os.NewFile(uintptr(p[0]), ""), make([]byte, n))
	must(err)
	say("ready")
	forever()
}

var sink byte

func mapFile(args []string) {
	f, err := os.Open(args[0])
	must(err)
	st, err := f.Stat()
	must(err)
	b, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	must(err)
	for i := 0; i < len(b); i += 4096 {
		sink += b[i]
	}
	say("ready")
	forever()
}

// vfork executes a file that cannot be opened yet: its child stays between
// vfork and exec, in our memory.
func vfork(args []string) {
	hog("64")
	say("ready")
	exec.Command(args[0]).Start()
	forever()
}

func herd(args []string) {
	n, err := strconv.Atoi(args[0])
	must(err)
	for range n {
		if fork() == 0 {
			unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
			park()
		}
	}
	say("ready")
	forever()
}
