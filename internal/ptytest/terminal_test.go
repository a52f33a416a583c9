package ptytest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
)

const patience = await.Patience

// terminal is a pseudo-terminal with a session on it, seen from where the person
// sits.
type terminal struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	// ended is closed when the session's leader has ended and was reaped.
	ended chan struct{}

	mu sync.Mutex
	// shown is all that came out, without carriage returns; what is before seen
	// has been dealt with. news is closed and replaced when shown grows.
	shown string
	seen  int
	news  chan struct{}
}

// openPTY returns both ends of a new pseudo-terminal.
func openPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open /dev/ptmx: %w", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("unlock the slave: %w", err), master.Close())
	}
	// By descriptor and not by name: /dev/pts may be another one's here.
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, nil, errors.Join(fmt.Errorf("open the slave: %w", errno), master.Close())
	}
	return master, os.NewFile(peer, "slave"), nil
}

// open starts a command as the leader of a session on a new terminal, as getty,
// sshd and "docker run -it" do.
func open(t *testing.T, argv ...string) *terminal {
	t.Helper()
	master, slave, err := openPTY()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	term := newTerminal(t, master, argv)
	term.resize(24, 200)
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	term.start()
	return term
}

// detached starts a command as the leader of a session without a terminal, as a
// service is. What it puts out is shown all the same.
func detached(t *testing.T, argv ...string) *terminal {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	term := newTerminal(t, r, argv)
	term.cmd.Stdout, term.cmd.Stderr = w, w
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	term.start()
	return term
}

func newTerminal(t *testing.T, master *os.File, argv []string) *terminal {
	t.Helper()
	// env looks in the PATH of the session, and becomes the command.
	cmd := exec.Command("env", argv...)
	cmd.Env, cmd.Dir = environment(t), t.TempDir()
	return &terminal{t: t, master: master, cmd: cmd, ended: make(chan struct{}), news: make(chan struct{})}
}

func (term *terminal) start() {
	term.t.Helper()
	if err := term.cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	go term.watch()
	go func() { _ = term.cmd.Wait(); close(term.ended) }()
	term.t.Cleanup(term.clean)
}

// watch collects what the terminal shows, until it is gone.
func (term *terminal) watch() {
	buf := make([]byte, 4096)
	for {
		n, err := term.master.Read(buf)
		term.mu.Lock()
		term.shown += strings.ReplaceAll(string(buf[:n]), "\r", "")
		close(term.news)
		term.news = make(chan struct{})
		term.mu.Unlock()
		if err != nil {
			return // EIO: nobody has the slave open any more
		}
	}
}

// find waits until the terminal shows pattern, after what has been dealt with
// before, and returns what it showed until then and what the pattern and its
// groups matched.
func (term *terminal) find(pattern string, dealt bool) (before string, match []string) {
	term.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		term.mu.Lock()
		rest, news := term.shown[term.seen:], term.news
		if at := re.FindStringSubmatchIndex(rest); at != nil {
			if dealt {
				term.seen += at[1]
			}
			term.mu.Unlock()
			return rest[:at[0]], re.FindStringSubmatch(rest)
		}
		term.mu.Unlock()
		select {
		case <-news:
		case <-timeout:
			term.t.Fatalf("the terminal does not show %q; it shows:\n%s", pattern, rest)
		}
	}
}

// until waits for pattern and returns what was shown before it.
func (term *terminal) until(pattern string) (before string) {
	term.t.Helper()
	before, _ = term.find(pattern, true)
	return before
}

// sees waits for pattern and leaves it to be dealt with.
func (term *terminal) sees(pattern string) {
	term.t.Helper()
	term.find(pattern, false)
}

// next waits for pattern and returns what its first group matched.
func (term *terminal) next(pattern string) string {
	term.t.Helper()
	_, match := term.find(pattern, true)
	return match[1]
}

// press sends keys.
func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := term.master.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// The keys that the terminal turns into signals.
const (
	ctrlC         = "\x03"
	ctrlD         = "\x04"
	ctrlZ         = "\x1a"
	ctrlBackslash = "\x1c"
)

// resize changes the size of the window.
func (term *terminal) resize(rows, columns uint16) {
	term.t.Helper()
	err := unix.IoctlSetWinsize(int(term.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	if err != nil {
		term.t.Fatal(err)
	}
}

// hangup closes our side, as when the window is closed or the line drops.
func (term *terminal) hangup() {
	term.t.Helper()
	if err := term.master.Close(); err != nil {
		term.t.Fatal(err)
	}
}

// status waits for the end of the session's leader.
func (term *terminal) status() syscall.WaitStatus {
	term.t.Helper()
	select {
	case <-term.ended:
	case <-time.After(patience):
		term.t.Fatalf("the leader of the session does not end; the terminal shows:\n%s", term.rest())
	}
	return term.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// rest is what the terminal has shown and nobody has dealt with.
func (term *terminal) rest() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.shown[term.seen:]
}

// empty waits until no process of the session is left.
func (term *terminal) empty() {
	term.t.Helper()
	term.status()
	eventually(term.t, "an empty session", func() (bool, string) {
		left := session(term.cmd.Process.Pid)
		return len(left) == 0, fmt.Sprint(left)
	})
}

// clean ends what the test has left in its session, by pid.
func (term *terminal) clean() {
	_ = term.master.Close()
	leader := term.cmd.Process.Pid
	for _, p := range session(leader) {
		_ = unix.Kill(p.pid, unix.SIGKILL)
	}
	<-term.ended
	for range 100 {
		// What was made while we looked.
		left := session(leader)
		if len(left) == 0 {
			return
		}
		for _, p := range left {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
	}
	if left := session(leader); len(left) > 0 && !slices.ContainsFunc(left, func(p process) bool { return p.state == "Z" }) {
		term.t.Errorf("left in the session: %v", left)
	}
}
