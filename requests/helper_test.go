package requests

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"relance/internal/await"
)

// helperEnv makes the test binary another program: a process of the tests that sends.
const helperEnv = "RELANCE_TEST_REQUESTS"

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperEnv); mode != "" {
		os.Exit(helpers[mode]())
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // many short processes
	os.Exit(m.Run())
}

const patience = await.Patience

// bench is a server that runs, with this process for the root of the tree.
type bench struct {
	*testing.T
	*Server
	counter *Counter
	news    chan News
	env     map[string]string

	mu   sync.Mutex
	said []string
	ends chan struct{}
}

func start(t *testing.T) *bench {
	t.Helper()
	return startIn(t, "")
}

// startIn is start with the sockets in a folder.
func startIn(t *testing.T, folder string) *bench {
	t.Helper()
	b := &bench{T: t, news: make(chan News, 16), ends: make(chan struct{})}
	b.counter = NewCounter()
	var err error
	if b.Server, err = Open(b.counter, folder, b.hear); err != nil {
		t.Fatal(err)
	}
	b.endWait = await.Patience // a busy machine is no fault
	b.begin(1)
	go func() { b.Server.Run(b.news); close(b.ends) }()
	t.Cleanup(func() {
		b.swap(nil)
		b.stop()
		for {
			select {
			case <-b.news: // Run may wait to tell
			case <-b.ends:
				for _, fd := range []int{b.epoll, b.wake, b.done} {
					unix.Close(fd)
				}
				return
			}
		}
	})
	return b
}

// stop makes Run return: where it waits there is nothing to wait for any more. In the
// program it never does.
func (b *bench) stop() {
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Dup3(null, b.epoll, unix.O_CLOEXEC)
		unix.Close(null)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.rouse()
}

func (b *bench) hear(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, text)
}

// heard returns what was said so far.
func (b *bench) heard() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.said, "\n")
}

func (b *bench) begin(gen int) {
	b.Helper()
	b.counter.Begin(gen)
	env, err := b.Begin(gen)
	if err != nil {
		b.Fatal(err)
	}
	b.env = map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		b.env[name] = value
	}
}

// figures checks the counter.
func (b *bench) figures(served, inFlight int64) {
	b.Helper()
	if s, f := b.counter.Read(); s != served || f != inFlight {
		b.Errorf("%d served, %d in flight; want %d, %d", s, f, served, inFlight)
	}
}

// next returns the News that comes next.
func (b *bench) next() News {
	b.Helper()
	select {
	case n := <-b.news:
		return n
	case <-time.After(patience):
		b.Fatal("no News")
		panic("not reached")
	}
}

// peer is a client of the stream.
type peer struct {
	*testing.T
	*net.UnixConn
	lines *bufio.Reader
}

// dial connects without reading the first line.
func (b *bench) dial() *peer {
	b.Helper()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: b.env["RELANCE_SOCKET"], Net: "unix"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &peer{b.T, conn, bufio.NewReader(conn)}
}

// connect is dial and the first line.
func (b *bench) connect() *peer {
	b.Helper()
	p := b.dial()
	p.expect("relance 1")
	return p
}

func (p *peer) expect(lines ...string) {
	p.Helper()
	for _, want := range lines {
		got, err := p.lines.ReadString('\n')
		if err != nil || got != want+"\n" {
			p.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
}

// ends waits until the other side has closed.
func (p *peer) ends() {
	p.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
			p.Fatal("not closed")
		}
		if err != nil {
			return
		}
		p.Errorf("%q where the end should be", line)
	}
}

// ask says lines and waits for the replies.
func (p *peer) ask(say string, replies ...string) {
	p.Helper()
	p.say(say)
	p.expect(replies...)
}

func (p *peer) say(text string) {
	p.Helper()
	if _, err := p.Write([]byte(text)); err != nil {
		p.Fatal(err)
	}
}

// notify sends messages and waits until they were heard.
func (b *bench) notify(messages ...string) {
	b.Helper()
	if err := notify(b.env["NOTIFY_SOCKET"], messages...); err != nil {
		b.Fatal(err)
	}
}

// dialNotify returns a connected datagram socket.
func dialNotify(address string) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, err
	}
	if err = unix.Connect(fd, &unix.SockaddrUnix{Name: address}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connect to %s: %w", address, err)
	}
	return fd, nil
}

// talker is dialNotify for a test.
func (b *bench) talker() (fd int) {
	b.Helper()
	fd, err := dialNotify(b.env["NOTIFY_SOCKET"])
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { unix.Close(fd) })
	return fd
}

func notify(address string, messages ...string) error {
	fd, err := dialNotify(address)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, m := range messages {
		if _, err := unix.Write(fd, []byte(m)); err != nil {
			return fmt.Errorf("send %.40q: %w", m, err)
		}
	}
	return barrier(fd)
}

// barrier waits until all that was sent before was heard, or refused.
func barrier(fd int) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	err = unix.Sendmsg(fd, []byte("BARRIER=1"), unix.UnixRights(int(w.Fd())), nil, 0)
	w.Close()
	if err != nil {
		return err
	}
	_ = r.SetReadDeadline(time.Now().Add(patience))
	if _, err := r.Read(make([]byte, 1)); os.IsTimeout(err) {
		return fmt.Errorf("the barrier was not closed: %w", err)
	}
	return nil
}
