package stdio

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
	"relance/requests"
)

const patience = await.Patience

// rig is a broker at work, between us and real commands.
type rig struct {
	*Broker
	t     testing.TB
	count *requests.Counter
	news  chan requests.News
	said  chan string
	// in is where its requests come from, out where its answers go to.
	in, out *os.File
	answers *bufio.Reader
	// theirs are the descriptors that stand for 0 and 1.
	theirs [2]int
	cmd    *exec.Cmd
	gen    int
	over   sync.Once
}

// lines are the settings that most tests have.
func lines(lost OnLost) Settings {
	return Settings{Mode: Lines, Delimiter: '\n', OnLost: lost, LostReply: "LOST"}
}

// connect opens a broker between two pipes.
func connect(t testing.TB, s Settings) *rig {
	t.Helper()
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	return connectTo(t, s, inR, inW, outR, outW)
}

func connectTo(t testing.TB, s Settings, inR, inW, outR, outW int) *rig {
	t.Helper()
	r := &rig{
		t: t, news: make(chan requests.News, 16), said: make(chan string, 16),
		in: os.NewFile(uintptr(inW), "in"), out: os.NewFile(uintptr(outR), "out"), theirs: [2]int{inR, outW},
	}
	r.answers = bufio.NewReaderSize(r.out, 64<<10)
	r.count = requests.NewCounter()
	b, err := open(s, inR, outW, r.count, func(line string) { r.said <- line })
	if err != nil {
		t.Fatal(err)
	}
	r.Broker = b
	go b.Run(r.news)
	t.Cleanup(func() {
		if r.cmd != nil && r.cmd.ProcessState == nil {
			r.cmd.Process.Kill()
			r.cmd.Wait()
		}
		r.in.Close()
		r.out.Close()
		r.close()
	})
	return r
}

// close closes the broker, which must not take long, and what it was given.
func (r *rig) close() {
	r.t.Helper()
	r.over.Do(func() {
		within(r.t, "Close returns", r.Close)
		unix.Close(r.theirs[0])
		unix.Close(r.theirs[1])
	})
}

func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("never: %s", what)
	}
}

// pipe returns the ends of a pipe that blocks, as a shell makes it.
func pipe(t testing.TB) (r, w int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

// start starts a generation.
func (r *rig) start(argv ...string) {
	r.t.Helper()
	r.gen++
	r.count.Begin(r.gen)
	if err := r.Begin(r.gen); err != nil {
		r.t.Fatal(err)
	}
	r.cmd = exec.Command(argv[0], argv[1:]...)
	stdin, stdout := r.Ends()
	given := [2]*os.File{}
	for i, fd := range []int{stdin, stdout} {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			r.t.Fatal(err)
		}
		given[i] = os.NewFile(uintptr(dup), "end")
	}
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = given[0], given[1], os.Stderr
	err := r.cmd.Start()
	given[0].Close()
	given[1].Close()
	r.Spawned(err == nil)
	if err != nil {
		r.t.Fatal(err)
	}
}

// shell starts a generation that is a script.
func (r *rig) shell(script string) {
	r.t.Helper()
	r.start("sh", "-c", script)
}

// echo answers each line with itself behind an a.
const echo = "sed -u s/^/a/"

// end waits for the command to end, and settles it.
func (r *rig) end() requests.News {
	r.t.Helper()
	within(r.t, "the command ends", func() { _ = r.cmd.Wait() })
	r.End(r.gen)
	return r.wait(requests.Ended)
}

func (r *rig) kill() requests.News {
	r.t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	return r.end()
}

// wait waits for news of a kind.
func (r *rig) wait(kind requests.Kind) requests.News {
	r.t.Helper()
	for late := time.After(patience); ; {
		select {
		case n := <-r.news:
			if n.Kind == kind {
				return n
			}
		case <-late:
			r.t.Fatalf("no news of kind %d", kind)
		}
	}
}

// counted waits until the counter tells.
func (r *rig) counted() {
	r.t.Helper()
	within(r.t, "the counter tells", func() { <-r.count.Told() })
}

func (r *rig) send(text string) {
	r.t.Helper()
	if _, err := r.in.WriteString(text); err != nil {
		r.t.Fatal(err)
	}
}

// expect reads that text, and no more.
func (r *rig) expect(text string) {
	r.t.Helper()
	for want := range strings.Lines(text) {
		var got string
		within(r.t, "the answer "+want, func() { got, _ = r.answers.ReadString('\n') })
		if got != want {
			r.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// leave closes the other end of our stdout, and waits until nobody has it: whoever starts
// a process, as other tests do meanwhile, has it in a copy for a while, up to the exec.
func (r *rig) leave() {
	r.t.Helper()
	r.out.Close()
	within(r.t, "nobody reads", func() {
		for fds := [1]unix.PollFd{{Fd: int32(r.theirs[1])}}; fds[0].Revents == 0; {
			_, _ = unix.Poll(fds[:], -1) // EINTR: again
		}
	})
}

// nothing checks that nothing more comes, once the broker is closed.
func (r *rig) nothing() {
	r.t.Helper()
	r.close()
	if got, _ := r.answers.ReadString('\n'); got != "" {
		r.t.Errorf("and then %q", got)
	}
}

var eventually = await.Until
